//! A client of the API that can tell an answer from silence.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

/// How long one answer may take. A debug build on a busy machine needs a fraction of it.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a caller goes on asking while it is told to come again.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two such calls.
const PAUSE: Duration = Duration::from_millis(20);

/// The process died, or the connection did: the caller cannot know what became of its request.
#[derive(Debug)]
pub(crate) struct Silence;

/// An answer that arrived whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("answers are JSON")
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// True when a twin of the request is still being worked on.
    pub(crate) fn asks_to_come_again(&self) -> bool {
        self.status == 409 && self.code() == "idempotency_in_progress"
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Call {
    fn new(method: Method, path: String, body: Bytes) -> Self {
        let content_type = "application/json";
        Self { method, path, idempotency_key: None, content_type, body }
    }

    pub(crate) fn get(path: String) -> Self {
        Self::new(Method::GET, path, Bytes::new())
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new(Method::POST, path.to_owned(), Bytes::from(body.to_string()))
    }

    pub(crate) fn patch(path: &str, body: &Value) -> Self {
        Self::new(Method::PATCH, path.to_owned(), Bytes::from(body.to_string()))
    }

    pub(crate) fn raw(path: &str, body: String) -> Self {
        Self::new(Method::POST, path.to_owned(), Bytes::from(body))
    }

    /// A form with one file, as browsers send it.
    pub(crate) fn upload(path: &str, file: &[u8]) -> Self {
        let head =
            "--sep\r\nContent-Disposition: form-data; name=\"file\"; filename=\"mail\"\r\n\r\n";
        let body = [head.as_bytes(), file, b"\r\n--sep--\r\n"].concat().into();
        let content_type = "multipart/form-data; boundary=sep";
        Self { content_type, ..Self::new(Method::POST, path.to_owned(), body) }
    }

    pub(crate) fn keyed(self, key: &str) -> Self {
        Self { idempotency_key: Some(key.to_owned()), ..self }
    }
}

/// A kept connection to one process.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    /// The header that carries the key of its API, and what it says.
    credential: (&'static str, String),
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr, key: &str) -> Result<Self, Silence> {
        let stream = TcpStream::connect(addr).await.map_err(|_| Silence)?;
        let shaken = handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|_| Silence)?;
        tokio::spawn(connection);
        let credential = if key.starts_with("ApiKey_") {
            ("x-api-key", key.to_owned())
        } else {
            ("authorization", format!("Bearer {key}"))
        };
        Ok(Self { sender, credential })
    }

    pub(crate) async fn call(&mut self, call: &Call) -> Result<Answer, Silence> {
        let exchanged = timeout(CALL_TIMEOUT, self.exchange(call)).await;
        exchanged.unwrap_or_else(|_| panic!("no answer in {CALL_TIMEOUT:?} to {call:?}"))
    }

    async fn exchange(&mut self, call: &Call) -> Result<Answer, Silence> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(&call.path)
            .header("host", "127.0.0.1")
            .header(self.credential.0, &self.credential.1)
            .header("content-type", call.content_type);
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(call.body.clone())).expect("a request");
        // The answer before was read, which its connection may not have noticed.
        self.sender.ready().await.map_err(|_| Silence)?;
        let answer = self.sender.send_request(request).await.map_err(|_| Silence)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Silence)?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Calls a process that is expected to live, again for as long as it asks for that.
    async fn insist(&mut self, call: &Call) -> Answer {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.call(call).await.expect("the process lives");
            if !answer.asks_to_come_again() || Instant::now() > until {
                return answer;
            }
            sleep_until(Instant::now() + PAUSE).await;
        }
    }

    /// Calls a process that is expected to live; the answer must be a good one.
    pub(crate) async fn expect(&mut self, call: &Call) -> Answer {
        let answer = self.insist(call).await;
        let body = String::from_utf8_lossy(&answer.body);
        assert!(answer.is_good(), "{} {}: {} {body}", call.method, call.path, answer.status);
        answer
    }
}
