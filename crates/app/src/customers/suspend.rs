//! Holding a customer's services (C4) and giving them back (C5).
//!
//! A suspended customer's paper mail is still received; the law leaves no choice there.

use domain::compliance::ComplianceStatus;
use domain::customer::Customer;
use domain::{Error, ErrorCode, Result};
use storage::Tx;

use super::view::view;
use super::{CustomerView, change, get};
use crate::compliance::{Case, must_be_staff, open};
use crate::{OpCtx, audit, snapshot};

domain::words! {
    /// Why services are held; kept beside the status, never shown outside.
    pub enum Cause {
        Billing = "billing",
        /// A finding about the form or the person, whatever it was.
        Compliance = "compliance_hold",
        Operator = "operator_hold",
    }
}

/// Holds an active customer's services; `note` says why, for the operator's records.
pub async fn suspend(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    cause: Cause,
    note: &str,
) -> Result<CustomerView> {
    must_be_staff(ctx)?;
    if note.trim().is_empty() {
        return Err(Error::invalid(vec![domain::Field::new(
            "note",
            "required",
            "say why the customer is suspended",
        )]));
    }
    let mut customer = get::find_locked(tx, ctx, customer_id).await?;
    hold(tx, ctx, &mut customer, cause).await?;
    view(tx, customer).await
}

/// Suspends a customer whose row is locked.
pub(crate) async fn hold(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &mut Customer,
    cause: Cause,
) -> Result<()> {
    customer.status = customer.status.suspend()?;
    customer.status_reason = Some(cause.as_str().to_owned());
    change::store(tx, ctx, customer).await?;
    audit::record(tx, ctx, "customer.suspend", customer.id, &[("cause", cause.as_str())]).await
}

/// Ends a suspension whose cause is gone, and opens the mailbox if it waited only for that.
pub async fn reinstate(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<CustomerView> {
    must_be_staff(ctx)?;
    let customer = get::find_locked(tx, ctx, customer_id).await?;
    let mut case = Case::of(tx, customer).await?;
    let status = case.customer.status.reinstate()?;
    let held =
        |why: &str, fix: &str| Error::refused(ErrorCode::CustomerInactive, why.to_owned()).fix(fix);
    if !snapshot::billing_status(ctx, &case.customer).allows_service() {
        return Err(held(
            "the mailbox is not paid for",
            "set prepay to true, or paid_through to a later day",
        ));
    }
    if case.customer.compliance_status == ComplianceStatus::Rejected {
        return Err(held(
            "the customer's form is rejected",
            "have the form resubmitted and approved",
        ));
    }
    case.customer.status = status;
    release(tx, ctx, &mut case.customer).await?;
    open::open_if_ready(tx, ctx, &mut case).await?;
    view(tx, case.customer).await
}

/// Ends a suspension for want of payment, now that there is none; other holds stay.
pub(crate) async fn release_if_paid(tx: &Tx, ctx: &OpCtx, customer: &mut Customer) -> Result<()> {
    let was_unpaid = customer.status_reason.as_deref() == Some(Cause::Billing.as_str());
    let Ok(status) = customer.status.reinstate() else { return Ok(()) };
    if !was_unpaid || !snapshot::billing_status(ctx, customer).allows_service() {
        return Ok(());
    }
    customer.status = status;
    release(tx, ctx, customer).await
}

async fn release(tx: &Tx, ctx: &OpCtx, customer: &mut Customer) -> Result<()> {
    customer.status_reason = None;
    change::store(tx, ctx, customer).await?;
    audit::record(tx, ctx, "customer.reinstate", customer.id, &[]).await
}
