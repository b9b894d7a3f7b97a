//! Messages that are being written (email-api.md 6.11).

use serde_json::{Value, json};
use testkit::{Agent, Organization, TestServer};

async fn create(agent: &Agent<'_>, body: Value) -> Value {
    agent.post(&agent.path("/drafts"), body).await.expect(201)
}

fn path(agent: &Agent<'_>, draft: &Value, rest: &str) -> String {
    agent.path(&format!("/drafts/{}{rest}", draft["id"].as_str().unwrap()))
}

fn file(name: &str, base64: &str) -> Value {
    json!({"filename": name, "content_type": "text/plain", "content_base64": base64})
}

async fn used(house: &Organization<'_>, agent: &Agent<'_>) -> Value {
    house.admin.get(&agent.path("")).await.expect(200)["storage_used_bytes"].clone()
}

#[tokio::test]
async fn a_draft_is_made_of_nothing_and_each_change_names_what_it_saw() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let draft = create(&ann, json!({})).await;
    assert_eq!((&draft["generation"], &draft["send_state"]), (&json!(1), &json!("draft")));
    assert_eq!((&draft["subject"], &draft["to_addresses"]), (&Value::Null, &json!([])));

    let at = path(&ann, &draft, "");
    let change = json!({"generation": 1, "subject": "Plan", "body_text": "  See\nyou  ", "reply_to": "a@b.example",
        "recipients": {"to": ["x@y.example"], "cc": null}});
    let changed = ann.patch(&at, change).await.expect(200);
    assert_eq!((&changed["generation"], &changed["snippet"]), (&json!(2), &json!("See you")));
    let change = json!({"generation": 2, "reply_to": null, "recipients": {"bcc": ["z@y.example"]}});
    let changed = ann.patch(&at, change).await.expect(200);
    assert_eq!((&changed["subject"], &changed["reply_to"]), (&json!("Plan"), &Value::Null));
    assert_eq!(changed["body_text"], "  See\nyou  ");
    assert_eq!(
        (&changed["to_addresses"], &changed["bcc_addresses"]),
        (&json!([]), &json!(["z@y.example"]))
    );

    let late = ann.patch(&at, json!({"generation": 2, "subject": "Other"})).await.expect(409);
    assert_eq!(late["detail"]["error"], "draft_generation_conflict");
    ann.patch(&at, json!({"subject": "Other"})).await.expect(422);
    ann.delete(&format!("{at}?generation=1")).await.expect(409);
    ann.delete(&at).await.expect(422);
    assert_eq!(ann.get(&at).await.expect(200), changed);
    ann.delete(&format!("{at}?generation=3")).await.expect(204);
    ann.get(&at).await.expect(404);
    assert_eq!(used(&house, &ann).await, 0);
}

#[tokio::test]
async fn drafts_are_listed_newest_first_without_texts_and_only_to_their_owner() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    for n in 0..3 {
        create(&ann, json!({"subject": format!("n{n}"), "body_html": "<p>Dear &amp; near</p>"}))
            .await;
        server.clock.advance(domain::seconds(1));
    }
    let mut seen = Vec::new();
    let mut at = ann.path("/drafts?limit=2");
    loop {
        let page = ann.get(&at).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        at = ann.path(&format!("/drafts?limit=2&cursor={cursor}"));
    }
    let subjects: Vec<_> = seen.iter().map(|d| &d["subject"]).collect();
    assert_eq!(json!(subjects), json!(["n2", "n1", "n0"]));
    assert_eq!((&seen[0]["snippet"], &seen[0]["body_html"]), (&json!("Dear & near"), &Value::Null));
    bob.get(&ann.path("/drafts")).await.expect(404);
    bob.get(&path(&bob, &seen[0], "")).await.expect(404);
    house.admin.get(&path(&ann, &seen[0], "")).await.expect(200);
}

