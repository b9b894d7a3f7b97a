//! What was written with a contact (email-api.md 7.2, correspondence).

use serde_json::{Value, json};
use testkit::{Agent, Organization, TestServer};

use super::imports::{import, mail, mbox};

const NOBODY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

async fn contact(house: &Organization<'_>, body: Value) -> String {
    let made = house.admin.post("/api/v1/contacts", body).await.expect(201);
    format!("/api/v1/contacts/{}/correspondence", made["id"].as_str().expect("an id"))
}

async fn write(from: &Agent<'_>, to: &[&str], subject: &str) {
    from.send(to, subject, "Hello there.").await;
    from.server.settle().await;
    from.server.clock.advance(domain::seconds(60));
}

fn subjects(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| item["subject"].as_str().expect("a subject")).collect()
}

#[tokio::test]
async fn correspondence_is_what_an_address_of_the_contact_is_on() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let emails = json!([{"value": "Bob@agents.localhost"}, {"value": "b@x.io"}]);
    let with_bob = contact(&house, json!({"given_name": "Bob", "emails": emails})).await;
    write(&ann, &[bob.address()], "One").await;
    write(&bob, &[ann.address()], "Two").await;
    write(&ann, &["al@x.io"], "To another").await;
    write(&ann, &["al@x.io", "B@x.io"], "Three").await;
    let page = ann.get(&with_bob).await.expect(200);
    assert_eq!(subjects(&page), ["Three", "Two", "One"]);
    assert_eq!((&page["identity_id"], &page["next_cursor"]), (&ann.identity["id"], &Value::Null));
    let two = &page["items"][1];
    assert_eq!((&two["direction"], &two["channel"]), (&json!("inbound"), &json!("email")));
    assert_eq!((&two["snippet"], &two["body_text"]), (&json!("Hello there."), &Value::Null));
    let whole = ann.get(two["detail_url"].as_str().unwrap()).await.expect(200);
    assert_eq!(whole["id"], two["source_id"]);
    let channels = page["channels"].as_array().unwrap();
    assert_eq!(channels[0], json!({"channel": "email", "status": "available", "returned": 3}));
    assert!(channels[1..].iter().all(|c| c["status"] == "no_resource"));
    let get = async |query: &str| ann.get(&format!("{with_bob}?{query}")).await.expect(200);
    assert_eq!(subjects(&get("order=asc&channels=email,sms").await), ["One", "Two", "Three"]);
    let at = |n: usize| page["items"][n]["occurred_at"].as_str().unwrap();
    assert_eq!(subjects(&get(&format!("after={}&before={}", at(1), at(1))).await), ["Two"]);
    let brief = get("content=metadata").await;
    assert_eq!((subjects(&brief).len(), &brief["items"][0]["snippet"]), (3, &Value::Null));
    assert_eq!(get("content=full").await["items"][0]["body_text"], "Hello there.");
    let none = get("channels=calls").await;
    assert_eq!((subjects(&none).len(), &none["next_cursor"]), (0, &Value::Null));
    for wrong in ["order=up", "content=some", "channels=fax", "email_limit=0", "cursor=x"] {
        ann.get(&format!("{with_bob}?{wrong}")).await.expect(422);
    }
}

