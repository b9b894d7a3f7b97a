//! Mail that arrives for somebody who is not known at once: kept, matched to a box later, or returned (L2, L4).
//!
//! Nobody is told of it until it is matched; then it is logged as any other item.

use domain::customer::{Customer, RecipientStatus};
use domain::id::{LocationId, MailId, RecipientId};
use domain::mail::{CreatedVia, MailFlag};
use domain::{Error, ErrorCode, Field, Result, Timestamp};
use serde_json::{Value, json};
use storage::unmatched::{self as rows, Unmatched};
use storage::{Tx, customers, tenancy};
use wire::partner::mail::CreateMail;

use super::MailView;
use super::create::{NewMail, must_be_recipient, must_be_safe, store};
use super::get::not_found;
use super::log::must_hold;
use super::photos::PhotoUrl;
use crate::admin::StaffCtx;
use crate::compliance::must_be_staff;
use crate::customers::get::find_locked;
use crate::{OpCtx, audit};

/// Items shown at once: what waits longest is to be settled first.
pub const ITEMS_MAX: i64 = 1000;
/// Stands for the customer while there is none.
const NOBODY: &str = "unmatched";

/// Keeps an item. `body` says what arrived as for logging, without a customer.
pub async fn keep(
    tx: &Tx,
    ctx: &StaffCtx,
    location: LocationId,
    body: &Value,
) -> Result<Unmatched> {
    let known = tenancy::location_find(tx, location).await?;
    known.filter(|l| l.operator_id == ctx.operator_id).ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "there is no such location")
            .fix("`postroom location list` shows them")
    })?;
    must_be_safe(&ctx.app, &read(body, NOBODY, ctx.now)?.photos)?;
    let item = Unmatched {
        id: MailId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        operator_id: ctx.operator_id,
        location_id: location,
        details: body.to_string(),
        created_at: ctx.now,
    };
    rows::insert(tx, &item).await?;
    audit::record_by_staff(tx, ctx, "unmatched.keep", item.id, &[]).await?;
    Ok(item)
}

/// What waits at the operator's mailrooms, the longest first; at most [`ITEMS_MAX`].
pub async fn list(tx: &Tx, ctx: &StaffCtx) -> Result<Vec<Unmatched>> {
    Ok(rows::list(tx, ctx.operator_id, ITEMS_MAX).await?)
}

/// Logs an item for the customer whose it is. It keeps its id and the time at which it arrived.
///
/// Where the name on it is neither the customer's nor an authorised recipient's, it is flagged
/// `unauthorised_name`.
pub async fn assign(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    customer_id: &str,
    recipient_id: Option<&str>,
) -> Result<MailView> {
    must_be_staff(ctx)?;
    let customer = find_locked(tx, ctx, customer_id).await?;
    let item = take(tx, ctx.scope.operator_id(), id).await?;
    let mailbox = must_hold(tx, &customer).await?;
    if mailbox.location_id != item.location_id {
        let message = "this customer's box is at another location than the item";
        return Err(Error::invalid(vec![Field::new("customer_id", "invalid", message)]));
    }
    let details = serde_json::from_str(&item.details)
        .map_err(|e| Error::internal("reading an unmatched item", e))?;
    let mut input = read(&details, customer_id, item.created_at)?;
    input.recipient_id = recipient_id.map(ToOwned::to_owned).or(input.recipient_id);
    input.received_at = input.received_at.or(Some(item.created_at));
    must_be_recipient(tx, &customer, &input).await?;
    if !is_authorised(tx, &customer, &input).await?
        && !input.flags.contains(&MailFlag::UnauthorisedName)
    {
        input.flags.push(MailFlag::UnauthorisedName);
    }
    store(tx, ctx, item.id, customer, &mailbox, &input, CreatedVia::Operator).await
}

/// Sends back what belongs to nobody here; `reason` is for the record.
pub async fn return_to_sender(tx: &Tx, ctx: &StaffCtx, id: &str, reason: &str) -> Result<MailId> {
    let item = take(tx, ctx.operator_id, id).await?;
    audit::record_by_staff(tx, ctx, "unmatched.return", item.id, &[("reason", reason)]).await?;
    Ok(item.id)
}

/// Takes an item off the list, for good with this transaction.
async fn take(tx: &Tx, operator: domain::id::OperatorId, id: &str) -> Result<Unmatched> {
    let found = match MailId::parse(id) {
        Some(id) => rows::find_locked(tx, operator, id).await?,
        None => None,
    };
    let item = found.ok_or_else(not_found)?;
    rows::delete(tx, item.id).await?;
    Ok(item)
}

fn read(body: &Value, customer_id: &str, now: Timestamp) -> Result<NewMail> {
    let mut body = body.clone();
    body["customer_id"] = json!(customer_id);
    let read = CreateMail::read_from_operator(body, now)?;
    let photo =
        |(url, kind): &(String, _)| PhotoUrl { url: url.clone(), kind: *kind, blocked: None };
    let photos = read.photos.iter().map(photo).collect();
    Ok(NewMail::of(read, photos))
}

async fn is_authorised(tx: &Tx, customer: &Customer, input: &NewMail) -> Result<bool> {
    let mut known = customers::recipient_list(tx, customer).await?;
    known.retain(|r| r.status == RecipientStatus::Authorised);
    if let Some(id) = &input.recipient_id {
        return Ok(known.iter().any(|r| Some(r.id) == RecipientId::parse(id)));
    }
    let Some(label) = &input.addressed_to else { return Ok(true) };
    let is_it = |name: &str| name.trim().to_lowercase() == label.trim().to_lowercase();
    Ok(is_it(&customer.name)
        || customer.business_name.as_deref().is_some_and(is_it)
        || known.iter().any(|r| is_it(&r.name)))
}
