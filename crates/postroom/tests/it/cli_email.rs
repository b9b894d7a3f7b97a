//! `postroom mailbox email`, as an operator types it, alone and beside a server.

use std::fmt::Write as _;

use postroom::node;
use serde_json::{Value, json};
use tasks::Tasks;

use crate::cli::{Shell, text};

const ANN: &str = "ann@agents.localhost";
/// The first words of each command here.
const EMAIL: [&str; 2] = ["mailbox", "email"];

fn with_ann() -> Shell {
    let shell = Shell::on_an_install();
    shell.run(&["identity", "create", "ann"]).expect(0);
    shell
}

impl Shell {
    fn email(&self, arguments: &[&str]) -> Value {
        self.json(&[&EMAIL[..], arguments].concat())
    }
}

fn mbox(n: usize) -> String {
    (0..n).fold(String::new(), |mut file, n| {
        write!(
            file,
            "From bob@old.example Wed Jul  1 09:30:15 2020\nFrom: bob@old.example\nMessage-ID: <{n}@old.example>\n\
             Subject: Invoice {n}\nDate: Wed, 01 Jul 2020 09:30:00 +0000\n\nHello.\n\n"
        )
        .unwrap();
        file
    })
}

fn counts(job: &Value) -> [i64; 5] {
    ["processed", "imported", "skipped_duplicate", "failed", "rejected_unsafe"]
        .map(|name| job[format!("messages_{name}")].as_i64().unwrap())
}

#[test]
fn a_mailbox_is_listed_shown_and_changed() {
    let shell = with_ann();
    assert_eq!(shell.email(&["list"])[0]["email_address"], ANN);
    let change = [
        "--signature-text",
        "Ann",
        "--signature-html",
        "<b>Ann</b>",
        "--signature-enabled",
        "true",
    ];
    shell.email(&[&["set", ANN][..], &change].concat());
    shell.email(&["set", "ann", "--signature-html", "", "--filter", "whitelist"]);
    let shown = shell.email(&["show", ANN]);
    assert_eq!((text(&shown, "signature_text"), &shown["signature_html"]), ("Ann", &Value::Null));
    assert_eq!(
        (&shown["signature_enabled"], text(&shown, "filter_mode")),
        (&json!(true), "whitelist")
    );
    assert_eq!(
        (&shown["storage_used_bytes"], &shown["storage_limit_bytes"]),
        (&json!(0), &json!(2_i64 << 30))
    );
    let long = "x".repeat(20_000);
    shell.run(&["mailbox", "email", "set", ANN, "--signature-text", &long]).expect(2);
    shell.run(&["mailbox", "email", "show", "nobody"]).expect(5);
    shell.run(&["mailbox", "--location", "SITE1", "email", "list"]).expect(1);
}

#[tokio::test]
async fn a_file_is_imported_without_a_server_and_found_by_its_words() {
    let shell = with_ann();
    shell.write("all.mbox", mbox(60));
    let import = ["mailbox", "email", "import", ANN, "all.mbox", "--unread"];
    let said = shell.run(&[&import[..], &["--own", "bob@old.example"]].concat()).expect(0);
    assert!(said.err.contains("60 read: 60 new"), "{}", said.err);
    assert!(said.out.contains("completed"), "{}", said.out);
    let again = shell.json(&import);
    assert_eq!(counts(&again), [60, 0, 60, 0, 0]);
    let listed = shell.json(&["message", "list", ANN, "--direction", "outbound"]);
    assert_eq!(listed.as_array().unwrap().len(), 50);
    let uploads = shell.path().join("postroom-data/blobs/import");
    let left = std::fs::read_dir(uploads).into_iter().flatten().flatten();
    assert!(left.flat_map(|folder| std::fs::read_dir(folder.path())).flatten().next().is_none());

    let app = node::open(&shell.config()).await.unwrap();
    Tasks::new(&app, tasks::Options::default()).unwrap().settle().await.unwrap();
    let found = shell.email(&["search", ANN, "invoice", "17"]);
    assert_eq!((found.as_array().unwrap().len(), text(&found[0], "subject")), (1, "Invoice 17"));
}

#[test]
fn a_file_that_holds_nothing_fails_and_one_that_is_not_there_keeps_no_place() {
    let shell = with_ann();
    let import =
        |file: &str| shell.run(&["mailbox", "email", "import", ANN, file, "--format", "mbox"]);
    assert!(import("none.mbox").expect(1).err.contains("none.mbox"));
    shell.write("empty.mbox", "Hello\n");
    let said = import("empty.mbox").expect(1);
    assert!(
        said.out.contains("no message") && said.err.contains("failed"),
        "{}{}",
        said.out,
        said.err
    );
    let folder = shell.path().display().to_string();
    import(&folder).expect(1);
    shell.write("all.mbox", mbox(1));
    import("all.mbox").expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_beside_a_server_stores_each_message_once() {
    let shell = with_ann();
    shell.write("all.mbox", mbox(400));
    let app = node::open(&shell.config()).await.unwrap();
    let running = Tasks::new(&app, tasks::Options::default()).unwrap().start();
    let job = shell.email(&["import", ANN, "all.mbox"]);
    running.stop().await;
    assert_eq!(counts(&job), [400, 400, 0, 0, 0]);
    let all = shell.json(&["message", "list", ANN, "--limit", "1000"]);
    assert_eq!(all.as_array().unwrap().len(), 400);
}
