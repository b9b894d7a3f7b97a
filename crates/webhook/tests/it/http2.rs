//! HTTP/2: attempts that share a connection, receivers that refuse or misspeak it, and the same limits.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use webhook::outcome::ErrorKind;
use webhook::sender::BODY_KEPT_BYTES_MAX;

use crate::http2_receiver::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, HTTP_1_1_REQUIRED, INTERNAL_ERROR,
    OK_HEAD, REFUSED_STREAM, Receiver, Reply, fine, frame, goaway, header, reset,
};
use crate::receiver::{follow, ok};
use crate::sending::{send, send_within};
use crate::tls::{certified, trusting};

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn many_attempts_share_one_connection() {
    let receiver = Receiver::start(&[], |_, stream| Reply::Bytes(fine(stream))).await;
    // Each of them opens a connection, since nobody knows yet that the receiver shares; one is used.
    let cold = join_all((0..8).map(|_| receiver.send())).await;
    let warm = join_all((0..50).map(|_| receiver.send())).await;
    for outcome in cold.iter().chain(&warm) {
        assert_eq!((outcome.status, outcome.error), (Some(200), None), "{:?}", outcome.detail);
    }
    assert!(warm.iter().all(|outcome| outcome.reused));
    let requests = receiver.requests();
    assert_eq!(requests, vec![requests[0]; 58]);
}

#[tokio::test]
async fn a_delivery_over_http2_has_the_exact_body_and_the_host_of_its_url() {
    let receiver = Receiver::start(&[], |_, stream| {
        let head = [OK_HEAD, &header("retry-after", "7"), &header("x-name", "Zo")].concat();
        let head = frame(HEADERS, END_HEADERS, stream, &head);
        Reply::Bytes([head, frame(DATA, END_STREAM, stream, b"taken")].concat())
    })
    .await;
    let outcome = receiver.send().await;
    assert_eq!((outcome.status, outcome.error), (Some(200), None), "{:?}", outcome.detail);
    assert_eq!(outcome.response_headers, "retry-after: 7\nx-name: Zo\n");
    assert_eq!(outcome.response_body, b"taken");
    let seen = receiver.seen.lock().unwrap();
    assert!(seen.bytes.ends_with(br#"{"id":"evt_1"}"#));
}

#[tokio::test]
async fn a_connection_carries_at_most_64_attempts_and_the_next_one_opens_another() {
    let receiver = Receiver::start(&[], |connection, stream| match (connection, stream) {
        (1, 3..129) => Reply::Bytes(Vec::new()),
        (1, 129) => Reply::Bytes((3..=129).step_by(2).flat_map(fine).collect()),
        _ => Reply::Bytes(fine(stream)),
    })
    .await;
    receiver.send().await;
    for outcome in join_all((0..65).map(|_| receiver.send())).await {
        assert_eq!(outcome.error, None, "{:?}", outcome.detail);
    }
    let requests = receiver.requests();
    assert_eq!(requests.iter().filter(|connection| **connection == 1).count(), 1 + 64);
    assert_eq!(requests.iter().filter(|connection| **connection == 2).count(), 1);
}

#[tokio::test]
async fn a_receiver_that_bears_fewer_streams_gets_fewer() {
    // SETTINGS_MAX_CONCURRENT_STREAMS is 2.
    let receiver =
        Receiver::start(&[0, 3, 0, 0, 0, 2], |connection, stream| match (connection, stream) {
            (1, 5) => Reply::Bytes(Vec::new()),
            (1, 7) => Reply::Bytes([fine(5), fine(7)].concat()),
            _ => Reply::Bytes(fine(stream)),
        })
        .await;
    // What it bears is known from the second request on.
    receiver.send().await;
    receiver.send().await;
    for outcome in join_all((0..3).map(|_| receiver.send())).await {
        assert_eq!(outcome.error, None, "{:?}", outcome.detail);
    }
    let mut requests = receiver.requests();
    requests.sort_unstable();
    assert_eq!(requests, [1, 1, 1, 1, 2]);
}

#[tokio::test]
async fn after_a_protocol_error_a_host_is_sent_http1_and_this_is_remembered() {
    let broken = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        frame(DATA, 0, 0, b"on no stream"),
        // A header block that no table explains.
        frame(HEADERS, END_HEADERS, 1, &[0xff, 0xff, 0xff, 0xff, 0xff]),
        goaway(1, 1),
    ];
    for bytes in broken {
        let receiver = Receiver::start(&[], move |_, _| Reply::Last(bytes.clone())).await;
        let outcome = receiver.send().await;
        assert_eq!((outcome.error, outcome.status), (Some(ErrorKind::Protocol), None));
        assert!(!outcome.reconnected);
        for reused in [false, true] {
            let outcome = receiver.send().await;
            assert_eq!((outcome.error, outcome.reused), (None, reused), "{:?}", outcome.detail);
        }
        assert_eq!(receiver.requests(), [1]);
        assert_eq!(receiver.seen.lock().unwrap().n_http1_connections, 1);
    }
}

#[tokio::test]
async fn a_receiver_that_closes_without_a_word_of_http2_is_sent_http1() {
    let (acceptor, root) = certified(&[b"h2", b"http/1.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://hooks.example.com:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            if tls.get_ref().1.alpn_protocol() == Some(b"h2") {
                tls.shutdown().await.unwrap();
            } else {
                follow(&mut tls, vec![ok()], &Mutex::default()).await;
            }
        }
    });
    let sender = trusting(&root);
    // Whether the first attempt fails depends on whether its request went out before the end.
    send(&sender, &url).await;
    assert_eq!(send(&sender, &url).await.error, None);
}

