//! The reviewer's decision: approve (V5), reject (V6), ask for changes (V7).

use domain::compliance::{
    Check, CrdState, Decision, DocumentRole, DocumentStatus, FormStatus, ReasonCode, Review, Step,
    checklist_problems, submission_problems,
};
use domain::event::EventType;
use domain::id::ReviewId;
use domain::mailbox::MailboxStatus;
use domain::{Error, ErrorCode, Field, Result, days};
use serde_json::json;
use storage::compliance::{self as rows, CrdRecord};
use storage::{Tx, customers, mailboxes};

use super::witness::refuse_documents;
use super::{Case, ComplianceView, must_be_staff, open, read, staff_name};
use crate::customers::view::view;
use crate::{News, OpCtx, emit, snapshot};

/// Days for which the number is kept for an applicant who was rejected (postal.md 2.4).
const REJECTED_KEEPS_NUMBER_DAYS: i64 = 30;

/// What the reviewer went through.
#[derive(Clone, Debug)]
pub struct Approval {
    pub checklist: Vec<Check>,
    pub note: Option<String>,
}

/// Approves the form, and opens the mailbox at once where nothing else is missing.
pub async fn approve(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Approval,
) -> Result<ComplianceView> {
    let mut case = Case::open(tx, ctx, customer_id).await?;
    decide_for(tx, ctx, &mut case, input).await?;
    open::open_if_ready(tx, ctx, &mut case).await?;
    read::view(tx, ctx, case.customer).await
}

/// Approves the form and leaves the mailbox as it is.
pub(crate) async fn decide_for(
    tx: &Tx,
    ctx: &OpCtx,
    case: &mut Case,
    input: &Approval,
) -> Result<()> {
    must_be_staff(ctx)?;
    case.must_allow(Step::Approve)?;
    must_not_be_the_applicant(ctx, case)?;
    let mut problems = checklist_problems(&case.form.data, &input.checklist);
    let documents = rows::document_list(tx, case.customer.id).await?;
    // Looked at again, because a document can expire while the form waits.
    let site = &case.location.address;
    problems.extend(submission_problems(&case.form.data, &documents, site, case.today(ctx)));
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let review = Review {
        checklist: input.checklist.clone(),
        note: input.note.clone(),
        ..decided(ctx, case, Decision::Approve)
    };
    rows::review_insert(tx, &review).await?;
    record_approval(tx, ctx, case).await?;
    let is_first = case.customer.verified_at.is_none();
    case.customer.verified_at = case.customer.verified_at.or(Some(ctx.now));
    case.take(tx, ctx, Step::Approve, &[]).await?;
    // Once in a cycle, however often the form is renewed (postal.md 3.1).
    if is_first {
        tell_verified(tx, ctx, case).await?;
    }
    Ok(())
}

/// What follows from an approval: documents and addresses count, the number is kept, the CRD waits.
pub(super) async fn record_approval(tx: &Tx, ctx: &OpCtx, case: &mut Case) -> Result<()> {
    case.form.status = FormStatus::Approved;
    case.form.approved_at = Some(ctx.now);
    let customer = &case.customer;
    let (from, to) = (DocumentStatus::Uploaded, DocumentStatus::Accepted);
    rows::documents_mark(tx, customer.id, None, from, to).await?;
    let crd = CrdRecord {
        customer_id: customer.id,
        operator_id: customer.operator_id,
        form_id: case.form.id,
        state: CrdState::ToEnter,
        updated_at: ctx.now,
    };
    rows::crd_put(tx, &crd).await?;
    if let (Some(id), Some(transfer)) = (customer.default_address_id, &case.form.data.transfer) {
        let default = customers::address_find(tx, customer, id).await?;
        if default.is_some_and(|d| d.address.is_same_place(transfer)) {
            customers::address_put_on_form(tx, id).await?;
        }
    }
    keep_number_until(tx, case, None).await
}

async fn tell_verified(tx: &Tx, ctx: &OpCtx, case: &Case) -> Result<()> {
    let shown = snapshot::customer(ctx, &view(tx, case.customer.clone()).await?, false);
    let news = News {
        kind: EventType::CustomerVerified,
        mail_id: None,
        action_id: None,
        object: snapshot::value(&shown),
        extra: vec![
            ("verified_at", json!(ctx.now.to_string())),
            ("form_id", json!(case.form.id.to_string())),
        ],
        previous: None,
    };
    emit(tx, ctx, &case.customer, news).await.map(drop)
}

