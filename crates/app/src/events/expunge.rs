//! Expunging events: payload, attempts and what is still owed leave at once, and a receipt stays.
//!
//! A receipt names what left by ids and hashes alone, and is signed with a key of this install, so that it
//! can be shown to whoever asked for the deletion and proven later. An attempt that is on its way
//! can't be called back. Source: webhooks.md 5.17.

use std::fmt::Write as _;

use bytes::Bytes;
use domain::id::{EventId, ReceiptId};
use domain::{Error, ErrorCode, Field, Result, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use storage::Tx;
use storage::expunge::{self as rows, Receipt};
use storage::quotas::{self, Gone};

use crate::events::list::customer_id;
use crate::{OpCtx, audit};

/// Events that one transaction, and so one receipt, takes out.
pub const PAGE_ROWS: i64 = 100;
/// Characters of a reason.
const REASON_CHARS_MAX: usize = 200;

/// What is to leave. Ids are as they were sent.
#[derive(Clone, Debug)]
pub enum Of {
    /// An event, and what was re-issued of it.
    Event(String),
    /// Everything about a customer that happened before a moment, or until now.
    Customer(String, Option<Timestamp>),
    /// Everything of the partner and mode, the same.
    All(Option<Timestamp>),
}

/// The next events of a selection after one, oldest first.
pub async fn find(tx: &Tx, ctx: &OpCtx, of: &Of, after: Option<EventId>) -> Result<Vec<EventId>> {
    let (customer, before) = match of {
        Of::Event(id) => {
            let Some(id) = EventId::parse(id) else { return Err(no_event()) };
            let found = rows::of_event(tx, &ctx.scope, id, PAGE_ROWS).await?;
            let rest = found.into_iter().filter(|id| Some(*id) > after).collect::<Vec<_>>();
            return if rest.is_empty() && after.is_none() { Err(no_event()) } else { Ok(rest) };
        }
        Of::Customer(id, before) => {
            let known = customer_id(tx, ctx, id).await?;
            let known = known.ok_or_else(|| {
                Error::refused(ErrorCode::CustomerNotFound, "no such customer").fix("check the id")
            })?;
            (Some(known), *before)
        }
        Of::All(before) => (None, *before),
    };
    Ok(rows::of_customer(tx, &ctx.scope, customer, before, after, PAGE_ROWS).await?)
}

/// Takes these events out, all of them or none. Those that are gone already are passed over; without any
/// left there is no receipt.
pub async fn expunge(
    tx: &Tx,
    ctx: &OpCtx,
    ids: &[EventId],
    reason: &str,
) -> Result<Option<Receipt>> {
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let message = format!("a reason has 1 to {REASON_CHARS_MAX} characters");
        return Err(Error::invalid(vec![Field::new("reason", "invalid", message)]));
    }
    let now = ctx.app.clock.now();
    rows::lock_endpoints(tx, &ctx.scope).await?;
    let (mut told, mut gone) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(event) = rows::find_locked(tx, &ctx.scope, *id).await? else { continue };
        let deliveries = rows::deliveries(tx, event.no).await?;
        let cancelled = rows::delete(tx, event.no, &deliveries, now).await?;
        let bytes = i64::try_from(event.payload.len()).unwrap_or(i64::MAX);
        gone.push(Gone { no: event.no, partner_id: ctx.scope.partner_id(), bytes });
        let deliveries: Vec<String> = deliveries.iter().map(|d| d.id.to_string()).collect();
        told.push(json!({
            "id": event.id.to_string(), "type": event.kind.as_str(), "deliveries": deliveries,
            "created_at": event.created_at.to_string(), "payload_sha256": hex(&Sha256::digest(&event.payload)),
            "cancelled": cancelled,
        }));
    }
    if told.is_empty() {
        return Ok(None);
    }
    quotas::take_off(tx, &gone).await?;
    let n = told.len().to_string();
    let receipt = sign(ctx, now, reason, &told);
    rows::receipt_insert(tx, &ctx.scope, &receipt).await?;
    let hash = hex(&Sha256::digest(receipt.document.as_bytes()));
    let detail = [("events", n.as_str()), ("reason", reason), ("receipt_sha256", &hash)];
    audit::record(tx, ctx, "event.expunge", receipt.id, &detail).await?;
    Ok(Some(receipt))
}

fn sign(ctx: &OpCtx, at: Timestamp, reason: &str, events: &[Value]) -> Receipt {
    let id = ReceiptId::new(ctx.app.ids.as_ref(), at);
    let document = json!({
        "object": "expunge_receipt", "id": id.to_string(), "created_at": at.to_string(),
        "partner_id": ctx.scope.partner_id().to_string(), "livemode": ctx.livemode(), "reason": reason,
        "by": {"kind": ctx.actor.kind(), "id": ctx.actor.id()}, "events": events,
    })
    .to_string();
    let proof = ctx.app.secrets.sign_receipt(document.as_bytes());
    Receipt { id, created_at: at, document, proof: Bytes::copy_from_slice(&proof) }
}

/// A receipt, once it is proven to be as it was signed.
pub async fn receipt(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Receipt> {
    let found = match ReceiptId::parse(id) {
        Some(id) => rows::receipt_find(tx, &ctx.scope, id).await?,
        None => None,
    };
    let found = found.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such receipt").fix("check the id, and live or test")
    })?;
    if !ctx.app.secrets.receipt_is_good(found.document.as_bytes(), &found.proof) {
        let what = "the receipt was changed, or signed with another install's key";
        return Err(Error::internal("proving a receipt", what));
    }
    Ok(found)
}

/// The newest receipts.
pub async fn receipts(tx: &Tx, ctx: &OpCtx, limit: i64) -> Result<Vec<Receipt>> {
    Ok(rows::receipt_list(tx, &ctx.scope, limit).await?)
}

fn no_event() -> Error {
    Error::refused(ErrorCode::NotFound, "no such event")
        .fix("check the id, and that it is of the mode (live or test) that is meant")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
