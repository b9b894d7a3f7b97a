//! A receiver that speaks HTTP/2 by hand, frame by frame, so that it can also write wrong ones.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::server::TlsStream;
use webhook::outcome::Outcome;
use webhook::sender::Sender;

use crate::receiver::{follow, ok};
use crate::sending::send;
use crate::tls::{certified, trusting};

/// Types of frames, their flags, and codes of errors (RFC 9113 sections 6 and 7).
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const INTERNAL_ERROR: u8 = 2;
pub(crate) const REFUSED_STREAM: u8 = 7;
pub(crate) const HTTP_1_1_REQUIRED: u8 = 13;

/// `:status: 200` in HPACK.
pub(crate) const OK_HEAD: &[u8] = &[0x88];

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// An answer of 200 with an empty body.
pub(crate) fn fine(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, OK_HEAD)
}

pub(crate) fn reset(stream: u32, code: u8) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &[0, 0, 0, code])
}

pub(crate) fn goaway(last: u32, code: u8) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[&last.to_be_bytes()[..], &[0, 0, 0, code]].concat())
}

/// A header that is not indexed, with a name and a value of less than 127 bytes.
pub(crate) fn header(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| vec![u8::try_from(text.len()).unwrap()];
    [&[0][..], &length(name), name.as_bytes(), &length(value), value.as_bytes()].concat()
}

/// What to do about a request, by the number of its connection, counted from 1, and of its stream.
pub(crate) type Script = dyn Fn(usize, u32) -> Reply + Send + Sync;

pub(crate) enum Reply {
    /// Write these bytes, which may be none.
    Bytes(Vec<u8>),
    /// Write these bytes and close the connection.
    Last(Vec<u8>),
}

#[derive(Default)]
pub(crate) struct Seen {
    /// The connections that requests came on, in their order.
    pub(crate) requests: Vec<usize>,
    /// Heads and bodies of the requests, as they came.
    pub(crate) bytes: Vec<u8>,
    pub(crate) n_resets: usize,
    pub(crate) n_http1_connections: usize,
}

pub(crate) struct Receiver {
    pub(crate) sender: Sender,
    pub(crate) url: String,
    pub(crate) seen: Arc<Mutex<Seen>>,
    pub(crate) came: Arc<Notify>,
}

impl Receiver {
    /// `settings` is the payload of its SETTINGS frame. Whoever does not offer HTTP/2 is answered well.
    pub(crate) async fn start(
        settings: &'static [u8],
        script: impl Fn(usize, u32) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let (acceptor, root) = certified(&[b"h2", b"http/1.1"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url =
            format!("https://hooks.example.com:{}/hook?a=b", listener.local_addr().unwrap().port());
        let (seen, came) = (Arc::<Mutex<Seen>>::default(), Arc::new(Notify::new()));
        let (script, noted, notify) =
            (Arc::<Box<Script>>::new(Box::new(script)), seen.clone(), came.clone());
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((tcp, _)) = listener.accept().await {
                let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
                let (script, seen, came) = (script.clone(), noted.clone(), notify.clone());
                if tls.get_ref().1.alpn_protocol() == Some(b"h2") {
                    number += 1;
                    tokio::spawn(async move {
                        serve(tls, settings, number, &**script, &seen, &came).await;
                    });
                } else {
                    seen.lock().unwrap().n_http1_connections += 1;
                    tokio::spawn(async move {
                        follow(&mut tls, vec![ok(), ok(), ok()], &Mutex::default()).await;
                    });
                }
            }
        });
        Self { sender: trusting(&root), url, seen, came }
    }

    pub(crate) async fn send(&self) -> Outcome {
        send(&self.sender, &self.url).await
    }

    pub(crate) fn requests(&self) -> Vec<usize> {
        self.seen.lock().unwrap().requests.clone()
    }
}

/// Serves one connection, until its peer closes it or the script does.
async fn serve(
    mut tls: TlsStream<TcpStream>,
    settings: &[u8],
    connection: usize,
    script: &Script,
    seen: &Mutex<Seen>,
    came: &Notify,
) -> Option<()> {
    let mut preface = [0; 24];
    tls.read_exact(&mut preface).await.ok()?;
    tls.write_all(&frame(SETTINGS, 0, 0, settings)).await.ok()?;
    loop {
        let mut head = [0; 9];
        tls.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; usize::from(head[1]) * 256 + usize::from(head[2])];
        tls.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match (head[3], head[4]) {
            (SETTINGS, 0) => tls.write_all(&frame(SETTINGS, ACK, 0, &[])).await.ok()?,
            (RST_STREAM, _) => seen.lock().unwrap().n_resets += 1,
            (HEADERS | DATA, flags) => {
                seen.lock().unwrap().bytes.extend(payload);
                if flags & END_STREAM == 0 {
                    continue;
                }
                seen.lock().unwrap().requests.push(connection);
                came.notify_one();
                match script(connection, stream) {
                    Reply::Bytes(bytes) => tls.write_all(&bytes).await.ok()?,
                    Reply::Last(bytes) => {
                        tls.write_all(&bytes).await.ok()?;
                        return tls.shutdown().await.ok();
                    }
                }
            }
            _ => {}
        }
        tls.flush().await.ok()?;
    }
}
