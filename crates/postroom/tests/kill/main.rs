//! The crash test: the real binary, killed at random moments under load, restarted on the same data
//! and held to its promises. What only two processes at once can show is in [`nodes`], what a disk does that
//! fails in [`disk`], and the same for messages in [`mail`] and [`imports`].
//!
//! Rounds share their data, so that crashes pile up. `POSTROOM_KILL_ROUNDS` and `POSTROOM_KILL_SEED`
//! are set by `cargo xtask kill`. On SQLite the data is a file, on PostgreSQL a database.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a run that fails ends here, and says what the server said last"
)]

mod check;
mod client;
mod disk;
mod imports;
mod ledger;
mod load;
mod mail;
mod nodes;
mod random;
mod server;

use std::collections::HashSet;
use std::time::Duration;

use app::admin::partners::{self, PartnerChange};
use app::operator_ctx;
use check::Customers;
use client::Call;
use domain::partner::PartnerSettings;
use ledger::Ledger;
use load::{Desk, Load};
use random::Random;
use serde_json::{Value, json};
use server::{Install, Server};
use storage::DatabaseUrl;
use tempfile::TempDir;
use tokio::time::{Instant, sleep_until};

/// Rounds when nobody asks for more: enough to notice a broken test, few enough for every day.
const ROUNDS_DEFAULT: u64 = 3;
const SEED_DEFAULT: u64 = 1;
/// How long a process lives under load, in milliseconds.
const LIFE_MS: (u64, u64) = (5, 500);
/// How long one lives that is killed while it recovers, in milliseconds.
const RECOVERY_MS: (u64, u64) = (0, 60);
/// Rounds between two lines of progress.
const PROGRESS_ROUNDS: u64 = 10;
/// The partner of `postroom init`.
const PARTNER: &str = "acme";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g3_g6_case_2_what_was_promised_survives_kills_and_what_was_committed_arrives() {
    let rounds = number("POSTROOM_KILL_ROUNDS", ROUNDS_DEFAULT);
    let seed = number("POSTROOM_KILL_SEED", SEED_DEFAULT);
    println!("{rounds} rounds, seed {seed}");
    let started = Instant::now();
    let mut house = House::found(rounds * load::CUSTOMERS_MAX).await;
    let mut random = Random::new(seed);
    for round in 1..=rounds {
        house.round(round, seed, &mut random).await;
        if round % PROGRESS_ROUNDS == 0 || round == rounds {
            house.tell(round, started);
        }
    }
    house.close().await;
}

/// One install with its receiver, and all that clients know of it.
struct House {
    folder: TempDir,
    /// The URL of the database, unless it is a file in the folder.
    postgres: Option<String>,
    install: Install,
    ledger: Ledger,
    /// Always there, save for the moment between a death and a restart.
    server: Option<Server>,
    /// Processes started so far; each has its number in its name.
    lives: u64,
    desk: Desk,
    customers: Customers,
}

impl House {
    /// Makes an operator, a partner with so many numbers, its endpoint; and starts the server.
    async fn found(numbers: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = testkit::database::empty(&folder).await;
        let install = Install::new(folder.path(), &database);
        let postgres = match database {
            DatabaseUrl::Sqlite(_) => None,
            DatabaseUrl::Postgres(url) => Some(url),
        };
        let last = (300 + numbers).to_string();
        let made = install.run(["init", "--json", "--partner", PARTNER, "--last-number", &last]);
        let key = made["live_key"].as_str().expect("a key").to_owned();
        lift_the_rate(&install).await;
        let ledger = Ledger::start().await;
        let server = install.serve("life-0");
        let desk = Desk { addr: server.addr, key };
        let customers = Customers::new();
        let house = Self {
            folder,
            postgres,
            install,
            ledger,
            server: Some(server),
            lives: 0,
            desk,
            customers,
        };
        house.listen().await;
        house
    }

    /// Registers the ledger as one more endpoint.
    async fn listen(&self) {
        let mut client = self.desk.client().await;
        let endpoint = json!({"url": format!("http://{}/hooks", self.ledger.addr)});
        let call = Call::post("/api/v1/webhook-endpoints", &endpoint);
        let endpoint: Value = client.expect(&call).await.json();
        self.ledger.expect_secret(endpoint["secret"].as_str().expect("a secret"));
    }

    fn is_on_sqlite(&self) -> bool {
        self.postgres.is_none()
    }

    /// Load, death, restart, and what must hold then.
    async fn round(&mut self, round: u64, seed: u64, random: &mut Random) {
        let load = Load::start(&self.desk, round, seed);
        // A receiver that answers nobody leaves a queue and attempts that the death cuts short.
        self.ledger.shut(random.one_in(4));
        let life = random.between(LIFE_MS.0, LIFE_MS.1);
        sleep_until(Instant::now() + Duration::from_millis(life)).await;
        self.die();
        let clients = load.end().await;
        self.ledger.shut(false);
        self.rise();
        if random.one_in(4) {
            let life = random.between(RECOVERY_MS.0, RECOVERY_MS.1);
            sleep_until(Instant::now() + Duration::from_millis(life)).await;
            self.die();
            self.rise();
        }
        self.customers.extend(check::promises(&self.desk, clients).await);
        // What is not waited for must survive the next crash as well.
        if !random.one_in(4) {
            self.arrived().await;
        }
        self.ledger.check();
    }

    fn die(&mut self) {
        self.server.take().expect("it lives").kill();
        self.ledger.note_death(&format!("life-{}", self.lives));
    }

    fn rise(&mut self) {
        self.lives += 1;
        let server = self.install.serve(&format!("life-{}", self.lives));
        self.desk.addr = server.addr;
        self.server = Some(server);
    }

    async fn arrived(&self) {
        let ids: HashSet<String> = self.customers.keys().cloned().collect();
        self.ledger.has_announced(&ids).await;
    }

    fn tell(&self, round: u64, started: Instant) {
        let (receipts, repeated) = self.ledger.check();
        println!(
            "round {round}: {} customers, {receipts} deliveries received, {repeated} of them again, {} deaths, {} s",
            self.customers.len(),
            self.lives,
            started.elapsed().as_secs()
        );
    }

    /// Stops the server in good order and looks at what it leaves behind.
    async fn close(mut self) {
        self.arrived().await;
        let server = self.server.take().expect("it lives");
        assert!(server.stop().success(), "a server that is asked to stop ends well");
        self.ledger.check();
        let app = self.install.open().await;
        let ctx = operator_ctx(&app, PARTNER, true, "test").await.expect("the partner is there");
        check::everything(&ctx, &self.ledger, &self.customers).await;
    }
}

/// The rate of a new partner is for people; this load is not.
async fn lift_the_rate(install: &Install) {
    const PER_10S: i64 = 1_000_000;
    let app = install.open().await;
    let ctx = operator_ctx(&app, PARTNER, true, "test").await.expect("the partner is there");
    let settings = PartnerSettings {
        rate_per_10s: PER_10S,
        rate_burst: PER_10S,
        ..ctx.partner.settings.clone()
    };
    let change = PartnerChange { settings: Some(settings), ..PartnerChange::default() };
    let changed =
        app.act(&ctx, async move |tx, ctx| partners::update(tx, ctx, &change).await).await;
    changed.expect("the settings are taken");
}

fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} must be a number")),
        Err(_) => default,
    }
}
