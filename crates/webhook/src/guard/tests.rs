//! Which URLs are accepted and which answers connected to, whatever a resolver says.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::FutureExt;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn default() -> Guard {
    Guard::new([])
}

fn allowing(nets: &[&str]) -> Guard {
    Guard::new(nets.iter().map(|net| net.parse().unwrap()).collect::<Vec<_>>())
}

struct Fixed(Vec<&'static str>);
impl Resolver for Fixed {
    fn resolve(&self, _: String, port: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        let all = self.0.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect();
        Box::pin(async move { Ok(all) })
    }
}

#[test]
fn ordinary_urls_are_accepted_and_shown_in_normal_form() {
    for (text, shown) in [
        ("https://Example.com", "https://example.com/"),
        ("https://example.com:443/hook?x=1#part", "https://example.com/hook?x=1#part"),
        ("https://hooks.example.com:8443/a b", "https://hooks.example.com:8443/a%20b"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443/"),
    ] {
        assert_eq!(default().check_webhook(text).unwrap().url(), shown);
    }
}

#[test]
fn each_refusal_of_a_url_names_its_reason() {
    use UrlProblem as P;
    let private = |name: &str| P::PrivateName(name.to_owned());
    let long = format!("https://example.com/{}", "x".repeat(2048));
    for (text, problem) in [
        (long.as_str(), P::TooLong),
        ("example.com/hook", P::NotAUrl),
        ("https://", P::NotAUrl),
        ("https://[fe80::1%25eth0]/", P::NotAUrl),
        ("ftp://example.com/", P::NotHttps),
        ("http://example.com/", P::NotHttps),
        ("https://user@example.com/", P::Credentials),
        ("https://:secret@example.com/", P::Credentials),
        ("https://example.com:22/", P::Port(22)),
        ("https://example.com:6379/", P::Port(6379)),
        ("https://example.com./", P::TrailingDot),
        ("https://localhost/", private("localhost")),
        ("https://crm/", private("crm")),
        ("https://printer.local/", private("printer.local")),
        ("https://metadata.google.internal/", private("metadata.google.internal")),
    ] {
        assert_eq!(default().check_webhook(text).map(|_| ()), Err(problem), "{text}");
    }
}

#[test]
fn case_41_every_spelling_of_a_forbidden_address_is_refused_when_saved() {
    for text in [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://１２７.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://0/",
        "https://192.168.1.1:8443/",
    ] {
        let problem = default().check_webhook(text).unwrap_err();
        assert!(matches!(problem, UrlProblem::Address { .. }), "{text}: {problem}");
    }
}

#[test]
fn plain_http_needs_the_installs_consent_and_photos_a_listed_address() {
    let consenting = default().with_plain_http();
    assert!(consenting.check_webhook("http://example.com/").is_ok());
    assert!(consenting.check_webhook("http://127.0.0.1:8081/").is_err());
    assert!(consenting.check_photo("http://example.com/a.jpg").is_err());

    let listing = allowing(&["127.0.0.0/8"]);
    assert!(listing.check_webhook("http://127.0.0.1:8081/").is_ok());
    assert!(listing.check_photo("http://127.0.0.1:8081/a.jpg").is_ok());
    assert!(listing.check_photo("http://example.com/a.jpg").is_err());
    assert!(listing.check_webhook("http://10.0.0.1/").is_err());
}

#[test]
fn an_allow_list_opens_its_networks_and_their_names_but_never_the_metadata_service() {
    let guard = allowing(&["10.0.0.0/8", "169.254.0.0/16", "fd00::/8"]);
    assert!(guard.check_webhook("https://crm.internal/hook").is_ok());
    assert!(guard.judge("10.1.2.3".parse().unwrap()).is_ok());
    assert!(guard.judge("::ffff:10.1.2.3".parse().unwrap()).is_ok());
    assert!(guard.judge("192.168.0.1".parse().unwrap()).is_err());
    assert!(guard.judge("169.254.169.254".parse().unwrap()).is_err());
    assert!(guard.judge("fd00:ec2::254".parse().unwrap()).is_err());
}

#[tokio::test]
async fn case_42_one_forbidden_answer_refuses_the_whole_name() {
    let guard = default().with_resolver(Fixed(vec!["1.1.1.1", "10.0.0.1"]));
    let target = guard.check_webhook("https://example.com/").unwrap();
    let failure = guard.resolve(&target).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Blocked);

    let guard = default().with_resolver(Fixed(vec!["1.1.1.1", "2606:4700::1111"]));
    assert_eq!(guard.resolve(&target).await.unwrap().len(), 2);
}

/// Answers each question with the next of these lists.
struct Flipping(Mutex<VecDeque<Vec<IpAddr>>>);
impl Resolver for Flipping {
    fn resolve(&self, _: String, port: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        let answer = self.0.lock().unwrap().pop_front().unwrap_or_default();
        let all = answer.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        Box::pin(async move { Ok(all) })
    }
}

proptest! {
    /// However the answers change from one question to the next: what is connected to is what this
    /// question was answered, and all of it was judged now.
    #[test]
    fn g9_case_42_each_answer_is_judged_whatever_the_one_before_was(
        answers in vec(vec(select(&MANY[..]), 1..4), 1..6),
    ) {
        let answers: VecDeque<Vec<IpAddr>> =
            answers.iter().map(|a| a.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        let guard = allowing(&["127.0.0.0/8"]).with_resolver(Flipping(Mutex::new(answers.clone())));
        let target = guard.check_webhook("https://example.com:8443/").unwrap();
        for answer in answers {
            let found = guard.resolve(&target).now_or_never().unwrap();
            if answer.iter().all(|ip| ip.is_loopback() || !is_inner(*ip)) {
                let expected = answer.iter().map(|ip| SocketAddr::new(*ip, 8443)).collect();
                prop_assert_eq!(found, Ok::<Vec<_>, Failure>(expected));
            } else {
                prop_assert_eq!(found.unwrap_err().kind, ErrorKind::Blocked);
            }
        }
    }
}

const MANY: [&str; 10] = [
    "1.1.1.1",
    "8.8.8.8",
    "2606:4700::1111",
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "fd00::1",
];

fn is_inner(ip: IpAddr) -> bool {
    MANY[4..].contains(&ip.to_string().as_str()) || ip.to_string().starts_with("64:ff9b")
}

#[tokio::test]
async fn g9_the_installs_own_addresses_are_refused_by_name_and_by_answer_also_in_a_listed_network()
{
    let listen = "0.0.0.0:8443".parse().unwrap();
    let own = |guard: Guard| guard.without_own("https://mail.example.com", listen);
    let guard = own(allowing(&["127.0.0.0/8"])).with_resolver(Fixed(vec!["127.0.0.1"]));
    for text in
        ["https://mail.example.com/x", "https://MAIL.example.com:443/", "https://127.0.0.1:8443/"]
    {
        assert_eq!(guard.check_webhook(text).map(|_| ()), Err(UrlProblem::Own), "{text}");
        assert_eq!(guard.check_photo(text).map(|_| ()), Err(UrlProblem::Own), "{text}");
    }
    assert!(guard.check_webhook("https://127.0.0.1:8444/").is_ok());
    assert!(own(default()).check_webhook("https://mail.example.com:8443/").is_ok());
    let disguised = guard.check_webhook("https://other.example.com:8443/").unwrap();
    assert_eq!(guard.resolve(&disguised).await.unwrap_err().kind, ErrorKind::Blocked);
    let neighbour = guard.check_webhook("https://other.example.com:8444/").unwrap();
    assert!(guard.resolve(&neighbour).await.is_ok());
}

/// Asks which address leads out, without sending anything; a machine without a network has its loopback.
fn address_of_this_machine() -> IpAddr {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let led_out = socket.connect("203.0.113.1:9").and_then(|()| socket.local_addr());
    led_out.map_or(IpAddr::from([127, 0, 0, 2]), |address| address.ip())
}

#[test]
fn a_server_that_listens_everywhere_is_met_on_every_address_of_its_machine() {
    let guard = allowing(&["0.0.0.0/0"]).without_own("", "0.0.0.0:8443".parse().unwrap());
    let ip = address_of_this_machine();
    let own = format!("https://{ip}:8443/");
    assert_eq!(guard.check_webhook(&own).map(|_| ()), Err(UrlProblem::Own));
    assert!(guard.check_webhook(&format!("https://{ip}:8444/")).is_ok());
    assert!(guard.check_webhook("https://203.0.113.1:8443/").is_ok());

    let elsewhere = allowing(&["0.0.0.0/0"]).without_own("", "127.0.0.9:8443".parse().unwrap());
    assert!(elsewhere.check_webhook(&own).is_ok());
}

#[tokio::test]
async fn a_name_without_addresses_is_a_dns_failure() {
    let guard = default().with_resolver(Fixed(vec![]));
    let target = guard.check_webhook("https://example.com/").unwrap();
    assert_eq!(guard.resolve(&target).await.unwrap_err().kind, ErrorKind::Dns);
}
