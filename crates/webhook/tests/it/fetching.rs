//! Downloading photos: limits, redirects, and the guard on every hop.

use std::time::Duration;

use webhook::fetch::{FetchLimits, FetchProblem, PHOTO};
use webhook::sender::Sender;
use webhook::target::UrlProblem;

use crate::receiver::{Receiver, Step, answer};
use crate::sending::loopback;

fn sender() -> Sender {
    Sender::new(loopback(), Vec::new()).unwrap()
}

fn redirect(to: &str) -> Vec<Step> {
    vec![Step::Last(answer("302 Found", &format!("Location: {to}\r\n"), ""))]
}

#[tokio::test]
async fn a_photo_is_downloaded_with_its_stated_type() {
    let photo = answer("200 OK", "Content-Type: image/jpeg\r\n", "bytes");
    let receiver = Receiver::start(vec![vec![Step::Last(photo)]]).await;
    let fetched = sender().fetch(&receiver.url("/a.jpg?size=1"), PHOTO).await.unwrap();
    assert_eq!(&fetched.bytes[..], b"bytes");
    assert_eq!(fetched.content_type.as_deref(), Some("image/jpeg"));
    assert!(receiver.requests()[0].starts_with("GET /a.jpg?size=1 HTTP/1.1\r\nHost: 127.0.0.1"));
}

#[tokio::test]
async fn redirects_are_followed_three_times_and_no_more() {
    let photo = || vec![Step::Last(answer("200 OK", "", "bytes"))];
    let receiver =
        Receiver::start(vec![redirect("/b"), redirect("c"), redirect("?d"), photo()]).await;
    let fetched = sender().fetch(&receiver.url("/a"), PHOTO).await.unwrap();
    assert_eq!(&fetched.bytes[..], b"bytes");
    assert!(receiver.requests()[3].starts_with("GET /c?d "));

    let receiver = Receiver::start((0..4).map(|_| redirect("/again")).collect()).await;
    let problem = sender().fetch(&receiver.url("/a"), PHOTO).await.unwrap_err();
    assert_eq!(problem, FetchProblem::Redirects(3));
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_place_is_refused() {
    for (to, refused) in [
        ("http://169.254.169.254/latest/meta-data", "metadata"),
        ("https://10.0.0.1/a.jpg", "private"),
        ("http://example.com/a.jpg", "https"),
        ("file:///etc/passwd", "https"),
    ] {
        let receiver = Receiver::start(vec![redirect(to)]).await;
        let problem = sender().fetch(&receiver.url("/a"), PHOTO).await.unwrap_err();
        assert!(matches!(problem, FetchProblem::Url(_)), "{to}");
        assert!(problem.to_string().contains(refused), "{problem}");
    }
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_refused_whether_or_not_it_says_so() {
    let small = FetchLimits { bytes_max: 10, ..PHOTO };
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n";
    for bytes in [answer("200 OK", "", "hello world"), chunked.as_bytes().to_vec()] {
        let receiver = Receiver::start(vec![vec![Step::Last(bytes)]]).await;
        let problem = sender().fetch(&receiver.url("/a"), small).await.unwrap_err();
        assert_eq!(problem, FetchProblem::TooLarge(10));
    }
}

#[tokio::test]
async fn other_answers_and_silence_are_failures() {
    let receiver = Receiver::start(vec![
        vec![Step::Last(answer("404 Not Found", "", ""))],
        vec![Step::Last(answer("302 Found", "", ""))],
        vec![Step::Last(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec())],
        vec![Step::Answer(Vec::new())],
    ])
    .await;
    let hasty = FetchLimits { deadline: Duration::from_millis(60), ..PHOTO };
    let fetch = async |limits| sender().fetch(&receiver.url("/a"), limits).await.unwrap_err();
    assert_eq!(fetch(PHOTO).await, FetchProblem::Status(404));
    assert_eq!(fetch(PHOTO).await, FetchProblem::Location);
    assert!(matches!(fetch(PHOTO).await, FetchProblem::Failed(_)));
    assert_eq!(fetch(hasty).await, FetchProblem::Timeout(hasty.deadline));
}

#[tokio::test]
async fn an_unguarded_address_is_refused_before_any_connection() {
    let problem = sender().fetch("http://example.com/a.jpg", PHOTO).await.unwrap_err();
    assert_eq!(problem, FetchProblem::Url(UrlProblem::NotHttps));
}