#[tokio::test]
async fn the_same_idempotency_key_makes_one_draft() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let body = json!({"subject": "Once"});
    let first = ann.post_as("k", &ann.path("/drafts"), body.clone()).await.expect(201);
    let again = ann.post_as("k", &ann.path("/drafts"), body).await.expect(201);
    assert_eq!(first, again);
    let other = ann.post_as("k", &ann.path("/drafts"), json!({"subject": "Two"})).await.expect(409);
    assert_eq!(other["detail"]["error"], "idempotency_key_reused");
    let page = ann.get(&ann.path("/drafts")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn attachments_keep_their_index_and_a_copy_has_its_own() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let draft =
        create(&ann, json!({"attachments": [file("a.txt", "YQ=="), file("b.txt", "YmI=")]})).await;
    assert_eq!((&draft["attachment_count"], &draft["has_attachments"]), (&json!(2), &json!(true)));
    let at = path(&ann, &draft, "/attachments");
    for wrong in [file("a.exe", "YQ=="), file("a.txt", "%%%")] {
        let body = json!({"generation": 1, "attachments": [wrong]});
        ann.post(&at, body).await.expect(422);
    }
    let body = json!({"generation": 1, "attachments": [file("Ärger.txt", "Y2Nj")]});
    let more = ann.post(&at, body.clone()).await.expect(200);
    ann.post(&at, body).await.expect(409);
    assert_eq!(more["attachment_metadata"][2]["part_index"], 2);
    assert_eq!(used(&house, &ann).await, 6);

    let copy = ann.post(&path(&ann, &draft, "/duplicate"), json!({"generation": 2})).await;
    let copy = copy.expect(201);
    assert_eq!((&copy["generation"], &copy["attachment_count"]), (&json!(1), &json!(3)));
    assert_ne!(copy["id"], draft["id"]);

    let less = ann.delete(&format!("{at}/1?generation=2")).await.expect(200);
    let parts: Vec<_> =
        less["attachment_metadata"].as_array().unwrap().iter().map(|a| &a["part_index"]).collect();
    assert_eq!((json!(parts), &less["generation"]), (json!([0, 2]), &json!(3)));
    ann.delete(&format!("{at}/1?generation=3")).await.expect(404);
    ann.get(&format!("{at}/2?generation=2")).await.expect(409);
    let read = ann.get(&format!("{at}/2?generation=3")).await;
    assert_eq!((read.status.as_u16(), read.bytes.as_ref()), (200, b"ccc".as_slice()));
    let named = read.header("content-disposition").unwrap();
    assert_eq!(
        (named, read.header("content-type").unwrap()),
        ("attachment; filename*=UTF-8''%C3%84rger%2Etxt", "text/plain")
    );
    ann.delete(&format!("{}?generation=3", path(&ann, &draft, ""))).await.expect(204);
    let read = ann.get(&format!("{}/1?generation=1", path(&ann, &copy, "/attachments"))).await;
    assert_eq!(read.bytes.as_ref(), b"bb");
    assert_eq!(used(&house, &ann).await, 6);
}

#[tokio::test]
async fn a_draft_that_is_sent_is_a_message_and_a_draft_no_more() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    ann.send(&[bob.address()], "Question", "Well?").await;
    let question = bob.messages().await[0].clone();
    let thread = &question["thread_id"];
    let draft =
        create(&bob, json!({"thread_id": thread, "attachments": [file("a.txt", "YQ==")]})).await;
    assert_eq!(draft["in_reply_to"], question["message_id"]);
    let send = path(&bob, &draft, "/send");
    bob.post(&send, json!({"generation": 1})).await.expect(422);
    let change = json!({"generation": 1, "recipients": {"to": [ann.address()]}, "subject": "Re: Question",
        "body_text": "Yes.", "track_opens": true});
    bob.patch(&path(&bob, &draft, ""), change).await.expect(200);
    bob.post(&send, json!({"generation": 2})).await.expect(422);
    let change = json!({"generation": 2, "track_opens": null});
    bob.patch(&path(&bob, &draft, ""), change).await.expect(200);
    let stale = bob.post(&send, json!({"generation": 2})).await.expect(409);
    assert_eq!(stale["detail"]["error"], "draft_generation_conflict");

    let sent = bob.post_as("s", &send, json!({"generation": 3})).await.expect(201);
    assert_eq!((&sent["thread_id"], &sent["has_attachments"]), (thread, &json!(true)));
    let again = bob.post_as("s", &send, json!({"generation": 3})).await.expect(201);
    assert_eq!(again, sent);
    bob.post(&send, json!({"generation": 3})).await.expect(404);
    bob.get(&path(&bob, &draft, "")).await.expect(404);
    assert_eq!(bob.messages().await.len(), 2);
    let answer = &ann.messages().await[0];
    assert_eq!((&answer["subject"], &answer["snippet"]), (&json!("Re: Question"), &json!("Yes.")));
}

#[tokio::test]
async fn a_draft_forwards_a_message_below_its_note() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob, cyd) =
        (house.agent("ann").await, house.agent("bob").await, house.agent("cyd").await);
    ann.send(&[bob.address()], "News", "It rains.").await;
    let news = bob.messages().await[0].clone();
    let body = |mode: &str| {
        json!({"forward_message_id": news["id"], "forward_note_text": "Look:", "forward_mode": mode,
            "recipients": {"to": [cyd.address()]}})
    };
    for mode in ["inline", "wrapped"] {
        let draft = create(&bob, body(mode)).await;
        assert_eq!(draft["forward_source_message_id"], news["id"]);
        let sent =
            bob.post(&path(&bob, &draft, "/send"), json!({"generation": 1})).await.expect(201);
        assert_eq!(sent["subject"], "Fwd: News");
        assert_ne!(sent["thread_id"], news["thread_id"], "M-14");
    }
    let received = cyd.messages().await;
    let read = async |n: usize| {
        let at = cyd.path(&format!("/messages/{}", received[n]["id"].as_str().unwrap()));
        cyd.get(&at).await.expect(200)
    };
    let (wrapped, inline) = (read(0).await, read(1).await);
    assert_eq!(wrapped["attachment_metadata"][0]["content_type"], "message/rfc822");
    let text = inline["body_text"].as_str().unwrap();
    assert!(text.starts_with("Look:\n") && text.contains("It rains."), "{text}");
    let mut foreign = body("inline");
    foreign["forward_message_id"] = received[0]["id"].clone();
    bob.post(&bob.path("/drafts"), foreign).await.expect(404);
}
