//! One attempt at a time: what arrives, what is made of each answer, and when connections are kept.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use webhook::guard::{Guard, Resolver};
use webhook::ladder::Class;
use webhook::outcome::{ErrorKind, Outcome, Phases};
use webhook::retry_after::RetryAfter;
use webhook::sender::{BODY_KEPT_BYTES_MAX, HEADERS_KEPT_BYTES_MAX, Request, Sender};

use crate::receiver::{Receiver, Step, answer, ok};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(10);

pub(crate) fn loopback() -> Guard {
    Guard::new(vec!["127.0.0.0/8".parse().unwrap()])
}

fn sender() -> Sender {
    Sender::new(loopback(), Vec::new()).unwrap()
}

pub(crate) async fn send_within(sender: &Sender, url: &str, deadline: Duration) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert("x-innbocks-event-id", "evt_1".parse().unwrap());
    let target = sender.guard().check_webhook(url).unwrap();
    let body = Bytes::from_static(br#"{"id":"evt_1"}"#);
    sender.send(&Request { target: &target, headers: &headers, body: &body, deadline }).await
}

pub(crate) async fn send(sender: &Sender, url: &str) -> Outcome {
    send_within(sender, url, LONG).await
}

/// Sends once to a receiver that answers with these bytes.
async fn judged(step: Step) -> Outcome {
    let receiver = Receiver::start(vec![vec![step]]).await;
    send(&sender(), &receiver.url("/hook")).await
}

#[tokio::test]
async fn a_delivery_arrives_as_one_post_with_the_exact_body() {
    let receiver = Receiver::start(vec![vec![ok()]]).await;
    let outcome = send(&sender(), &receiver.url("/hook?a=b")).await;

    let request = receiver.requests().remove(0);
    let host = format!("POST /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", receiver.port);
    assert!(request.starts_with(&host), "{request}");
    assert!(request.contains("\r\nX-Innbocks-Event-Id: evt_1\r\n"), "{request}");
    assert!(request.contains("\r\nAccept-Encoding: identity\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"id\":\"evt_1\"}"), "{request}");

    assert_eq!((outcome.status, outcome.error), (Some(200), None));
    assert_eq!(outcome.class(), Class::Ok);
    assert_eq!(outcome.response_body, b"ok");
    assert_eq!(outcome.response_headers, "content-length: 2\n");
    assert_eq!(outcome.ip, Some("127.0.0.1".parse().unwrap()));
    assert!(outcome.duration_micros > 0);
    let Phases { dns, connect, tls, write, head, body } = outcome.phases;
    assert_eq!([dns, tls], [None; 2]);
    let parts: Option<i64> = [connect, write, head, body].into_iter().sum();
    assert!(parts.is_some_and(|sum| sum <= outcome.duration_micros), "{:?}", outcome.phases);
}

#[tokio::test]
async fn statuses_are_told_apart() {
    for (status, error, class) in [
        ("204 No Content", None, Class::Ok),
        ("299 Fine", None, Class::Ok),
        ("500 Oops", Some(ErrorKind::Status), Class::Down),
        ("404 Not Found", Some(ErrorKind::Status), Class::Refused),
        ("410 Gone", Some(ErrorKind::Status), Class::Gone),
    ] {
        let outcome = judged(Step::Last(answer(status, "", ""))).await;
        assert_eq!((outcome.error, outcome.class()), (error, class), "{status}");
    }
}

