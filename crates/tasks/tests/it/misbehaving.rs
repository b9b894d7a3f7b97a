//! Receivers that misbehave, each in its own way: what is made of it, stored, and owed afterwards.
//!
//! Every row of a table is a receiver and an endpoint of its own; all are sent one event at once.

use domain::endpoint::Settings;
use domain::{Timestamp, hours, seconds};
use storage::{Row, Tx, args};
use tasks::{Options, Tasks};
use testkit::{Act, Certificate, Rough};
use webhook::sender::BODY_KEPT_BYTES_MAX;

use crate::support::{START, World, read, world};

/// Milliseconds that are given to receivers who never end.
const PATIENCE_MS: i64 = 1_000;

/// How a receiver answers each request, and what must come of the first: status and kind of error.
type Manner<'a> = (&'a str, Vec<Act>, Option<i64>, Option<&'a str>);

/// The last attempt at one endpoint.
struct Line {
    n: i64,
    outcome: String,
    status: Option<i64>,
    error: Option<String>,
    headers: String,
    body: Vec<u8>,
    next_at: Option<Timestamp>,
}

async fn last(world: &World, endpoint_no: i64) -> Line {
    const LAST: &str = "select n, outcome, status_code, error, response_headers, response_body, next_at \
        from attempts where endpoint_no = $1 order by delivery_no desc, n desc limit 1";
    let read_row = |r: &mut Row| {
        Ok(Line {
            n: r.next()?,
            outcome: r.next()?,
            status: r.next()?,
            error: r.next()?,
            headers: r.next::<Option<String>>()?.unwrap_or_default(),
            body: r.next::<Option<Vec<u8>>>()?.unwrap_or_default(),
            next_at: r.next()?,
        })
    };
    read(&world.app, async move |tx: &Tx| tx.one(LAST, args![endpoint_no], read_row).await).await
}

fn patience(ms: i64) -> Settings {
    Settings { timeout_ms: ms, ..Settings::default() }
}

/// Sends one event to all of them and checks the verdicts; gives the attempts in the order of the rows.
async fn judged(settings: &Settings, manners: Vec<Manner<'_>>) -> Vec<Line> {
    let world = world().await;
    let (mut receivers, mut lines) = (Vec::new(), Vec::new());
    for (name, acts, status, error) in manners {
        let receiver = Rough::start(vec![acts]).await;
        let url = format!("http://{}/hooks", receiver.addr);
        let endpoint = world.endpoint_at(&url, settings.clone()).await;
        receivers.push((name, receiver, endpoint, status, error));
    }
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    for (name, receiver, endpoint, status, error) in &receivers {
        let line = last(&world, *endpoint).await;
        assert_eq!((line.status, line.error.as_deref()), (*status, *error), "{name}");
        let outcome = if error.is_none() { "succeeded" } else { "retrying" };
        assert_eq!((line.outcome.as_str(), line.n), (outcome, 1), "{name}");
        assert_eq!(receiver.n_requests(), 1, "{name}");
        assert!(line.body.len() <= BODY_KEPT_BYTES_MAX, "{name}");
        lines.push(line);
    }
    let failures = receivers.iter().filter(|(.., error)| error.is_some()).count();
    assert_eq!(world.owed().await, i64::try_from(failures).unwrap());
    lines
}

#[tokio::test]
async fn case_10_every_2xx_is_a_success_with_a_body_and_without() {
    let ok = |status: &'static str, body: &str| {
        let number = status[..3].parse().ok();
        (status, vec![Act::answer(status, "", body)], number, None)
    };
    let bare = vec![Act::write("HTTP/1.1 204 No Content\r\n\r\n")];
    let manners = vec![
        ok("200 OK", "fine"),
        ok("200 OK", ""),
        ok("201 Created", "{}"),
        ok("202 Accepted", ""),
        ("204 bare", bare, Some(204), None),
        ok("299 Strange", "x"),
    ];
    judged(&Settings::default(), manners).await;
}

#[tokio::test]
async fn case_11_no_redirect_is_followed_and_its_place_is_kept() {
    let new = Rough::start(vec![vec![Act::answer("200 OK", "", "")]]).await;
    let absolute = format!("location: http://{}/new\r\n", new.addr);
    let places = [absolute.as_str(), "location: /elsewhere\r\n", ""];
    let manners = (300..400).map(|status| {
        let place = places[usize::try_from(status % 3).unwrap()];
        let answer = Act::answer(&format!("{status} Moved"), place, "");
        ("a redirect", vec![answer], Some(status), Some("redirect"))
    });
    let lines = judged(&Settings::default(), manners.collect()).await;
    for (status, line) in (300_usize..).zip(&lines) {
        assert!(line.headers.contains(places[status % 3].trim_end()), "{}", line.headers);
    }
    assert_eq!(new.n_requests(), 0);
}

