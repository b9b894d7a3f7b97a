//! Form 1583: the way to an open mailbox, and every refusal on it.

use app::compliance::review::{Approval, Refusal};
use app::compliance::submit::Signing;
use app::compliance::witness::Failure;
use app::compliance::{ComplianceView, crd, documents, lapse, open, pause, read};
use app::compliance::{reject_for_fraud, resubmit, review, submit, witness};
use app::{Actor, OpCtx};
use bytes::Bytes;
use domain::compliance::{
    ComplianceStatus, CrdState, Decision, DocumentRole, DocumentStatus, FormStatus, NotaryMethod,
    ReasonCode, Requirement, all_passed,
};
use domain::customer::CustomerStatus;
use domain::event::EventType;
use domain::mailbox::MailboxStatus;
use domain::{Error, ErrorCode, Result};

use crate::applicants::{self, attestation, document, open_mailbox, submission};
use crate::support::{act, events, invite, refusal, world};

/// The codes of the refused fields.
fn fields(outcome: Result<ComplianceView>) -> Vec<&'static str> {
    match outcome.unwrap_err() {
        Error::Refused { fields, .. } => fields.iter().map(|f| f.code).collect(),
        error @ Error::Internal { .. } => panic!("{error:?}"),
    }
}

/// What the partner was told of the form, in order; other events by name.
async fn told(ctx: &OpCtx) -> Vec<String> {
    let status =
        |payload: &serde_json::Value| payload["data"]["status"].as_str().map(ToOwned::to_owned);
    let events = events(ctx).await;
    let one = |(kind, payload): &(EventType, serde_json::Value)| match kind {
        EventType::CustomerForm1583StatusUpdated => status(payload).unwrap(),
        other => other.to_string(),
    };
    events.iter().map(one).collect()
}

async fn try_submit(ctx: &OpCtx, id: &str, input: submit::Submission) -> Result<ComplianceView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| submit::submit(tx, ctx, &id, &input).await).await
}

async fn look(ctx: &OpCtx, id: &str) -> ComplianceView {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| read::get(tx, ctx, &id).await).await.unwrap()
}

fn refused_for(reasons: &[ReasonCode]) -> Refusal {
    Refusal {
        reasons: reasons.to_vec(),
        note: Some("seen at the desk".to_owned()),
        refused_documents: Vec::new(),
    }
}

#[tokio::test]
async fn the_whole_way_is_told_in_order_and_verified_once() {
    let world = world().await;
    let ctx = world.ctx().await;
    let view = open_mailbox(&ctx, "crm_1").await;
    let order = [
        "customer.created",
        "pending_notary",
        "pending_review",
        "approved",
        "customer.verified",
        "customer.activated",
        "mailbox_active",
    ];
    assert_eq!(told(&ctx).await, order);
    let customer = &view.customer;
    assert_eq!(customer.status, CustomerStatus::Active);
    assert_eq!(customer.verified_at, Some(ctx.now));
    assert_eq!(customer.mailbox_active_at, Some(ctx.now));
    let (mailbox, _) = view.mailbox.unwrap();
    assert_eq!(mailbox.status, MailboxStatus::Active);
    assert_eq!(mailbox.opened_on.unwrap().to_string(), "2026-11-20");
    let seen = look(&ctx, &customer.id.to_string()).await;
    assert!(seen.mailbox_ready);
    let statuses: Vec<_> = seen.history.iter().map(|(s, _)| s.as_str()).collect();
    let every = ["pending_form", "pending_notary", "pending_review", "approved", "mailbox_active"];
    assert_eq!(statuses, every);
    assert_eq!(seen.photo_id.unwrap().status, DocumentStatus::Accepted);
    assert_eq!(seen.form.status, FormStatus::Approved);
}

#[tokio::test]
async fn an_event_of_the_form_holds_nothing_that_is_private() {
    let world = world().await;
    let ctx = world.ctx().await;
    open_mailbox(&ctx, "crm_1").await;
    for (_, payload) in events(&ctx).await {
        let text = payload.to_string();
        for private in ["X1234567", "4567", "Home St", "Wes Witness", "olga", "+15555555555"] {
            assert!(!text.contains(private), "{private} in {text}");
        }
    }
}

#[tokio::test]
async fn s28_one_file_in_two_roles_is_refused_and_nothing_stays() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = submission(&ctx).await;
    input.documents[1] = document(&ctx, DocumentRole::AddressId, "current_lease", 1).await;
    assert_eq!(fields(try_submit(&ctx, &id, input).await), ["same_document_twice"]);
    let seen = look(&ctx, &id).await;
    assert!(seen.photo_id.is_none());
    assert_eq!(seen.customer.compliance_status, ComplianceStatus::PendingForm);
    assert_eq!(told(&ctx).await, ["customer.created"]);
}

