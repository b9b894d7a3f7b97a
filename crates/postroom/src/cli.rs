//! The command line: what can be said, and the way from there to a command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, LogFormat};
use crate::{commands, out};

/// A self-hosted backend for mailboxes of paper and of e-mail.
#[derive(Parser)]
#[command(name = "postroom", version, after_help = EXAMPLES)]
struct Cli {
    /// The configuration file; default is ./postroom.toml when it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  postroom demo                 see the whole story on embedded storage
  postroom init                 make an operator, a location, a partner and keys
  postroom serve                run the server
  postroom customer list --partner acme --json";

#[derive(Subcommand)]
enum Command {
    /// Run the server: API, developer pages, deliveries.
    Serve,
    /// Make an operator, a location, a partner and its keys; shows the keys once.
    Init(commands::init::Init),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the configuration's reference, or check the configuration that would be used.
    Config {
        /// Read the configuration and say whether it is valid.
        #[arg(long)]
        check: bool,
    },
}

/// Runs the command of this process; its exit status says whether it held.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(dispatch(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::say(format_args!("error: {error:#}"));
            if let Some(domain::Error::Refused { fix: Some(fix), .. }) = error.downcast_ref() {
                out::say(format_args!("  fix: {fix}"));
            }
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<()> {
    if matches!(cli.command, Command::Openapi) {
        out::line(format_args!("{:#}", partner_api::document()));
        return Ok(());
    }
    let load = || Config::load(cli.config.as_deref(), std::env::vars());
    match cli.command {
        Command::Openapi => Ok(()),
        Command::Config { check: false } => {
            out::line(crate::config::REFERENCE.trim_end());
            Ok(())
        }
        Command::Config { check: true } => load().map(|_| out::say("the configuration is valid")),
        Command::Serve => commands::serve::run(&with_log(load()?)).await,
        Command::Init(init) => init.run(&load()?).await,
    }
}

/// Starts logging as the configuration says; for commands that run long.
fn with_log(config: Config) -> Config {
    let filter = tracing_subscriber::EnvFilter::new(&config.log.level);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // A second call in one process would fail and changes nothing.
    let _ = match config.log.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Auto if !terminal => builder.json().flatten_event(true).try_init(),
        LogFormat::Auto | LogFormat::Text => builder.with_ansi(terminal).try_init(),
    };
    config
}