#[tokio::test]
async fn case_12_refusals_and_faults_are_tried_again_with_their_status() {
    let statuses =
        [101, 400, 401, 403, 404, 405, 408, 413, 415, 422, 425, 451, 500, 501, 502, 504, 599, 999];
    let manners = statuses.map(|status| {
        let answer = Act::answer(&format!("{status} Oh"), "", "why");
        ("a status", vec![answer], Some(status), Some("status"))
    });
    for line in judged(&Settings::default(), manners.into()).await {
        let next = line.next_at.unwrap().micros() - START.micros();
        assert!((seconds(5)..=seconds(7)).contains(&next), "{next}");
    }
}

#[tokio::test]
async fn case_14_a_wish_to_wait_lengthens_the_wait_up_to_a_day_and_nonsense_is_ignored() {
    let hints = [
        ("120", seconds(120)),
        ("0", seconds(5)),
        ("1", seconds(5)),
        ("999999999999999999999999", hours(24)),
        ("99999999", hours(24)),
        // Two hours after the clock of these tests.
        ("Fri, 20 Nov 2026 17:04:05 GMT", hours(2)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", seconds(5)),
        ("soon", seconds(5)),
        ("-5", seconds(5)),
        ("", seconds(5)),
    ];
    for status in ["429 Slow", "503 Busy"] {
        let manner = |(hint, _): &(&str, i64)| {
            let answer = Act::answer(status, &format!("retry-after: {hint}\r\n"), "");
            ("a wish", vec![answer], status[..3].parse().ok(), Some("status"))
        };
        let lines = judged(&Settings::default(), hints.iter().map(manner).collect()).await;
        for (line, (hint, wait)) in lines.iter().zip(hints) {
            let next = line.next_at.unwrap().micros() - START.micros();
            assert!((wait..=wait + wait / 4).contains(&next), "{status} {hint}: {next}");
        }
    }
}

#[tokio::test]
async fn case_15_connections_that_break_are_failures_told_apart() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    let no_chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    let manners = vec![
        ("closed before the head", vec![Act::Close], None, Some("protocol")),
        ("reset before the head", vec![Act::Reset], None, Some("protocol")),
        ("closed in the head", vec![Act::write("HTTP/1.1 20"), Act::Close], None, Some("protocol")),
        ("reset in the body", vec![Act::write(half), Act::Reset], Some(200), Some("protocol")),
        (
            "no HTTP",
            vec![Act::write("SSH-2.0-OpenSSH_9.9\r\n"), Act::Close],
            None,
            Some("protocol"),
        ),
        ("TLS", vec![Act::write(b"\x15\x03\x01\x00\x02\x02\x46".to_vec())], None, Some("protocol")),
        ("HTTP/0.9", vec![Act::write("hello"), Act::Close], None, Some("protocol")),
        ("no chunk", vec![Act::write(no_chunk), Act::Hang], Some(200), Some("protocol")),
    ];
    judged(&Settings::default(), manners).await;
}

#[tokio::test]
async fn case_15_certificates_that_prove_nothing_and_closed_ports_are_failures_told_apart() {
    let (world, ok) = (world().await, vec![vec![Act::answer("200 OK", "", "")]]);
    let good = Certificate::new("127.0.0.1", 4000);
    let certificates = [
        (Certificate::new("127.0.0.1", 2021), "tls"),
        (Certificate::new("hooks.example.com", 4000), "tls"),
        (Certificate::new("127.0.0.2", 4000), "tls"),
    ];
    let mut expected = Vec::new();
    for (certificate, error) in &certificates {
        let receiver = Rough::start_tls(ok.clone(), certificate).await;
        let url = format!("https://{}/", receiver.addr);
        expected.push((world.endpoint_at(&url, Settings::default()).await, Some(*error), receiver));
    }
    let stranger = Rough::start_tls(ok.clone(), &Certificate::new("127.0.0.1", 4000)).await;
    let plain = Rough::start(ok.clone()).await;
    let trusted = Rough::start_tls(ok, &good).await;
    for (receiver, error) in [(stranger, Some("tls")), (plain, Some("tls")), (trusted, None)] {
        let url = format!("https://{}/", receiver.addr);
        expected.push((world.endpoint_at(&url, Settings::default()).await, error, receiver));
    }
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let closed = world.endpoint_at(&format!("https://{closed}/"), Settings::default()).await;

    let mut roots = good.pem;
    roots.extend(certificates.iter().map(|(certificate, _)| certificate.pem.as_str()));
    let options = Options { extra_roots: roots.into_bytes(), ..Options::default() };
    world.emit(1).await;
    Tasks::new(&world.app, options).unwrap().settle().await.unwrap();
    for (endpoint, error, receiver) in expected {
        assert_eq!(last(&world, endpoint).await.error.as_deref(), error, "{endpoint}");
        assert_eq!(receiver.n_requests(), usize::from(error.is_none()));
    }
    assert_eq!(last(&world, closed).await.error.as_deref(), Some("connect"));
}

