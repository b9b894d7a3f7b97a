//! Cursors: the place after the last row of a page, sealed for its list, so that it opens nowhere else.

use app::OpCtx;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::ThreadId;
use domain::{Result, Timestamp};
use serde::Serialize;
use wire::email::page::Page;

use crate::query::{Query, invalid};

/// What tells rows of one moment apart.
pub(crate) trait Mark: Sized {
    fn show(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

impl Mark for i64 {
    fn show(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Mark for ThreadId {
    fn show(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

/// The place that the request's cursor names, if it has one.
pub(crate) fn place<M: Mark>(
    ctx: &OpCtx,
    query: &Query,
    list: &str,
) -> Result<Option<(Timestamp, M)>> {
    let Some(cursor) = query.text("cursor") else { return Ok(None) };
    let open = || {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let opened = ctx.open(&name(ctx, list), &sealed).ok()?;
        let (at, mark) = std::str::from_utf8(&opened).ok()?.split_once(' ')?;
        Some((Timestamp::from_micros(at.parse().ok()?), M::parse(mark)?))
    };
    open().map(Some).ok_or_else(|| invalid("cursor", "does not belong to this list"))
}

/// A page whose last row stands at `last`.
pub(crate) fn page<T: Serialize, M: Mark>(
    ctx: &OpCtx,
    list: &str,
    items: Vec<T>,
    last: Option<(Timestamp, M)>,
    has_more: bool,
) -> Page<T> {
    let cursor = |(at, mark): (Timestamp, M)| {
        let text = format!("{} {}", at.micros(), mark.show());
        let sealed = ctx.seal(&name(ctx, list), text.as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    };
    let next_cursor = last.filter(|_| has_more).map(cursor);
    Page { items, has_more: next_cursor.is_some(), next_cursor }
}

fn name(ctx: &OpCtx, list: &str) -> String {
    format!("cursor {} {list}", ctx.scope.partner_id())
}
