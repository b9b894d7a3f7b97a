//! Reading, answering, marking and deleting messages; threads; attachments; raw messages from outside.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Agent, Organization, Persona, TestServer};

pub(super) async fn ingest(agent: &Agent<'_>, raw: &str) -> Value {
    let path = agent.path("/ingest?envelope_from=ann@partner.example");
    let headers = [("content-type", "message/rfc822")];
    let raw = raw.replace('\n', "\r\n");
    agent.call_with(Method::POST, &path, &headers, raw.into()).await.expect(201)
}

/// A message from outside, with further header lines.
pub(super) fn mail(id: &str, more: &str) -> String {
    format!(
        "From: Ann Lee <Ann.Lee@Partner.example>\nTo: bob@agents.localhost\nMessage-ID: <{id}@p.example>\n{more}\
         Subject: Order 7\nDate: Wed, 01 Jul 2026 09:30:00 +0000\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\nHello.\n"
    )
}

#[tokio::test]
async fn a_raw_message_from_outside_is_stored_once_and_read_back() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    let first = ingest(&bob, &mail("1", "")).await;
    let again = ingest(&bob, &mail("1", "")).await;
    assert_eq!(
        (&again["message_id"], &again["is_duplicate"]),
        (&first["message_id"], &json!(true))
    );
    let all = bob.messages().await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["from_address"], "Ann.Lee@Partner.example");
    assert_eq!(
        (&all[0]["from_display_name"], &all[0]["snippet"]),
        (&json!("Ann Lee"), &json!("Hello."))
    );
}

#[tokio::test]
async fn an_answer_that_comes_before_its_parent_joins_it_when_the_parent_comes() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    ingest(&bob, &mail("2", "In-Reply-To: <1@p.example>\n")).await;
    ingest(&bob, &mail("3", "")).await;
    ingest(&bob, &mail("1", "")).await;
    let all = bob.messages().await;
    let thread = |id: &str| {
        let of = all.iter().find(|m| m["message_id"] == format!("<{id}@p.example>"));
        of.unwrap()["thread_id"].clone()
    };
    assert_eq!(thread("1"), thread("2"));
    assert_ne!(thread("1"), thread("3"));
    // One that names both ties their threads together.
    ingest(&bob, &mail("4", "References: <1@p.example> <3@p.example>\n")).await;
    let threads = bob.get(&bob.path("/threads")).await.expect(200);
    assert_eq!(threads["items"].as_array().unwrap().len(), 1);
    assert_eq!(threads["items"][0]["message_count"], 4);
}

#[tokio::test]
async fn m12_reply_all_goes_to_everybody_else_and_stays_in_the_thread() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob, cyd) =
        (house.agent("ann").await, house.agent("bob").await, house.agent("cyd").await);
    let body = json!({"recipients": {"to": [bob.address()], "cc": [cyd.address()], "bcc": ["x@y.example"]},
        "subject": "Plan", "body_text": "?"});
    let sent = ann.post(&ann.path("/messages"), body).await.expect(201);
    let at_bob = &bob.messages().await[0];
    let detail = bob.get(&bob.path(&format!("/messages/{}", at_bob["id"].as_str().unwrap()))).await;
    let detail = detail.expect(200);
    assert_eq!(detail["bcc_addresses"], Value::Null, "M-12");
    assert_eq!(
        detail["reply_all_recipients"],
        json!({"to": [ann.address()], "cc": [cyd.address()]})
    );
    let path = bob.path(&format!("/messages/{}/reply-all", at_bob["id"].as_str().unwrap()));
    let reply = bob.post(&path, json!({"body_text": "Yes."})).await.expect(201);
    assert_eq!(
        (&reply["subject"], &reply["thread_id"]),
        (&json!("Re: Plan"), &at_bob["thread_id"])
    );
    let back = &ann.messages().await[0];
    assert_eq!((&back["thread_id"], &back["direction"]), (&sent["thread_id"], &json!("inbound")));
    assert_eq!(cyd.messages().await.len(), 2);
}

#[tokio::test]
async fn check_18_m13_only_looking_at_a_message_marks_it_as_read() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    ann.send(&[bob.address()], "Hello", "x").await;
    let message = bob.messages().await[0].clone();
    let thread = bob.path(&format!("/threads/{}", message["thread_id"].as_str().unwrap()));
    let shown = bob.get(&thread).await.expect(200);
    assert_eq!(shown["messages"][0]["is_read"], false);
    assert_eq!(bob.messages().await[0]["is_read"], false);
    let path = bob.path(&format!("/messages/{}", message["id"].as_str().unwrap()));
    assert_eq!(bob.get(&path).await.expect(200)["is_read"], true);
    assert_eq!(bob.patch(&path, json!({"is_read": false})).await.expect(200)["is_read"], false);
    assert_eq!(bob.patch(&path, json!({"is_starred": true})).await.expect(200)["is_starred"], true);
    assert_eq!(bob.patch(&path, json!({})).await.expect(200)["is_starred"], true);

    bob.patch(&thread, json!({"folder": "blocked"})).await.expect(422);
    assert_eq!(
        bob.patch(&thread, json!({"folder": "archive"})).await.expect(200)["folder"],
        "archive"
    );
    let reply = json!({"recipients": {"to": [bob.address()]}, "subject": "Re", "body_text": "x",
        "in_reply_to_message_id": message["message_id"]});
    let ours = ann.messages().await[0].clone();
    let mut reply = reply;
    reply["in_reply_to_message_id"] = ours["id"].clone();
    ann.post(&ann.path("/messages"), reply).await.expect(201);
    assert_eq!(bob.get(&thread).await.expect(200)["folder"], "inbox", "new mail brings it back");

    let used =
        async || house.admin.get(&bob.path("")).await.expect(200)["storage_used_bytes"].clone();
    assert_ne!(used().await, json!(0));
    bob.delete(&path).await.expect(204);
    bob.get(&path).await.expect(404);
    assert_eq!(bob.get(&thread).await.expect(200)["message_count"], 1);
    bob.delete(&thread).await.expect(204);
    bob.get(&thread).await.expect(404);
    assert_eq!((bob.messages().await.len(), used().await), (0, json!(0)), "M-13");
}