/// Why a form was refused or sent back.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub reasons: Vec<ReasonCode>,
    /// For the operator's staff only.
    pub note: Option<String>,
    /// Documents that must be handed in again; the others are kept.
    pub refused_documents: Vec<DocumentRole>,
}

/// Refuses the form for good. The applicant may still try again (V9).
pub async fn reject(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Refusal,
) -> Result<ComplianceView> {
    must_be_staff(ctx)?;
    must_give_reasons(&input.reasons)?;
    if input.note.as_ref().is_none_or(|n| n.trim().is_empty()) {
        let message = "a rejection needs a note for the operator's records";
        return Err(Error::invalid(vec![Field::new("note", "required", message)]));
    }
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::Reject { fraud: false })?;
    must_not_be_the_applicant(ctx, &case)?;
    record_rejection(tx, ctx, &mut case, input).await?;
    case.take(tx, ctx, Step::Reject { fraud: false }, &input.reasons).await?;
    read::view(tx, ctx, case.customer).await
}

/// Ends the form as rejected and lets the reserved number go in a month.
pub(super) async fn record_rejection(
    tx: &Tx,
    ctx: &OpCtx,
    case: &mut Case,
    input: &Refusal,
) -> Result<()> {
    let review = Review {
        reasons: input.reasons.clone(),
        note: input.note.clone(),
        ..decided(ctx, case, Decision::Reject)
    };
    rows::review_insert(tx, &review).await?;
    refuse_documents(tx, case, &input.refused_documents).await?;
    case.form.status = FormStatus::Rejected;
    case.form.rejected_at = Some(ctx.now);
    keep_number_until(tx, case, Some(ctx.now.plus(days(REJECTED_KEEPS_NUMBER_DAYS)))).await
}

/// Sends the form back to the applicant as a new draft.
pub async fn request_changes(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Refusal,
) -> Result<ComplianceView> {
    must_be_staff(ctx)?;
    must_give_reasons(&input.reasons)?;
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::RequestChanges)?;
    must_not_be_the_applicant(ctx, &case)?;
    let review = Review {
        reasons: input.reasons.clone(),
        note: input.note.clone(),
        ..decided(ctx, &case, Decision::RequestChanges)
    };
    rows::review_insert(tx, &review).await?;
    refuse_documents(tx, &case, &input.refused_documents).await?;
    case.redraft(tx, ctx, FormStatus::Superseded).await?;
    case.take(tx, ctx, Step::RequestChanges, &input.reasons).await?;
    read::view(tx, ctx, case.customer).await
}

pub(super) fn decided(ctx: &OpCtx, case: &Case, decision: Decision) -> Review {
    Review {
        id: ReviewId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        customer_id: case.customer.id,
        form_id: case.form.id,
        decision,
        reasons: Vec::new(),
        checklist: Vec::new(),
        note: None,
        decided_by: staff_name(ctx),
        decided_at: ctx.now,
    }
}

/// Changes until when the customer's reserved number is kept; an active mailbox is left alone.
pub(super) async fn keep_number_until(
    tx: &Tx,
    case: &Case,
    until: Option<domain::Timestamp>,
) -> Result<()> {
    let Some(id) = case.customer.mailbox_id else { return Ok(()) };
    if let Some(mut mailbox) = mailboxes::find(tx, id).await?
        && mailbox.status == MailboxStatus::Reserved
    {
        mailbox.reserved_until = until;
        mailboxes::update(tx, MailboxStatus::Reserved, &mailbox).await?;
    }
    Ok(())
}

pub(super) fn must_give_reasons(reasons: &[ReasonCode]) -> Result<()> {
    if !reasons.is_empty() {
        return Ok(());
    }
    let words = ReasonCode::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!("give at least one reason of {words}");
    Err(Error::invalid(vec![Field::new("reasons", "required", message)]))
}

fn must_not_be_the_applicant(ctx: &OpCtx, case: &Case) -> Result<()> {
    if !staff_name(ctx).eq_ignore_ascii_case(&case.customer.name) {
        return Ok(());
    }
    Err(Error::refused(ErrorCode::InsufficientScope, "nobody may decide on their own form")
        .fix("have somebody else review it"))
}
