//! Attempts at telling a subscriber (email-api.md 12.1; 16, lines 33 and 34).

use domain::{Clock as _, days, hours};
use testkit::{Act, Agent, Organization, Receiver, Rough, TestServer};

/// A receiver that answers every request as told, and a subscription of a mailbox to it.
async fn rough(agent: &Agent<'_>, script: Vec<Act>) -> Rough {
    let rough = Rough::start(vec![script]).await;
    agent.subscribe(&format!("http://{}/hooks", rough.addr), &["message.received"]).await;
    rough
}

#[tokio::test]
async fn check_33_a_receiver_that_hangs_delays_no_other() {
    // More than would go one after the other while a test waits.
    const MESSAGES: usize = 5;
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let hangs = rough(&bob, vec![Act::Hang]).await;
    let quick = Receiver::start().await;
    bob.subscribe(&quick.url(), &["message.received"]).await;
    let running = server.tasks.start();
    for n in 0..MESSAGES {
        ann.send(&[bob.address()], &format!("n{n}"), "x").await;
    }
    quick.wait_for(MESSAGES).await;
    assert!(hangs.n_requests() > 0);
    running.stop().await;
}

#[tokio::test]
async fn check_34_a_redirect_is_not_followed_and_is_a_failure() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let elsewhere = Receiver::start().await;
    let location = format!("location: {}\r\n", elsewhere.url());
    let mut moved = Vec::new();
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        moved.push(rough(&bob, vec![Act::answer(status, &location, "")]).await);
    }
    ann.send(&[bob.address()], "x", "x").await;
    server.settle().await;
    assert_eq!(moved.iter().map(Rough::n_requests).collect::<Vec<_>>(), [1, 1, 1]);
    // A failure is tried again.
    server.advance(days(1)).await;
    assert!(moved.iter().all(|receiver| receiver.n_requests() > 1));
    assert_eq!(elsewhere.received().len(), 0);
}

#[tokio::test]
async fn h1_to_h3_a_retry_posts_the_same_bytes_under_the_same_request_id_and_signs_them_anew() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let receiver = Receiver::start().await;
    receiver.answer_with(&[500]);
    let key = bob.subscribe(&receiver.url(), &["message.received"]).await["signing_key"].clone();
    ann.send(&[bob.address()], "x", "x").await;
    server.settle().await;
    server.advance(hours(1)).await;
    let told = receiver.received();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].body, told[1].body);
    assert_eq!(told[0].header("x-inkbox-request-id"), told[1].header("x-inkbox-request-id"));
    assert_ne!(told[0].header("x-inkbox-timestamp"), told[1].header("x-inkbox-timestamp"));
    assert!(told.iter().all(|request| request.verifies_as_email(key.as_str().unwrap())));
    // H-3
    for name in ["X-Inkbox-Signature", "x-inkbox-signature", "X-INKBOX-SIGNATURE"] {
        assert!(told[0].header(name).starts_with("sha256="), "{name}");
    }
    // H-1: the time is that of the attempt.
    let seconds: i64 = told[1].header("x-inkbox-timestamp").parse().unwrap();
    let now = server.clock.now().micros() / 1_000_000;
    assert!((now - 300..=now).contains(&seconds), "{seconds} at {now}");
}
