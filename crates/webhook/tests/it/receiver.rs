//! A receiver that follows a script, byte for byte, and remembers what it was sent.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do once a whole request has been read.
#[derive(Clone)]
pub(crate) enum Step {
    /// Write these bytes and wait for the next request.
    Answer(Vec<u8>),
    /// Write these bytes and close in order.
    Last(Vec<u8>),
    /// Write these bytes and reset the connection.
    Reset(Vec<u8>),
}

pub(crate) struct Receiver {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    /// Serves one script per connection, in turn; further connections are closed unread.
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            for script in scripts {
                let (tcp, _) = listener.accept().await.unwrap();
                tokio::spawn(plain(tcp, script, seen.clone()));
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn plain(mut tcp: TcpStream, script: Vec<Step>, seen: Arc<Mutex<Vec<String>>>) {
    if follow(&mut tcp, script, &seen).await {
        tcp.set_zero_linger().unwrap();
    }
}

/// Follows a script to its end, or until the peer has gone; true when the end is a reset.
pub(crate) async fn follow(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    script: Vec<Step>,
    seen: &Mutex<Vec<String>>,
) -> bool {
    for step in script {
        let Some(request) = read_request(stream).await else { return false };
        seen.lock().unwrap().push(request);
        let (bytes, is_last, is_reset) = match step {
            Step::Answer(bytes) => (bytes, false, false),
            Step::Last(bytes) => (bytes, true, false),
            Step::Reset(bytes) => (bytes, true, true),
        };
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            return false;
        }
        if is_last {
            return is_reset;
        }
    }
    // The script waits for ever: the sender is the one to end it.
    while read_request(stream).await.is_some() {}
    false
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |l| l.parse().unwrap()) {
                return Some(text.into_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A whole answer with this status line, extra header lines, and body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

pub(crate) fn ok() -> Step {
    Step::Answer(answer("200 OK", "", "ok"))
}
