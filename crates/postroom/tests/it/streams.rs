//! `GET /api/v1/events/stream`: nothing missed, nothing told twice, and an end to every stream.

use app::customers::create::{NewCustomer, create};
use app::{OpCtx, Tx};
use serde_json::json;
use testkit::{Mailroom, Persona, Stream, TestServer, Told};
use tokio::sync::watch;

use crate::walks::generous;

const STREAM: &str = "/api/v1/events/stream";

async fn invite(crm: &Persona<'_>, n: usize) {
    let body = json!({"external_customer_id": format!("crm_{n}"), "email": format!("c{n}@example.com"),
        "name": "Jane Smith"});
    crm.post("/api/v1/customers", body).await.expect(201);
}

/// All events of the caller, as the stream tells them.
async fn all(crm: &Persona<'_>) -> Vec<Told> {
    crm.stream("?newest=1000&follow=false", None).await.rest().await
}

async fn take(stream: &mut Stream, n: usize) -> Vec<Told> {
    let mut told = Vec::new();
    for _ in 0..n {
        told.push(stream.next().await.expect("one more event"));
    }
    told
}

fn ids(told: &[Told]) -> Vec<&str> {
    told.iter().map(|t| t.id.as_str()).collect()
}

#[tokio::test]
async fn a_stream_tells_what_happens_from_now_on_in_the_bytes_of_the_log() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.test(&server).await;
    let mut stream = crm.stream("", None).await;
    invite(&crm, 1).await;
    let told = stream.next().await.unwrap();
    assert_eq!(told.kind, "customer.created");
    let logged = crm.get(&format!("/api/v1/events/{}", told.id)).await;
    assert_eq!(told.data.as_bytes(), logged.bytes);
    invite(&acme.live(&server).await, 2).await;
    invite(&crm, 3).await;
    let next = stream.next().await.unwrap();
    assert!(next.data.contains("crm_3"), "the live world is not told to a test key: {next:?}");
}

#[tokio::test]
async fn a_stream_begins_and_ends_where_it_is_asked_to() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.test(&server).await;
    for n in 0..5 {
        invite(&crm, n).await;
    }
    let five = all(&crm).await;
    assert_eq!(five.len(), 5);
    let newest = crm.stream("?newest=2&follow=false", None).await.rest().await;
    assert_eq!(newest, five[3..]);
    let after = crm.stream("?follow=false", Some(&five[1].id)).await.rest().await;
    assert_eq!(after, five[2..]);
    let other = crm.stream("?newest=9&follow=false&type=mail.arrived", None).await;
    assert_eq!(other.rest().await, []);
    let document = crm.get(&format!("{STREAM}?follow=false&newest=1")).await;
    let opening = format!("retry: 1000\nid: {}\n\nid: {}\n", five[3].id, five[4].id);
    assert!(document.bytes.starts_with(opening.as_bytes()));
    assert_eq!(document.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn an_event_that_is_not_kept_or_anothers_is_refused_as_a_beginning() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", generous()).await.test(&server).await;
    invite(&acme, 1).await;
    let theirs = all(&acme).await[0].id.clone();
    let globex = mailroom.partner("globex", generous()).await.test(&server).await;
    for id in [&theirs, "evt_01kb3v7m2zq8e4x5n6p7r8s9ta", "nonsense"] {
        let headers = [("last-event-id", id)];
        let answer = globex.send(axum::http::Method::GET, STREAM, &headers, None).await;
        answer.refused(400, "cursor_invalid");
    }
    globex.get(&format!("{STREAM}?newest=1001")).await.refused(400, "invalid_parameter");
}

