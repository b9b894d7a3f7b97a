//! What nobody may read who reads the log, the audit records or the answers of the API (webhooks.md 5.19).

use std::cell::Cell;
use std::io;
use std::sync::Mutex;

use domain::minutes;
use domain::partner::PartnerSettings;
use serde_json::json;
use storage::{Row, Tx, args};
use testkit::{Mailroom, Receiver, TestServer};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

const TOKEN: &str = "canary-of-a-header";

/// All that is logged on the thread of the test.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

thread_local! {
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps what this thread logs from now on. One log for the whole process, because what a thread logs by itself is lost
/// where another one came first to the same line.
fn watch() {
    let here = dynamic_filter_fn(|_, _| IS_WATCHED.get());
    let kept = fmt::layer().with_ansi(false).with_writer(|| Log).with_filter(here);
    tracing_subscriber::registry().with(kept).init();
    IS_WATCHED.set(true);
}

/// What is stored of attempts and of what was done, without the events themselves.
async fn records(server: &TestServer) -> String {
    const SENT: &str = "select request_headers from attempts";
    let read = async |tx: &Tx| {
        let sent: Vec<String> = tx.all(SENT, args![], Row::next).await?;
        let audit = storage::audit::chain(tx, 0, 100).await?;
        let audit = audit.into_iter().map(|line| line.detail);
        Ok::<_, storage::Error>(sent.into_iter().chain(audit).collect::<String>())
    };
    server.app.db.read(read).await.unwrap()
}

#[tokio::test]
async fn case_49_no_secret_is_in_the_log_the_records_or_a_later_answer() {
    watch();
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let made = json!({
        "url": receiver.url(), "ed25519": true, "headers": {"Authorization": format!("Bearer {TOKEN}")},
    });
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    receiver.answer_with(&[500, 302]);
    let customer = json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true});
    crm.post("/api/v1/customers", customer).await.expect(201);
    server.settle().await;
    let rotated = crm.post(&format!("{path}/rotate-secret"), json!({})).await.expect(200);
    crm.post(&format!("{path}/test"), json!({"type": "mail.scanned"})).await.expect(201);
    server.advance(minutes(10)).await;
    server.advance(minutes(10)).await;

    let received = receiver.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|one| one.header("authorization").ends_with(TOKEN)));
    let logged = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("answered 201"), "{logged}");
    let mut texts = vec![logged, records(&server).await];
    for path in [path.as_str(), "/api/v1/webhook-endpoints", "/api/v1/webhook-deliveries"] {
        texts.push(crm.get(path).await.expect(200).to_string());
    }
    let secret_of = |text: &serde_json::Value| text["secret"].as_str().unwrap()[6..].to_owned();
    let secrets =
        [TOKEN.to_owned(), crm.key.clone().unwrap(), secret_of(&made), secret_of(&rotated)];
    for text in texts {
        assert!(!text.contains("whsk_"), "{text}");
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}