#[tokio::test]
async fn a_wish_for_http1_is_met_inside_the_same_attempt() {
    let receiver =
        Receiver::start(&[], |_, stream| Reply::Bytes(reset(stream, HTTP_1_1_REQUIRED))).await;
    let outcome = receiver.send().await;
    assert_eq!((outcome.error, outcome.reconnected), (None, true), "{:?}", outcome.detail);
    assert_eq!(receiver.send().await.error, None);
    assert_eq!(receiver.requests(), [1]);
}

#[tokio::test]
async fn a_request_that_was_certainly_not_processed_is_sent_once_more() {
    let refusals: [fn(u32) -> Vec<u8>; 2] =
        [|stream| reset(stream, REFUSED_STREAM), |stream| goaway(stream - 2, 0)];
    for refuse in refusals {
        let receiver = Receiver::start(&[], move |connection, stream| match (connection, stream) {
            (1, 3) => Reply::Bytes(refuse(stream)),
            _ => Reply::Bytes(fine(stream)),
        })
        .await;
        receiver.send().await;
        let outcome = receiver.send().await;
        assert_eq!((outcome.error, outcome.reconnected), (None, true), "{:?}", outcome.detail);
        assert!(receiver.send().await.reused);
        assert_eq!(receiver.requests(), [1, 1, 2, 2]);
    }
}

#[tokio::test]
async fn a_request_that_is_refused_twice_is_not_sent_a_third_time() {
    let receiver =
        Receiver::start(&[], |_, stream| Reply::Bytes(reset(stream, REFUSED_STREAM))).await;
    let outcome = receiver.send().await;
    assert_eq!((outcome.error, outcome.reconnected), (Some(ErrorKind::Protocol), true));
    assert_eq!(receiver.requests(), [1, 2]);
}

#[tokio::test]
async fn a_request_that_may_have_been_processed_is_never_sent_again() {
    let doubtful: [fn(u32) -> Reply; 3] = [
        |stream| Reply::Bytes(reset(stream, INTERNAL_ERROR)),
        // The peer says that it took this request, and then leaves it unanswered.
        |stream| Reply::Last(goaway(stream, 0)),
        |_| Reply::Last(frame(DATA, 0, 1, b"half an answer to nobody")),
    ];
    for reply in doubtful {
        let receiver = Receiver::start(&[], move |connection, stream| match (connection, stream) {
            (1, 3) => reply(stream),
            _ => Reply::Bytes(fine(stream)),
        })
        .await;
        receiver.send().await;
        let outcome = receiver.send().await;
        assert_eq!((outcome.error, outcome.reconnected), (Some(ErrorKind::Protocol), false));
        assert_eq!(receiver.requests(), [1, 1]);
    }
}

#[tokio::test]
async fn case_20_a_shared_connection_that_dies_unanswered_is_replaced_once() {
    let receiver = Receiver::start(&[], |connection, stream| match (connection, stream) {
        (1, 3) => Reply::Last(Vec::new()),
        _ => Reply::Bytes(fine(stream)),
    })
    .await;
    receiver.send().await;
    let outcome = receiver.send().await;
    assert_eq!((outcome.error, outcome.reused, outcome.reconnected), (None, true, true));
    assert_eq!(receiver.requests(), [1, 1, 2]);
}

#[tokio::test]
async fn case_15_a_reset_in_the_middle_of_an_answer_is_a_failure_of_this_answer_alone() {
    let receiver = Receiver::start(&[], |_, stream| {
        let head = frame(HEADERS, END_HEADERS, stream, OK_HEAD);
        let half = frame(DATA, 0, stream, b"half");
        if stream == 1 {
            Reply::Bytes([head, half, reset(stream, INTERNAL_ERROR)].concat())
        } else {
            Reply::Bytes(fine(stream))
        }
    })
    .await;
    let outcome = receiver.send().await;
    assert_eq!((outcome.status, outcome.error), (Some(200), Some(ErrorKind::Protocol)));
    assert_eq!(receiver.send().await.error, None);
    assert_eq!(receiver.requests(), [1, 1]);
}