/// Readers hang up again and again while many writers commit, here and on another node if there is one.
#[tokio::test]
async fn g1_a_stream_that_is_taken_up_again_misses_nothing_and_repeats_nothing() {
    const N: usize = 60;
    let server = TestServer::start().await;
    let second = server.second_node().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.test(&server).await;
    let node = second.as_ref().unwrap_or(&server);
    let there = Persona { server: node, key: crm.key.clone() };
    invite(&crm, 0).await;
    let first = all(&crm).await;
    let writing = testkit::all((1..=N).map(|n| invite(if n % 2 == 0 { &crm } else { &there }, n)));
    let reading = async {
        let mut told = first.clone();
        for n in [1, 2, 7, 13].into_iter().cycle() {
            let n = n.min(N + 1 - told.len());
            if n == 0 {
                break;
            }
            let last = told.last().map(|t| t.id.clone());
            told.extend(take(&mut there.stream("", last.as_deref()).await, n).await);
        }
        told
    };
    let (_, told) = tokio::join!(writing, reading);
    let mut stored = Vec::new();
    for event in server.events(&acme.ctx(false).await).await {
        stored.push(event["id"].as_str().unwrap().to_owned());
    }
    let mut sorted = ids(&told);
    sorted.sort_unstable();
    stored.sort_unstable();
    assert_eq!(sorted, stored);
    assert_eq!(all(&crm).await, told, "the order is the same when it is read again");
}

/// On one node of PostgreSQL transactions overlap; SQLite has one writer.
#[tokio::test]
async fn g1_what_is_committed_late_is_not_passed_over() {
    let server = TestServer::start().await;
    if !server.app.db.engine().is_shared() {
        return;
    }
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.test(&server).await;
    let mut stream = crm.stream("", None).await;
    let (gate, opened) = watch::channel(false);
    let (begun, has_begun) = watch::channel(false);
    let ctx = acme.ctx(false).await;
    let slow = async move |tx: &Tx, ctx: &OpCtx| {
        let input = NewCustomer {
            email: "slow@example.com".to_owned(),
            name: "Jane Smith".to_owned(),
            external_customer_id: Some("slow".to_owned()),
            ..NewCustomer::default()
        };
        create(tx, ctx, &input).await?;
        begun.send_replace(true);
        let _ = opened.clone().wait_for(|open| *open).await;
        Ok(())
    };
    let slow = tokio::spawn(async move { ctx.app.act(&ctx, slow).await });
    has_begun.clone().wait_for(|begun| *begun).await.unwrap();
    invite(&crm, 1).await;
    gate.send_replace(true);
    slow.await.unwrap().unwrap();
    let told = take(&mut stream, 2).await;
    assert!(told[0].data.contains("\"slow\""), "{told:?}");
    assert!(told[1].data.contains("crm_1"), "{told:?}");
}

#[tokio::test]
async fn what_was_restored_from_another_cluster_comes_before_what_happens_then() {
    const FROM_ELSEWHERE: &str = "update events set position = position + 1000000000000";
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.test(&server).await;
    for n in 0..3 {
        invite(&crm, n).await;
    }
    let before = all(&crm).await;
    let restore = async |tx: &Tx| tx.exec(FROM_ELSEWHERE, Vec::new()).await;
    server.app.db.write(restore).await.unwrap();
    storage::migrate(&server.app.db, testkit::START).await.unwrap();
    invite(&crm, 3).await;
    let after = all(&crm).await;
    assert_eq!(after[..3], before);
    assert!(after[3].data.contains("crm_3"));
}

#[tokio::test]
async fn streams_of_a_partner_are_limited_and_end_with_the_key_and_with_the_server() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.test(&server).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(crm.stream("", None).await);
    }
    let refused = crm.get(STREAM).await;
    refused.refused(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    let live = acme.live(&server).await;
    let mut other = live.stream("", None).await;
    let key = crm.get("/api/v1/me").await.expect(200)["key_id"].as_str().unwrap().to_owned();
    let ctx = acme.ctx(false).await;
    let revoke = async move |tx: &Tx, ctx: &OpCtx| app::admin::keys::revoke(tx, ctx, &key).await;
    ctx.app.act(&ctx, revoke).await.unwrap();
    for stream in streams {
        assert_eq!(stream.rest().await, []);
    }
    server.api.end_streams();
    assert_eq!(other.next().await, None);
}
