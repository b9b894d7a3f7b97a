//! `postroom subscription` and `postroom org set`, as whoever runs agents types them.

use postroom::node;
use serde_json::{Value, json};
use tasks::Tasks;
use testkit::receiver::Receiver;

use crate::cli::{Said, Shell, text};
use crate::cli_mail::ON_LOOPBACK;

const HOOK: &str = "https://bot.example.com/hooks";

/// An install with the agents `bot` and `clerk`.
fn with_agents() -> Shell {
    let shell = Shell::on_an_install();
    for handle in ["bot", "clerk"] {
        shell.run(&["identity", "create", handle]).expect(0);
    }
    shell
}

fn subscription(shell: &Shell, verb: &str, arguments: &[&str]) -> Value {
    shell.json(&[&["subscription", verb], arguments].concat())
}

fn refused(shell: &Shell, arguments: &[&str], status: i32) -> Said {
    shell.run(&[&["subscription"], arguments].concat()).expect(status)
}

#[test]
fn a_subscription_is_made_listed_shown_changed_and_deleted() {
    let shell = with_agents();
    let first = subscription(&shell, "create", &["bot", HOOK, "--event", "message.received"]);
    assert!(text(&first, "signing_key").starts_with("whsec_"));
    let id = text(&first, "id");
    assert_eq!(first["event_types"], json!(["message.received"]));
    // Whoever has a key is not given another; without types it hears of all six.
    let second = subscription(&shell, "create", &["bot", HOOK, "--token", "t0ken"]);
    assert_eq!((&second["signing_key"], &second["has_auth_token"]), (&Value::Null, &json!(true)));
    assert_eq!(second["event_types"].as_array().unwrap().len(), 6);
    // For people the key stands alone on its line.
    let said = shell.run(&["subscription", "create", "clerk", HOOK]).expect(0);
    assert!(said.out.lines().any(|line| line.starts_with("whsec_")), "{}", said.out);

    let all = subscription(&shell, "list", &[]);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let of_bot = subscription(&shell, "list", &["--agent", "bot"]);
    let ids: Vec<&str> = of_bot.as_array().unwrap().iter().map(|s| text(s, "id")).collect();
    assert_eq!(ids, [text(&second, "id"), id]);
    let shown = subscription(&shell, "show", &[id]);
    assert_eq!((&shown["agent"], &shown["url"]), (&json!("bot"), &json!(HOOK)));

    let context = r#"{"email": {"mode": "count", "count": 3}}"#;
    let elsewhere = "https://bot.example.com/other";
    let change =
        [id, "--url", elsewhere, "--event", "message.sent", "--token", "x", "--context", context];
    let changed = subscription(&shell, "set", &change);
    assert_eq!((&changed["url"], &changed["has_auth_token"]), (&json!(elsewhere), &json!(true)));
    assert_eq!(changed["event_types"], json!(["message.sent"]));
    assert_eq!(changed["context_config"]["email"], json!({"mode": "count", "count": 3}));
    let less = subscription(&shell, "set", &[id, "--no-token", "--context", "null"]);
    assert_eq!(
        (&less["has_auth_token"], &less["context_config"], &less["url"]),
        (&json!(false), &Value::Null, &json!(elsewhere))
    );

    let unsure = refused(&shell, &["delete", id], 1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    subscription(&shell, "delete", &[id, "--yes"]);
    assert_eq!(subscription(&shell, "list", &["--agent", "bot"]).as_array().unwrap().len(), 1);
}

#[test]
fn what_the_api_would_refuse_is_refused_with_its_reason() {
    let shell = with_agents();
    let plain = refused(&shell, &["create", "bot", "http://bot.example.com/"], 2);
    assert!(plain.err.contains("url"), "{}", plain.err);
    let paper = refused(&shell, &["create", "bot", HOOK, "--event", "mail.arrived"], 2);
    assert!(paper.err.contains("event_types"), "{}", paper.err);
    let made = subscription(&shell, "create", &["bot", HOOK]);
    let id = text(&made, "id");
    let context = refused(&shell, &["set", id, "--context", r#"{"faxes": null}"#], 2);
    assert!(context.err.contains("context_config"), "{}", context.err);
    refused(&shell, &["set", id, "--context", "{"], 2);
    let unknown = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";
    for verb in ["show", "replay"] {
        refused(&shell, &[verb, unknown], 5);
    }
    refused(&shell, &["create", "nobody", HOOK], 5);
    refused(&shell, &["deliveries", "not-an-id"], 2);
}

#[tokio::test]
async fn deliveries_are_listed_and_one_is_sent_again() {
    let shell = with_agents();
    shell.write("postroom.toml", ON_LOOPBACK);
    let receiver = Receiver::start().await;
    receiver.answer_with(&[500]);
    let made =
        subscription(&shell, "create", &["clerk", &receiver.url(), "--event", "message.sent"]);
    let (id, key) = (text(&made, "id"), text(&made, "signing_key"));
    let clerk = shell.json(&["identity", "show", "clerk"]);
    let bot = shell.json(&["identity", "show", "bot"]);
    let send = ["--to", text(&bot, "address"), "--subject", "Hello", "--text", "x"];
    shell.run(&[&["message", "send", text(&clerk, "address")], &send[..]].concat()).expect(0);
    settle(&shell).await;

    let rows = subscription(&shell, "deliveries", &[id, "--failed", "--event", "message.sent"]);
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["response_status"]), (1, &json!(500)));
    let row = text(&rows[0], "id");
    let again = subscription(&shell, "replay", &[row]);
    assert_eq!((&again["is_replay"], &again["event_id"]), (&json!(true), &rows[0]["event_id"]));
    settle(&shell).await;
    let rows = subscription(&shell, "deliveries", &[]);
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!((&rows[0]["id"], &rows[0]["response_status"]), (&again["id"], &json!(200)));
    let received = receiver.received();
    assert!(received.iter().all(|request| request.verifies_as_email(key)));
    assert_eq!(received[0].body, received[1].body);

    subscription(&shell, "delete", &[id, "--yes"]);
    refused(&shell, &["replay", row], 6);
    // The log outlives what it tells of.
    assert_eq!(subscription(&shell, "deliveries", &[id]).as_array().unwrap().len(), 2);
}

#[test]
fn one_key_signs_for_the_whole_organization_where_it_is_set_so() {
    let shell = with_agents();
    assert_eq!(shell.json(&["org", "show"])["signing_keys"], "identity");
    let set = ["org", "set", "--signing-keys", "organization"];
    let made = shell.json(&set);
    assert!(text(&made, "signing_key").starts_with("whsec_"));
    // A second time there is nothing to make.
    assert!(shell.json(&set).get("signing_key").is_none());
    assert_eq!(shell.json(&["org", "show"])["signing_keys"], "organization");
    assert_eq!(subscription(&shell, "create", &["bot", HOOK])["signing_key"], Value::Null);
    shell.run(&["org", "set", "--signing-keys", "nobody"]).expect(2);
}

/// Does what the tasks of a running server would.
async fn settle(shell: &Shell) {
    let app = node::open(&shell.config()).await.unwrap();
    Tasks::new(&app, tasks::Options::default()).unwrap().settle().await.unwrap();
}
