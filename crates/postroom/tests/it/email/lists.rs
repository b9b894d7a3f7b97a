//! What a list of messages holds (email-api.md 6.3), and what marks a message as read (16, line 18).

use domain::{Timestamp, days};
use serde_json::{Value, json};
use testkit::{Agent, Organization, START, TestServer};

const MILLISECOND: i64 = 1_000;

fn encoded(time: &str) -> String {
    time.replace('+', "%2B").replace(':', "%3A")
}

async fn subjects(agent: &Agent<'_>, query: &str) -> Vec<String> {
    let page = agent.get(&agent.path(&format!("/messages?{query}"))).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|m| m["subject"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn m2_m3_m4_days_and_times_are_read_in_the_zone_and_bounds_belong_to_the_range() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let day = START.date_in("UTC").plus_days(1);
    let midnight = day.start_in("UTC");
    let moments = [
        ("before", midnight.plus(-MILLISECOND)),
        ("first", midnight),
        ("last", midnight.plus(days(1) - MILLISECOND)),
        ("after", midnight.plus(days(1))),
    ];
    let mut now = START;
    for (subject, at) in moments {
        server.clock.advance(at.micros() - now.micros());
        now = at;
        ann.send(&[bob.address()], subject, "x").await;
    }
    let list = async |query: String| subjects(&bob, &query).await;
    // M-1, M-2, M-3: whole days, the newest first.
    assert_eq!(list(format!("start_datetime={day}&end_datetime={day}")).await, ["last", "first"]);
    assert_eq!(list(format!("end_datetime={day}")).await, ["last", "first", "before"]);
    // A bound that is a time is itself part of the range.
    let shown = |at: Timestamp| encoded(&at.to_string());
    let range =
        format!("start_datetime={}&end_datetime={}", shown(moments[1].1), shown(moments[2].1));
    assert_eq!(list(range).await, ["last", "first"]);
    let range = format!("start_datetime={}", shown(moments[1].1.plus(MILLISECOND)));
    assert_eq!(list(range).await, ["after", "last"]);
    // M-4: in Berlin it is one o'clock when the day begins in UTC, and the day there began an hour before.
    let berlin = "tz=Europe/Berlin";
    let whole = format!("start_datetime={day}&end_datetime={day}&{berlin}");
    assert_eq!(list(whole).await, ["first", "before"]);
    let naive =
        format!("start_datetime={day}T01%3A00%3A00&end_datetime={day}T01%3A00%3A00&{berlin}");
    assert_eq!(list(naive).await, ["first"]);
    // What names its offset is exact, whatever the zone; a raw + in a query is read as a blank.
    for plus in ["%2B", "+"] {
        let exact = format!("{day}T01:00:00{plus}01:00");
        let both = format!("start_datetime={exact}&end_datetime={exact}&tz=America/Chicago");
        assert_eq!(list(both).await, ["first"]);
    }
    assert_eq!(list("direction=outbound".into()).await, Vec::<String>::new());
    assert_eq!(list("direction=inbound".into()).await.len(), 4);
    for wrong in ["tz=Mars/Base", "start_datetime=2026-13-01", "end_datetime=tomorrow", "limit=0"] {
        bob.get(&bob.path(&format!("/messages?{wrong}"))).await.expect(422);
    }
}

#[tokio::test]
async fn m5_what_was_deleted_alone_or_with_its_thread_is_in_no_list() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    for subject in ["kept", "alone", "with its thread"] {
        ann.send(&[bob.address()], subject, "x").await;
    }
    let all = bob.messages().await;
    let field = |n: usize, name: &str| all[n][name].as_str().unwrap().to_owned();
    bob.delete(&bob.path(&format!("/messages/{}", field(1, "id")))).await.expect(204);
    bob.delete(&bob.path(&format!("/threads/{}", field(0, "thread_id")))).await.expect(204);
    assert_eq!(subjects(&bob, "").await, ["kept"]);
    let threads = bob.get(&bob.path("/threads")).await.expect(200);
    assert_eq!(threads["items"].as_array().unwrap().len(), 1);
    for n in [0, 1] {
        bob.get(&bob.path(&format!("/messages/{}", field(n, "id")))).await.expect(404);
        bob.get(&bob.path(&format!("/threads/{}", field(n, "thread_id")))).await.expect(404);
    }
    assert_eq!(ann.messages().await.len(), 3, "the sender keeps its copies");
}

#[tokio::test]
async fn check_18_neither_lists_nor_threads_nor_attachments_nor_a_search_mark_as_read() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "Report", "body_text": "x",
        "attachments": [{"filename": "a.txt", "content_type": "text/plain", "content_base64": "aGk="}]});
    let sent = ann.post(&ann.path("/messages"), body).await.expect(201);
    assert_eq!(sent["is_read"], true);
    server.settle().await;
    let message = bob.messages().await[0].clone();
    let (id, thread) = (message["id"].as_str().unwrap(), message["thread_id"].as_str().unwrap());
    for path in ["/messages", "/threads", "/threads/folders", "/search?q=report"] {
        bob.get(&bob.path(path)).await.expect(200);
    }
    bob.get(&bob.path(&format!("/threads/{thread}"))).await.expect(200);
    bob.get(&bob.path(&format!("/messages/{id}/attachments/a.txt?redirect=false")))
        .await
        .expect(200);
    assert_eq!(bob.messages().await[0]["is_read"], false);
    // Once is enough, and a key of the organization reads as well (Q32).
    let path = bob.path(&format!("/messages/{id}"));
    assert_eq!(house.admin.get(&path).await.expect(200)["is_read"], true);
    bob.patch(&path, json!({"is_read": false})).await.expect(200);
    let ours = ann.path(&format!("/messages/{}", sent["id"].as_str().unwrap()));
    assert_eq!(ann.patch(&ours, json!({"is_read": false})).await.expect(200)["is_read"], false);
    assert_eq!(
        ann.get(&ours).await.expect(200)["is_read"],
        Value::Bool(false),
        "only inbound ones"
    );
}
