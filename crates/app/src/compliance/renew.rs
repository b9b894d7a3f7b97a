//! Replacing an approved form by a revised one while the mailbox stays as it is.
//!
//! The status on the wire does not change, so nothing is told; what was asked for is answered.

use domain::compliance::{
    Attestation, Check, ComplianceStatus, Decision, FormData, FormStatus, attestation_problems,
    checklist_problems, submission_problems,
};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::compliance as rows;

use super::review::{decided, record_approval};
use super::witness::completed;
use super::{Case, ComplianceView, NewDocument, documents, must_be_staff, read};
use crate::customers::change;
use crate::{OpCtx, audit};

/// A revised form that was signed, witnessed and looked through in one sitting.
#[derive(Clone, Debug)]
pub struct Renewal {
    pub form: FormData,
    /// Documents that were not uploaded before.
    pub documents: Vec<NewDocument>,
    pub attestation: Attestation,
    pub checklist: Vec<Check>,
    /// For the operator's staff only.
    pub note: Option<String>,
}

/// Records the next revision as approved, with every check that the first one passed.
pub async fn renew(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Renewal,
) -> Result<ComplianceView> {
    must_be_staff(ctx)?;
    let mut case = Case::open(tx, ctx, customer_id).await?;
    must_be_approved(&case)?;
    for document in &input.documents {
        documents::add(tx, ctx, &case.customer, document).await?;
    }
    let papers = rows::document_list(tx, case.customer.id).await?;
    let today = case.today(ctx);
    let mut problems = submission_problems(&input.form, &papers, &case.location.address, today);
    problems.extend(attestation_problems(&input.attestation, &input.form, ctx.now, today));
    problems.extend(checklist_problems(&input.form, &input.checklist));
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    case.redraft(tx, ctx, FormStatus::Superseded).await?;
    case.form.data = input.form.clone();
    case.form.signed_at = Some(ctx.now);
    case.form.submitted_at = Some(ctx.now);
    rows::notarisation_insert(tx, &completed(ctx, &case, &input.attestation), ctx.now).await?;
    let review = domain::compliance::Review {
        checklist: input.checklist.clone(),
        note: input.note.clone(),
        ..decided(ctx, &case, Decision::Approve)
    };
    rows::review_insert(tx, &review).await?;
    rows::requirements_clear(tx, case.customer.id).await?;
    record_approval(tx, ctx, &mut case).await?;
    rows::form_update(tx, &case.form).await?;
    change::store(tx, ctx, &mut case.customer).await?;
    let detail = [("form", &*case.form.id.to_string())];
    audit::record(tx, ctx, "compliance.renew", case.customer.id, &detail).await?;
    read::view(tx, ctx, case.customer).await
}

fn must_be_approved(case: &Case) -> Result<()> {
    let status = case.customer.compliance_status;
    match status {
        ComplianceStatus::Approved | ComplianceStatus::MailboxActive => Ok(()),
        ComplianceStatus::PendingForm
        | ComplianceStatus::PendingNotary
        | ComplianceStatus::PendingReview
        | ComplianceStatus::Rejected => Err(Error::refused(
            ErrorCode::ActionConflict,
            format!("compliance is {status}; only an approved form is renewed"),
        )
        .fix("submit the form, or wait for the decision on the one that was submitted")),
    }
}
