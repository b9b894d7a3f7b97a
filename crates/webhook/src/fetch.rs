//! Downloading a mail photo from an address that a partner gave.
//!
//! Shares the guarded connector with the sender. Whether the bytes are an image is judged by whoever
//! asked for them. Every hop of a redirect is parsed, resolved, vetted and pinned afresh inside the
//! one deadline (webhooks.md 5.9 point 7).

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION,
    USER_AGENT,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::{Duration, timeout};

use crate::outcome::{Failure, Phases};
use crate::sender::{Sender, broken};
use crate::target::{Target, UrlProblem};

/// What a download may use.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    pub bytes_max: usize,
    /// Covers every hop.
    pub deadline: Duration,
    pub redirects_max: usize,
}

/// The limits for a photo of a mail item (postal.md 4.7).
pub const PHOTO: FetchLimits = FetchLimits {
    bytes_max: 20 * 1024 * 1024,
    deadline: Duration::from_secs(10),
    redirects_max: 3,
};

#[derive(Clone, Debug)]
pub struct Fetched {
    pub bytes: Bytes,
    /// What the server says it is; nothing has been checked.
    pub content_type: Option<String>,
}

/// Why a download failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchProblem {
    #[error(transparent)]
    Url(#[from] UrlProblem),
    #[error("the server answered with status {0} instead of 200")]
    Status(u16),
    #[error("the server redirected more than {0} times")]
    Redirects(usize),
    #[error("the server redirected without saying where to")]
    Location,
    #[error("the file is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the download did not finish within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The kind may be shown; the detail is for operators.
    #[error("the download failed: {}", .0.kind)]
    Failed(Failure),
}

impl Sender {
    /// Downloads a file by GET, on a connection of its own.
    pub async fn fetch(&self, url: &str, limits: FetchLimits) -> Result<Fetched, FetchProblem> {
        timeout(limits.deadline, self.follow(url, limits))
            .await
            .unwrap_or(Err(FetchProblem::Timeout(limits.deadline)))
    }

    async fn follow(&self, url: &str, limits: FetchLimits) -> Result<Fetched, FetchProblem> {
        let mut target = self.guard().check_photo(url)?;
        for _ in 0..=limits.redirects_max {
            let mut link = self
                .connector
                .open_http1(&target, &mut Phases::default())
                .await
                .map_err(FetchProblem::Failed)?;
            let answer = link.http.send_request(get(&target)).await.map_err(failed)?;
            match answer.status().as_u16() {
                200 => return read(answer, limits.bytes_max).await,
                301 | 302 | 303 | 307 | 308 => {
                    let next = header(&answer, &LOCATION).and_then(|text| target.join(&text));
                    target = self.guard().check_photo(&next.ok_or(FetchProblem::Location)?)?;
                }
                status => return Err(FetchProblem::Status(status)),
            }
        }
        Err(FetchProblem::Redirects(limits.redirects_max))
    }
}

fn get(target: &Target) -> Request<Full<Bytes>> {
    let mut get = Request::new(Full::default());
    *get.uri_mut() = target.path.clone();
    let headers = get.headers_mut();
    headers.insert(HOST, target.authority.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static("postroom-fetch/1"));
    headers.insert(ACCEPT, HeaderValue::from_static("image/*, application/pdf"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    get
}

async fn read(answer: Response<Incoming>, bytes_max: usize) -> Result<Fetched, FetchProblem> {
    let content_type = header(&answer, &CONTENT_TYPE);
    let promised = header(&answer, &CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
    if promised.is_some_and(|length| length > bytes_max) {
        return Err(FetchProblem::TooLarge(bytes_max));
    }
    let mut body = answer.into_body();
    // Grows with what arrives: a promise of 20 MiB costs the sender of it nothing.
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(failed)?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > bytes_max {
            return Err(FetchProblem::TooLarge(bytes_max));
        }
        bytes.extend_from_slice(data);
    }
    Ok(Fetched { bytes: bytes.freeze(), content_type })
}

fn header(answer: &Response<Incoming>, name: &HeaderName) -> Option<String> {
    answer.headers().get(name)?.to_str().ok().map(str::to_owned)
}

#[expect(clippy::needless_pass_by_value, reason = "stands as a function in map_err")]
fn failed(error: hyper::Error) -> FetchProblem {
    FetchProblem::Failed(broken(&error))
}
