//! Following events: each that is committed, in an order in which none is missed.
//!
//! Which order that is, is in [`storage::stream`]. Waiting for more is the caller's.

use domain::id::EventId;
use domain::{Error, ErrorCode, Result};
pub use storage::stream::{Mark, Streamed};
use storage::{Tx, stream};

use crate::{Actor, OpCtx};

/// Events that one read brings.
const PAGE_ROWS: i64 = 100;

/// Where to begin.
#[derive(Clone, Debug)]
pub enum From {
    /// After an event, by its id as it was sent.
    After(String),
    /// With this many of the newest; with none, at what comes next.
    Newest(i64),
}

/// Where a reader stands.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    pub mark: Mark,
    /// All that was committed when it began is before this position.
    until: i64,
}

/// What a read brought.
#[derive(Clone, Debug)]
pub struct Batch {
    pub events: Vec<Streamed>,
    pub reader: Reader,
    /// There may be more at once.
    pub is_full: bool,
    /// All that was committed when the reader began has been read.
    pub has_caught_up: bool,
}

/// The second part is the event after which the reader begins, if there is one before it.
pub async fn begin(tx: &Tx, ctx: &OpCtx, from: &From) -> Result<(Reader, Option<EventId>)> {
    let horizon = stream::horizon(tx).await?;
    let (mark, id) = match from {
        From::Newest(n) => stream::before_newest(tx, &ctx.scope, horizon.settled, *n).await?,
        From::After(text) => {
            let id = EventId::parse(text);
            let found = match id {
                Some(id) => stream::mark_of(tx, &ctx.scope, id).await?,
                None => None,
            };
            let mark = found.ok_or_else(|| {
                Error::refused(ErrorCode::CursorInvalid, "the event in Last-Event-ID is not kept")
                    .param("Last-Event-ID")
                    .fix("leave the header out, and read what you missed with GET /api/v1/events")
            })?;
            (mark, id)
        }
    };
    Ok((Reader { mark, until: horizon.begun }, id))
}

/// What follows. Refused once the caller's key has ended.
pub async fn read(tx: &Tx, ctx: &OpCtx, mut reader: Reader) -> Result<Batch> {
    if let Actor::ApiKey(id) = ctx.actor
        && !stream::key_is_good(tx, id, ctx.app.clock.now()).await?
    {
        return Err(Error::refused(ErrorCode::ApiKeyRevoked, "this API key has ended"));
    }
    let settled = stream::horizon(tx).await?.settled;
    let events = stream::page(tx, &ctx.scope, reader.mark, settled, PAGE_ROWS).await?;
    let is_full = i64::try_from(events.len()).is_ok_and(|n| n >= PAGE_ROWS);
    if let Some(last) = events.last() {
        reader.mark = last.mark;
    }
    Ok(Batch { events, reader, is_full, has_caught_up: !is_full && settled >= reader.until })
}
