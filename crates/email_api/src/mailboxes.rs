//! `/api/v1/mail/mailboxes`. A mailbox is made and deleted with its identity.

use app::email::mailboxes::{get, list, update};
use axum::extract::State;
use wire::email::mailboxes::{ChangeMailbox, Mailbox, MailboxChange};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// List mailboxes
///
/// Newest first: all of the organization, or for an agent its own.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes", operation_id = "listMailboxes", tag = "Mailboxes",
    responses((status = 200, description = "The mailboxes.", body = Vec<Mailbox>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let found = api.app.query(&ctx, async |tx, ctx| list(tx, ctx).await).await?;
    let shown: Vec<_> = found.iter().map(|(owner, used)| Mailbox::of(owner, *used)).collect();
    Ok(answer::ok(&shown))
}

/// Retrieve a mailbox
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}", operation_id = "getMailbox", tag = "Mailboxes",
    params(("email_address" = String, Path, description = "Its address.")),
    responses((status = 200, description = "The mailbox.", body = Mailbox))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let address = call.param("email_address");
    let found = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &address).await).await?;
    Ok(answer::ok(&Mailbox::of(&found.0, found.1)))
}

/// Change a mailbox
///
/// Its filter, and the signature under what it sends.
#[utoipa::path(
    patch, path = "/api/v1/mail/mailboxes/{email_address}", operation_id = "updateMailbox", tag = "Mailboxes",
    params(("email_address" = String, Path, description = "Its address.")), request_body = MailboxChange,
    responses((status = 200, description = "The mailbox as it is now.", body = Mailbox))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (address, change) = (call.param("email_address"), ChangeMailbox::read(body)?);
    let work = async move |tx: &app::Tx, ctx: &app::OpCtx| update(tx, ctx, &address, &change).await;
    let changed = api.app.act(&ctx, work).await?;
    let mut shown = Mailbox::of(&changed.owner, changed.used_bytes);
    shown.mailbox.filter_mode_change_notice = changed.notice;
    Ok(answer::ok(&shown))
}
