//! When the assembled server says that it is ready, and what it says until then.

use std::time::Duration;

use postroom::config::Config;
use postroom::node::{self, Node};
use serde_json::{Value, json};
use storage::{Db, Tx};
use tempfile::TempDir;

use crate::node::get;

/// How long a server may take to become ready.
const PATIENCE: Duration = Duration::from_secs(20);

struct Install {
    folder: TempDir,
}

impl Install {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A configuration that lists these networks.
    fn config(&self, listed: &str) -> Config {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let environment = [
            ("POSTROOM_SERVER_LISTEN", "127.0.0.1:0".to_owned()),
            ("POSTROOM_DATABASE_URL", format!("sqlite:{}", at("data.sqlite"))),
            ("POSTROOM_STORAGE_PATH", at("blobs")),
            ("POSTROOM_SECRETS_KEY", "07".repeat(32)),
            ("POSTROOM_WEBHOOKS_ALLOW_NETWORKS", listed.to_owned()),
        ];
        Config::load(None, environment.map(|(k, v)| (k.to_owned(), v)).into_iter()).unwrap()
    }

    /// A server with the guard of one configuration that goes by another.
    async fn serve(&self, guarded_by: &Config, config: &Config) -> Node {
        let app = node::open(guarded_by).await.unwrap();
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new();
        Node::start(config, app, metrics.build_recorder().handle()).await.unwrap()
    }
}

async fn ask(node: &Node) -> (u16, Value) {
    let addr = node.addr;
    let (status, text) = tokio::task::spawn_blocking(move || get(addr, "/readyz")).await.unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap())
}

/// Asks until the answer is this one.
async fn comes_to_say(node: &Node, status: u16, body: Value) {
    let asking = async {
        let mut told = ask(node).await;
        while told != (status, body.clone()) {
            told = ask(node).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, asking).await;
    assert!(in_time.is_ok(), "{status} {body} was not said: {:?}", ask(node).await);
}

async fn execute(db: &Db, sql: &'static str) {
    let unit = async move |tx: &Tx| tx.exec(sql, Vec::new()).await;
    db.write(unit).await.unwrap();
}

fn all_well() -> Value {
    json!({"database": "ok", "guard": "ok", "lanes": "ok"})
}

#[tokio::test]
async fn it_is_not_ready_until_the_queue_was_looked_through_once() {
    let install = Install::new();
    let config = install.config("");
    let app = node::open(&config).await.unwrap();
    execute(&app.db, "alter table ready rename to elsewhere").await;
    let node = install.serve(&config, &config).await;
    let not_yet = json!({"database": "ok", "guard": "ok", "lanes": "are not loaded yet"});
    assert_eq!(ask(&node).await, (503, not_yet));
    execute(&app.db, "alter table elsewhere rename to ready").await;
    comes_to_say(&node, 200, all_well()).await;
    node.stop().await;
}

#[tokio::test]
async fn beside_a_process_that_delivers_from_the_same_file_it_is_ready() {
    let install = Install::new();
    let config = install.config("");
    let first = install.serve(&config, &config).await;
    comes_to_say(&first, 200, all_well()).await;
    let second = install.serve(&config, &config).await;
    comes_to_say(&second, 200, all_well()).await;
    first.stop().await;
    assert_eq!(ask(&second).await, (200, all_well()));
    second.stop().await;
}

#[tokio::test]
async fn it_is_not_ready_while_its_guard_takes_or_refuses_what_the_configuration_does_not() {
    let install = Install::new();
    let (nothing, private) = (install.config(""), install.config("10.0.0.0/8"));
    for (guarded_by, config, guard) in
        [(&private, &nothing, "lets 10.0.0.1 through"), (&nothing, &private, "refuses 10.0.0.1")]
    {
        let node = install.serve(guarded_by, config).await;
        let told = json!({"database": "ok", "guard": guard, "lanes": "ok"});
        comes_to_say(&node, 503, told).await;
        node.stop().await;
    }
}

#[tokio::test]
async fn an_install_that_lists_private_networks_becomes_ready() {
    let install = Install::new();
    let config = install.config("127.0.0.0/8, 10.0.0.0/8, ::1/128, fc00::/7");
    let node = install.serve(&config, &config).await;
    comes_to_say(&node, 200, all_well()).await;
    node.stop().await;
}

#[tokio::test]
async fn it_is_not_ready_while_a_migration_is_missing() {
    let install = Install::new();
    let config = install.config("");
    let node = install.serve(&config, &config).await;
    execute(&node.app.db, "delete from schema_migrations where number = 1").await;
    let told = json!({"database": "1 migrations are missing", "guard": "ok", "lanes": "ok"});
    comes_to_say(&node, 503, told).await;
    node.stop().await;
}
