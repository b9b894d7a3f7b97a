//! A message before it is sent: read, judged, built, and its bytes staged (email-api.md 6.5).
//!
//! What is done with it is in [`super::send`].

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::email::message::RECIPIENTS_MAX;
use domain::email::{Identity, Message};
use domain::id::{MessageId, Uuid};
use domain::{Error, ErrorCode, Field, Result};
use email::thread::{id_hash, references_of_reply};
use email::{Address, Attachment, Mailbox, Outgoing, Parsed};
use storage::Tx;
use storage::email::messages as rows;
use storage::email::raw::Raw;
use storage::email::recipients::Bucket;
use wire::email::messages::{NewAttachment, SendMessage, To};

use super::opens;
use crate::OpCtx;
use crate::email::{mailbox, raw};

/// A message that is built and whose bytes are where they will be found.
#[derive(Clone)]
pub struct Prepared {
    pub(super) id: MessageId,
    pub(super) mailbox: String,
    pub(super) recipients: Vec<(Bucket, Address)>,
    pub(super) reply_to: Vec<String>,
    pub(super) message_id: String,
    pub(super) in_reply_to: Option<String>,
    pub(super) references: Vec<String>,
    pub(super) parsed: Arc<Parsed>,
    pub(super) raw: Raw,
    pub(super) is_forward: bool,
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
    let text = signed(letter.text, owner, owner.signature.text.as_ref(), "\n\n-- \n");
    let mut html = signed(letter.html, owner, owner.signature.html.as_ref(), "<br><br>");
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

/// A body with the mailbox's signature below it, where it has one for this kind of body.
fn signed(
    body: Option<String>,
    owner: &Identity,
    signature: Option<&String>,
    between: &str,
) -> Option<String> {
    match signature {
        Some(signature) if owner.signature.is_enabled => {
            body.map(|body| format!("{body}{between}{signature}"))
        }
        _ => body,
    }
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

fn invalid(param: &str, message: &str) -> Error {
    Error::invalid(vec![Field::new(param, "invalid", message)])
}
