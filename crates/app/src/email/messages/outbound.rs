//! Sending on to other houses. For now everything is captured: no socket is opened, what goes to the
//! simulator plays its outcome, and all else counts as delivered at once (email-engine.md 1.5, 3.5).

use std::sync::Arc;

use domain::email::message::RecipientState as State;
use domain::email::outbound::{Next, Reply, Simulated, Verdict, after};
use domain::email::{Identity, Message};
use domain::{Error, Result};
use email::{Address, Mailbox, Outgoing};
use storage::email::recipients::{self, Recipient};
use storage::email::{identities, messages as rows};
use storage::{Tx, tenancy};

use super::ingest::{Envelope, ingest};
use super::outcome::settle;
use crate::{Actor, App, OpCtx};

/// Recipients looked up at once.
const PAGE_ROWS: i64 = 100;

const CAPTURED: Reply =
    Reply { verdict: Verdict::Accepted, code: "2.0.0", text: "captured, not sent", class: "" };

/// Does what is due for recipients, and counts it.
pub async fn run(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let due = app.db.read(async move |tx: &Tx| recipients::due(tx, now, PAGE_ROWS).await).await?;
    let count = due.len();
    for (message_no, place) in due {
        let unit = app.clone();
        let work = async move |tx: &Tx| one(tx, &unit, message_no, place).await;
        if let Some(answer) = app.db.write(work).await? {
            respond(app, answer).await?;
        }
    }
    Ok(count)
}

/// A simulated person who answers a message.
struct Answer {
    from: Address,
    to: Address,
    subject: String,
    message_id: String,
    is_automatic: bool,
}

async fn one(tx: &Tx, app: &App, message_no: i64, place: i64) -> Result<Option<Answer>> {
    let Some(mut message) = rows::find_by_no_locked(tx, message_no).await? else { return Ok(None) };
    let all = recipients::list(tx, message_no).await?;
    let Some(from) = all.into_iter().find(|r| r.place == place) else { return Ok(None) };
    let Some((ctx, owner)) = home(tx, app, &message).await? else {
        let gone = Recipient { state: State::Cancelled, due_at: None, ..from.clone() };
        recipients::settle(tx, message_no, &from, &gone).await?;
        return Ok(None);
    };
    let simulated = simulated(app, &from.address);
    let to = played(&ctx, &from, simulated);
    settle(tx, &ctx, &owner, &mut message, &from, &to).await?;
    let answers = matches!(simulated, Some(Simulated::OutOfOffice | Simulated::Echo));
    Ok(if answers && to.state == State::Delivered {
        answer(&owner, &message, &to, simulated)
    } else {
        None
    })
}

/// The context and the owner of a message; `None` when its identity was deleted.
async fn home(tx: &Tx, app: &App, message: &Message) -> Result<Option<(OpCtx, Identity)>> {
    let Some(owner) = identities::of_mailbox(tx, message.mailbox_id).await? else {
        return Ok(None);
    };
    let partner = tenancy::partner_find(tx, owner.partner_id).await?;
    let partner = partner.ok_or_else(|| Error::internal("sending a message", "no partner"))?;
    Ok(Some((OpCtx::new(app, Arc::new(partner), true, Actor::System), owner)))
}

/// Which part of the simulator has an address.
fn simulated(app: &App, address: &str) -> Option<Simulated> {
    let address = address.to_lowercase();
    let (local, domain) = address.split_once('@')?;
    let is_simulator = domain.strip_prefix("simulator.") == Some(app.email.domain.as_str());
    is_simulator.then(|| Simulated::parse(local)).flatten()
}

/// The recipient as it stands after this try, or after what happens to a delivered message.
fn played(ctx: &OpCtx, from: &Recipient, simulated: Option<Simulated>) -> Recipient {
    let afterwards = simulated.and_then(Simulated::afterwards);
    let (next, reply) = match (from.state, afterwards) {
        (State::Delivered, Some((_, state, reply))) => (Next { state, again_in: None }, reply),
        _ => {
            let reply = simulated.map_or(CAPTURED, |who| who.reply(from.tries));
            let mut next = after(reply, from.tries);
            if let (Some(Simulated::Slow), State::Deferred) = (simulated, next.state) {
                next.again_in = Simulated::Slow.slowness();
            }
            if let (State::Delivered, Some((wait, _, _))) = (next.state, afterwards) {
                next.again_in = Some(wait);
            }
            (next, reply)
        }
    };
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Recipient {
        state: next.state,
        class: text(reply.class),
        code: text(reply.code),
        detail: text(reply.text),
        at: ctx.now,
        tries: from.tries + 1,
        due_at: next.again_in.map(|wait| ctx.now.plus(wait)),
        ..from.clone()
    }
}

fn answer(
    owner: &Identity,
    message: &Message,
    recipient: &Recipient,
    simulated: Option<Simulated>,
) -> Option<Answer> {
    Some(Answer {
        from: Address::parse(&recipient.address).ok()?,
        to: Address::parse(&owner.address).ok()?,
        subject: email::reply::subject(message.subject.as_deref()),
        message_id: message.message_id.clone(),
        is_automatic: simulated == Some(Simulated::OutOfOffice),
    })
}

/// Lets an answer come in as mail from outside does.
async fn respond(app: &App, answer: Answer) -> Result<()> {
    let id = domain::id::Uuid(app.ids.uuid(app.clock.now())).simple();
    let text = if answer.is_automatic { "I am out of the office.\n" } else { "Thank you.\n" };
    let message_id = format!("<{id}@{}>", answer.from.domain());
    let built = email::build(&Outgoing {
        message_id: &message_id,
        date: app.clock.now(),
        from: &Mailbox { name: None, address: answer.from.clone() },
        to: std::slice::from_ref(&answer.to),
        cc: &[],
        reply_to: None,
        subject: &answer.subject,
        text: Some(text),
        html: None,
        in_reply_to: Some(&answer.message_id),
        references: std::slice::from_ref(&answer.message_id),
        attachments: &[],
        auto_submitted: answer.is_automatic,
        wrapped: None,
    });
    let bytes = built.map_err(|problem| Error::internal("answering in the simulator", problem))?;
    let sender = answer.from.as_str().to_owned();
    let envelope = Envelope { sender, recipients: vec![answer.to] };
    ingest(app, envelope, bytes.into()).await.map(drop)
}
