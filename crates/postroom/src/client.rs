//! A small HTTP client for talking to a Postroom on this machine: the demo's walk, the doctor's visit.
//!
//! One connection a request, plain HTTP. Requests that leave the house are sent by `webhook`.

use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long one exchange may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The value of a header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Sends one request to `host` (`127.0.0.1:8080`) and reads the whole answer.
pub async fn send(
    host: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> anyhow::Result<Answer> {
    let doing = || format!("asking http://{host}{path}");
    let exchange = exchange(host, method, path, headers, body);
    match tokio::time::timeout(EXCHANGE_TIMEOUT, exchange).await {
        Ok(answer) => answer.with_context(doing),
        Err(_) => bail!("no answer from http://{host}{path} within {EXCHANGE_TIMEOUT:?}"),
    }
}

async fn exchange(
    host: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> anyhow::Result<Answer> {
    let stream = TcpStream::connect(host).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender.send_request(request.body(Full::new(body))?).await?;
    let (head, body) = response.into_parts();
    let read = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    let body = read.map_err(anyhow::Error::from_boxed)?.to_bytes();
    connection.abort();
    Ok(Answer { status: head.status, headers: head.headers, body })
}
