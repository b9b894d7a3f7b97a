//! One call of the API, as a handler sees it: who, which path, which parameters, which body.

use std::sync::Arc;

use app::email::contacts::vcard::IMPORT_BYTES_MAX;
use app::email::full_address;
use app::email::keys::Caller;
use app::email::messages::lookup::kept_name;
use app::{Idempotency, OpCtx};
use axum::RequestExt;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, MatchedPath, RawPathParams, Request};
use axum::http::header::{self, HeaderMap};
use axum::http::{Response, Uri};
use domain::partner::PartnerStatus;
use domain::{Error, ErrorCode, Result};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::query::Query;
use crate::refusal::Refusal;
use crate::{EmailApi, answer};

/// Bytes of a request body.
const BODY_BYTES_MAX: usize = 1 << 20;
/// The same where attachments come along: 25 MiB in base64, two texts of a million characters, and room.
const LETTER_BYTES_MAX: usize = 44 << 20;
/// Bytes of a raw message (email-engine.md 5.1).
const RAW_BYTES_MAX: usize = 50 << 20;
/// The route that takes vCards, of as many bytes as they may have.
const IMPORT: &str = "/api/v1/contacts/import";
/// The ends of the routes that take attachments.
const LETTERS: &[&str] =
    &["/messages", "/reply-all", "/forward", "/attachments", "/drafts", "/drafts/{draft_id}"];
/// Characters of an idempotency key (email-api.md I-1).
pub(crate) const KEY_CHARS_MAX: usize = 255;

/// What a handler returns.
pub(crate) type Handled = Result<Response<Body>, Refusal>;

pub(crate) struct Call {
    caller: Arc<Caller>,
    params: Vec<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<EmailApi> for Call {
    type Rejection = Refusal;

    async fn from_request(mut request: Request, _: &EmailApi) -> Result<Self, Refusal> {
        let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
        let params = request.extract_parts::<RawPathParams>().await;
        let params = params.map_err(|_| not_found())?;
        let params = params.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let (parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Arc<Caller>>().cloned();
        let caller = caller.ok_or_else(|| Error::internal("entering a handler", "no caller"))?;
        let bytes_max = match route {
            Some(route) if LETTERS.iter().any(|end| route.ends_with(end)) => LETTER_BYTES_MAX,
            Some(route) if route.ends_with("/ingest") => RAW_BYTES_MAX,
            Some(route) if route == IMPORT => IMPORT_BYTES_MAX,
            Some(_) | None => BODY_BYTES_MAX,
        };
        let body = Limited::new(body, bytes_max).collect().await.map_err(|e| {
            if e.downcast_ref::<LengthLimitError>().is_some() {
                let message = format!("a request body has at most {bytes_max} bytes here");
                Error::refused(ErrorCode::PayloadTooLarge, message)
            } else {
                Error::refused(ErrorCode::InvalidParameter, "the body broke off")
            }
        })?;
        Ok(Self { caller, params, uri: parts.uri, headers: parts.headers, body: body.to_bytes() })
    }
}

fn not_found() -> Error {
    Error::refused(ErrorCode::NotFound, "Not Found")
}

impl Call {
    /// A segment of the path by its name in the route.
    pub(crate) fn param(&self, name: &str) -> String {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Begins a reading call.
    pub(crate) fn read(&self) -> (OpCtx, Query) {
        (self.caller.ctx.clone(), Query::read(self.uri.query()))
    }

    /// Begins a writing call: a tenant that may write, and a body that is a JSON object; none is an
    /// empty one.
    pub(crate) fn write(&self) -> Result<(OpCtx, Value)> {
        self.must_write()?;
        Ok((self.caller.ctx.clone(), self.json()?))
    }

    /// Refuses changes by a tenant that is suspended or closed; reading stays open.
    pub(crate) fn must_write(&self) -> Result<()> {
        match self.caller.ctx.partner.status {
            PartnerStatus::Live | PartnerStatus::Sandbox => Ok(()),
            status @ (PartnerStatus::Suspended | PartnerStatus::Closed) => {
                let message = format!("this organization is {status}");
                Err(Error::refused(ErrorCode::PartnerSuspended, message))
            }
        }
    }

    /// What the body is said to be, without its parameters.
    pub(crate) fn media_type(&self) -> &str {
        let said = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        said.unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// The body as it came.
    pub(crate) fn bytes(&self) -> Bytes {
        self.body.clone()
    }

    fn json(&self) -> Result<Value> {
        if self.body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        let invalid = |message: String| Error::refused(ErrorCode::ValidationFailed, message);
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|e| invalid(format!("the body is not JSON: {e}")))?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(invalid("the body must be an object".into()))
        }
    }

    /// The whole address of the mailbox that the path names.
    pub(crate) fn mailbox(&self) -> String {
        full_address(&self.caller.ctx, &self.param("email_address"))
    }

    /// Lets the answer be kept under the caller's idempotency key, if there is one. The same key is another
    /// one for another operation or mailbox (I-2); how the path spells them makes no difference.
    pub(crate) fn remember(&self, ctx: &mut OpCtx, operation: &str) -> Result<()> {
        let Some(key) = self.idempotency_key()? else { return Ok(()) };
        let mut input = Sha256::new();
        for (_, value) in self.params.iter().filter(|(name, _)| name != "email_address") {
            input.update(value.as_bytes());
            input.update([0]);
        }
        input.update(&self.body);
        ctx.idempotency = Some(Idempotency {
            key: kept_name(operation, &self.mailbox(), &key),
            fingerprint: input.finalize().into(),
            path: format!("POST {}", self.uri.path()),
        });
        Ok(())
    }

    /// The caller's idempotency key, if there is one (I-1).
    pub(crate) fn idempotency_key(&self) -> Result<Option<String>> {
        let Some(value) = self.headers.get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().ok().filter(|key| {
            (1..=KEY_CHARS_MAX).contains(&key.len())
                && key.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        });
        let rule = || format!("Idempotency-Key is 1 to {KEY_CHARS_MAX} printable characters");
        key.map(|key| Some(key.to_owned()))
            .ok_or_else(|| Error::refused(ErrorCode::IdempotencyKeyInvalid, rule()))
    }
}

impl EmailApi {
    /// Runs a writing use-case and turns its answer, new or remembered, into a response.
    pub(crate) async fn run<T, W, R>(&self, ctx: &OpCtx, work: W, render: R) -> Handled
    where
        W: AsyncFn(&app::Tx, &OpCtx) -> Result<T> + Send + 'static,
        R: Fn(&OpCtx, &T) -> Bytes + Send + 'static,
        T: Send + 'static,
    {
        let reply = self.app.execute(ctx, work, render).await?;
        Ok(answer::respond(&reply.answer))
    }

    /// The response to a call that could not be prepared. What it needs may be gone since the call was first
    /// answered: then that answer holds (I-3).
    pub(crate) async fn again_or(&self, ctx: &OpCtx, error: Error) -> Handled {
        let kept = self.app.kept_reply(ctx).await?.ok_or(error)?;
        Ok(answer::respond(&kept.answer))
    }
}
