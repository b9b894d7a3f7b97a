//! What follows when a mailbox is paid, or no longer paid (C4, C5, V8, V11).

use domain::Result;
use domain::billing::BillingStatus;
use domain::compliance::ComplianceStatus;
use domain::customer::CustomerStatus;
use storage::Tx;

use super::suspend::{self, Cause};
use super::{CustomerView, change, view};
use crate::compliance::{Case, open, pause};
use crate::{OpCtx, snapshot};

/// Brings a customer in line with the billing status of the moment; changes nothing the second time.
pub async fn settle(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<CustomerView> {
    let mut case = Case::open(tx, ctx, customer_id).await?;
    settle_case(tx, ctx, &mut case).await?;
    view::view(tx, case.customer).await
}

/// The same for a customer whose row is locked and stored.
pub(crate) async fn settle_case(tx: &Tx, ctx: &OpCtx, case: &mut Case) -> Result<()> {
    let status = snapshot::billing_status(ctx, &case.customer);
    if case.customer.billing_status != status {
        case.customer.billing_status = status;
        change::store(tx, ctx, &mut case.customer).await?;
    }
    match status {
        BillingStatus::Active | BillingStatus::Grace => {
            suspend::release_if_paid(tx, ctx, &mut case.customer).await?;
            open::open_if_ready(tx, ctx, case).await
        }
        BillingStatus::PastDue | BillingStatus::Suspended | BillingStatus::None => {
            if case.customer.status == CustomerStatus::Active && status == BillingStatus::Suspended
            {
                suspend::hold(tx, ctx, &mut case.customer, Cause::Billing).await?;
            }
            if case.customer.compliance_status == ComplianceStatus::MailboxActive {
                pause::carry_out(tx, ctx, case).await?;
            }
            Ok(())
        }
    }
}
