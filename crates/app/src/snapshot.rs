//! What answers and events show of things, at commit time. The shapes are `wire`'s.

use domain::action::Action;
use domain::billing::{BillingStatus, prepay_status};
use domain::compliance::{ReasonCode, Requirement};
use domain::customer::Customer;
use domain::days;
use domain::mail::PhotoStatus;
use serde_json::{Value, json};
use wire::partner::compliance::{Compliance, ComplianceParts, RequirementError, Requirements};

use crate::OpCtx;
use crate::compliance::ComplianceView;
use crate::customers::CustomerView;
use crate::mail::MailView;

/// How long links inside an event's payload are good, in microseconds.
pub const LINK_LIFE: i64 = days(1);

/// A customer as it is shown. The invitation is only for those who may invite.
pub fn customer(
    ctx: &OpCtx,
    view: &CustomerView,
    with_invitation: bool,
) -> wire::partner::customers::Customer {
    let c = &view.customer;
    let url = if with_invitation { view.onboarding_url(ctx) } else { None };
    wire::partner::customers::Customer::new(c, billing_status(ctx, c), mailbox(view), url)
}

/// A customer's mailbox as it is shown; `None` when there is none.
pub fn mailbox(view: &CustomerView) -> Option<wire::partner::mailboxes::Mailbox> {
    let (mailbox, location) = view.mailbox.as_ref()?;
    Some(wire::partner::mailboxes::Mailbox::new(mailbox, location, &view.customer.name))
}

/// A customer's compliance as it is shown.
pub fn compliance(view: &ComplianceView) -> Compliance {
    let owed = &view.requirements;
    let words = |list: &[Requirement]| list.iter().map(|r| r.as_str().to_owned()).collect();
    let error = |(requirement, reason): &(Requirement, ReasonCode)| RequirementError {
        requirement: requirement.as_str().to_owned(),
        code: reason.shown().as_str().to_owned(),
        message: reason.shown().explanation().to_owned(),
    };
    let decided = view.review.as_ref().map(|r| (r.decision, r.reasons.clone(), r.decided_at));
    Compliance::new(ComplianceParts {
        customer: &view.customer,
        mailbox_ready: view.mailbox_ready,
        form: Some(&view.form),
        photo_id: view.photo_id.as_ref(),
        address_id: view.address_id.as_ref(),
        notarisation: view.notarisation.as_ref(),
        decision: decided,
        review_due_at: view.review_due_at,
        requirements: Requirements {
            currently_due: words(&owed.currently_due),
            eventually_due: words(&owed.eventually_due),
            past_due: words(&owed.past_due),
            current_deadline: owed.current_deadline.map(|at| at.to_string()),
            errors: owed.errors.iter().map(error).collect(),
        },
        history: view.history.clone(),
        updated_at: view.updated_at,
    })
}

/// The billing status at the context's time: grace and suspension come with the day, not with a write.
pub fn billing_status(ctx: &OpCtx, c: &Customer) -> BillingStatus {
    match c.billing_status {
        BillingStatus::PastDue => BillingStatus::PastDue,
        BillingStatus::Active
        | BillingStatus::Grace
        | BillingStatus::Suspended
        | BillingStatus::None => {
            let zone = &ctx.partner.order_form.timezone;
            prepay_status(c.prepay, c.paid_through, c.billing_lapsed_at, ctx.now, zone)
        }
    }
}

/// A shape of `wire` as a value; those have string keys and can't fail.
pub fn value(shape: &impl serde::Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or_else(|_| json!({}))
}

/// A mail item as it is shown; links to its photos are good for `link_life` microseconds.
pub fn mail(ctx: &OpCtx, view: &MailView, link_life: i64) -> wire::partner::mail::Mail {
    let link = |photo: &domain::mail::Photo, part: &str| {
        let path = format!("/files/{}{part}", photo.id);
        (photo.status == PhotoStatus::Stored).then(|| ctx.link(&path, link_life))
    };
    let photo = |p: &domain::mail::Photo| {
        let thumbnail = p.thumbnail.as_ref().and_then(|_| link(p, "/thumbnail"));
        wire::partner::mail::Photo::new(p, link(p, ""), thumbnail)
    };
    wire::partner::mail::Mail::new(wire::partner::mail::MailParts {
        item: &view.item,
        external_customer_id: view.customer.external_customer_id.clone(),
        status: view.status(),
        photos: view.photos.iter().map(photo).collect(),
        actions: view.actions.iter().map(|a| action(ctx, a)).collect(),
        available_actions: view
            .available_actions(ctx.now)
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect(),
        warnings: view.warnings.clone(),
        document_url: None,
    })
}

/// An action as it is shown; the code of a pickup never is.
pub fn action(ctx: &OpCtx, action: &Action) -> wire::partner::actions::MailAction {
    wire::partner::actions::MailAction::new(action, &ctx.partner.order_form.currency)
}
