//! What is sent, and what arrives of it (email-api.md 6.5 to 6.7; 16, lines 17, 19 and 20).

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Agent, Organization, Persona, Receiver, TestServer};

fn of(agent: &Agent<'_>, message: &Value, end: &str) -> String {
    agent.path(&format!("/messages/{}{end}", message["id"].as_str().unwrap()))
}

async fn detail(agent: &Agent<'_>, message: &Value) -> Value {
    agent.get(&of(agent, message, "")).await.expect(200)
}

#[tokio::test]
async fn check_20_m12_who_was_copied_blindly_stands_in_no_copy_and_in_no_event_of_others() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob, cyd) =
        (house.agent("ann").await, house.agent("bob").await, house.agent("cyd").await);
    let (of_ann, of_bob, of_cyd) =
        (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    ann.subscribe(&of_ann.url(), &["message.sent"]).await;
    bob.subscribe(&of_bob.url(), &["message.received"]).await;
    cyd.subscribe(&of_cyd.url(), &["message.received"]).await;
    let body = json!({"recipients": {"to": [bob.address()], "bcc": [cyd.address()]},
        "subject": "Plan", "body_text": "x"});
    let sent = ann.post(&ann.path("/messages"), body).await.expect(201);
    assert_eq!(detail(&ann, &sent).await["bcc_addresses"], json!([cyd.address()]));
    server.settle().await;
    let told = of_ann.received()[0].json();
    assert_eq!(told["data"]["message"]["bcc_addresses"], json!([cyd.address()]));
    for receiver in [&of_bob, &of_cyd] {
        let message = receiver.received()[0].json()["data"]["message"].clone();
        assert_eq!(message["bcc_addresses"], Value::Null);
        assert_eq!(message["to_addresses"], json!([bob.address()]));
    }
    let text = String::from_utf8_lossy(&of_bob.received()[0].body).into_owned();
    assert!(!text.contains(cyd.address()), "{text}");

    // The bytes that arrived, as a forward that wraps them shows.
    for reader in [&bob, &cyd] {
        let arrived = reader.messages().await[0].clone();
        assert_eq!(detail(reader, &arrived).await["bcc_addresses"], Value::Null);
        let body = json!({"recipients": {"to": ["x@y.example"]}, "mode": "wrapped"});
        let forward = reader.post(&of(reader, &arrived, "/forward"), body).await.expect(201);
        let name = detail(reader, &forward).await["attachment_metadata"][0]["filename"].clone();
        let path = of(reader, &forward, &format!("/attachments/{}", name.as_str().unwrap()));
        let url = reader.get(&path).await.expect(200)["url"].as_str().unwrap().to_owned();
        let url = url.strip_prefix("https://app.example.com").unwrap();
        let raw = Persona::anonymous(&server).get(url).await;
        let raw = String::from_utf8_lossy(&raw.bytes).to_lowercase();
        assert!(raw.contains("subject: plan"), "{raw}");
        assert!(!raw.contains(cyd.address()) && !raw.contains("bcc:"), "{raw}");
    }
}

#[tokio::test]
async fn check_19_a_forward_has_one_prefix_however_it_was_written() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    for (subject, forwarded) in [
        ("x", "Fwd: x"),
        ("Fwd: x", "Fwd: x"),
        ("FW: x", "FW: x"),
        ("fw: x", "fw: x"),
        ("fwd: x", "fwd: x"),
        ("Re: x", "Fwd: Re: x"),
        ("Forward: x", "Fwd: Forward: x"),
    ] {
        let sent = ann.send(&[bob.address()], subject, "x").await;
        assert_eq!(sent["subject"], subject, "a send changes no subject");
        let body = json!({"recipients": {"to": [bob.address()]}});
        let made = ann.post(&of(&ann, &sent, "/forward"), body).await.expect(201);
        assert_eq!(made["subject"], forwarded);
    }
    let sent = ann.send(&[bob.address()], "x", "x").await;
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "Mine"});
    let made = ann.post(&of(&ann, &sent, "/forward"), body).await.expect(201);
    assert_eq!(made["subject"], "Mine");
}