#[tokio::test]
async fn case_17_whatever_never_ends_ends_at_the_deadline() {
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n";
    let manners = vec![
        ("no head", vec![Act::Hang], None, Some("timeout")),
        (
            "a head byte by byte",
            vec![Act::write("HTTP/1.1 200 OK\r\nx: "), Act::Drip],
            None,
            Some("timeout"),
        ),
        ("no body", vec![Act::write(long), Act::Hang], Some(200), Some("timeout")),
        (
            "half a body",
            vec![Act::write(long), Act::write("half"), Act::Hang],
            Some(200),
            Some("timeout"),
        ),
        ("a body byte by byte", vec![Act::write(long), Act::Drip], Some(200), Some("timeout")),
        (
            "no last chunk",
            vec![Act::write(endless), Act::write("1\r\nx\r\n"), Act::Hang],
            Some(200),
            Some("timeout"),
        ),
        (
            "only 100s",
            vec![Act::write("HTTP/1.1 100 Continue\r\n\r\n"), Act::Hang],
            None,
            Some("timeout"),
        ),
    ];
    judged(&patience(PATIENCE_MS), manners).await;
}

/// What never ends shows that a body is not read to its end: else the deadline would make it a failure.
#[tokio::test]
async fn case_18_odd_bodies_are_cut_and_the_status_judges() {
    let bomb = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n";
    let zeros = [&b"4000\r\n"[..], &[0; 0x4000], b"\r\n"].concat();
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
        5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n";
    let until_close = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nto the end";
    let longer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort";
    let shorter = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more than was promised";
    let (ok, failed) = (None, Some("status"));
    let large = "x".repeat(10_000_000);
    let manners = vec![
        ("10 MB", vec![Act::answer("200 OK", "", &large)], Some(200), ok),
        ("10 MB of an error", vec![Act::answer("500 Oops", "", &large)], Some(500), failed),
        ("a bomb", vec![Act::write(bomb), Act::Forever(zeros)], Some(200), ok),
        ("trailers", vec![Act::write(chunked)], Some(200), ok),
        ("until it closes", vec![Act::write(until_close), Act::Close], Some(200), ok),
        ("shorter than promised", vec![Act::write(longer), Act::Close], Some(200), ok),
        ("longer than promised", vec![Act::write(shorter)], Some(200), ok),
        (
            "not text",
            vec![Act::write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\x00".to_vec())],
            Some(200),
            ok,
        ),
        ("HTTP/1.0", vec![Act::write("HTTP/1.0 200 OK\r\n\r\nold"), Act::Close], Some(200), ok),
    ];
    let lines = judged(&Settings::default(), manners).await;
    let bodies: Vec<&[u8]> = lines[3..].iter().map(|line| line.body.as_slice()).collect();
    assert_eq!(bodies, [&b"hello"[..], b"to the end", b"short", b"ok", b"\xff\x00", b"old"]);
    assert_eq!(lines[0].body.len(), BODY_KEPT_BYTES_MAX);
}

#[tokio::test]
async fn case_19_odd_heads_are_borne_or_refused() {
    let end = "HTTP/1.1 201 Made\r\ncontent-length: 0\r\n\r\n";
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    let latin = b"HTTP/1.1 200 OK\r\nx-name: Zo\xeb\r\ncontent-length: 0\r\n\r\n".to_vec();
    let filler = |n: usize| format!("x-filler: {}\r\n", "x".repeat(n));
    let many: String = (0..200).map(|n| format!("x-{n}: x\r\n")).collect();
    let ok = |headers: &str| vec![Act::answer("200 OK", headers, "")];
    let folded = "HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 0\r\n\r\n";
    let twice = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx";
    let manners = vec![
        ("not UTF-8", vec![Act::write(latin)], Some(200), None),
        ("100 and 103", vec![Act::write(early), Act::write(end)], Some(201), None),
        ("8 KB", ok(&filler(8_000)), Some(200), None),
        ("1 MB", ok(&filler(1_000_000)), None, Some("protocol")),
        (
            "endless",
            vec![Act::write("HTTP/1.1 200 OK\r\n"), Act::Forever(b"x-a: b\r\n".to_vec())],
            None,
            Some("protocol"),
        ),
        ("200 headers", ok(&many), None, Some("protocol")),
        ("folded", vec![Act::write(folded)], None, Some("protocol")),
        ("two lengths", vec![Act::write(twice)], None, Some("protocol")),
        ("a name with a space", ok("x a: b\r\n"), None, Some("protocol")),
        ("a length below nothing", ok("content-length: -1\r\n"), None, Some("protocol")),
    ];
    let lines = judged(&Settings::default(), manners).await;
    assert!(lines[0].headers.contains("x-name: Zo\u{fffd}\n"), "{}", lines[0].headers);
}

#[tokio::test]
async fn case_20_a_kept_connection_that_dies_unanswered_costs_no_attempt() {
    let world = world().await;
    let ok = Act::answer("200 OK", "", "");
    let receiver = Rough::start(vec![vec![ok.clone()], vec![Act::Close], vec![ok]]).await;
    let url = format!("http://{}/", receiver.addr);
    let endpoint = world.endpoint_at(&url, Settings::default()).await;
    let tasks = world.tasks();
    for n_requests in [1, 3] {
        world.emit(1).await;
        tasks.settle().await.unwrap();
        let line = last(&world, endpoint).await;
        assert_eq!((line.outcome.as_str(), line.n), ("succeeded", 1));
        assert_eq!(receiver.n_requests(), n_requests);
    }
    assert_eq!(world.attempts().await.len(), 2);
}
