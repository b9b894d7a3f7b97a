//! Sending a message (email-api.md 6.5): built, stored with a row for each recipient, and handed to the
//! mailboxes of this install in the same transaction. What goes elsewhere is left to the tasks.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::email::message::{RECIPIENTS_MAX, RecipientState};
use domain::email::rule::{self, RuleDirection};
use domain::email::{Direction, Identity, Message, MessageStatus};
use domain::id::{MessageId, ThreadId, Uuid};
use domain::{Error, ErrorCode, Fact, Field, Result};
use email::thread::{id_hash, references_of_reply};
use email::{Address, Attachment, Mailbox, Outgoing, Parsed};
use storage::Tx;
use storage::email::messages::{self as rows, Known};
use storage::email::raw::{self as bytes_of, Raw};
use storage::email::recipients::{self, Bucket, Recipient};
use storage::email::{identities, rules};
use wire::email::messages::{NewAttachment, SendMessage, To};

use super::receive::{Arrival, must_have_room, receive};
use super::{daily, opens, outcome};
use crate::email::{mailbox, raw, threads};
use crate::{OpCtx, audit};

/// A message that is built and whose bytes are where they will be found.
#[derive(Clone)]
pub struct Prepared {
    id: MessageId,
    mailbox: String,
    recipients: Vec<(Bucket, Address)>,
    reply_to: Vec<String>,
    message_id: String,
    in_reply_to: Option<String>,
    references: Vec<String>,
    parsed: Arc<Parsed>,
    raw: Raw,
    is_forward: bool,
}

/// What a message says, whoever wrote it: a person, or a reply or forward made from another message.
pub struct Letter {
    pub recipients: To,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    pub reply_to: Option<String>,
    pub attachments: Vec<Attachment>,
    /// The Message-ID that it answers, and those before it.
    pub answers: Option<(String, Vec<String>)>,
    pub wrapped: Option<Bytes>,
    pub is_forward: bool,
    /// Its HTML asks for a picture when it is looked at.
    pub track_opens: bool,
}

/// Reads what a caller wants to send and builds it. The transaction comes after: building takes time, and
/// large bytes are stored before the row that refers to them.
pub async fn prepare(ctx: &OpCtx, address: &str, input: SendMessage) -> Result<Prepared> {
    let (name, parent) = (address.to_owned(), input.in_reply_to.clone());
    let (owner, parent) = ctx
        .app
        .query(ctx, async move |tx, ctx| {
            let owner = mailbox(tx, ctx, &name).await?;
            let parent = match &parent {
                Some(parent) => Some(find_parent(tx, ctx, &owner, parent).await?),
                None => None,
            };
            Ok((owner, parent))
        })
        .await?;
    let letter = Letter {
        recipients: input.recipients,
        subject: input.subject,
        text: input.text,
        html: input.html,
        reply_to: input.reply_to,
        attachments: decode(input.attachments)?,
        answers: parent.map(|p| (p.message_id.clone(), p.references)),
        wrapped: None,
        is_forward: false,
        track_opens: input.track_opens,
    };
    compose(ctx, &owner, letter).await
}

/// The message that is answered, by its id or its Message-ID (email-api.md Q16).
pub(crate) async fn find_parent(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    text: &str,
) -> Result<Message> {
    let found = match MessageId::parse(text) {
        Some(id) => rows::find(tx, owner.mailbox_id, id).await?,
        None => {
            let bare = text.trim().trim_start_matches('<').trim_end_matches('>');
            let hash = id_hash(&format!("<{bare}>"));
            rows::find_by_message_id(tx, owner.mailbox_id, hash).await?
        }
    };
    let visible = found.filter(|m| !m.is_blocked || ctx.identity.is_none());
    visible.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "the message that this one answers was not found")
    })
}

/// The bytes of attachments; how they may be named and typed is judged when the message is built.
pub(crate) fn decode(attachments: Vec<NewAttachment>) -> Result<Vec<Attachment>> {
    let mut decoded = Vec::with_capacity(attachments.len());
    for (place, a) in attachments.into_iter().enumerate() {
        let bytes = BASE64_STANDARD.decode(a.content_base64.trim()).map_err(|_| {
            let at = format!("attachments/{place}/content_base64");
            invalid(&at, "the content is not base64")
        })?;
        decoded.push(Attachment {
            filename: a.filename,
            content_type: a.content_type,
            content_id: a.content_id,
            bytes: bytes.into(),
        });
    }
    Ok(decoded)
}

