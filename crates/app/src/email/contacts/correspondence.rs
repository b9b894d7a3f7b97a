//! What was written with a contact: the messages of one mailbox that one of its addresses is on (email-api.md 7.2).
//!
//! No index leads there: a call looks through so many messages and no more, and says where to go on.

use std::collections::HashSet;

use domain::email::{Contact, Identity, Message, MessageStatus};
use domain::id::{ContactId, IdentityId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::email::identities;
use storage::email::messages as rows;
use storage::email::messages::MessageFilter;
pub use storage::email::messages::Order;
use wire::email::contacts::{CorrespondenceAttachment, Written};

use super::visible;
use crate::email::messages::list::After;
use crate::email::{may_act, no_identity, raw};
use crate::{App, OpCtx};

/// Messages that are read at once, and how often that is done for one answer.
const ROWS_MAX: usize = 200;
const READS_MAX: usize = 10;
/// Bytes of raw messages that the texts and attachments of one answer are read from.
const RAW_BYTES_MAX: i64 = 32 << 20;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose mailbox; an agent may leave it out and means its own.
    pub identity: Option<IdentityId>,
    pub created: MessageFilter,
    pub order: Order,
    pub after: Option<After>,
    pub limit: usize,
    /// Whether what was not delivered is shown too.
    pub with_failed: bool,
    /// Whether whole texts are shown.
    pub with_text: bool,
}

/// What was found, and where to go on. There may be more although nothing was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub contact: ContactId,
    pub owner: Identity,
    /// False where the contact has no e-mail address.
    pub has_address: bool,
    pub items: Vec<(Message, Written)>,
    pub next: Option<After>,
}

pub async fn correspondence(ctx: &OpCtx, id: &str, question: Question) -> Result<Found> {
    let (id, with_text) = (id.to_owned(), question.with_text);
    let work = async move |tx: &Tx, ctx: &OpCtx| find(tx, ctx, &id, &question).await;
    let (contact, owner, messages, next) = ctx.app.query(ctx, work).await?;
    let mut room = RAW_BYTES_MAX;
    let mut items = Vec::with_capacity(messages.len());
    for message in messages {
        let written = written(&ctx.app, &message, with_text, &mut room).await?;
        items.push((message, written));
    }
    let has_address = !contact.profile.emails.is_empty();
    Ok(Found { contact: contact.id, owner, has_address, items, next })
}

type Page = (Contact, Identity, Vec<Message>, Option<After>);

async fn find(tx: &Tx, ctx: &OpCtx, id: &str, question: &Question) -> Result<Page> {
    let contact = visible(tx, ctx, id).await?;
    let owner = question.identity.or(ctx.identity).ok_or_else(|| {
        let message = "identity_id must be given with a key of the organization";
        Error::refused(ErrorCode::ValidationFailed, message)
    })?;
    let owner = identities::find(tx, &ctx.scope, owner).await?.ok_or_else(no_identity)?;
    let owner = may_act(tx, ctx, owner).await?;
    let places = contact.profile.emails.iter().map(|email| email.value.to_lowercase()).collect();
    let filter = MessageFilter { with_blocked: ctx.identity.is_none(), ..question.created };
    let (messages, next) = search(tx, &owner, &places, filter, question).await?;
    Ok((contact, owner, messages, next))
}

async fn search(
    tx: &Tx,
    owner: &Identity,
    places: &HashSet<String>,
    filter: MessageFilter,
    question: &Question,
) -> Result<(Vec<Message>, Option<After>)> {
    let (mut items, mut after) = (Vec::new(), question.after);
    if places.is_empty() {
        return Ok((items, None));
    }
    let limit = i64::try_from(ROWS_MAX).unwrap_or(i64::MAX);
    for _ in 0..READS_MAX {
        let found = rows::list(tx, owner.mailbox_id, filter, question.order, after, limit).await?;
        let is_last = found.len() < ROWS_MAX;
        for message in found {
            let here = (message.created_at, message.no);
            if (question.with_failed || !is_failed(&message)) && is_with(&message, places) {
                if items.len() == question.limit {
                    return Ok((items, after));
                }
                items.push(message);
            }
            after = Some(here);
        }
        if is_last {
            return Ok((items, None));
        }
    }
    Ok((items, after))
}

fn is_failed(message: &Message) -> bool {
    matches!(message.status, MessageStatus::Failed | MessageStatus::Bounced)
}

fn is_with(m: &Message, places: &HashSet<String>) -> bool {
    let recipients = m.to.iter().chain(&m.cc).chain(&m.bcc);
    let mut all = recipients.chain([&m.from_address]);
    all.any(|address| places.contains(&address.to_lowercase()))
}

/// The text and the attachments of a message, where they are asked for and there is room.
async fn written(app: &App, m: &Message, with_text: bool, room: &mut i64) -> Result<Written> {
    if !with_text && !m.has_attachments {
        return Ok(Written::default());
    }
    *room -= m.size;
    if *room < 0 {
        return Ok(Written { is_unavailable: true, ..Written::default() });
    }
    let bytes = raw::load(app, m.raw).await?;
    let Ok(parsed) = email::parse(&bytes) else {
        return Ok(Written { is_unavailable: true, ..Written::default() });
    };
    let attached = |part: &email::Part| CorrespondenceAttachment {
        filename: part.shown_name(),
        content_type: part.content_type.clone(),
        size: part.size,
    };
    Ok(Written {
        attachments: parsed.parts.iter().map(attached).collect(),
        text: parsed.text.or(parsed.body).filter(|_| with_text),
        is_unavailable: false,
    })
}
