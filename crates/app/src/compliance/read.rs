//! What a customer's compliance looks like from outside (postal.md 4.5.6), and the form for staff.

use domain::compliance::{
    ComplianceStatus, Decision, Document, DocumentRole, Form, Notarisation, NotaryStatus,
    REVIEW_DAYS, ReasonCode, Requirements, Review, requirements, submission_problems,
};
use domain::customer::Customer;
use domain::mailbox::MailboxStatus;
use domain::{Error, Result, Timestamp, days};
use storage::compliance as rows;
use storage::{Tx, mailboxes, tenancy};

use super::must_be_staff;
use crate::OpCtx;
use crate::customers::get;

/// Everything that may be shown of a customer's compliance.
///
/// Whoever renders it leaves out what [`Form`], [`Document`] and [`Review`] hold of numbers, home
/// addresses, notes and names, and shows each reason as [`ReasonCode::shown`] does.
#[derive(Clone, Debug)]
pub struct ComplianceView {
    pub customer: Customer,
    /// True while mail may be sent to the mailbox.
    pub mailbox_ready: bool,
    pub form: Form,
    pub photo_id: Option<Document>,
    pub address_id: Option<Document>,
    pub notarisation: Option<Notarisation>,
    pub review: Option<Review>,
    /// When the form at hand should be decided, while it waits for a reviewer.
    pub review_due_at: Option<Timestamp>,
    pub requirements: Requirements,
    pub history: Vec<(ComplianceStatus, Timestamp)>,
    pub updated_at: Timestamp,
}

pub async fn get(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<ComplianceView> {
    view(tx, ctx, get::find(tx, ctx, customer_id).await?).await
}

/// The newest form with all that it states, for staff alone.
pub async fn form(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<Form> {
    must_be_staff(ctx)?;
    let customer = get::find(tx, ctx, customer_id).await?;
    Ok(rows::form_current(tx, customer.id).await?)
}

pub(crate) async fn view(tx: &Tx, ctx: &OpCtx, customer: Customer) -> Result<ComplianceView> {
    let form = rows::form_current(tx, customer.id).await?;
    let documents = rows::document_list(tx, customer.id).await?;
    let notarisation = rows::notarisation_newest(tx, customer.id).await?;
    let review = rows::review_newest(tx, customer.id).await?;
    let standing = rows::requirement_list(tx, customer.id).await?;
    let history = rows::history_list(tx, customer.id).await?;
    let location = tenancy::location_find(tx, customer.location_id).await?;
    let location =
        location.ok_or_else(|| Error::internal("loading a location", "a row is missing"))?;
    let mailbox_is_active = match customer.mailbox_id {
        Some(id) => {
            mailboxes::find(tx, id).await?.is_some_and(|m| m.status == MailboxStatus::Active)
        }
        None => false,
    };
    let status = customer.compliance_status;
    let today = ctx.now.date_in(&location.timezone);
    let problems = submission_problems(&form.data, &documents, &location.address, today);
    let reasons = reasons_against(review.as_ref(), notarisation.as_ref());
    let newest = |role| documents.iter().rev().find(|d| d.role == role).cloned();
    Ok(ComplianceView {
        mailbox_ready: mailbox_is_active && status == ComplianceStatus::MailboxActive,
        photo_id: newest(DocumentRole::PhotoId),
        address_id: newest(DocumentRole::AddressId),
        review_due_at: form.submitted_at.map(|at| at.plus(days(REVIEW_DAYS))),
        requirements: requirements(status, &problems, &standing, reasons, ctx.now),
        updated_at: history.last().map_or(customer.updated_at, |(_, at)| *at),
        customer,
        form,
        notarisation,
        review,
        history,
    })
}

/// The reasons of the last decision that went against the applicant, if none came after it.
fn reasons_against<'a>(
    review: Option<&'a Review>,
    notarisation: Option<&'a Notarisation>,
) -> &'a [ReasonCode] {
    let failed = notarisation.filter(|n| n.status == NotaryStatus::Failed);
    match (review, failed) {
        // Revisions are numbered by time, so the later form was decided later.
        (Some(review), Some(failed)) if failed.form_id >= review.form_id => &failed.reasons,
        (None, Some(failed)) => &failed.reasons,
        (Some(review), _) if review.decision != Decision::Approve => &review.reasons,
        (Some(_) | None, _) => &[],
    }
}
