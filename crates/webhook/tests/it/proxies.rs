//! A forward proxy: asked for vetted addresses only, and nobody else is made to pay for its faults.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use webhook::guard::{Guard, Resolver};
use webhook::outcome::ErrorKind;
use webhook::proxy::Proxy;
use webhook::sender::Sender;
use webhook::tls::read_roots;

use crate::receiver::{Receiver, Step, answer, follow, ok};
use crate::sending::{loopback, send};
use crate::tls::certified;

const CLOSED: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\n\r\n";
const UNKNOWN: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";

/// A proxy on loopback that notes what it is asked for.
struct Relay {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Speaks HTTP; answers with these bytes, or connects where there are none.
    async fn http(refusal: &'static [u8]) -> Self {
        Self::start(move |mut tcp, asked| {
            Box::pin(async move {
                let mut ask = Vec::new();
                while !ask.ends_with(b"\r\n\r\n") {
                    tcp.read_buf(&mut ask).await?;
                }
                let ask = String::from_utf8(ask).unwrap();
                asked.lock().unwrap().push(ask.clone());
                if !refusal.is_empty() {
                    return tcp.write_all(refusal).await;
                }
                let mut to = TcpStream::connect(ask.split(' ').nth(1).unwrap()).await?;
                tcp.write_all(b"HTTP/1.1 200 Connected\r\nVia: relay\r\n\r\n").await?;
                copy_bidirectional(&mut tcp, &mut to).await.map(|_| ())
            })
        })
        .await
    }

    /// Speaks SOCKS 5 with a password; answers with this code, and connects if it is 0.
    async fn socks(code: u8) -> Self {
        Self::start(move |mut tcp, asked| {
            Box::pin(async move {
                let mut hello = [0; 3];
                tcp.read_exact(&mut hello).await?;
                assert_eq!(hello, [5, 1, 2]);
                tcp.write_all(&[5, 2]).await?;
                let mut who = [0; 1 + 1 + 3 + 1 + 6];
                tcp.read_exact(&mut who).await?;
                assert_eq!(&who, b"\x01\x03ann\x06s3cret");
                tcp.write_all(&[1, 0]).await?;
                let mut ask = [0; 10];
                tcp.read_exact(&mut ask).await?;
                assert_eq!(ask[..4], [5, 1, 0, 1]);
                let ip = [ask[4], ask[5], ask[6], ask[7]];
                let to = SocketAddr::from((ip, u16::from_be_bytes([ask[8], ask[9]])));
                asked.lock().unwrap().push(to.to_string());
                tcp.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
                if code != 0 {
                    return Ok(());
                }
                let mut to = TcpStream::connect(to).await?;
                copy_bidirectional(&mut tcp, &mut to).await.map(|_| ())
            })
        })
        .await
    }

    async fn start(
        serve: impl Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> BoxFuture<'static, io::Result<()>>
        + Send
        + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = asked.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(tcp, noted.clone()));
            }
        });
        Self { address, asked }
    }

    fn guard(&self, scheme: &str, credentials: &str) -> Guard {
        let proxy = Proxy::parse(&format!("{scheme}://{credentials}{}", self.address)).unwrap();
        loopback().with_plain_http().with_proxy(proxy)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
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
async fn g9_case_43_a_proxy_is_asked_for_the_vetted_address_and_for_none_that_is_refused() {
    for (relay, scheme) in [(Relay::http(b"").await, "http"), (Relay::socks(0).await, "socks5")] {
        let closing = Step::Last(answer("200 OK", "Connection: close\r\n", ""));
        let receiver = Receiver::start(vec![vec![closing], vec![ok()]]).await;
        let guard =
            relay.guard(scheme, "ann:s3cret@").with_resolver(Rebinding(AtomicUsize::new(0)));
        let sender = Sender::new(guard, Vec::new()).unwrap();
        let url = format!("http://hooks.example.com:{}/", receiver.port);

        let outcome = send(&sender, &url).await;
        assert_eq!(outcome.error, None, "{:?}", outcome.detail);
        assert_eq!(outcome.ip, Some("127.0.0.1".parse().unwrap()));
        let host = format!("\r\nHost: hooks.example.com:{}\r\n", receiver.port);
        assert!(receiver.requests()[0].contains(&host));
        let asked = relay.asked();
        assert!(asked[0].contains(&format!("127.0.0.1:{}", receiver.port)), "{asked:?}");
        assert!(!asked[0].contains("example"), "{asked:?}");

        let outcome = send(&sender, &url).await;
        assert_eq!(outcome.error, Some(ErrorKind::Blocked));
        assert_eq!((relay.asked().len(), receiver.requests().len()), (1, 1));
    }
}

#[tokio::test]
async fn case_43_tls_through_a_proxy_is_with_the_receiver_by_its_name() {
    let (acceptor, root) = certified(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            follow(&mut tls, vec![ok(), ok()], &Mutex::default()).await;
        }
    });
    let relay = Relay::http(b"").await;
    let guard = relay.guard("http", "ann:s3cret@").with_resolver(crate::tls::Loopback);
    let sender = Sender::new(guard, read_roots(&root).unwrap()).unwrap();
    for reused in [false, true] {
        let outcome = send(&sender, &format!("https://hooks.example.com:{port}/")).await;
        assert_eq!((outcome.error, outcome.reused), (None, reused), "{:?}", outcome.detail);
    }
    let outcome = send(&sender, &format!("https://other.example.com:{port}/")).await;
    assert_eq!(outcome.error, Some(ErrorKind::Tls));
    let asked = relay.asked();
    assert!(asked[0].contains("\r\nProxy-Authorization: Basic YW5uOnMzY3JldA==\r\n"), "{asked:?}");
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn a_proxy_that_does_not_serve_us_is_our_fault_and_one_that_can_not_connect_the_receivers() {
    let (closed, unknown) = (Relay::http(CLOSED).await, Relay::http(UNKNOWN).await);
    let refusing = Relay::socks(5).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let absent = Relay { address: nobody.local_addr().unwrap(), asked: Arc::default() };
    drop(nobody);
    for (relay, scheme, error) in [
        (closed, "http", ErrorKind::Connect),
        (refusing, "socks5", ErrorKind::Connect),
        (unknown, "http", ErrorKind::Internal),
        (absent, "http", ErrorKind::Internal),
    ] {
        let sender = Sender::new(relay.guard(scheme, "ann:s3cret@"), Vec::new()).unwrap();
        let outcome = send(&sender, "http://127.0.0.1:8080/").await;
        assert_eq!(outcome.error, Some(error), "{:?}", outcome.detail);
        assert!(!outcome.detail.unwrap().contains("s3cret"));
    }
}
