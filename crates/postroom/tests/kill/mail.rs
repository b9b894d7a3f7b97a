//! The crash test of the e-mail half: a message that was accepted is there after the crash, once, and is told of.
//!
//! Two ways in: sends under an idempotency key, and raw messages, which are known again by what they are. The
//! third, files that are brought along, goes on beside them and is in [`crate::imports`].

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::future::join;
use serde_json::{Value, json};
use testkit::Receiver;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::client::{Answer, Call, Client, Silence};
use crate::imports::{CYD, Imports};
use crate::load::Desk;
use crate::random::Random;
use crate::server::{Install, Server};

/// Clients at work at once.
const WRITERS: u64 = 8;
/// Messages of one client in a round.
const MESSAGES_MAX: usize = 40;
/// How long a process lives under load, in milliseconds.
const LIFE_MS: (u64, u64) = (20, 600);
const ANN: &str = "ann@agents.localhost";
const BOB: &str = "bob@agents.localhost";

/// Something that a client asked for, and whether it was told that it is done.
struct Mail {
    call: Call,
    subject: String,
    told: Option<Answer>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_accepted_is_never_lost_never_stored_twice_and_told_of() {
    let rounds = crate::number("POSTROOM_KILL_ROUNDS", crate::ROUNDS_DEFAULT);
    let seed = crate::number("POSTROOM_KILL_SEED", crate::SEED_DEFAULT);
    let folder = tempfile::tempdir().expect("a folder");
    let database = testkit::database::empty(&folder).await;
    let install = Install::new(folder.path(), &database);
    install.run(["init", "--json", "--partner", crate::PARTNER]);
    crate::lift_the_rate(&install).await;
    let key = install.run(["org", "key", "--json"])["key"].as_str().expect("a key").to_owned();
    let mut server = Some(install.serve("mail-0"));
    let mut desk = Desk { addr: server.as_ref().expect("it lives").addr, key };
    let receiver = Receiver::start().await;
    let signing_key = found(&desk, &receiver).await;
    let mut random = Random::new(seed);
    let mut accepted = HashSet::new();
    let mut imports = Imports::default();
    for round in 1..=rounds {
        let load = start(&desk, round);
        let life = random.between(LIFE_MS.0, LIFE_MS.1);
        let death = async {
            sleep_until(Instant::now() + Duration::from_millis(life)).await;
            server.take().expect("it lives").kill();
            load.join_all().await
        };
        // The imports end with the first silence as well.
        let (_, all) = join(imports.work(&desk), death).await;
        server = Some(rise(&install, &mut desk, round));
        for mail in all.into_iter().flatten() {
            accepted.insert(settle(&desk, mail).await);
        }
    }
    let stored = stored_once(&desk, BOB, &accepted).await;
    imports.finish(&desk).await;
    stored_once(&desk, CYD, &imports.subjects()).await;
    told_of(&receiver, &stored, &signing_key).await;
    assert!(server.take().expect("it lives").stop().success());
}

/// Makes three agents, of which one is listened to.
async fn found(desk: &Desk, receiver: &Receiver) -> String {
    let mut client = desk.client().await;
    let mut last = Value::Null;
    for handle in ["cyd", "ann", "bob"] {
        let call = Call::post("/api/v1/identities", &json!({"agent_handle": handle}));
        last = client.expect(&call).await.json();
    }
    let body = json!({"mailbox_id": last["mailbox"]["id"], "url": receiver.url(),
        "event_types": ["message.received"]});
    let made = client.expect(&Call::post("/api/v1/webhooks/subscriptions", &body)).await.json();
    made["signing_key"].as_str().expect("a key").to_owned()
}

fn rise(install: &Install, desk: &mut Desk, round: u64) -> Server {
    let server = install.serve(&format!("mail-{round}"));
    desk.addr = server.addr;
    server
}

fn start(desk: &Desk, round: u64) -> JoinSet<Vec<Mail>> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (desk, name) = (desk.clone(), format!("r{round}-w{writer}"));
        writers.spawn(async move {
            let mut all = Vec::new();
            // Ends with the first silence, which the death of the process brings.
            let _ = write(&desk, &name, &mut all).await;
            all
        });
    }
    writers
}