#[tokio::test]
async fn a_submission_names_everything_that_is_missing_and_the_draft_owes_it() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = submission(&ctx).await;
    input.form.home = None;
    input.documents.clear();
    let incomplete = ["form_incomplete", "form_incomplete", "form_incomplete"];
    assert_eq!(fields(try_submit(&ctx, &id, input).await), incomplete);
    let owed = look(&ctx, &id).await.requirements.currently_due;
    let all = [
        Requirement::Applicant,
        Requirement::Signature,
        Requirement::PhotoId,
        Requirement::AddressId,
    ];
    assert_eq!(owed, all);
}

#[tokio::test]
async fn a_form_on_paper_is_signed_before_the_witness() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = submission(&ctx).await;
    input.signing = Signing::OnPaper;
    let seen = try_submit(&ctx, &id, input).await.unwrap();
    assert_eq!((seen.form.status, seen.form.signed_at), (FormStatus::Draft, None));
    let seen = applicants::witness(&ctx, &id).await;
    assert_eq!(seen.form.signed_at, Some(ctx.now));
    assert_eq!(seen.form.status, FormStatus::Submitted);
}

#[tokio::test]
async fn s29_a_notary_of_ontario_is_refused() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    applicants::submit(&ctx, &id).await;
    let mut input = attestation(&ctx);
    input.method = NotaryMethod::RemoteOnlineNotary;
    input.commission_state = Some("Ontario".to_owned());
    let outcome =
        act(&ctx, async move |tx, ctx| witness::witness(tx, ctx, &id, &input).await).await;
    assert_eq!(fields(outcome), ["notary_not_us"]);
}

#[tokio::test]
async fn a_failed_session_gives_back_a_new_draft_that_asks_only_for_the_refused_document() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    applicants::submit(&ctx, &id).await;
    let input = Failure {
        method: NotaryMethod::InPersonAgent,
        witness_name: "Wes Witness".to_owned(),
        reasons: vec![ReasonCode::IdUnreadable],
        refused_documents: vec![DocumentRole::PhotoId],
    };
    let key = id.clone();
    let seen = act(&ctx, async move |tx, ctx| witness::fail(tx, ctx, &key, &input).await).await;
    let seen = seen.unwrap();
    assert_eq!(seen.customer.compliance_status, ComplianceStatus::PendingForm);
    assert_eq!((seen.form.revision, seen.form.status), (2, FormStatus::Draft));
    let owed = seen.requirements;
    assert_eq!(owed.currently_due, [Requirement::Signature, Requirement::PhotoId]);
    assert_eq!(owed.errors, [(Requirement::PhotoId, ReasonCode::IdUnreadable)]);
}

#[tokio::test]
async fn an_approval_needs_the_whole_list_and_documents_that_are_still_good() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = submission(&ctx).await;
    input.documents[0].expires_on = Some(ctx.now.date_in("UTC"));
    try_submit(&ctx, &id, input).await.unwrap();
    applicants::witness(&ctx, &id).await;
    let approval = |checklist| Approval { checklist, note: None };
    let (key, empty) = (id.clone(), approval(Vec::new()));
    let outcome =
        act(&ctx, async move |tx, ctx| review::approve(tx, ctx, &key, &empty).await).await;
    assert_eq!(fields(outcome).len(), 5);
    world.clock.advance(domain::days(2));
    let ctx = world.ctx().await;
    let full = approval(all_passed());
    let outcome = act(&ctx, async move |tx, ctx| review::approve(tx, ctx, &id, &full).await).await;
    assert_eq!(fields(outcome), ["id_expired"]);
}

#[tokio::test]
async fn a_rejected_applicant_may_try_again_and_loses_the_number_in_a_month() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    applicants::submit(&ctx, &id).await;
    applicants::witness(&ctx, &id).await;
    let (key, input) = (id.clone(), refused_for(&[ReasonCode::NameMismatch]));
    let seen = act(&ctx, async move |tx, ctx| review::reject(tx, ctx, &key, &input).await).await;
    let seen = seen.unwrap();
    assert_eq!(seen.customer.compliance_status, ComplianceStatus::Rejected);
    assert_eq!(seen.form.status, FormStatus::Rejected);
    assert_eq!(seen.review.unwrap().decision, Decision::Reject);
    let told = events(&ctx).await;
    assert_eq!(told.last().unwrap().1["data"]["reasons"][0], "name_mismatch");
    let key = id.clone();
    let view = act(&ctx, async move |tx, ctx| app::customers::get::get(tx, ctx, &key).await).await;
    let until = view.unwrap().mailbox.unwrap().0.reserved_until;
    assert_eq!(until, Some(ctx.now.plus(domain::days(30))));
    let seen =
        act(&ctx, async move |tx, ctx| resubmit::resubmit(tx, ctx, &id).await).await.unwrap();
    assert_eq!((seen.form.revision, seen.form.status), (2, FormStatus::Draft));
}

