//! What became of a send whose answer was lost (email-api.md I-8).

use domain::id::{EmailMailboxId, MessageId};
use domain::{Error, ErrorCode, Result};
use serde_json::Value;
use storage::Tx;
use storage::email::identities;

use crate::OpCtx;
use crate::email::no_mailbox;
use crate::execute::kept;

/// The name under which the answer of a send is kept: the same key is another one for another operation or
/// mailbox (I-2), whose whole address this is.
pub fn kept_name(operation: &str, address: &str, key: &str) -> String {
    format!("{operation} {address} {key}")
}

/// The message that was sent from a mailbox under an idempotency key.
pub async fn lookup(
    tx: &Tx,
    ctx: &OpCtx,
    mailbox_id: &str,
    operation: &str,
    key: &str,
) -> Result<MessageId> {
    let id = EmailMailboxId::parse(mailbox_id).ok_or_else(no_mailbox)?;
    let found = identities::find_by_mailbox(tx, &ctx.scope, id).await?;
    let owner = found.filter(|i| ctx.identity.is_none_or(|own| own == i.id));
    let owner = owner.ok_or_else(no_mailbox)?;
    let name = kept_name(operation, &owner.address, key);
    let answer = kept(tx, ctx, &name).await?.ok_or_else(unknown)?;
    // A line with the status, then the message as it was answered.
    let body = answer.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    message["id"].as_str().and_then(MessageId::parse).ok_or_else(unknown)
}

fn unknown() -> Error {
    Error::refused(ErrorCode::NotFound, "nothing was sent under this key")
}
