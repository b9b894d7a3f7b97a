//! The token of a subscription: an `Authorization` header that every request of its carries, sealed as the
//! custom headers of other endpoints are.

use bytes::Bytes;
use domain::{Error, Result};
use storage::endpoints::Endpoint;
use webhook::custom::CustomHeaders;

use super::invalid;
use crate::OpCtx;
use crate::endpoints::headers_place;

/// What stands before the token, in the header's value and in what is sealed.
const SCHEME: &str = "Bearer ";
const SEALED_START: &str = "authorization: Bearer ";

/// Names and sealed values for an endpoint's row.
pub(super) type Headers = (Vec<String>, Option<Bytes>);

/// Seals a token for the endpoint of a number; `None` is no header.
pub(super) fn seal(ctx: &OpCtx, endpoint_no: i64, token: Option<&str>) -> Result<Headers> {
    let Some(token) = token else { return Ok((Vec::new(), None)) };
    let pairs = [("Authorization".to_owned(), format!("{SCHEME}{token}"))];
    let headers = CustomHeaders::read(&pairs)
        .map_err(|_| invalid("auth_token", "auth_token must be visible ASCII".to_owned()))?;
    let sealed = ctx.seal(&headers_place(endpoint_no), headers.to_text().as_bytes());
    Ok((headers.names(), Some(sealed)))
}

/// The token of an endpoint. Clients expect it back (email-api.md 8.1).
pub(super) fn open(ctx: &OpCtx, endpoint: &Endpoint) -> Result<Option<String>> {
    let Some(sealed) = &endpoint.headers_sealed else { return Ok(None) };
    let doing = "opening the token of a subscription";
    let opened = ctx.open(&headers_place(endpoint.no), sealed);
    let opened = opened.map_err(|e| Error::internal(doing, e))?;
    let text = String::from_utf8(opened).map_err(|e| Error::internal(doing, e))?;
    Ok(text.trim_end_matches('\n').strip_prefix(SEALED_START).map(ToOwned::to_owned))
}
