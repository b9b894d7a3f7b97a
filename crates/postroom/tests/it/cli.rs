//! The command line: the built binary in a folder of its own, as people and scripts call it.
//!
//! Always on a SQLite file; that use-cases hold on both engines is proven in `app`.

use std::path::Path;
use std::process::{Command, Output};

use postroom::config::Config;
use postroom::node;
use serde_json::{Value, json};
use storage::Tx;
use tempfile::TempDir;

/// A folder in which commands run, with nobody else's configuration.
pub(crate) struct Shell {
    folder: TempDir,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A shell on an install with one partner.
    pub(crate) fn on_an_install() -> Self {
        let shell = Self::new();
        shell.run(&["init"]).expect(0);
        shell
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What the commands read, for a test that looks behind them.
    pub(crate) fn config(&self) -> Config {
        let data = self.path().join("postroom-data");
        let set = |name: &str, value: String| (format!("POSTROOM_{name}"), value);
        let environment = [
            set("DATABASE_URL", format!("sqlite:{}", data.join("postroom.sqlite").display())),
            set("STORAGE_PATH", data.join("blobs").display().to_string()),
            set("SECRETS_KEY_FILE", data.join("secret.key").display().to_string()),
            set("SERVER_LISTEN", "127.0.0.1:0".to_owned()),
        ];
        let file = self.path().join("postroom.toml");
        let file = file.exists().then_some(file.as_path());
        Config::load(file, environment.into_iter()).unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_postroom"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("USER", "wes")
            .env("POSTROOM_SERVER_LISTEN", "127.0.0.1:0")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said {
            status: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// What a command that holds prints for scripts.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).expect(0).json()
    }
}

impl Said {
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The rows of a table, each as its words; the first are the heads.
    pub(crate) fn table(&self) -> Vec<Vec<&str>> {
        self.out.lines().map(|line| line.split_whitespace().collect()).collect()
    }
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

#[test]
fn init_shows_keys_that_verify_offline() {
    let shell = Shell::new();
    let made = shell.json(&["init", "--partner", "acme"]);
    for (name, mode) in [("live_key", "live"), ("test_key", "test")] {
        let said = shell.json(&["key", "verify", text(&made, name)]);
        assert_eq!(said["mode"], mode);
    }
    let key = text(&made, "live_key");
    let other = if key.ends_with('x') { 'y' } else { 'x' };
    let changed = format!("{}{other}", &key[..key.len() - 1]);
    let refused = shell.run(&["key", "verify", &changed]).expect(1);
    assert!(refused.out.is_empty() && refused.err.contains("checksum"), "{}", refused.err);
}

#[test]
fn a_key_is_made_listed_rotated_and_revoked_under_the_name_of_who_did_it() {
    let shell = Shell::on_an_install();
    let create = ["key", "create", "--name", "CRM", "--preset", "crm_sync", "--expires", "90d"];
    let secret = shell.run(&create).expect(0).out;
    assert!(secret.starts_with("ib_live_") && secret.lines().count() == 1, "only the key is data");
    let keys = shell.json(&["key", "list"]);
    let crm = keys.as_array().unwrap().iter().find(|key| key["name"] == "CRM").unwrap();
    assert_eq!((text(crm, "state"), text(crm, "mode")), ("expiring", "live"));
    let id = text(crm, "id");
    let successor = shell.json(&["key", "rotate", id, "--overlap", "1h", "--as", "Ada"]);
    assert_eq!(successor["rotated_from"], id);
    let unsure = shell.run(&["key", "revoke", id]).expect(1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    assert_eq!(shell.json(&["key", "revoke", id, "--yes"])["state"], "revoked");
    let log = shell.json(&["audit", "list", "--subject", id]);
    let did: Vec<_> =
        log.as_array().unwrap().iter().map(|r| (text(r, "verb"), text(r, "actor"))).collect();
    assert_eq!(
        did,
        [
            ("key.revoke", "operator wes"),
            ("key.rotate", "operator Ada"),
            ("key.create", "operator wes")
        ]
    );
}

#[test]
fn a_second_location_a_pool_and_a_partner_of_its_own_are_set_up() {
    let shell = Shell::on_an_install();
    let place = ["--street", "1 Elm St", "--city", "Dallas", "--state", "TX", "--zip", "75201"];
    shell
        .run(&[&["location", "create", "SITE2", "--name", "Dallas"], &place[..]].concat())
        .expect(0);
    let set = ["location", "set", "SITE2", "--services", "scan,forward", "--hours", "08:30-18:00"];
    let location = shell.json(&set);
    assert_eq!(
        (text(&location, "hours"), text(&location["address"], "city")),
        ("08:30-18:00", "Dallas")
    );
    shell.run(&["partner", "create", "beta", "--status", "live"]).expect(0);
    let pool = ["mailbox", "pool", "create", "wall-b", "--location", "SITE2", "--for", "beta"];
    let pool = shell.json(&pool);
    let grant = shell.json(&["partner", "grant", "beta", "SITE2", "--pool", text(&pool, "id")]);
    assert_eq!(grant["pool_id"], pool["id"]);
    let add = ["mailbox", "add", "--pool", "wall-b", "--location", "SITE2", "10-14"];
    assert_eq!(shell.json(&add)["added"], 5);
    shell.run(&["mailbox", "block", "12", "--location", "SITE2"]).expect(0);
    let free = ["mailbox", "list", "--location", "SITE2", "--status", "available"];
    let numbers: Vec<_> =
        shell.json(&free).as_array().unwrap().iter().map(|m| m["number"].clone()).collect();
    assert_eq!(numbers, [10, 11, 13, 14]);
    let table = shell.run(&free).expect(0);
    assert_eq!(table.table()[0][..2], ["NUMBER", "STATUS"]);
    assert_eq!(table.table()[1][..2], ["10", "available"]);
    let terms = shell.json(&["partner", "set", "beta", "--unit-price-minor", "450"]);
    assert_eq!(terms["order_form"]["unit_price_minor"], 450);
}

#[test]
fn an_endpoint_is_made_changed_tested_and_deleted() {
    let shell = Shell::on_an_install();
    let create = ["endpoint", "create", "https://crm.example.com/hooks", "--event", "mail.arrived"];
    let made = shell.json(&create);
    let id = text(&made, "id");
    assert!(text(&made, "secret").starts_with("whsec_"));
    assert_eq!(shell.json(&["endpoint", "set", id, "--event", "*"])["event_types"][0], "*");
    let secret = shell.run(&["endpoint", "rotate", id]).expect(0).out;
    assert!(secret.starts_with("whsec_") && secret.lines().count() == 1, "only the secret is data");
    assert!(shell.json(&["endpoint", "show", id])["switches_at"].is_string());
    let sent = shell.json(&["endpoint", "test", id, "package.arrived"]);
    let log = shell.json(&["endpoint", "deliveries", "--endpoint", id]);
    let retried = shell.json(&["endpoint", "retry", sent["delivery_id"].as_str().unwrap()]);
    assert_eq!(retried["outcome"], "already_under_way");
    let replayed = shell.json(&["endpoint", "replay", sent["event_id"].as_str().unwrap()]);
    assert_eq!(replayed[0]["left_out"], "delivery_under_way");
    assert_eq!((&log[0]["id"], text(&log[0], "status")), (&sent["delivery_id"], "pending"));
    let headers = ["--header", "Authorization: Bearer s3cret", "--retry-schedule", "10,60"];
    let set = shell.json(&[&["endpoint", "set", id, "--rate", "5"], &headers[..]].concat());
    assert_eq!((&set["rate_per_second"], &set["headers"][0]), (&json!(5), &json!("authorization")));
    assert!(!set.to_string().contains("s3cret"));
    let set = shell.json(&["endpoint", "set", id, "--disable-on-gone", "false"]);
    assert_eq!((&set["disable_on_gone"], &set["rate_per_second"]), (&json!(false), &json!(5)));
    let set = shell.json(&["endpoint", "set", id, "--rate", "none", "--no-headers"]);
    assert_eq!((&set["rate_per_second"], &set["retry_schedule"]), (&json!(null), &json!([10, 60])));
    let filter = r#"{"exact":{"customer_id":"cus_123"}}"#;
    let set = shell.json(&["endpoint", "set", id, "--event", "mail.*", "--filter", filter]);
    assert_eq!(set["filter"], json!({"exact": {"customer_id": "cus_123"}}));
    assert_eq!(set["event_types"].as_array().unwrap().len(), 9);
    let wrong = shell.run(&["endpoint", "set", id, "--filter", r#"{"exact":{"colour":"red"}}"#]);
    assert!(wrong.expect(2).err.contains("filter/exact: events have no such attribute"));
    let set = shell.json(&["endpoint", "set", id, "--event", "*", "--filter", "none"]);
    assert_eq!((&set["filter"], &set["event_types"][0]), (&json!(null), &json!("*")));
    let paused = shell.json(&["endpoint", "pause", id, "--reason", "an upgrade"]);
    assert_eq!((&paused["status"], &paused["backlog"]), (&json!("paused"), &json!(1)));
    let held = shell.json(&["endpoint", "deliveries", "--endpoint", id]);
    assert_eq!((text(&held[0], "held_by"), &held[0]["held_until"]), ("endpoint", &json!(null)));
    let tailed = shell.run(&["deliveries", "tail", "--endpoint", id, "--max", "1"]).expect(0).out;
    assert!(tailed.trim_end().ends_with("held by endpoint"), "{tailed}");
    let resumed = shell.json(&["endpoint", "resume", id, "--drop"]);
    assert_eq!((&resumed["status"], &resumed["dropped"]), (&json!("enabled"), &json!(1)));
    let since = ["endpoint", "recover", id, "--since", "2026-01-01T00:00:00Z"];
    let found = shell.json(&[&since[..], &["--dry-run"]].concat());
    assert_eq!((&found["matched"], found["oldest_at"].is_string()), (&json!(1), true));
    let recovery = shell.json(&since);
    assert_eq!((&recovery["status"], &recovery["matched"]), (&json!("running"), &json!(1)));
    let turn = ["endpoint", "recovery", id, text(&recovery, "id")];
    for (flag, status) in
        [("--pause", "paused"), ("--resume", "running"), ("--cancel", "cancelled")]
    {
        let now = shell.json(&[&turn[..], &[flag]].concat());
        assert_eq!((text(&now, "status"), &now["moved"]), (status, &json!(0)));
    }
    let refused = shell.run(&[&turn[..], &["--pause"]].concat()).expect(6);
    assert!(refused.err.contains("recovery_ended"), "{}", refused.err);
    shell.run(&["endpoint", "disable", id]).expect(0);
    shell.run(&["endpoint", "delete", id, "--yes"]).expect(0);
    shell.run(&["endpoint", "show", id]).expect(5);
}

#[test]
fn refusals_tell_code_and_fix_and_have_their_own_exit_status() {
    let shell = Shell::on_an_install();
    let unknown = shell.run(&["key", "revoke", "key_123", "--yes"]).expect(5);
    assert!(unknown.err.contains("not_found") && unknown.err.contains("fix:"), "{}", unknown.err);
    shell.run(&["partner", "create", "No Slug"]).expect(2);
    shell.run(&["endpoint", "create", "http://127.0.0.1/hooks"]).expect(2);
    shell.run(&["key", "create", "--scope", "everything"]).expect(2);
}

#[tokio::test]
async fn the_audit_chain_is_proven_and_a_changed_record_found() {
    let shell = Shell::on_an_install();
    let app = node::open(&shell.config()).await.unwrap();
    let n_links = app::audit::link(&app).await.unwrap();
    let proof = shell.json(&["audit", "verify"]);
    assert_eq!((&proof["holds"], &proof["links"]), (&json!(true), &json!(n_links)));
    let forged = "update audit_records set actor_id = 'somebody else' where chain_no = 3";
    let forge = async move |tx: &Tx| tx.exec(forged, Vec::new()).await;
    app.db.write::<_, storage::Error, _>(forge).await.unwrap();
    let broken = shell.run(&["audit", "verify"]).expect(1);
    assert!(broken.err.contains("broken at link 3"), "{}", broken.err);
    assert_eq!(shell.run(&["audit", "verify", "--json"]).expect(1).json()["broken_at"], 3);
}

#[test]
fn the_doctor_looks_at_everything_and_changes_nothing() {
    let shell = Shell::new();
    let before = shell.run(&["doctor"]).expect(10);
    assert!(before.out.contains("postroom init"), "{}", before.out);
    assert!(std::fs::read_dir(shell.path()).unwrap().next().is_none(), "it made something");
    shell.run(&["init"]).expect(0);
    let after = shell.json(&["doctor"]);
    assert_eq!(after["level"], "ok", "{after}");
    let key = shell.path().join("postroom-data/secret.key");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, open).unwrap();
    let broken = shell.run(&["doctor", "--json"]).expect(11).json();
    let checks = broken["checks"].as_array().unwrap();
    let secret = checks.iter().find(|c| c["check"] == "secret key").unwrap();
    assert!(text(secret, "fix").starts_with("chmod 600"), "{secret}");
    let command = format!("[secrets]\nkey_command = \"cat {}\"\n", key.display());
    std::fs::write(shell.path().join("postroom.toml"), command).unwrap();
    assert_eq!(shell.json(&["doctor"])["level"], "ok");
    std::fs::write(shell.path().join("postroom.toml"), "[secrets]\nkey_command = \"false\"\n")
        .unwrap();
    let checks = shell.run(&["doctor", "--json"]).expect(11).json()["checks"].clone();
    let secret = checks.as_array().unwrap().iter().find(|c| c["check"] == "secret key").unwrap();
    assert_eq!((text(secret, "level"), text(secret, "fix")), ("fail", "mend [secrets]"));
    let said = shell.run(&["serve"]).expect(1).err;
    assert!(said.contains("running secrets.key_command: it ended with"), "{said}");
}

#[test]
fn the_demo_holds_and_leaves_nothing_behind() {
    let shell = Shell::new();
    let said = shell.run(&["demo", "--once"]).expect(0);
    assert!(said.out.ends_with("All of it held.\n"), "{}", said.out);
    assert!(!said.out.contains('\x1b'), "colour is for terminals");
    let heard = said.out.lines().filter(|line| line.trim_start().starts_with("<-"));
    assert_eq!(heard.filter(|line| line.ends_with("signature holds")).count(), 13);
    assert!(std::fs::read_dir(shell.path()).unwrap().next().is_none(), "it left something");
}
