//! What becomes of an outbound message, recipient by recipient, and the events that tell of it
//! (email-engine.md 3.3 to 3.5).

use domain::Result;
use domain::email::message::{RecipientState as State, roll_up};
use domain::email::{Identity, Message, MessageStatus};
use domain::event::EventType;
use domain::id::MessageId;
use storage::Tx;
use storage::email::messages as rows;
use storage::email::recipients::{self, Recipient};

use super::get::{find, no_message};
use crate::OpCtx;
use crate::email::{mailbox, news};

/// Stores what became of one recipient and tells what is new of the message. Nothing happens when the
/// recipient does not stand as in `from` any more.
pub async fn settle(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    message: &mut Message,
    from: &Recipient,
    recipient: &Recipient,
) -> Result<()> {
    let before = states(tx, message).await?;
    if !recipients::settle(tx, message.no, from, recipient).await? {
        return Ok(());
    }
    let after = states(tx, message).await?;
    raise(tx, ctx, owner, message, &before, &after).await
}

/// Where a message of a mailbox stands for each recipient; an inbound one has none.
pub async fn recipients(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<Vec<Recipient>> {
    let owner = mailbox(tx, ctx, address).await?;
    let id = MessageId::parse(id).ok_or_else(no_message)?;
    let message = find(tx, ctx, &owner, id).await?;
    Ok(recipients::list(tx, message.no).await?)
}

async fn states(tx: &Tx, message: &Message) -> Result<Vec<State>> {
    let all = recipients::list(tx, message.no).await?;
    Ok(all.into_iter().map(|r| r.state).collect())
}

/// Raises the status of a message from the states of its recipients, and tells of each outcome once, at the
/// first recipient that reaches it; that it was handed over before all others.
pub(super) async fn raise(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    message: &mut Message,
    before: &[State],
    after: &[State],
) -> Result<()> {
    for (kind, reached) in outcomes(message) {
        let has = |states: &[State]| states.iter().any(|state| reached.contains(state));
        // That we gave up is said when nothing is pending any more.
        let counts =
            |states: &[State]| has(states) && (kind != EventType::MessageFailed || is_over(states));
        if counts(before) || !counts(after) {
            continue;
        }
        let shown = Message { status: shown(kind), ..message.clone() };
        news::tell(tx, ctx, owner, &shown, kind, None).await?;
    }
    message.status = roll_up(after).max(message.status);
    message.updated_at = ctx.now;
    Ok(rows::set_status(tx, message.no, message.status, ctx.now).await?)
}

fn is_over(states: &[State]) -> bool {
    !states.iter().any(|state| matches!(state, State::Queued | State::Deferred))
}

/// Which states each event tells of, in the order in which they are told.
fn outcomes(message: &Message) -> [(EventType, &'static [State]); 4] {
    let sent =
        if message.is_forward { EventType::MessageForwarded } else { EventType::MessageSent };
    [
        (sent, &[State::HandedOff, State::Delivered, State::Complained]),
        (EventType::MessageDelivered, &[State::Delivered, State::Complained]),
        (EventType::MessageBounced, &[State::Bounced, State::Complained, State::Suppressed]),
        (EventType::MessageFailed, &[State::Expired, State::Failed]),
    ]
}

fn shown(kind: EventType) -> MessageStatus {
    match kind {
        EventType::MessageDelivered => MessageStatus::Delivered,
        EventType::MessageBounced => MessageStatus::Bounced,
        EventType::MessageFailed => MessageStatus::Failed,
        _ => MessageStatus::Sent,
    }
}