#[tokio::test]
async fn r4_an_attachment_of_any_name_is_behind_a_link_that_needs_no_key() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let file = |name: &str, kind: &str, base64: &str| json!({"filename": name, "content_type": kind, "content_base64": base64});
    let send = async |attachments: Value| {
        let body = json!({"recipients": {"to": [bob.address()]}, "subject": "A file", "body_text": "x",
            "attachments": attachments});
        ann.post(&ann.path("/messages"), body).await
    };
    send(json!([file("run.exe", "application/octet-stream", "aGk=")])).await.expect(422);
    send(json!([file("a.txt", "text/plain", "%%%")])).await.expect(422);
    let mut inline = file("a.png", "image/png", "aGk=");
    inline["content_id"] = json!("logo");
    send(json!([inline])).await.expect(422);
    let sent =
        send(json!([file("Ärger & co.txt", "text/plain", "aGkgdGhlcmU=")])).await.expect(201);
    assert_eq!(sent["has_attachments"], true);

    let message = &bob.messages().await[0];
    let path = bob.path(&format!(
        "/messages/{}/attachments/%C3%84rger%20%26%20co.txt",
        message["id"].as_str().unwrap()
    ));
    let link = bob.get(&format!("{path}?redirect=false")).await.expect(200);
    assert_eq!(link["filename"], "Ärger & co.txt");
    let there = bob.get(&format!("{path}?redirect=true")).await;
    assert_eq!(there.header("location"), there.expect(302)["url"].as_str());
    let url = link["url"].as_str().unwrap().strip_prefix("https://app.example.com").unwrap();
    let file = Persona::anonymous(&server).get(url).await;
    assert_eq!((file.status.as_u16(), file.bytes.as_ref()), (200, b"hi there".as_slice()));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    Persona::anonymous(&server).get(&url.replace("signature=", "signature=x")).await.expect(404);
}

#[tokio::test]
async fn check_08_m1_to_m6_a_list_is_cut_by_time_direction_and_pages_that_stay_whole() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    for n in 0..5 {
        ann.send(&[bob.address()], &format!("n{n}"), "x").await;
        server.clock.advance(domain::hours(12));
    }
    let mut seen = Vec::new();
    let mut path = bob.path("/messages?limit=2");
    loop {
        let page = bob.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|m| m["subject"].clone()));
        // Mail that arrives meanwhile moves no page.
        ann.send(&[bob.address()], "late", "x").await;
        if page["has_more"] == false {
            assert_eq!(page["next_cursor"], Value::Null);
            break;
        }
        path = bob
            .path(&format!("/messages?limit=2&cursor={}", page["next_cursor"].as_str().unwrap()));
    }
    assert_eq!(json!(seen), json!(["n4", "n3", "n2", "n1", "n0"]));

    let outbound = bob.get(&bob.path("/messages?direction=outbound")).await.expect(200);
    assert_eq!(outbound["items"], json!([]));
    for wrong in
        ["limit=0", "limit=101", "direction=up", "cursor=x", "tz=Mars", "start_datetime=soon"]
    {
        bob.get(&bob.path(&format!("/messages?{wrong}"))).await.expect(422);
    }
    let start = server.app.clock.now().plus(-domain::hours(60));
    let day = start.date_in("UTC");
    let of_day =
        bob.get(&bob.path(&format!("/messages?start_datetime={day}&end_datetime={day}"))).await;
    let all = of_day.expect(200)["items"].as_array().unwrap().len();
    assert!((1..=2).contains(&all), "M-2, M-3: the whole day and no other: {all}");
}

#[tokio::test]
async fn a_message_whose_opens_are_tracked_counts_who_fetches_its_picture() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let mut body = json!({"recipients": {"to": [bob.address()]}, "subject": "Look", "body_text": "x",
        "track_opens": true});
    ann.post(&ann.path("/messages"), body.clone()).await.expect(422);
    body["body_html"] = json!("<p>Look</p>");
    let sent = ann.post(&ann.path("/messages"), body).await.expect(201);
    assert_eq!((&sent["open_count"], &sent["first_opened_at"]), (&json!(0), &Value::Null));

    let inbound = bob.messages().await[0]["id"].as_str().unwrap().to_owned();
    let read = bob.get(&bob.path(&format!("/messages/{inbound}"))).await.expect(200);
    let html = read["body_html"].as_str().unwrap().replace("&amp;", "&");
    let start = html.find("https://app.example.com/files").unwrap();
    let url = html[start..].split('"').next().unwrap().replace("https://app.example.com", "");
    let picture = Persona::anonymous(&server).get(&url).await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, Some("image/gif")));
    Persona::anonymous(&server).get(&url).await;
    Persona::anonymous(&server).get(&url.replace("signature=", "signature=x")).await.expect(404);
    let path = ann.path(&format!("/messages/{}", sent["id"].as_str().unwrap()));
    let after = ann.get(&path).await.expect(200);
    assert_eq!(after["open_count"], 2);
    assert!(after["first_opened_at"].is_string());
}
