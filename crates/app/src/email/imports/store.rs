//! One message of an import, stored as if it had always been there: told to nobody, judged by no rule.

use domain::email::{Direction, Identity, Import, MessageStatus};
use domain::{Error, ErrorCode, Result, Timestamp};
use email::thread::id_hash;
use storage::Tx;
use storage::email::messages::{self as rows, Known};
use storage::email::{identities, raw};

use crate::OpCtx;
use crate::email::messages::receive::{Arrival, message, message_id, must_have_room};
use crate::email::threads;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Imported,
    Duplicate,
    /// The mailbox is full.
    NoRoom,
}

/// Stores a message of a job, unless the mailbox has one with the same Message-ID and size.
pub(super) async fn store(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    job: &Import,
    arrival: &Arrival,
) -> Result<Stored> {
    let message_id = message_id(arrival, owner);
    let known = Known { message_id: id_hash(&message_id), sender: None };
    let size = arrival.raw.size;
    if rows::is_there(tx, owner.mailbox_id, known.message_id, size).await? {
        return Ok(Stored::Duplicate);
    }
    match must_have_room(tx, ctx, owner, size).await {
        Ok(()) => {}
        Err(error) if error.code() == ErrorCode::StorageLimitExceeded => return Ok(Stored::NoRoom),
        Err(error) => return Err(error),
    }
    let mut message = message(ctx, owner, arrival, message_id);
    let from = message.from_address.to_lowercase();
    let elsewhere = job.addresses.as_deref().unwrap_or_default();
    if from == owner.address || elsewhere.contains(&from) {
        message.direction = Direction::Outbound;
        message.status = MessageStatus::Sent;
    }
    message.is_read = job.mark_as_read || message.direction == Direction::Outbound;
    message.import_id = Some(job.id);
    message.created_at = written_at(arrival, ctx.now);
    message.no = ctx.app.ids.number(message.created_at);
    message.thread_id = threads::join(tx, ctx, owner, &message).await?;
    rows::insert(tx, &message, known).await?;
    raw::put(tx, &arrival.raw, 1).await?;
    identities::add_used_bytes(tx, owner.mailbox_id, size).await.map_err(Error::from)?;
    Ok(Stored::Imported)
}

/// When it was written, as far as that can be: not before 1970 and not in the future.
fn written_at(arrival: &Arrival, now: Timestamp) -> Timestamp {
    let written = arrival.parsed.date.unwrap_or(now);
    written.clamp(Timestamp::from_micros(0), now)
}