async fn write(desk: &Desk, name: &str, all: &mut Vec<Mail>) -> Result<(), Silence> {
    let mut client = Client::connect(desk.addr, &desk.key).await?;
    while all.len() < MESSAGES_MAX {
        let subject = format!("{name}-{}", all.len());
        let call = if all.len().is_multiple_of(2) { send(&subject) } else { ingest(&subject) };
        all.push(Mail { call: call.clone(), subject, told: None });
        let answer = client.call(&call).await?;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        all.last_mut().expect("it was just pushed").told = Some(answer);
    }
    Ok(())
}

fn send(subject: &str) -> Call {
    let body =
        json!({"recipients": {"to": [BOB]}, "subject": subject, "body_text": "x".repeat(500)});
    Call::post(&format!("/api/v1/mail/mailboxes/{ANN}/messages"), &body).keyed(subject)
}

fn ingest(subject: &str) -> Call {
    let raw = format!(
        "From: a@partner.example\r\nTo: {BOB}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@partner.example>\r\n\
         Date: Sat, 21 Nov 2026 09:30:00 +0000\r\n\r\nHello\r\n"
    );
    let path = format!("/api/v1/mail/mailboxes/{BOB}/ingest?envelope_from=a@partner.example");
    Call::raw(&path, raw)
}

/// Sends a request again: whoever was told is told the same, and whoever was not, is now.
async fn settle(desk: &Desk, mail: Mail) -> String {
    let mut client = desk.client().await;
    let again = client.expect(&mail.call).await;
    if let Some(told) = &mail.told {
        let id = |answer: &Answer| answer.json()["message_id"].clone();
        assert_eq!(id(&again), id(told), "{} was accepted and is another now", mail.subject);
        if mail.call.idempotency_key.is_none() {
            assert_eq!(
                again.json()["is_duplicate"],
                true,
                "{} was accepted and lost",
                mail.subject
            );
        }
    }
    mail.subject
}

/// The inbound messages of a mailbox, their subjects by their ids: those that were accepted, each once.
async fn stored_once(
    desk: &Desk,
    mailbox: &str,
    accepted: &HashSet<String>,
) -> HashMap<String, String> {
    let stored = inbox(desk, mailbox).await;
    let subjects: HashSet<String> = stored.values().cloned().collect();
    assert_eq!(subjects.len(), stored.len(), "a message is stored twice");
    assert_eq!(subjects, *accepted, "what was accepted, and what is there");
    stored
}

async fn inbox(desk: &Desk, mailbox: &str) -> HashMap<String, String> {
    let mut client = desk.client().await;
    let mut all = HashMap::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/mail/mailboxes/{mailbox}/messages?limit=100{cursor}");
        let page = client.expect(&Call::get(path)).await.json();
        for message in page["items"].as_array().expect("items") {
            let text = |name: &str| message[name].as_str().expect("a text").to_owned();
            all.insert(text("id"), text("subject"));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Waits until every stored message was told of, under one event id each, signed.
async fn told_of(receiver: &Receiver, stored: &HashMap<String, String>, signing_key: &str) {
    let mut count = stored.len();
    loop {
        let mut events: HashMap<String, String> = HashMap::new();
        for received in receiver.wait_for(count).await {
            assert!(received.verifies_as_email(signing_key), "a signature that does not hold");
            let event = received.json();
            let message = event["data"]["message"]["id"].as_str().expect("an id").to_owned();
            let id = event["id"].as_str().expect("an id").to_owned();
            assert!(stored.contains_key(&message), "told of a message that is not there");
            let first = events.entry(message).or_insert_with(|| id.clone());
            assert_eq!(*first, id, "one message, two events");
        }
        if events.len() == stored.len() {
            return;
        }
        // Some came twice, as G6 allows: wait for one more.
        count += 1;
    }
}