#[tokio::test]
async fn case_11_a_redirect_is_noted_and_not_followed() {
    let location = "Location: https://example.com/new\r\n";
    let receiver =
        Receiver::start(vec![vec![Step::Answer(answer("308 Moved", location, ""))]]).await;
    let outcome = send(&sender(), &receiver.url("/")).await;
    assert_eq!(outcome.error, Some(ErrorKind::Redirect));
    assert_eq!(outcome.class(), Class::Moved);
    assert!(outcome.response_headers.contains("location: https://example.com/new\n"));
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn case_11_the_place_of_a_redirect_is_kept_behind_however_many_other_headers() {
    let small: String = (0..90).map(|n| format!("X-{n}: {}\r\n", "x".repeat(100))).collect();
    let large = format!("Set-Cookie: {}\r\n", "x".repeat(HEADERS_KEPT_BYTES_MAX));
    for before in [small, large] {
        let headers = format!("{before}Location: /new\r\n");
        let outcome = judged(Step::Last(answer("301 Moved", &headers, ""))).await;
        let kept = outcome.response_headers;
        assert!(kept.contains("location: /new\n"), "{kept}");
        assert!(kept.contains("content-length: 0\n") || kept.contains("x-1: "), "{kept}");
        assert!(kept.len() <= HEADERS_KEPT_BYTES_MAX);
    }
}

#[tokio::test]
async fn a_wish_to_wait_is_read_from_the_answer() {
    let outcome = judged(Step::Last(answer("503 Busy", "Retry-After: 120\r\n", ""))).await;
    assert_eq!(outcome.retry_after, Some(RetryAfter::Seconds(120)));
    assert_eq!(outcome.class(), Class::SlowDown);

    let date = "Retry-After: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    let outcome = judged(Step::Last(answer("429 Slow", date, ""))).await;
    let at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    assert_eq!(outcome.retry_after, Some(RetryAfter::At(at)));
}

/// Never answers.
struct Never;
impl Resolver for Never {
    fn resolve(&self, _: String, _: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn case_17_one_deadline_ends_an_attempt_in_every_phase() {
    let receiver = Receiver::start(vec![
        vec![Step::Answer(Vec::new())],
        vec![Step::Answer(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())],
        vec![Step::Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec())],
    ])
    .await;
    for status in [None, None, Some(200)] {
        let outcome = send_within(&sender(), &receiver.url("/"), SHORT).await;
        assert_eq!((outcome.error, outcome.status), (Some(ErrorKind::Timeout), status));
        assert_eq!(outcome.class(), Class::Down);
    }

    let unresolved = Sender::new(loopback().with_resolver(Never), Vec::new()).unwrap();
    let outcome = send_within(&unresolved, "https://example.com/", SHORT).await;
    assert_eq!((outcome.error, outcome.ip), (Some(ErrorKind::Timeout), None));
}

#[tokio::test]
async fn a_closed_port_is_a_connect_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let outcome = send(&sender(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome.error, Some(ErrorKind::Connect));
    assert_eq!(outcome.class(), Class::Down);
}

#[tokio::test]
async fn connections_are_kept_and_shared_by_clones() {
    let receiver = Receiver::start(vec![vec![ok(), ok(), ok()]]).await;
    let sender = sender();
    for reused in [false, true, true] {
        let outcome = send(&sender.clone(), &receiver.url("/")).await;
        assert_eq!((outcome.error, outcome.reused), (None, reused));
    }
}

#[tokio::test]
async fn case_20_a_kept_connection_that_dies_unanswered_is_replaced_once() {
    let receiver = Receiver::start(vec![vec![ok(), Step::Last(Vec::new())], vec![ok()]]).await;
    let sender = sender();
    send(&sender, &receiver.url("/")).await;
    let outcome = send(&sender, &receiver.url("/")).await;
    assert_eq!((outcome.error, outcome.reused, outcome.reconnected), (None, true, true));
    assert_eq!(receiver.requests().len(), 3);
}

#[tokio::test]
async fn the_replacement_of_a_dead_connection_is_not_replaced_again() {
    let dying = Step::Last(Vec::new());
    let receiver = Receiver::start(vec![vec![ok(), dying.clone()], vec![dying], vec![ok()]]).await;
    let sender = sender();
    send(&sender, &receiver.url("/")).await;
    let outcome = send(&sender, &receiver.url("/")).await;
    assert_eq!((outcome.error, outcome.reconnected), (Some(ErrorKind::Protocol), true));
}

#[tokio::test]
async fn a_request_that_was_answered_by_one_byte_is_never_sent_again() {
    let receiver = Receiver::start(vec![vec![ok(), Step::Last(b"H".to_vec())], vec![ok()]]).await;
    let sender = sender();
    send(&sender, &receiver.url("/")).await;
    let outcome = send(&sender, &receiver.url("/")).await;
    assert_eq!((outcome.error, outcome.reconnected), (Some(ErrorKind::Protocol), false));
}

#[tokio::test]
async fn a_new_connection_that_dies_is_never_tried_again_inside_the_attempt() {
    let receiver = Receiver::start(vec![vec![Step::Last(Vec::new())], vec![ok()]]).await;
    let outcome = send(&sender(), &receiver.url("/")).await;
    assert_eq!((outcome.error, outcome.reconnected), (Some(ErrorKind::Protocol), false));
    assert_eq!(outcome.class(), Class::Down);
}

#[tokio::test]
async fn case_18_a_large_body_is_cut_and_its_connection_not_kept() {
    let large = answer("200 OK", "", &"x".repeat(10_000_000));
    let receiver = Receiver::start(vec![vec![Step::Answer(large)], vec![ok()]]).await;
    let sender = sender();
    let outcome = send(&sender, &receiver.url("/")).await;
    assert_eq!((outcome.error, outcome.response_body.len()), (None, BODY_KEPT_BYTES_MAX));
    let outcome = send(&sender, &receiver.url("/")).await;
    assert_eq!((outcome.error, outcome.reused), (None, false));
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_refused() {
    let filler = format!("X-Filler: {}\r\n", "x".repeat(40 * 1024));
    let outcome = judged(Step::Answer(answer("200 OK", &filler, ""))).await;
    assert_eq!((outcome.error, outcome.status), (Some(ErrorKind::Protocol), None));
}

#[tokio::test]
async fn odd_answers_are_judged_without_harm() {
    let outcome = judged(Step::Last(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())).await;
    assert_eq!(outcome.error, Some(ErrorKind::Protocol));

    let early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let outcome = judged(Step::Last([&early[..], &answer("201 Made", "", "")].concat())).await;
    assert_eq!((outcome.status, outcome.error), (Some(201), None));

    let latin = b"HTTP/1.1 200 OK\r\nX-Name: Zo\xeb\r\nContent-Length: 0\r\n\r\n".to_vec();
    let outcome = judged(Step::Last(latin)).await;
    assert_eq!(outcome.error, None);
    assert!(outcome.response_headers.contains("x-name: Zo\u{fffd}\n"));

    let longer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_vec();
    assert_eq!(judged(Step::Last(longer.clone())).await.error, None);
    assert_eq!(judged(Step::Reset(longer)).await.error, Some(ErrorKind::Protocol));
}

#[tokio::test]
async fn dropping_an_attempt_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let sender = sender();
    let attempt = tokio::spawn(async move { send(&sender, &url).await });
    let (mut tcp, _) = listener.accept().await.unwrap();
    attempt.abort();
    // Reading ends, in order or by a reset, only because the other side closes.
    let mut request = Vec::new();
    let ended = tcp.read_to_end(&mut request);
    assert!(tokio::time::timeout(LONG, ended).await.is_ok());
}
