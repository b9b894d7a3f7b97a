//! Telling that a message was looked at: a picture of one point that its HTML asks this install for.
//!
//! It tells that some program fetched it, no more: many mail programs fetch pictures for their readers, or
//! never do.

use domain::id::MessageId;
use domain::{Result, days};
use storage::Tx;
use storage::email::messages as rows;

use crate::{App, OpCtx};

/// How long opens are counted, in microseconds.
const COUNTED_FOR: i64 = days(365);

/// A GIF of one transparent point.
pub const POINT: &[u8] =
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\
    \x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// The element that is put below the HTML of a message.
pub(super) fn element(ctx: &OpCtx, id: MessageId) -> String {
    let link = ctx.link(&format!("/files/messages/{id}/open.gif"), COUNTED_FOR);
    format!("<img src=\"{}\" width=\"1\" height=\"1\" alt=\"\">", link.replace('&', "&amp;"))
}

/// Counts that a message was looked at. Whoever asks has a link that was checked before.
pub async fn note(app: &App, id: &str) -> Result<()> {
    let (Some(id), now) = (MessageId::parse(id), app.clock.now()) else { return Ok(()) };
    Ok(app.db.write(async move |tx: &Tx| rows::note_open(tx, id, now).await).await?)
}
