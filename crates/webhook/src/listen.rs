//! Listening to a stream of server-sent events, for the command line.
//!
//! Shares the guarded connector with the sender. When to come back after an end is the caller's.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::{HeaderName, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::connect::Link;
use crate::outcome::{ErrorKind, Failure, Phases};
use crate::sender::{Sender, broken};
use crate::target::Target;

/// How long the server may take to begin, and to say anything: three of its comments.
const BEGIN_WAIT_MAX: Duration = Duration::from_secs(15);
const QUIET_MAX: Duration = Duration::from_secs(45);
/// Bytes of one event: four times the largest payload.
const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a refusal that are read.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    pub kind: String,
    pub data: Vec<u8>,
}

/// An open stream.
pub struct Listening {
    _link: Link,
    body: Incoming,
    buffer: Vec<u8>,
    /// After which event the stream goes on, should it be taken up again.
    pub last_id: Option<String>,
}

/// Why a stream did not begin.
#[derive(Debug, thiserror::Error)]
pub enum NoStream {
    #[error("the server answered {status}: {body}")]
    Refused { status: StatusCode, body: String },
    #[error("{}: {}", .0.kind, .0.detail)]
    Failed(Failure),
}

impl From<Failure> for NoStream {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Sender {
    /// Opens a stream with this key, after an event if one is named.
    pub async fn listen(
        &self,
        target: &Target,
        key: &str,
        last_id: Option<String>,
    ) -> Result<Listening, NoStream> {
        let begin = self.begin(target, key, last_id);
        let late = || Failure::new(ErrorKind::Timeout, "no answer within 15 s");
        timeout(BEGIN_WAIT_MAX, begin).await.map_err(|_| late())?
    }

    async fn begin(
        &self,
        target: &Target,
        key: &str,
        last_id: Option<String>,
    ) -> Result<Listening, NoStream> {
        let mut link = self.connector.open_http1(target, &mut Phases::default()).await?;
        let mut get = Request::new(Full::default());
        *get.uri_mut() = target.path.clone();
        *get.headers_mut() = headers(target, key, last_id.as_deref())?;
        let answer = link.http.send_request(get).await.map_err(|error| broken(&error))?;
        if answer.status() == StatusCode::OK {
            return Ok(Listening {
                _link: link,
                body: answer.into_body(),
                buffer: Vec::new(),
                last_id,
            });
        }
        let status = answer.status();
        let read = Limited::new(answer.into_body(), REFUSAL_BYTES_MAX).collect().await;
        let body = read.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(NoStream::Refused { status, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

fn headers(target: &Target, key: &str, last_id: Option<&str>) -> Result<HeaderMap, Failure> {
    let value = |text: &str| {
        let what = "a key or an id with characters that no header takes";
        HeaderValue::from_str(text).map_err(|_| Failure::new(ErrorKind::Internal, what))
    };
    let mut headers = HeaderMap::new();
    headers.insert(HOST, target.authority.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static("postroom-listen/1"));
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    headers.insert(AUTHORIZATION, value(&format!("Bearer {key}"))?);
    if let Some(id) = last_id {
        headers.insert(LAST_EVENT_ID, value(id)?);
    }
    Ok(headers)
}

impl Listening {
    /// The next event; `None` when the server ended the stream.
    pub async fn next(&mut self) -> Result<Option<Told>, Failure> {
        loop {
            while let Some(block) = take_block(&mut self.buffer) {
                let told = read_block(&block);
                if !told.id.is_empty() {
                    self.last_id = Some(told.id.clone());
                }
                if !told.data.is_empty() {
                    return Ok(Some(told));
                }
            }
            if self.buffer.len() > EVENT_BYTES_MAX {
                return Err(Failure::new(ErrorKind::Protocol, "an event of more than 256 KiB"));
            }
            let quiet = || Failure::new(ErrorKind::Timeout, "nothing was heard for 45 s");
            let frame = timeout(QUIET_MAX, self.body.frame()).await.map_err(|_| quiet())?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| broken(&error))?;
            self.buffer.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        }
    }
}

/// The lines before the next empty one.
fn take_block(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = buffer.windows(2).position(|two| two == b"\n\n")?;
    let rest = buffer.split_off(end + 2);
    Some(std::mem::replace(buffer, rest))
}

fn read_block(block: &[u8]) -> Told {
    let mut told = Told::default();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    for line in block.split(|byte| *byte == b'\n') {
        if let Some(value) = line.strip_prefix(b"id: ") {
            told.id = text(value);
        } else if let Some(value) = line.strip_prefix(b"event: ") {
            told.kind = text(value);
        } else if let Some(value) = line.strip_prefix(b"data: ") {
            if !told.data.is_empty() {
                told.data.push(b'\n');
            }
            told.data.extend_from_slice(value);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_taken_whole_however_they_arrive() {
        let mut buffer =
            b"retry: 1000\nid: evt_1\n\n: nothing new\n\nid: evt_2\nevent: a.b\ndata: {".to_vec();
        let opening = read_block(&take_block(&mut buffer).unwrap());
        assert_eq!((opening.id.as_str(), opening.data.len()), ("evt_1", 0));
        assert_eq!(read_block(&take_block(&mut buffer).unwrap()), Told::default());
        assert_eq!(take_block(&mut buffer), None);
        buffer.extend_from_slice(b"}\ndata: 2\n\nid");
        let told = read_block(&take_block(&mut buffer).unwrap());
        assert_eq!((told.kind.as_str(), told.data.as_slice()), ("a.b", b"{}\n2".as_slice()));
        assert_eq!(buffer, b"id");
    }
}