/// Builds a message of a mailbox and stages its bytes.
pub(crate) async fn compose(ctx: &OpCtx, owner: &Identity, letter: Letter) -> Result<Prepared> {
    if letter.track_opens && letter.html.is_none() {
        return Err(invalid("track_opens", "only HTML can tell that it is looked at"));
    }
    let recipients = read_recipients(&letter.recipients)?;
    let reply_to =
        letter.reply_to.as_deref().map(|text| address_at("reply_to", text)).transpose()?;
    let list = |bucket: Bucket| -> Vec<Address> {
        let of = recipients.iter().filter(|(b, _)| *b == bucket);
        of.map(|(_, address)| address.clone()).collect()
    };
    let own = Address::parse(&owner.address)
        .map_err(|problem| Error::internal("reading a mailbox's own address", problem))?;
    let id = Uuid(ctx.app.ids.uuid(ctx.now)).simple();
    let message_id = format!("<{id}@{}>", owner.sending_domain());
    let (in_reply_to, references) = match letter.answers {
        Some((parent, before)) => {
            let references = references_of_reply(&parent, &before);
            (Some(parent), references)
        }
        None => (None, Vec::new()),
    };
    let signed = |text: Option<String>, signature: &Option<String>, between: &str| match signature {
        Some(signature) if owner.signature.is_enabled => {
            text.map(|text| format!("{text}{between}{signature}"))
        }
        _ => text,
    };
    let text = signed(letter.text, &owner.signature.text, "\n\n-- \n");
    let mut html = signed(letter.html, &owner.signature.html, "<br><br>");
    let message = MessageId::new(ctx.app.ids.as_ref(), ctx.now);
    if let Some(html) = html.as_mut().filter(|_| letter.track_opens) {
        html.push_str(&opens::element(ctx, message));
    }
    let outgoing = Outgoing {
        message_id: &message_id,
        date: ctx.now,
        from: &Mailbox { name: owner.display_name.clone(), address: own },
        to: &list(Bucket::To),
        cc: &list(Bucket::Cc),
        reply_to: reply_to.as_ref(),
        subject: &letter.subject,
        text: text.as_deref(),
        html: html.as_deref(),
        in_reply_to: in_reply_to.as_deref(),
        references: &references,
        attachments: &letter.attachments,
        auto_submitted: false,
        wrapped: letter.wrapped.as_deref(),
    };
    let built = email::build(&outgoing).map_err(|problem| match problem {
        email::BuildProblem::Mismatch(_) => Error::internal("building a message", problem),
        problem => invalid("body", &problem.to_string()),
    })?;
    let built = Bytes::from(built);
    let parsed = email::parse(&built).map_err(|p| Error::internal("reading a built message", p))?;
    Ok(Prepared {
        id: message,
        mailbox: owner.address.clone(),
        recipients,
        reply_to: reply_to.iter().map(|a| a.as_str().to_owned()).collect(),
        message_id,
        in_reply_to,
        references,
        parsed: Arc::new(parsed),
        raw: raw::stage(&ctx.app, &built).await?,
        is_forward: letter.is_forward,
    })
}

fn read_recipients(to: &To) -> Result<Vec<(Bucket, Address)>> {
    let lists = [(Bucket::To, &to.to), (Bucket::Cc, &to.cc), (Bucket::Bcc, &to.bcc)];
    let mut all = Vec::new();
    for (bucket, list) in lists {
        for (place, text) in list.iter().enumerate() {
            let address =
                address_at(&format!("recipients/{bucket:?}/{place}").to_lowercase(), text)?;
            all.push((bucket, address));
        }
    }
    match all.len() {
        0 => Err(invalid("recipients", "name at least one recipient")),
        1..=RECIPIENTS_MAX => Ok(all),
        _ => Err(invalid(
            "recipients",
            &format!("a message has at most {RECIPIENTS_MAX} recipients"),
        )),
    }
}

fn address_at(param: &str, text: &str) -> Result<Address> {
    Address::parse(text).map_err(|problem| invalid(param, &problem.to_string()))
}

/// Stores a prepared message and delivers it to the mailboxes of this install.
pub async fn send(tx: &Tx, ctx: &OpCtx, prepared: &Prepared) -> Result<Message> {
    let owner = mailbox(tx, ctx, &prepared.mailbox).await?;
    for (_, address) in &prepared.recipients {
        must_be_allowed(tx, &owner, address).await?;
    }
    daily::must_be_left(tx, ctx, &owner).await?;
    must_have_room(tx, ctx, &owner, prepared.raw.size).await?;
    let mut message = outbound(ctx, &owner, prepared);
    message.thread_id = threads::join(tx, ctx, &owner, &message).await?;
    let known = Known { message_id: id_hash(&message.message_id), sender: None };
    rows::insert(tx, &message, known).await?;
    bytes_of::put(tx, &prepared.raw, 1).await?;
    identities::add_used_bytes(tx, owner.mailbox_id, prepared.raw.size).await?;
    let all = deliver_here(tx, ctx, prepared).await?;
    recipients::insert(tx, message.no, &all).await?;
    let states: Vec<_> = all.iter().map(|r| r.state).collect();
    outcome::raise(tx, ctx, &owner, &mut message, &[], &states).await?;
    let n = all.len().to_string();
    audit::record(tx, ctx, "message.send", message.id, &[("recipients", &n)]).await?;
    Ok(message)
}

