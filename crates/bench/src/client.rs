//! A client that costs as little as possible: requests are bytes, answers are looked at, not read.
//!
//! It knows what our server sends and no more: HTTP/1.1 with a Content-Length.

use std::net::SocketAddr;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of an answer, headers included.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A kept connection.
pub(crate) struct Client {
    stream: TcpStream,
    head: String,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr, key: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(addr).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        let credential = if key.starts_with("ApiKey_") {
            format!("x-api-key: {key}")
        } else {
            format!("authorization: Bearer {key}")
        };
        let head = format!("host: {addr}\r\n{credential}\r\n");
        Ok(Self { stream, head, buffer: Vec::with_capacity(8 << 10) })
    }

    /// The bytes of a request.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        idempotency_key: Option<&str>,
        body: &str,
    ) -> Vec<u8> {
        let keyed = idempotency_key.map(|key| format!("idempotency-key: {key}\r\n"));
        format!(
            "{method} {path} HTTP/1.1\r\n{}{}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.head,
            keyed.unwrap_or_default(),
            body.len()
        )
        .into_bytes()
    }

    /// Sends a request and returns the body of its answer, which must be a good one.
    pub(crate) async fn good(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            let n = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(n > 0, "the server closed the connection");
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..end])?;
                let length = header(head, "content-length").context("an answer has a length")?;
                break (end + 4, length.parse::<usize>()?);
            }
            ensure!(self.buffer.len() < ANSWER_BYTES_MAX, "the answer has no end");
        };
        ensure!(length < ANSWER_BYTES_MAX, "the answer is too long");
        while self.buffer.len() < head + length {
            let n = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(n > 0, "the server closed the connection");
        }
        if !self.buffer.starts_with(b"HTTP/1.1 2") {
            bail!("{}", String::from_utf8_lossy(&self.buffer));
        }
        Ok(&self.buffer[head..head + length])
    }
}

/// Where a text begins in bytes.
pub(crate) fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// The value of a header, by its name in any case.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
