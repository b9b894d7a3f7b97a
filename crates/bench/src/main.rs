//! The benchmarks: fixed workloads against a whole Postroom in this process, over real HTTP.
//!
//! Server, load and receiver share the machine and the process, so every figure includes the cost of
//! making the load. What a figure means and what it was is in docs/performance.md.

#![expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^52")]

mod api;
mod client;
mod email;
mod house;
mod meter;
mod pipeline;
mod receiver;
mod webhooks;

use std::time::Duration;

use anyhow::bail;
use clap::{Parser, ValueEnum};
use house::House;
use meter::Measured;
use postroom::out;
use storage::Engine;
use webhooks::{Scene, Size};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures a whole Postroom, load generator included.
#[derive(Parser)]
#[command(name = "bench", after_help = EXAMPLES)]
struct Cli {
    /// What to measure.
    workload: Workload,
    /// Which engine; default is PostgreSQL where POSTROOM_TEST_DATABASE names one, else SQLite.
    #[arg(long)]
    engine: Option<EngineName>,
    /// How long each part makes load.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Webhook endpoints in the pipeline, each of which is sent every event.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=20))]
    endpoints: u64,
    /// Print the rows as JSON.
    #[arg(long)]
    json: bool,
    /// Of the workload `webhooks`, only these scenes.
    #[arg(long, value_delimiter = ',')]
    scenes: Vec<Scene>,
    /// Of the workload `webhooks` a twentieth of each scene, of `email` a twentieth of the large mailbox.
    #[arg(long)]
    quick: bool,
    /// Play this scene in this process.
    #[arg(long, hide = true)]
    alone: Option<Scene>,
}

const EXAMPLES: &str = "Examples:
  cargo run --release -p bench -- all
  cargo run --release -p bench -- webhooks
  cargo run --release -p bench -- email --quick
  cargo xtask pg -- cargo run --release -p bench -- all --seconds 10";

/// Messages of the large mailbox.
const MESSAGES: u32 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Workload {
    /// Customers created and read.
    Api,
    /// Mail logged, and its events delivered.
    Pipeline,
    /// The delivery engine beside the figures that it should reach.
    Webhooks,
    /// E-mail taken in, sent, listed and searched.
    Email,
    /// The first two.
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineName {
    Sqlite,
    Postgres,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Some(scene) = cli.alone {
        let rows = webhooks::run_alone(scene, server(&cli)?, Size { is_quick: cli.quick })?;
        out::rows(true, &[], &rows);
        return Ok(());
    }
    if cli.workload == Workload::Webhooks {
        let engine = if server(&cli)?.is_some() { "postgres" } else { "sqlite" };
        let quick = if cli.quick { &["--quick"][..] } else { &[] };
        return webhooks::run_all(&cli.scenes, &[&["--engine", engine], quick].concat(), cli.json);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let rows = runtime.block_on(measure(&cli))?;
    let rows: Vec<_> = rows.iter().map(Measured::row).collect();
    out::rows(cli.json, &meter::COLUMNS, &rows);
    Ok(())
}

/// The PostgreSQL server to measure on, unless it is SQLite that is to be measured.
fn server(cli: &Cli) -> anyhow::Result<Option<String>> {
    let server = std::env::var("POSTROOM_TEST_DATABASE").ok();
    let engine = match (cli.engine, &server) {
        (Some(EngineName::Sqlite), _) | (None, None) => Engine::Sqlite,
        (None | Some(EngineName::Postgres), Some(_)) => Engine::Postgres,
        (Some(EngineName::Postgres), None) => {
            bail!("POSTROOM_TEST_DATABASE names no server; run it under `cargo xtask pg --`")
        }
    };
    Ok(server.filter(|_| engine == Engine::Postgres))
}

async fn measure(cli: &Cli) -> anyhow::Result<Vec<Measured>> {
    let server = server(cli)?;
    let length = Duration::from_secs(cli.seconds);
    let mut rows = Vec::new();
    if cli.workload == Workload::Email {
        let house = House::open(server.as_deref(), 1).await?;
        let stored = if cli.quick { MESSAGES / 20 } else { MESSAGES };
        rows.extend(email::run(&house, length, stored).await?);
        house.close().await;
        return Ok(rows);
    }
    if cli.workload != Workload::Pipeline {
        let house = House::open(server.as_deref(), cli.seconds).await?;
        rows.extend(api::run(&house, length).await?);
        house.close().await;
    }
    if cli.workload != Workload::Api {
        let house = House::open(server.as_deref(), cli.seconds).await?;
        rows.extend(pipeline::run(&house, length, cli.endpoints).await?);
        house.close().await;
    }
    Ok(rows)
}