/// Refuses a recipient that an outbound contact rule speaks against (M-8).
async fn must_be_allowed(tx: &Tx, owner: &Identity, address: &Address) -> Result<()> {
    let canonical = address.canonical();
    let found = rules::matching(tx, owner.id, RuleDirection::Outbound, &canonical).await?;
    let plain: Vec<_> = found.iter().map(|r| r.rule.clone()).collect();
    let (is_allowed, by) = rule::decide(owner.outbound_filter, &plain, &canonical);
    if is_allowed {
        return Ok(());
    }
    let rule = by.map_or(Fact::None, |place| Fact::Text(found[place].id.to_string()));
    Err(Error::refused(ErrorCode::RecipientBlocked, "a contact rule forbids this recipient")
        .fact("matched_rule_id", rule)
        .fact("address", Fact::Text(address.as_str().to_owned()))
        .fact("reason", Fact::Text("contact_rule".to_owned())))
}

/// Puts the message into the mailboxes of this install, each once, and says where each recipient stands.
async fn deliver_here(tx: &Tx, ctx: &OpCtx, prepared: &Prepared) -> Result<Vec<Recipient>> {
    let arrival = Arrival {
        parsed: Arc::clone(&prepared.parsed),
        raw: prepared.raw.clone(),
        sender: prepared.mailbox.clone(),
    };
    let mut all = Vec::with_capacity(prepared.recipients.len());
    for (place, (bucket, address)) in prepared.recipients.iter().enumerate() {
        let mut recipient = Recipient {
            place: i64::try_from(place).unwrap_or(i64::MAX),
            bucket: *bucket,
            address: address.as_str().to_owned(),
            state: RecipientState::Queued,
            class: None,
            code: None,
            detail: None,
            at: ctx.now,
            tries: 0,
            due_at: Some(ctx.now),
        };
        if let Some(owner) = route(tx, &ctx.app.email.domain, address).await? {
            match receive(tx, ctx, &owner, &arrival).await {
                Ok(_) => {
                    recipient.state = RecipientState::Delivered;
                    recipient.due_at = None;
                }
                // A full mailbox is tried again, as that of another house would be.
                Err(error) if error.code() == ErrorCode::StorageLimitExceeded => {}
                Err(error) => return Err(error),
            }
        }
        all.push(recipient);
    }
    Ok(all)
}

/// Whose mailbox of this install an address reaches: its own, or without what follows a plus.
pub(crate) async fn route(tx: &Tx, domain: &str, address: &Address) -> Result<Option<Identity>> {
    let canonical = address.canonical();
    if let Some(owner) = identities::route(tx, &canonical).await? {
        return Ok(Some(owner));
    }
    match canonical.split_once('@').and_then(|(local, at)| Some((local.split_once('+')?.0, at))) {
        Some((local, at)) if at == domain => {
            Ok(identities::route(tx, &format!("{local}@{at}")).await?)
        }
        _ => Ok(None),
    }
}

fn outbound(ctx: &OpCtx, owner: &Identity, prepared: &Prepared) -> Message {
    let ids = ctx.app.ids.as_ref();
    let list = |bucket: Bucket| -> Vec<String> {
        let of = prepared.recipients.iter().filter(|(b, _)| *b == bucket);
        of.map(|(_, address)| address.as_str().to_owned()).collect()
    };
    Message {
        no: ids.number(ctx.now),
        id: prepared.id,
        mailbox_id: owner.mailbox_id,
        // Set when it joins its thread.
        thread_id: ThreadId([0; 16]),
        direction: Direction::Outbound,
        status: MessageStatus::Queued,
        message_id: prepared.message_id.clone(),
        from_address: owner.address.clone(),
        from_name: owner.display_name.clone(),
        to: list(Bucket::To),
        cc: list(Bucket::Cc),
        bcc: list(Bucket::Bcc),
        reply_to: prepared.reply_to.clone(),
        in_reply_to: prepared.in_reply_to.clone(),
        references: prepared.references.clone(),
        subject: prepared.parsed.subject.clone(),
        snippet: prepared.parsed.snippet.clone(),
        is_read: true,
        is_starred: false,
        has_attachments: prepared.parsed.has_attachments(),
        is_forward: prepared.is_forward,
        is_blocked: false,
        first_opened_at: None,
        open_count: 0,
        import_id: None,
        size: prepared.raw.size,
        raw: prepared.raw.sha256,
        created_at: ctx.now,
        updated_at: ctx.now,
    }
}

fn invalid(param: &str, message: &str) -> Error {
    Error::invalid(vec![Field::new(param, "invalid", message)])
}
