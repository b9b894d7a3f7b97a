//! The bytes of an attachment, by a link that needs no key (email-api.md 6.8).

use bytes::Bytes;
use domain::email::Message;
use domain::id::MessageId;
use domain::{Error, ErrorCode, Result, minutes};
use email::Part;
use storage::Tx;
use storage::email::messages as rows;

use super::get::{find, no_message};
use crate::email::{mailbox, raw};
use crate::{App, OpCtx};

/// How long a link is good, in microseconds.
pub const LINK_LIFE: i64 = minutes(15);

/// A link to an attachment.
pub struct Link {
    pub url: String,
    pub filename: String,
}

/// A link to the attachment of a message with this name; of two with one name, to the first.
pub async fn link(ctx: &OpCtx, address: &str, id: &str, filename: &str) -> Result<Link> {
    let (name, id) = (address.to_owned(), MessageId::parse(id).ok_or_else(no_message)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let owner = mailbox(tx, ctx, &name).await?;
        find(tx, ctx, &owner, id).await
    };
    let message = ctx.app.query(ctx, work).await?;
    let bytes = raw::load(&ctx.app, message.raw).await?;
    let parsed = email::parse(&bytes).map_err(|_| no_attachment())?;
    let part = parsed.parts.iter().find(|part| part.shown_name() == filename);
    let part = part.ok_or_else(no_attachment)?;
    let path = format!("/files/messages/{}/{}", message.id, part.index);
    Ok(Link { url: ctx.link(&path, LINK_LIFE), filename: filename.to_owned() })
}

/// An attachment as it is handed out.
pub struct File {
    pub filename: String,
    pub content_type: String,
    pub bytes: Bytes,
}

/// The bytes behind a link, which was checked before.
pub async fn open(app: &App, id: &str, index: usize) -> Result<File> {
    let id = MessageId::parse(id).ok_or_else(no_message)?;
    let found = app.db.read(async move |tx: &Tx| rows::find_by_id(tx, id).await).await?;
    let message: Message = found.ok_or_else(no_message)?;
    let bytes = raw::load(app, message.raw).await?;
    let parsed = email::parse(&bytes).map_err(|_| no_attachment())?;
    let part: &Part =
        parsed.parts.iter().find(|part| part.index == index).ok_or_else(no_attachment)?;
    let decoded = email::part_bytes(&bytes, index).ok_or_else(no_attachment)?;
    Ok(File {
        filename: part.shown_name(),
        content_type: part.content_type.clone(),
        bytes: decoded.into(),
    })
}

fn no_attachment() -> Error {
    Error::refused(ErrorCode::NotFound, "Attachment not found")
}