#[tokio::test]
async fn m10_a_text_arrives_as_it_was_sent_and_nothing_is_put_below_it() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let text = "Dear Bob,\n\n  indented  line\n> quoted\n\nAnn";
    let html = "<p>Dear <b>Bob</b>, 😀 &amp; all</p>";
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "Ünïcode 東京",
        "body_text": text, "body_html": html});
    let sent = ann.post(&ann.path("/messages"), body).await.expect(201);
    for shown in [detail(&ann, &sent).await, detail(&bob, &bob.messages().await[0]).await] {
        assert_eq!((&shown["body_text"], &shown["body_html"]), (&json!(text), &json!(html)));
        assert_eq!(shown["subject"], "Ünïcode 東京");
        assert_eq!(shown["snippet"], "Dear Bob, indented line Ann", "what is quoted is not new");
    }
    // Both texts may be absent.
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "Nothing"});
    ann.post(&ann.path("/messages"), body).await.expect(201);
}

#[tokio::test]
async fn m11_each_mailbox_has_one_copy_in_a_thread_of_its_own_whatever_the_lists_say() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let loud = bob.address().to_uppercase();
    let body = json!({"recipients": {"to": [bob.address(), loud], "cc": [bob.address()],
        "bcc": ["bob+tag@agents.localhost", ann.address()]}, "subject": "Once", "body_text": "x"});
    let sent = ann.post(&ann.path("/messages"), body).await.expect(201);
    assert_eq!(sent["to_addresses"], json!([bob.address(), loud]));
    let at_bob = bob.messages().await;
    assert_eq!(at_bob.len(), 1);
    assert_eq!(
        (&at_bob[0]["message_id"], &at_bob[0]["cc_addresses"]),
        (&sent["message_id"], &json!([bob.address()]))
    );
    assert_ne!(at_bob[0]["thread_id"], sent["thread_id"]);
    let at_ann = ann.messages().await;
    let directions: Vec<_> = at_ann.iter().map(|m| m["direction"].as_str().unwrap()).collect();
    assert_eq!((directions.len(), directions.contains(&"inbound")), (2, true));
}

#[tokio::test]
async fn m14_a_forward_counts_as_a_message_of_its_own_thread() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let sent = ann.send(&[bob.address()], "Report", "numbers").await;
    let used = async || ann.get(&ann.path("")).await.expect(200)["storage_used_bytes"].clone();
    let before = used().await.as_i64().unwrap();
    let body = json!({"recipients": {"cc": [bob.address()]}, "body_text": "See below."});
    let made = ann.post(&of(&ann, &sent, "/forward"), body).await.expect(201);
    assert_ne!(made["thread_id"], sent["thread_id"]);
    assert_eq!(
        (&made["to_addresses"], &made["cc_addresses"]),
        (&json!([]), &json!([bob.address()]))
    );
    assert!(used().await.as_i64().unwrap() > before);
    let of_thread = ann.path(&format!("/threads/{}", made["thread_id"].as_str().unwrap()));
    assert_eq!(ann.get(&of_thread).await.expect(200)["message_count"], 1);
    for wrong in [
        json!({"recipients": {"to": [], "cc": [], "bcc": []}}),
        json!({}),
        json!({"recipients": {"to": [bob.address()]}, "mode": "copied"}),
        json!({"recipients": {"to": [bob.address()]}, "mode": "wrapped", "track_opens": true}),
        json!({"recipients": {"to": [bob.address()]}, "additional_attachments": [
            {"filename": "a.png", "content_type": "image/png", "content_base64": "aGk=", "content_id": "a"}]}),
    ] {
        ann.post(&of(&ann, &sent, "/forward"), wrong).await.expect(422);
    }
    let body = json!({"recipients": {"to": ["x@y.example"]}});
    bob.post(&of(&bob, &sent, "/forward"), body).await.expect(404);
}

