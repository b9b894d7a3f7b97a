//! Who may receive mail at a customer's mailbox: added, authorised, taken away.
//!
//! A person or a business needs a form of its own, which staff have seen; minors and other names of the
//! customer stand on the customer's form.

use domain::customer::{Customer, Recipient, RecipientKind, RecipientStatus};
use domain::id::RecipientId;
use domain::{Error, ErrorCode, Field, Result};
use storage::{Tx, customers};

use super::{change, get};
use crate::compliance::must_be_staff;
use crate::{OpCtx, audit};

/// Recipients of one mailbox, those who were taken away included.
pub const RECIPIENTS_MAX: usize = 100;

/// Which form covers a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// The customer's own, on which the name stands.
    ByCustomersForm,
    /// A form of the recipient's own, which is on file at the mailroom.
    ByOwnForm,
}

/// Who may receive mail at a customer's mailbox, in the order in which they were added.
pub async fn list(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<Vec<Recipient>> {
    let customer = get::find(tx, ctx, customer_id).await?;
    Ok(customers::recipient_list(tx, &customer).await?)
}

/// Adds a name, which counts once it is authorised.
pub async fn add(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    name: &str,
    kind: RecipientKind,
) -> Result<Recipient> {
    let customer = changeable(tx, ctx, customer_id).await?;
    if customers::recipient_list(tx, &customer).await?.len() >= RECIPIENTS_MAX {
        let message = format!("a mailbox has at most {RECIPIENTS_MAX} recipients");
        return Err(Error::invalid(vec![Field::new("recipients", "too_many", message)]));
    }
    let recipient = Recipient {
        id: RecipientId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        customer_id: customer.id,
        kind,
        name: name.to_owned(),
        status: RecipientStatus::Pending,
    };
    customers::recipient_insert(tx, &recipient, ctx.now).await?;
    let detail = [("recipient", &*recipient.id.to_string()), ("kind", kind.as_str())];
    audit::record(tx, ctx, "recipient.add", customer.id, &detail).await?;
    Ok(recipient)
}

/// Lets mail for a recipient be received.
pub async fn authorise(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    recipient_id: &str,
    covered: Covered,
) -> Result<Recipient> {
    must_be_staff(ctx)?;
    let customer = changeable(tx, ctx, customer_id).await?;
    if !customer.compliance_status.allows_release() {
        return Err(Error::refused(
            ErrorCode::ComplianceNotApproved,
            "the customer's own form is not approved",
        ));
    }
    let recipient = find(tx, &customer, recipient_id).await?;
    let needs_own = match recipient.kind {
        RecipientKind::Person | RecipientKind::Business => true,
        RecipientKind::Alias | RecipientKind::Minor => false,
    };
    if needs_own && covered == Covered::ByCustomersForm {
        return Err(Error::refused(
            ErrorCode::ComplianceNotApproved,
            format!("a {} needs a Form 1583 of its own", recipient.kind),
        )
        .fix("have the recipient sign one, then authorise again"));
    }
    turn(tx, ctx, &customer, recipient, RecipientStatus::Authorised).await
}

/// Takes a recipient away; the name stays on record.
pub async fn remove(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    recipient_id: &str,
) -> Result<Recipient> {
    let customer = changeable(tx, ctx, customer_id).await?;
    let recipient = find(tx, &customer, recipient_id).await?;
    turn(tx, ctx, &customer, recipient, RecipientStatus::Removed).await
}

async fn changeable(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<Customer> {
    let customer = get::find_locked(tx, ctx, customer_id).await?;
    change::refuse_deactivated(&customer)?;
    Ok(customer)
}

async fn find(tx: &Tx, customer: &Customer, id: &str) -> Result<Recipient> {
    let id = RecipientId::parse(id);
    let all = customers::recipient_list(tx, customer).await?;
    all.into_iter()
        .find(|r| Some(r.id) == id)
        .ok_or_else(|| Error::refused(ErrorCode::NotFound, "this customer has no such recipient"))
}

async fn turn(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &Customer,
    mut recipient: Recipient,
    to: RecipientStatus,
) -> Result<Recipient> {
    if recipient.status == to {
        return Ok(recipient);
    }
    recipient.status = to;
    customers::recipient_mark(tx, recipient.id, to).await?;
    let detail = [("recipient", &*recipient.id.to_string()), ("to", to.as_str())];
    audit::record(tx, ctx, "recipient.change", customer.id, &detail).await?;
    Ok(recipient)
}
