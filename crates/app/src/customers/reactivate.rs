//! Taking a former customer back within the remail window (C7).

use domain::compliance::submission_problems;
use domain::compliance::{
    ComplianceStatus, CrdState, EDITION, FormStatus, ReasonCode, Requirement,
};
use domain::customer::{ActivatedVia, CustomerStatus};
use domain::mailbox::{Mailbox, MailboxStatus, Move};
use domain::{Error, ErrorCode, Result};
use storage::compliance::CrdRecord;
use storage::{Tx, compliance, mailboxes};

use super::view::view;
use super::{CustomerView, activate, billing, get};
use crate::compliance::{Case, lapse, must_be_staff};
use crate::{OpCtx, usage};

/// Reopens mailbox and account. A form that no longer holds is to be signed anew before anything else.
pub async fn reactivate(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<CustomerView> {
    must_be_staff(ctx)?;
    let mut case = Case::of(tx, get::find_locked(tx, ctx, customer_id).await?).await?;
    let mut mailbox = former_mailbox(tx, ctx, &case).await?;
    let reason = form_problem(tx, ctx, &case).await?;
    mailbox.status = mailbox.status.after(Move::Reopen)?;
    mailbox.closed_on = None;
    mailbox.remail_until = None;
    if !mailboxes::update(tx, MailboxStatus::Remail, &mailbox).await? {
        return Err(Error::internal("reopening a mailbox", "it moved meanwhile"));
    }
    let no = ctx.app.ids.number(ctx.app.clock.now());
    let why = "customer.reactivate";
    mailboxes::assign(tx, no, mailbox.id, case.customer.id, ctx.now, why).await?;
    restore_form(tx, ctx, &mut case).await?;
    let customer = &mut case.customer;
    customer.deactivated_at = None;
    customer.deactivation_reason = None;
    customer.remail_until = None;
    customer.remail_instruction = None;
    let holds = customer.compliance_status.allows_release() && reason.is_none();
    if !holds {
        // A new cycle, in which the new form is verified and the mailbox opened again.
        customer.verified_at = None;
        customer.mailbox_active_at = None;
    }
    activate::take_up(tx, ctx, customer, ActivatedVia::Operator).await?;
    match reason {
        // Due at once: where the step below cannot be taken yet, the clock takes it later.
        Some(_) => {
            let requirement = Requirement::Revision;
            compliance::requirement_put(tx, case.customer.id, requirement, ctx.now).await?;
        }
        None if case.customer.compliance_status == ComplianceStatus::MailboxActive => {
            usage::opened(tx, ctx, &case.customer, &mailbox, ctx.now).await?;
        }
        None => {}
    }
    billing::settle_case(tx, ctx, &mut case).await?;
    if let Some(reason) = reason
        && case.customer.compliance_status == ComplianceStatus::MailboxActive
    {
        lapse::carry_out(tx, ctx, &mut case, &[reason]).await?;
    }
    view(tx, case.customer).await
}

/// The customer's old box, which is kept for as long as mail is re-mailed.
async fn former_mailbox(tx: &Tx, ctx: &OpCtx, case: &Case) -> Result<Mailbox> {
    let refused = |why: &str| {
        Err(Error::refused(ErrorCode::CustomerInactive, why.to_owned())
            .fix("create the customer anew"))
    };
    let customer = &case.customer;
    if customer.status != CustomerStatus::Deactivated {
        return refused("only a deactivated customer can be reactivated");
    }
    if customer.compliance_status == ComplianceStatus::Rejected {
        return refused("the customer's form is rejected");
    }
    let mailbox = match customer.mailbox_id {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    let is_kept = |m: &Mailbox| {
        m.status == MailboxStatus::Remail
            && m.customer_id == Some(customer.id)
            && m.remail_until.is_some_and(|last| case.today(ctx) <= last)
    };
    match mailbox.filter(is_kept) {
        Some(mailbox) => Ok(mailbox),
        None => refused("the window in which this customer could come back is over"),
    }
}

/// Why the form that was approved once does not hold any more, if it does not.
async fn form_problem(tx: &Tx, ctx: &OpCtx, case: &Case) -> Result<Option<ReasonCode>> {
    if case.form.edition != EDITION {
        return Ok(Some(ReasonCode::FormWrongEdition));
    }
    let documents = compliance::document_list(tx, case.customer.id).await?;
    let site = &case.location.address;
    let problems = submission_problems(&case.form.data, &documents, site, case.today(ctx));
    Ok(problems.first().and_then(|p| ReasonCode::parse(p.code)))
}

async fn restore_form(tx: &Tx, ctx: &OpCtx, case: &mut Case) -> Result<()> {
    if case.form.status == FormStatus::Closed {
        case.form.status =
            match (case.form.approved_at, case.form.submitted_at, case.form.signed_at) {
                (Some(_), _, _) => FormStatus::Approved,
                (None, Some(_), _) => FormStatus::Submitted,
                (None, None, Some(_)) => FormStatus::Signed,
                (None, None, None) => FormStatus::Draft,
            };
        case.form.closed_on = None;
        compliance::form_update(tx, &case.form).await?;
    }
    let Some(record) = compliance::crd_find(tx, case.customer.id).await? else { return Ok(()) };
    let again = CrdRecord { state: CrdState::ToEnter, updated_at: ctx.now, ..record };
    Ok(compliance::crd_put(tx, &again).await?)
}
