//! One call of the API, as a handler sees it: who, which path, which parameters, which body.
//!
//! The order of checks is that of developer-experience.md rule 29. What comes before the route (size,
//! key, address, rate) is in `entrance`; here are scope, media type, JSON, idempotency.

use std::sync::Arc;

use app::OpCtx;
use app::authenticate::Caller;
use axum::RequestExt;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, RawPathParams, Request};
use axum::http::header::{self, HeaderMap};
use axum::http::{Method, Response, Uri};
use domain::key::ScopeName;
use domain::{Error, ErrorCode, Result};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use crate::query::Query;
use crate::refusal::Refusal;
use crate::{PartnerApi, answer, idempotency};

/// Bytes of a request body.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// What a handler returns.
pub(crate) type Handled = Result<Response<Body>, Refusal>;

pub(crate) struct Call {
    caller: Arc<Caller>,
    params: Vec<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<PartnerApi> for Call {
    type Rejection = Refusal;

    async fn from_request(mut request: Request, _: &PartnerApi) -> Result<Self, Refusal> {
        let params = request.extract_parts::<RawPathParams>().await;
        let params = params.map_err(|_| query_error("the path must be percent-encoded UTF-8"))?;
        let params = params.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let (parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Arc<Caller>>().cloned();
        let caller = caller.ok_or_else(|| Error::internal("entering a handler", "no caller"))?;
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|e| {
            if e.downcast_ref::<LengthLimitError>().is_some() {
                too_large()
            } else {
                Error::refused(ErrorCode::InvalidJson, "the body broke off")
                    .fix("send the request again")
            }
        })?;
        Ok(Self {
            caller,
            params,
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: body.to_bytes(),
        })
    }
}

pub(crate) fn too_large() -> Error {
    Error::refused(
        ErrorCode::PayloadTooLarge,
        format!("a request body has at most {BODY_BYTES_MAX} bytes"),
    )
}

fn query_error(message: &str) -> Error {
    Error::refused(ErrorCode::InvalidParameter, message)
}

impl Call {
    /// A segment of the path by its name in the route.
    pub(crate) fn param(&self, name: &str) -> String {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
    }

    /// A header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Refuses every query parameter.
    pub(crate) fn no_query(&self) -> Result<()> {
        Query::read(self.uri.query(), &[]).map(drop)
    }

    /// Begins a reading call: its scope, and its parameters, of which there are no others.
    pub(crate) fn read(&self, scope: ScopeName, known: &[&str]) -> Result<(OpCtx, Query)> {
        self.caller.must_have(scope)?;
        Ok((self.caller.ctx.clone(), Query::read(self.uri.query(), known)?))
    }

    /// Begins a writing call: scope, a partner that may write, media type, JSON, idempotency key.
    pub(crate) fn write(&self, scope: ScopeName) -> Result<(OpCtx, Value)> {
        self.caller.must_have(scope)?;
        self.caller.must_be_live()?;
        let query = Query::read(self.uri.query(), &["dry_run"])?;
        let body = self.json()?;
        let mut ctx = self.caller.ctx.clone();
        ctx.dry_run = query.flag("dry_run")?;
        let required = ctx.partner.settings.require_idempotency_key;
        let key = idempotency::read(&self.headers, &self.method, &self.uri, &body, required)?;
        // A dry run leaves no trace, so it neither replays nor is remembered.
        ctx.idempotency = key.filter(|_| !ctx.dry_run);
        Ok((ctx, body))
    }

    /// The body as JSON; an empty one is an empty object.
    fn json(&self) -> Result<Value> {
        if self.body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        let media = self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let media = media.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/json") {
            return Err(Error::refused(
                ErrorCode::UnsupportedMediaType,
                "the body must be application/json",
            )
            .fix("send the header Content-Type: application/json"));
        }
        let value: Value = serde_json::from_slice(&self.body).map_err(|e| {
            Error::refused(ErrorCode::InvalidJson, format!("the body is not JSON: {e}"))
        })?;
        if value.is_object() {
            return Ok(value);
        }
        Err(Error::refused(ErrorCode::InvalidJson, "the body must be a JSON object"))
    }

    /// The version that the caller's `If-Match` names, if it names one.
    pub(crate) fn if_match(&self) -> Result<Option<i64>> {
        let Some(value) = self.headers.get(header::IF_MATCH) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(None);
        }
        let version = text.trim_start_matches("W/").trim_matches('"').parse();
        version.map(Some).map_err(|_| {
            Error::refused(
                ErrorCode::InvalidParameter,
                "If-Match must be an ETag that this API gave",
            )
            .param("If-Match")
        })
    }
}

impl PartnerApi {
    /// Runs a writing use-case and turns its answer, new or remembered, into a response.
    pub(crate) async fn run<T, W, R>(&self, ctx: &OpCtx, work: W, render: R) -> Handled
    where
        W: AsyncFn(&app::Tx, &OpCtx) -> Result<T> + Send + 'static,
        R: Fn(&OpCtx, &T) -> Bytes + Send + 'static,
        T: Send + 'static,
    {
        let reply = self.app.execute(ctx, work, render).await?;
        if ctx.dry_run {
            return Ok(answer::dry_run(&reply.answer));
        }
        let mut response = answer::respond(&reply.answer);
        if let Some(original) = reply.replay_of {
            metrics::counter!("postroom_idempotency_total", "result" => "replayed").increment(1);
            answer::mark_replay(&mut response, &original);
        }
        Ok(response)
    }
}
