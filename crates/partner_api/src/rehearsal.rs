//! Headers with which a test key rehearses bad days: a slow answer, a failure before the handler
//! (developer-experience.md rule 68). To a live key they mean nothing.

use std::time::Duration;

use app::OpCtx;
use axum::http::HeaderMap;
use domain::{Error, ErrorCode, Result};

/// The longest delay that can be asked for, in milliseconds.
const LATENCY_MS_MAX: u64 = 10_000;

/// Waits and fails as the headers ask.
pub(crate) async fn rehearse(ctx: &OpCtx, headers: &HeaderMap) -> Result<()> {
    if ctx.livemode() {
        return Ok(());
    }
    if let Some(text) = text(headers, "test-latency-ms") {
        let wanted = text.parse().ok().filter(|ms| *ms <= LATENCY_MS_MAX);
        let ms = wanted.ok_or_else(|| {
            refused("Test-Latency-Ms", "must be a number of milliseconds from 0 to 10000")
        })?;
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    match text(headers, "test-fail") {
        None => Ok(()),
        Some("429") => Err(Error::refused(ErrorCode::RateLimited, "this failure was asked for")
            .fix("send the request without the header Test-Fail")
            .retry_after(1)),
        Some("500") => Err(Error::internal("failing as the header Test-Fail asks", "a rehearsal")),
        Some(_) => Err(refused("Test-Fail", "must be 429 or 500")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn refused(header: &str, rule: &str) -> Error {
    Error::refused(ErrorCode::InvalidParameter, format!("{header} {rule}")).param(header)
}
