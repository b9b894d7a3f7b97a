//! Pages of lists: sealed cursors and the envelope.
//!
//! A cursor holds the position after the last row. It is sealed for the list, the filters and the
//! tenant, so that it opens nowhere else, and it survives the deletion of the row that it names.

use app::OpCtx;
use axum::body::Body;
use axum::http::Response;
use axum::http::header::{self, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Error, ErrorCode, Result};
use serde::Serialize;

use crate::answer;
use crate::query::Query;

/// The envelope of every list.
#[derive(Serialize)]
struct Page<'a, T> {
    object: &'static str,
    data: &'a [T],
    has_more: bool,
    next_cursor: Option<&'a str>,
    url: &'a str,
}

/// The list that a page belongs to: its path under the host, and the request's parameters.
pub(crate) struct List<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a Query,
}

impl List<'_> {
    /// The position in the request's cursor, if it has one.
    pub(crate) fn position(&self, ctx: &OpCtx) -> Result<Option<String>> {
        let Some(cursor) = self.query.text("cursor") else { return Ok(None) };
        let bad = || {
            Error::refused(ErrorCode::CursorInvalid, "this cursor does not belong to this list")
                .param("cursor")
                .fix("send next_cursor of the page before, with the same filters")
        };
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
        let position = ctx.open(&self.place(ctx), &sealed).map_err(|_| bad())?;
        String::from_utf8(position).map(Some).map_err(|_| bad())
    }

    /// The page: at most `limit` of the rows, which are one more when there is a next page.
    pub(crate) fn page<R, T: Serialize>(
        &self,
        ctx: &OpCtx,
        mut rows: Vec<R>,
        limit: i64,
        position: impl Fn(&R) -> String,
        show: impl Fn(&R) -> T,
    ) -> Response<Body> {
        let has_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if has_more {
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let next = rows.last().filter(|_| has_more).map(|last| self.cursor(ctx, &position(last)));
        let data: Vec<T> = rows.iter().map(show).collect();
        self.respond(next.as_deref(), &data)
    }

    /// A page whose next position is known.
    pub(crate) fn respond<T: Serialize>(&self, next: Option<&str>, data: &[T]) -> Response<Body> {
        let body = Page {
            object: "list",
            data,
            has_more: next.is_some(),
            next_cursor: next,
            url: self.path,
        };
        let mut response = answer::respond(&answer::ok(&body, None));
        if let Some(next) = next {
            let link = format!("<{}?{}>; rel=\"next\"", self.path, self.query.with_cursor(next));
            if let Ok(value) = HeaderValue::from_str(&link) {
                response.headers_mut().insert(header::LINK, value);
            }
        }
        response
    }

    /// Seals a position.
    pub(crate) fn cursor(&self, ctx: &OpCtx, position: &str) -> String {
        let place = self.place(ctx);
        let sealed = ctx.seal(&place, position.as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    fn place(&self, ctx: &OpCtx) -> String {
        let tenant = (ctx.scope.partner_id(), ctx.livemode());
        format!("cursor {} {} {} {}", self.path, self.query.filter_digest(), tenant.0, tenant.1)
    }
}
