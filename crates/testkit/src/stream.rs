//! A stream of server-sent events as a client reads it, one event at a time.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::persona::Persona;
use crate::server::{CALL_TIMEOUT, Call};

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    pub kind: String,
    pub data: String,
}

/// An open stream. Dropping it hangs up.
pub struct Stream {
    body: Incoming,
    buffer: String,
}

impl Persona<'_> {
    /// Opens a stream of events, after the event with this id.
    pub async fn stream(&self, query: &str, last_event_id: Option<&str>) -> Stream {
        let path = format!("/api/v1/events/stream{query}");
        let header = last_event_id.map(|id| ("last-event-id", id));
        let call = Call {
            method: Method::GET,
            path: &path,
            key: self.key.as_deref(),
            headers: header.as_slice(),
            body: Bytes::new(),
        };
        let opening = timeout(CALL_TIMEOUT, self.server.open(call)).await;
        let response = opening.expect("an answer in time");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { body: response.into_body(), buffer: String::new() }
    }
}

impl Stream {
    /// The next event; `None` when the server ended the stream.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                let field = |name: &str| {
                    let mut lines = block.lines();
                    lines.find_map(|l| l.strip_prefix(name)).map(ToOwned::to_owned)
                };
                let told = field("data: ").map(|data| Told {
                    id: field("id: ").unwrap_or_default(),
                    kind: field("event: ").unwrap_or_default(),
                    data,
                });
                if told.is_some() {
                    return told;
                }
            }
            let frame = timeout(CALL_TIMEOUT, self.body.frame()).await.expect("news in time")?;
            let data = frame.expect("the connection holds").into_data().unwrap_or_default();
            self.buffer.push_str(&String::from_utf8_lossy(&data));
        }
    }

    /// All that comes until the server ends the stream.
    pub async fn rest(mut self) -> Vec<Told> {
        let mut all = Vec::new();
        while let Some(told) = self.next().await {
            all.push(told);
        }
        all
    }
}