#[tokio::test]
async fn case_17_a_deadline_ends_the_stream_and_not_the_connection() {
    let receiver = Receiver::start(&[], |_, stream| match stream {
        1 => Reply::Bytes(Vec::new()),
        3 => Reply::Bytes(frame(HEADERS, END_HEADERS, stream, OK_HEAD)),
        _ => Reply::Bytes(fine(stream)),
    })
    .await;
    let hanging = send_within(&receiver.sender, &receiver.url, SHORT);
    let others = async {
        receiver.came.notified().await;
        let endless = send_within(&receiver.sender, &receiver.url, SHORT).await;
        (endless, receiver.send().await)
    };
    let (hanging, (endless, healthy)) = tokio::join!(hanging, others);
    assert_eq!((hanging.error, hanging.status), (Some(ErrorKind::Timeout), None));
    assert_eq!((endless.error, endless.status), (Some(ErrorKind::Timeout), Some(200)));
    assert_eq!((healthy.error, healthy.reused), (None, true));
    receiver.send().await;
    assert_eq!(receiver.requests(), [1, 1, 1, 1]);
    assert_eq!(receiver.seen.lock().unwrap().n_resets, 2);
}

#[tokio::test]
async fn a_connection_on_which_nothing_came_within_a_deadline_is_not_joined_again() {
    let receiver = Receiver::start(&[], |_, stream| match stream {
        3 => Reply::Bytes(Vec::new()),
        _ => Reply::Bytes(fine(stream)),
    })
    .await;
    receiver.send().await;
    let outcome = send_within(&receiver.sender, &receiver.url, SHORT).await;
    assert_eq!(outcome.error, Some(ErrorKind::Timeout));
    receiver.send().await;
    assert_eq!(receiver.requests(), [1, 1, 2]);
}

#[tokio::test]
async fn case_18_a_large_body_is_cut_and_one_of_a_wrong_length_judged_by_its_status() {
    let receiver = Receiver::start(&[], |_, stream| {
        let length = header("content-length", if stream == 1 { "1000000" } else { "9" });
        let head = frame(HEADERS, END_HEADERS, stream, &[OK_HEAD, &length].concat());
        let part = frame(DATA, 0, stream, &[b'x'; 16 * 1024 - 1]);
        match stream {
            // As much as a receiver may send before it is told that more is wanted.
            1 => Reply::Bytes([head, part.repeat(4)].concat()),
            3 => Reply::Bytes([head, frame(DATA, END_STREAM, stream, b"short")].concat()),
            5 => Reply::Bytes([head, part].concat()),
            _ => Reply::Bytes(fine(stream)),
        }
    })
    .await;
    let outcome = send_within(&receiver.sender, &receiver.url, SHORT).await;
    assert_eq!((outcome.status, outcome.response_body.len()), (Some(200), BODY_KEPT_BYTES_MAX));
    for _ in 0..3 {
        let outcome = receiver.send().await;
        assert_eq!((outcome.status, outcome.error), (Some(200), None), "{:?}", outcome.detail);
    }
    assert_eq!(receiver.requests(), [1; 4]);
}

#[tokio::test]
async fn case_19_a_head_beyond_the_limit_is_refused_and_so_is_one_that_never_ends() {
    let filler: Vec<u8> = (0..400).flat_map(|_| header("x-filler", &"x".repeat(100))).collect();
    let large = move |stream: u32, is_ended: bool| {
        let head = [OK_HEAD, &filler].concat();
        let mut parts = head.chunks(16 * 1024 - 1);
        let first = frame(HEADERS, END_STREAM, stream, parts.next().unwrap());
        let rest = parts.flat_map(|part| frame(CONTINUATION, 0, stream, part));
        let last = is_ended.then(|| frame(CONTINUATION, END_HEADERS, stream, &[]));
        first.into_iter().chain(rest).chain(last.into_iter().flatten()).collect::<Vec<u8>>()
    };
    let endless = large.clone();
    let receiver = Receiver::start(&[], move |_, stream| Reply::Bytes(large(stream, true))).await;
    let outcome = receiver.send().await;
    assert_eq!((outcome.error, outcome.status), (Some(ErrorKind::Protocol), None));

    let receiver = Receiver::start(&[], move |_, stream| {
        let drop = frame(CONTINUATION, 0, stream, &header("x-drop", "x"));
        Reply::Bytes([endless(stream, false), drop.repeat(10_000)].concat())
    })
    .await;
    let outcome = receiver.send().await;
    assert_eq!((outcome.error, outcome.status), (Some(ErrorKind::Protocol), None));
}