#[tokio::test]
async fn a_finding_of_fraud_is_told_as_something_else_and_only_staff_may_lift_it() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let key = id.clone();
    let seen = act(&ctx, async move |tx, ctx| {
        reject_for_fraud::reject_for_fraud(tx, ctx, &key, "forged passport").await
    });
    let seen = seen.await.unwrap();
    assert_eq!(seen.customer.status, CustomerStatus::Suspended);
    let told = events(&ctx).await;
    let (_, payload) = told.last().unwrap();
    assert_eq!(payload["data"]["status"], "rejected");
    assert_eq!(payload["data"]["reasons"][0], "other");
    assert!(!payload.to_string().contains("fraud") && !payload.to_string().contains("forged"));
    let mut customer = ctx.clone();
    customer.actor = Actor::Customer;
    let key = id.clone();
    let again = async move |tx: &app::Tx, ctx: &OpCtx| resubmit::resubmit(tx, ctx, &key).await;
    assert_eq!(refusal(act(&customer, again).await), ErrorCode::ActionConflict);
    act(&ctx, async move |tx, ctx| resubmit::resubmit(tx, ctx, &id).await).await.unwrap();
}

#[tokio::test]
async fn nobody_but_staff_decides_and_a_test_key_stands_in_for_them() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let mut partner = ctx.clone();
    partner.actor = Actor::ApiKey(domain::id::KeyId([1; 16]));
    let outcome = try_submit(&partner, &id, submission(&ctx).await).await;
    assert_eq!(refusal(outcome), ErrorCode::InsufficientScope);
    applicants::submit(&ctx, &id).await;
    let input = attestation(&ctx);
    let outcome =
        act(&partner, async move |tx, ctx| witness::witness(tx, ctx, &id, &input).await).await;
    assert_eq!(refusal(outcome), ErrorCode::InsufficientScope);
    let mut test = world.test_ctx().await;
    test.actor = partner.actor;
    open_mailbox(&test, "crm_1").await;
}

#[tokio::test]
async fn an_unpaid_customer_is_approved_and_waits() {
    let world = world().await;
    let ctx = world.ctx().await;
    let input = app::customers::create::NewCustomer {
        email: "jane@example.com".to_owned(),
        name: "Jane Smith".to_owned(),
        ..Default::default()
    };
    let view =
        act(&ctx, async move |tx, ctx| app::customers::create::create(tx, ctx, &input).await);
    let id = view.await.unwrap().customer.id.to_string();
    applicants::submit(&ctx, &id).await;
    applicants::witness(&ctx, &id).await;
    let seen = applicants::approve(&ctx, &id).await;
    assert_eq!(seen.customer.compliance_status, ComplianceStatus::Approved);
    assert!(!seen.mailbox_ready);
    let outcome = act(&ctx, async move |tx, ctx| open::open(tx, ctx, &id).await).await;
    assert_eq!(refusal(outcome), ErrorCode::BillingInactive);
}

#[tokio::test]
async fn steps_out_of_order_are_refused() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let conflict = ErrorCode::ActionConflict;
    let (key, input) = (id.clone(), attestation(&ctx));
    let outcome =
        act(&ctx, async move |tx, ctx| witness::witness(tx, ctx, &key, &input).await).await;
    assert_eq!(refusal(outcome), conflict);
    for step in [0, 1, 2, 3] {
        let key = id.clone();
        let outcome = act(&ctx, async move |tx, ctx| match step {
            0 => open::open(tx, ctx, &key).await,
            1 => pause::pause(tx, ctx, &key).await,
            2 => lapse::lapse(tx, ctx, &key).await,
            _ => resubmit::resubmit(tx, ctx, &key).await,
        });
        assert_eq!(refusal(outcome.await), conflict);
    }
    let paid = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let key = paid.clone();
    let outcome = act(&ctx, async move |tx, ctx| pause::pause(tx, ctx, &key).await).await;
    assert_eq!(refusal(outcome), conflict);
    let outcome = act(&ctx, async move |tx, ctx| lapse::lapse(tx, ctx, &paid).await).await;
    assert_eq!(refusal(outcome), conflict);
}

#[tokio::test]
async fn images_of_documents_are_checked_and_sealed() {
    let world = world().await;
    let ctx = world.ctx().await;
    let html = documents::store_image(&ctx.app, Bytes::from_static(b"<html>")).await;
    assert_eq!(refusal(html), ErrorCode::ValidationFailed);
    let large = vec![b'%'; documents::IMAGE_BYTES_MAX + 1];
    let large = documents::store_image(&ctx.app, Bytes::from(large)).await;
    assert_eq!(refusal(large), ErrorCode::PayloadTooLarge);
}

#[tokio::test]
async fn the_registration_database_is_followed_by_hand() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let waiting = act(&ctx, async |tx, ctx| crd::list(tx, ctx, CrdState::ToEnter).await).await;
    assert_eq!(waiting.unwrap().len(), 1);
    for state in [CrdState::Entered, CrdState::NeedsImage, CrdState::Entered] {
        let key = id.clone();
        act(&ctx, async move |tx, ctx| crd::record(tx, ctx, &key, state).await).await.unwrap();
    }
    let back = act(&ctx, async move |tx, ctx| crd::record(tx, ctx, &id, CrdState::ToEnter).await);
    assert_eq!(refusal(back.await), ErrorCode::ActionConflict);
}