/// The Rust SDK of 0.5.14 knows four, in a closed list; that of 0.7.26 asks for six.
#[tokio::test]
async fn channels_that_came_later_are_told_to_those_who_ask_for_them() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let with_bob = contact(&house, json!({"given_name": "Bob"})).await;
    let told = async |query: &str| -> Vec<String> {
        let page = ann.get(&format!("{with_bob}{query}")).await.expect(200);
        let channels = page["channels"].as_array().unwrap().iter();
        channels.map(|one| one["channel"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(told("").await, ["email", "sms", "imessage", "calls"]);
    let all = ["email", "sms", "imessage", "whatsapp", "calls", "slack"];
    assert_eq!(told(&format!("?channels={}", all.join(","))).await, all);
    // The Rust SDKs say the name once for each.
    assert_eq!(told(&format!("?channels={}", all.join("&channels="))).await, all);
}

#[tokio::test]
async fn the_union_of_the_pages_of_a_correspondence_is_the_whole() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let emails = json!([{"value": "b@x.io"}]);
    let with_bob = contact(&house, json!({"given_name": "Bob", "emails": emails})).await;
    for n in 0..5 {
        write(&ann, &["b@x.io"], &format!("{n}")).await;
        write(&ann, &["al@x.io"], "To another").await;
    }
    for order in ["asc", "desc"] {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        for _ in 0..3 {
            let query = format!("?order={order}&email_limit=2&cursor={cursor}");
            let page = ann.get(&format!("{with_bob}{query}")).await.expect(200);
            all.extend(subjects(&page).into_iter().map(str::to_owned));
            cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!(cursor, "");
        if order == "desc" {
            all.reverse();
        }
        assert_eq!(all, ["0", "1", "2", "3", "4"]);
    }
}

#[tokio::test]
async fn a_call_looks_through_so_many_messages_and_its_cursor_goes_on() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let emails = json!([{"value": "b@old.example"}]);
    let with_bob = contact(&house, json!({"given_name": "Bob", "emails": emails})).await;
    let from = |n: usize| if n == 0 { "b@old.example" } else { "c@old.example" };
    let mails: Vec<String> = (0..=2000).map(|n| mail(&n.to_string(), from(n), 1)).collect();
    let job = import(&ann, json!({}), &mbox(&mails)).await;
    assert_eq!(job["messages_imported"], 2001);
    let page = ann.get(&with_bob).await.expect(200);
    assert_eq!(subjects(&page), [""; 0]);
    let cursor = page["next_cursor"].as_str().expect("the oldest was not looked at");
    let page = ann.get(&format!("{with_bob}?cursor={cursor}")).await.expect(200);
    assert_eq!((subjects(&page), &page["next_cursor"]), (vec!["0"], &Value::Null));
}

#[tokio::test]
async fn a_correspondence_is_that_of_ones_own_mailbox_with_a_contact_one_sees() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let emails = json!([{"value": "b@x.io"}]);
    let hidden = json!({"emails": emails, "access_identity_ids": [ann.identity["id"]]});
    let hidden = contact(&house, hidden).await;
    write(&ann, &["b@x.io"], "One").await;
    bob.get(&hidden).await.expect(404);
    let of =
        |who: &Agent<'_>| format!("{hidden}?identity_id={}", who.identity["id"].as_str().unwrap());
    assert_eq!(subjects(&ann.get(&of(&ann)).await.expect(200)), ["One"]);
    ann.get(&of(&bob)).await.expect(404);
    house.admin.get(&hidden).await.expect(422);
    house.admin.get(&format!("{hidden}?identity_id={NOBODY}")).await.expect(404);
    assert_eq!(subjects(&house.admin.get(&of(&ann)).await.expect(200)), ["One"]);
    assert_eq!(subjects(&house.admin.get(&of(&bob)).await.expect(200)), [""; 0]);
    let unreachable = contact(&house, json!({"given_name": "Di"})).await;
    let page = ann.get(&unreachable).await.expect(200);
    assert_eq!(page["channels"][0]["status"], "no_identifier");
}

#[tokio::test]
async fn what_failed_is_left_out_and_attachments_are_named() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let [good, bad] =
        ["delivered", "bounce"].map(|who| format!("{who}@simulator.agents.localhost"));
    let emails = json!([{"value": good}, {"value": bad}]);
    let with_both = contact(&house, json!({"emails": emails})).await;
    let file =
        json!({"filename": "a.csv", "content_type": "text/csv", "content_base64": "YSxiCg=="});
    let body = json!({"recipients": {"to": [good]}, "subject": "Numbers", "body_text": "x", "attachments": [file]});
    ann.post(&ann.path("/messages"), body).await.expect(201);
    write(&ann, &[&bad], "Lost").await;
    let page = ann.get(&with_both).await.expect(200);
    assert_eq!(subjects(&page), ["Numbers"]);
    let attached = json!([{"filename": "a.csv", "content_type": "text/csv", "size": 4}]);
    assert_eq!(page["items"][0]["attachments"], attached);
    let page = ann.get(&format!("{with_both}?include_failed=true")).await.expect(200);
    assert_eq!(subjects(&page), ["Lost", "Numbers"]);
}