#[tokio::test]
async fn m16_has_attachments_says_what_went_out() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let file = |id: Option<&str>| json!({"filename": "a.png", "content_type": "image/png", "content_base64": "aGk=", "content_id": id});
    let send = async |attachments: Value| {
        let body = json!({"recipients": {"to": [bob.address()]}, "subject": "x", "body_text": "x",
            "body_html": "<img src=\"cid:logo\">", "attachments": attachments});
        ann.post(&ann.path("/messages"), body).await
    };
    let bare = send(json!([])).await.expect(201);
    let inline = send(json!([file(Some("logo"))])).await.expect(201);
    let with = send(json!([file(None)])).await.expect(201);
    assert_eq!([&bare, &inline, &with].map(|m| m["has_attachments"] == true), [false, false, true]);
    send(json!([file(Some("logo")), file(Some("logo"))])).await.expect(422);
    let mut text = file(Some("logo"));
    text["content_type"] = json!("text/plain");
    send(json!([text])).await.expect(422);
    for (source, more, has) in [
        (&bare, json!({}), false),
        (&with, json!({}), true),
        (&with, json!({"include_original_attachments": false}), false),
        (&inline, json!({"mode": "wrapped"}), true),
        (
            &bare,
            json!({"additional_attachments": [{"filename": "b.txt", "content_type": "text/plain",
            "content_base64": "aGk="}]}),
            true,
        ),
    ] {
        let mut body = json!({"recipients": {"to": [bob.address()]}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = ann.post(&of(&ann, source, "/forward"), body).await.expect(201);
        assert_eq!(made["has_attachments"], has, "{more}");
        assert_eq!(bob.messages().await[0]["has_attachments"], has, "{more}");
    }
}

#[tokio::test]
async fn a_send_that_cannot_be_is_refused_with_422_and_stores_nothing() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let good = json!({"recipients": {"to": ["x@y.example"]}, "subject": "x", "body_text": "x"});
    let many: Vec<_> = (0..51).map(|n| format!("p{n}@y.example")).collect();
    for change in [
        json!({"recipients": null}),
        json!({"recipients": {"to": []}}),
        json!({"recipients": {"cc": ["x@y.example"]}}),
        json!({"recipients": {"to": ["no address"]}}),
        json!({"recipients": {"to": many}}),
        json!({"subject": "x".repeat(999)}),
        json!({"body_text": 7}),
        json!({"reply_to": "no address"}),
        json!({"track_opens": true}),
        json!({"attachments": [{"filename": "a.SCR", "content_type": "text/plain", "content_base64": "aGk="}]}),
    ] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ann.post(&ann.path("/messages"), body).await.expect(422);
    }
    let broken = ann.call_with(Method::POST, &ann.path("/messages"), &[], "{".into()).await;
    assert!(matches!(broken.status.as_u16(), 400 | 422));
    assert_eq!(ann.messages().await.len(), 0);
    ann.post(&ann.path("/messages"), good).await.expect(201);
}

#[tokio::test]
async fn m9_a_mailbox_sends_so_many_messages_a_day_where_the_operator_says_so() {
    let email = app::email::Settings { sends_per_day: Some(3), ..Default::default() };
    let server = TestServer::start_with(email).await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let first = ann.send(&[bob.address(), "x@y.example"], "One", "x").await;
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "x", "body_text": "x"});
    // What is refused does not count, what is sent again under its key neither.
    ann.post(&ann.path("/messages"), json!({"subject": "x"})).await.expect(422);
    for _ in 0..2 {
        ann.post_as("k", &ann.path("/messages"), body.clone()).await.expect(201);
    }
    let forward = json!({"recipients": {"to": [bob.address()]}});
    ann.post(&of(&ann, &first, "/forward"), forward.clone()).await.expect(201);
    // To delete what was sent gives none of them back.
    ann.delete(&of(&ann, &first, "")).await.expect(204);
    let kept = ann.messages().await[0].clone();
    let draft = ann.post(&ann.path("/drafts"), body.clone()).await.expect(201);
    let of_draft = ann.path(&format!("/drafts/{}/send", draft["id"].as_str().unwrap()));
    for (path, body) in [
        (ann.path("/messages"), body.clone()),
        (of(&ann, &kept, "/reply-all"), json!({"body_text": "x"})),
        (of(&ann, &kept, "/forward"), forward),
        (of_draft.clone(), json!({"generation": 1})),
    ] {
        let refused = ann.post(&path, body).await;
        let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=86_400).contains(&wait), "{wait}");
        assert!(refused.expect(429)["detail"].is_string(), "{path}");
    }
    assert_eq!(bob.messages().await.len(), 3);
    bob.send(&[ann.address()], "Each has its own", "x").await;
    server.clock.advance(domain::days(1));
    ann.post(&of_draft, json!({"generation": 1})).await.expect(201);
}
