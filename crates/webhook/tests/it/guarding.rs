//! Where a request may go: names that fail, names that turn, and the proxies of the environment.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use webhook::guard::Resolver;
use webhook::ladder::Class;
use webhook::outcome::ErrorKind;
use webhook::sender::Sender;

use crate::receiver::{Receiver, Step, answer, ok};
use crate::sending::{loopback, send};

/// Set in the process that a test starts with proxies around it.
const INSIDE: &str = "POSTROOM_TEST_AMONG_PROXIES";
/// POSIX `EMFILE`.
const OUT_OF_DESCRIPTORS: i32 = 24;

/// Fails as a resolver does.
struct Failing(Option<i32>, io::ErrorKind);
impl Resolver for Failing {
    fn resolve(&self, _: String, _: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        let error = self.0.map_or_else(|| self.1.into(), io::Error::from_raw_os_error);
        Box::pin(async move { Err(error) })
    }
}

/// Answers that no such name exists, that it has no address, or nothing in time.
struct Empty;
impl Resolver for Empty {
    fn resolve(&self, _: String, _: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

#[tokio::test]
async fn case_16_a_name_that_does_not_resolve_is_the_receivers_fault_and_want_of_means_is_ours() {
    let (theirs, ours) = ((ErrorKind::Dns, Class::Down), (ErrorKind::Internal, Class::Internal));
    let named = |guard| Sender::new(guard, Vec::new()).unwrap();
    let mut verdicts = Vec::new();
    for kind in [io::ErrorKind::NotFound, io::ErrorKind::Other, io::ErrorKind::TimedOut] {
        verdicts.push((named(loopback().with_resolver(Failing(None, kind))), theirs));
    }
    verdicts.push((named(loopback().with_resolver(Empty)), theirs));
    let means =
        [(Some(OUT_OF_DESCRIPTORS), io::ErrorKind::Other), (None, io::ErrorKind::OutOfMemory)];
    for (code, kind) in means {
        verdicts.push((named(loopback().with_resolver(Failing(code, kind))), ours));
    }
    for (sender, verdict) in verdicts {
        let outcome = send(&sender, "https://hooks.example.com/").await;
        assert_eq!((outcome.error.unwrap(), outcome.class()), verdict, "{:?}", outcome.detail);
    }
}

/// Answers with loopback first and with a private address ever after.
struct Rebinding(AtomicUsize);
impl Resolver for Rebinding {
    fn resolve(&self, _: String, port: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        let ip = if first { [127, 0, 0, 1] } else { [10, 0, 0, 1] };
        Box::pin(async move { Ok(vec![SocketAddr::from((ip, port))]) })
    }
}

#[tokio::test]
async fn g9_case_42_a_name_that_turns_to_a_private_address_is_blocked_at_the_next_connection() {
    let closing = Step::Last(answer("200 OK", "Connection: close\r\n", ""));
    let receiver = Receiver::start(vec![vec![closing], vec![ok()]]).await;
    let guard = loopback().with_plain_http().with_resolver(Rebinding(AtomicUsize::new(0)));
    let sender = Sender::new(guard, Vec::new()).unwrap();
    let url = format!("http://hooks.example.com:{}/", receiver.port);

    let outcome = send(&sender, &url).await;
    assert_eq!(outcome.error, None);
    let host = format!("\r\nHost: hooks.example.com:{}\r\n", receiver.port);
    assert!(receiver.requests()[0].contains(&host));

    let outcome = send(&sender, &url).await;
    assert_eq!(outcome.error, Some(ErrorKind::Blocked));
    assert_eq!(outcome.class(), Class::Config);
    assert_eq!(receiver.requests().len(), 1);
}

/// Other programs hand them a name, to connect where they like. Ours is the one that an operator sets.
/// The test runs itself again, with every variable set that other clients heed.
#[tokio::test]
async fn g9_case_43_proxies_of_the_environment_are_not_used() {
    if std::env::var_os(INSIDE).is_some() {
        let receiver = Receiver::start(vec![vec![ok()]]).await;
        let guard = loopback().with_plain_http().with_resolver(Rebinding(AtomicUsize::new(0)));
        let sender = Sender::new(guard, Vec::new()).unwrap();
        let url = format!("http://hooks.example.com:{}/", receiver.port);
        assert_eq!(send(&sender, &url).await.error, None);
        assert_eq!(receiver.requests().len(), 1);
        assert_eq!(
            send(&sender, "http://hooks.example.com/").await.error,
            Some(ErrorKind::Blocked)
        );
        return;
    }
    for scheme in ["http", "socks5", "socks5h"] {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        proxy.set_nonblocking(true).unwrap();
        let url = format!("{scheme}://{}", proxy.local_addr().unwrap());
        let variables = ["http_proxy", "https_proxy", "all_proxy"];
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "guarding::g9_case_43_proxies_of_the_environment_are_not_used"])
            .env(INSIDE, "1")
            .envs(variables.map(|name| (name.to_uppercase(), &url)))
            .envs(variables.map(|name| (name, &url)))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(ended.status.success() && said.contains("1 passed"), "{said}");
        assert_eq!(proxy.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "{scheme}");
    }
}
