//! `POST /api/v1/test_helpers/mail/simulate` and `/mail/{mail_id}/complete_action`.

use app::mail::create::NewMail;
use app::mail::log::log;
use app::mail_actions::simulated::{Proof, end};
use app::{OpCtx, snapshot, test_clock};
use axum::extract::State;
use domain::key::ScopeName;
use domain::mail::Accountable;
use wire::partner::actions::MailAction;
use wire::partner::mail::Mail;
use wire::partner::test_helpers::{
    CompleteAction, SimulateMail, TestActionCompletion, TestMailArrival,
};

use crate::call::{Call, Handled};
use crate::mail::LINK_LIFE;
use crate::{PartnerApi, answer};

/// Let mail arrive
///
/// As if the operator had logged it, with the same events.
#[utoipa::path(
    post, path = "/test_helpers/mail/simulate", operation_id = "simulateTestMail", tag = "Test helpers",
    security(("bearer" = ["mail:write"])),
    request_body = TestMailArrival,
    responses((status = 201, description = "The mail item.", body = Mail))
)]
pub(crate) async fn simulate_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailWrite)?;
    test_clock::must_be_test(&ctx)?;
    let input = arrival(SimulateMail::read(body)?);
    api.run(
        &ctx,
        async move |tx, ctx| log(tx, ctx, &input).await,
        |ctx: &OpCtx, view| {
            let location = format!("/api/v1/mail/{}", view.item.id);
            answer::created(&snapshot::mail(ctx, view, LINK_LIFE), location, None)
        },
    )
    .await
}

fn arrival(read: SimulateMail) -> NewMail {
    NewMail {
        customer_id: read.customer_id,
        kind: read.kind,
        subtype: read.subtype.map(ToOwned::to_owned),
        photos: Vec::new(),
        performed_by: "simulated_clerk".to_owned(),
        tracking_number: read.tracking_number,
        carrier: None,
        sender_name: read.sender_name,
        addressed_to: None,
        recipient_id: None,
        received_at: None,
        weight_g: None,
        dimensions_mm: None,
        accountable: Accountable::None,
        flags: Vec::new(),
        external_mail_id: None,
        metadata: Vec::new(),
        location_id: None,
    }
}

/// Complete an action
///
/// Carries the open action of a mail item out, or refuses it, as the operator would and with the same
/// events. A shred still waits for its hold: advance the test clock first.
#[utoipa::path(
    post, path = "/test_helpers/mail/{mail_id}/complete_action", operation_id = "completeTestAction",
    tag = "Test helpers", security(("bearer" = ["mail_actions:write"])),
    params(("mail_id" = String, Path, description = "mail_…", max_length = 64)),
    request_body = TestActionCompletion,
    responses((status = 200, description = "The action.", body = MailAction))
)]
pub(crate) async fn complete_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailActionsWrite)?;
    test_clock::must_be_test(&ctx)?;
    let read = CompleteAction::read(body)?;
    let proof = Proof {
        pages: read.pages,
        tracking_number: read.tracking_number,
        carrier: read.carrier,
        service: read.service,
        cost_minor: read.charge_minor,
    };
    let id = call.param("mail_id");
    api.run(
        &ctx,
        async move |tx, ctx| {
            end(tx, ctx, &id, read.action_id.as_deref(), read.rejected, &proof).await
        },
        |ctx: &OpCtx, view| answer::ok(&snapshot::action(ctx, &view.action), None),
    )
    .await
}
