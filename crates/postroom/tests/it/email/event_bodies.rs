//! The text that an event carries (email-api.md 12.5; 16, line 36).

use serde_json::{Value, json};
use testkit::{Organization, Receiver, TestServer};

use super::messages::{ingest, mail};

#[tokio::test]
async fn check_36_b1_to_b4_a_text_is_cut_at_the_cap_between_characters() {
    let email = app::email::Settings { body_chars_max: 3, ..Default::default() };
    let server = TestServer::start_with(email).await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    for (text, body, state) in [
        ("", "", "complete"),
        ("ab", "ab", "complete"),
        ("a😀b", "a😀b", "complete"),
        ("ab😀", "ab😀", "complete"),
        ("ab😀c", "ab😀", "truncated"),
        ("😀😀😀😀", "😀😀😀", "truncated"),
        ("abc😀", "abc", "truncated"),
    ] {
        let before = receiver.received().len();
        ann.send(&[bob.address()], "x", text).await;
        server.settle().await;
        let event = receiver.received()[before].json();
        let message = &event["data"]["message"];
        assert_eq!(
            (&message["body"], &message["body_state"]),
            (&json!(body), &json!(state)),
            "{text}"
        );
        assert_eq!(message["body_truncated"], state == "truncated");
        assert_eq!(message["body_total_chars"], text.chars().count());
        assert_eq!(message["body_included_chars"], body.chars().count());
    }
}

#[tokio::test]
async fn b3_b5_b6_the_text_is_that_of_the_plain_part_or_of_the_html_or_there_is_none() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    let html = mail("1", "")
        .replace("text/plain", "text/html")
        .replace("Hello.", "<p>Dear &amp; near</p>");
    let image = mail("2", "").replace("text/plain; charset=utf-8", "image/png");
    for (raw, body, state) in
        [(html, json!("Dear & near"), "complete"), (image, Value::Null, "unavailable")]
    {
        let before = receiver.received().len();
        ingest(&bob, &raw).await;
        server.settle().await;
        let event = receiver.received()[before].json();
        let message = &event["data"]["message"];
        let text = message["body"].as_str().map(|text| json!(text.trim()));
        assert_eq!(
            (text.unwrap_or_default(), &message["body_state"]),
            (body.clone(), &json!(state))
        );
        assert_eq!(message["body_truncated"], false);
        if body.is_null() {
            assert_eq!(
                (&message["body_total_chars"], &message["body_included_chars"]),
                (&json!(0), &json!(0))
            );
        }
        // B-6: the snippet is the one that the API shows.
        assert_eq!(message["snippet"], bob.messages().await[0]["snippet"]);
    }
}

#[tokio::test]
async fn b6_a_snippet_is_the_start_of_the_text_in_one_line() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    ann.send(&[bob.address()], "x", &"ab \n\n  c\t".repeat(100)).await;
    server.settle().await;
    let event = receiver.received()[0].json();
    let snippet = event["data"]["message"]["snippet"].as_str().unwrap();
    assert!(snippet.starts_with("ab c ab c "), "{snippet}");
    assert!((190..=201).contains(&snippet.chars().count()), "{snippet}");
    assert_eq!(snippet, bob.messages().await[0]["snippet"]);
}
