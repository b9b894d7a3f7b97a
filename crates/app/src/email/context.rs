//! What came before an inbound message, for the subscriptions that ask for it (email-api.md 12.7).

use domain::email::{Identity, Message};
use domain::{Result, Timestamp, hours};
use storage::Tx;
use storage::email::messages::others_in_thread;
use wire::email::context::{ContextConfig, Reach};
use wire::email::event_context::{ContextBlock, EventContext, Skipped};

/// Messages of a window, whatever its length: more than a conversation has, as a rule, and far below the cap of bytes.
const WINDOW_ITEMS_MAX: i64 = 200;

/// The blocks that a subscription asked for. That of e-mail has the other messages of the thread; there are no texts
/// and no calls here.
pub(super) async fn of(
    tx: &Tx,
    owner: &Identity,
    message: &Message,
    config: ContextConfig,
    now: Timestamp,
) -> Result<EventContext> {
    let email = match config.email {
        Some(reach) => Some(thread(tx, owner, message, reach, now).await?),
        None => None,
    };
    let nothing = |reach: Reach| ContextBlock::skipped(reach, Skipped::NoResource);
    Ok(EventContext { email, texts: config.texts.map(nothing), calls: config.calls.map(nothing) })
}

async fn thread(
    tx: &Tx,
    owner: &Identity,
    message: &Message,
    reach: Reach,
    now: Timestamp,
) -> Result<ContextBlock> {
    let (since, limit) = match reach {
        Reach::Count(n) => (Timestamp::from_micros(0), n),
        // One more than is told, to know whether there are more.
        Reach::Hours(n) => (now.plus(-hours(n)), WINDOW_ITEMS_MAX + 1),
    };
    let found = tx.spare(others_in_thread(tx, message, since, limit)).await?;
    let Ok(mut found) = found else {
        return Ok(ContextBlock::skipped(reach, Skipped::Unavailable));
    };
    let is_cut = matches!(reach, Reach::Hours(_)) && i64::try_from(found.len()) == Ok(limit);
    if is_cut {
        found.pop();
    }
    Ok(ContextBlock::of(reach, &found, &owner.address, is_cut))
}
