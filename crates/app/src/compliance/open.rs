//! Opening the mailbox of an approved customer (V8, M3), also again after a pause.

use domain::compliance::{ComplianceStatus, Step};
use domain::customer::{ActivatedVia, CustomerStatus};
use domain::mailbox::{Mailbox, MailboxStatus, Move};
use domain::partner::LocationStatus;
use domain::{Error, ErrorCode, Result};
use storage::{Tx, mailboxes};

use super::{Case, ComplianceView, read};
use crate::customers::activate;
use crate::{OpCtx, snapshot, usage};

/// Opens the mailbox, or says what it waits for.
pub async fn open(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<ComplianceView> {
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::Open)?;
    let mailbox = ready(tx, ctx, &case).await?;
    carry_out(tx, ctx, &mut case, mailbox).await?;
    read::view(tx, ctx, case.customer).await
}

/// Opens the mailbox if it waits for nothing else; called after whatever it may have waited for.
pub(crate) async fn open_if_ready(tx: &Tx, ctx: &OpCtx, case: &mut Case) -> Result<()> {
    if case.customer.compliance_status != ComplianceStatus::Approved {
        return Ok(());
    }
    match ready(tx, ctx, case).await {
        Ok(mailbox) => carry_out(tx, ctx, case, mailbox).await,
        Err(Error::Refused { .. }) => Ok(()),
        Err(error @ Error::Internal { .. }) => Err(error),
    }
}

/// The mailbox, when the guard of V8 holds.
async fn ready(tx: &Tx, ctx: &OpCtx, case: &Case) -> Result<Mailbox> {
    let customer = &case.customer;
    let may_activate = ctx.partner.settings.auto_activate_on_approval;
    match customer.status {
        CustomerStatus::Active => {}
        CustomerStatus::Invited if may_activate => {}
        status @ (CustomerStatus::Invited
        | CustomerStatus::Suspended
        | CustomerStatus::Deactivated) => {
            return Err(Error::refused(
                ErrorCode::CustomerInactive,
                format!("the customer is {status}; a mailbox opens for active customers"),
            )
            .fix(
                "have the customer take up the invitation, or activate or reinstate the customer",
            ));
        }
    }
    if !snapshot::billing_status(ctx, customer).allows_service() {
        return Err(Error::refused(
            ErrorCode::BillingInactive,
            "the mailbox opens when it is paid for",
        )
        .fix("set prepay to true, or paid_through to a later day"));
    }
    if case.location.status != LocationStatus::Active {
        let message = format!("location {} is {}", case.location.name, case.location.status);
        return Err(Error::refused(ErrorCode::MailboxNotActive, message)
            .fix("the mailbox opens when the location is active again"));
    }
    let mailbox = match customer.mailbox_id {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    mailbox
        .filter(|m| matches!(m.status, MailboxStatus::Reserved | MailboxStatus::Active))
        .ok_or_else(|| {
            Error::refused(ErrorCode::MailboxNotFound, "no mailbox is reserved for this customer")
                .fix("choose one by changing the customer's mailbox")
        })
}

async fn carry_out(tx: &Tx, ctx: &OpCtx, case: &mut Case, mut mailbox: Mailbox) -> Result<()> {
    if case.customer.status == CustomerStatus::Invited {
        activate::take_up(tx, ctx, &mut case.customer, ActivatedVia::Operator).await?;
    }
    // After a pause or a renewal the mailbox is active still.
    if mailbox.status == MailboxStatus::Reserved {
        mailbox.status = mailbox.status.after(Move::Open)?;
        mailbox.opened_on = Some(case.today(ctx));
        mailbox.reserved_until = None;
        if !mailboxes::update(tx, MailboxStatus::Reserved, &mailbox).await? {
            return Err(Error::internal("opening a mailbox", "it is not reserved any more"));
        }
    }
    usage::opened(tx, ctx, &case.customer, &mailbox, ctx.now).await?;
    case.customer.mailbox_active_at = case.customer.mailbox_active_at.or(Some(ctx.now));
    case.customer.billing_status = snapshot::billing_status(ctx, &case.customer);
    case.take(tx, ctx, Step::Open, &[]).await
}
