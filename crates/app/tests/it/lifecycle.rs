//! From the invitation to the end of service and back.

use app::customers::create::{MailboxChoice, NewCustomer};
use app::customers::deactivate::{self, Deactivation};
use app::customers::suspend::{self, Cause};
use app::customers::update::{self, CustomerChange};
use app::customers::{CustomerView, activate, invite as invites, reactivate};
use app::{OpCtx, compliance, mailboxes};
use domain::compliance::{ComplianceStatus, CrdState, FormStatus, Requirement};
use domain::customer::{ActivatedVia, CustomerStatus, DeactivationReason, RemailInstruction};
use domain::event::EventType;
use domain::mailbox::MailboxStatus;
use domain::{ErrorCode, Result, days};
use wire::reader::Patch;

use crate::applicants::{approve, open_mailbox, submit, witness};
use crate::support::{FIRST_NUMBER, act, address, events, invite, refusal, world};

const LEAVE: Deactivation = Deactivation {
    reason: DeactivationReason::Moved,
    note: None,
    effective_at: None,
    remail: None,
    complete_open_actions: true,
};

async fn leave(ctx: &OpCtx, id: &str, input: Deactivation) -> Result<CustomerView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| deactivate::deactivate(tx, ctx, &id, &input).await).await
}

async fn come_back(ctx: &OpCtx, id: &str) -> Result<CustomerView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| reactivate::reactivate(tx, ctx, &id).await).await
}

async fn change(ctx: &OpCtx, id: &str, input: CustomerChange) -> Result<CustomerView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| update::update(tx, ctx, &id, None, &input).await).await
}

async fn kinds(ctx: &OpCtx) -> Vec<EventType> {
    events(ctx).await.into_iter().map(|(kind, _)| kind).collect()
}

#[tokio::test]
async fn leaving_begins_six_months_of_remail_and_a_second_call_changes_nothing() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let told = kinds(&ctx).await.len();
    let view = leave(&ctx, &id, LEAVE).await.unwrap();
    assert_eq!(view.customer.status, CustomerStatus::Deactivated);
    assert_eq!(view.customer.remail_until.unwrap().to_string(), "2027-05-20");
    assert_eq!(view.customer.remail_instruction, Some(RemailInstruction::HoldForPickup));
    let (mailbox, _) = view.mailbox.as_ref().unwrap();
    assert_eq!(mailbox.status, MailboxStatus::Remail);
    assert_eq!(mailbox.closed_on.unwrap().to_string(), "2026-11-20");
    assert_eq!(kinds(&ctx).await.len(), told);
    let key = id.clone();
    let (form, crd) = act(&ctx, async move |tx, ctx| {
        let form = compliance::read::form(tx, ctx, &key).await?;
        Ok((form, compliance::crd::list(tx, ctx, CrdState::TerminatedToRecord).await?))
    })
    .await
    .unwrap();
    assert_eq!((form.status, form.closed_on), (FormStatus::Closed, mailbox.closed_on));
    assert_eq!(crd.len(), 1);
    let key = id.clone();
    let seen = act(&ctx, async move |tx, ctx| compliance::read::get(tx, ctx, &key).await).await;
    assert!(!seen.unwrap().mailbox_ready);
    let again = Deactivation { reason: DeactivationReason::Fraud, ..LEAVE };
    let again = leave(&ctx, &id, again).await.unwrap();
    assert_eq!(again.customer.version, view.customer.version);
    assert_eq!(again.customer.deactivation_reason, Some(DeactivationReason::Moved));
}

#[tokio::test]
async fn an_invited_customer_who_leaves_frees_the_number() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let view = leave(&ctx, &id, LEAVE).await.unwrap();
    assert!(view.mailbox.is_none() && view.customer.remail_until.is_none());
    let next = invite(&ctx, "crm_2").await;
    assert_eq!(next.mailbox.unwrap().0.number, FIRST_NUMBER);
}

#[tokio::test]
async fn service_may_be_told_to_end_within_ninety_days_and_goes_on_until_then() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let on = |at| Deactivation { effective_at: Some(at), ..LEAVE };
    for at in [ctx.now.plus(-days(1)), ctx.now.plus(days(91))] {
        assert_eq!(refusal(leave(&ctx, &id, on(at)).await), ErrorCode::ValidationFailed);
    }
    let day = ctx.now.plus(days(10));
    let view = leave(&ctx, &id, on(day)).await.unwrap();
    assert_eq!(view.customer.status, CustomerStatus::Active);
    assert_eq!(view.customer.deactivation_scheduled_at, Some(day));
    let early = async |ctx: &OpCtx| {
        let id = id.clone();
        act(ctx, async move |tx, ctx| deactivate::deactivate_scheduled(tx, ctx, &id).await).await
    };
    assert_eq!(early(&ctx).await.unwrap().customer.status, CustomerStatus::Active);
    world.clock.set(day);
    let ctx = world.ctx().await;
    let view = early(&ctx).await.unwrap();
    assert_eq!(view.customer.deactivated_at, Some(day));
    assert_eq!(view.customer.deactivation_reason, Some(DeactivationReason::Moved));
    assert_eq!(view.customer.deactivation_scheduled_at, None);
}

#[tokio::test]
async fn mail_is_never_destroyed_on_the_word_of_a_partner() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let forward = Deactivation { remail: Some((RemailInstruction::Forward, None)), ..LEAVE };
    let refused = ErrorCode::ForwardingAddressRequired;
    assert_eq!(refusal(leave(&ctx, &id, forward).await), refused);
    let destroy = RemailInstruction::DestroyByWrittenConsent;
    let destroy = Deactivation { remail: Some((destroy, None)), ..LEAVE };
    let view = leave(&ctx, &id, destroy).await.unwrap();
    assert_eq!(view.customer.remail_instruction, Some(RemailInstruction::PendingConsent));
}

#[tokio::test]
async fn a_former_customer_comes_back_within_the_window_and_a_new_cycle_begins() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    assert_eq!(refusal(come_back(&ctx, &id).await), ErrorCode::CustomerInactive);
    leave(&ctx, &id, LEAVE).await.unwrap();
    world.clock.advance(days(100));
    let ctx = world.ctx().await;
    let view = come_back(&ctx, &id).await.unwrap();
    assert_eq!(view.customer.status, CustomerStatus::Active);
    assert_eq!(view.customer.compliance_status, ComplianceStatus::MailboxActive);
    let (mailbox, _) = view.mailbox.unwrap();
    assert_eq!((mailbox.status, mailbox.number), (MailboxStatus::Active, FIRST_NUMBER));
    assert_eq!(*kinds(&ctx).await.last().unwrap(), EventType::CustomerActivated);
    leave(&ctx, &id, LEAVE).await.unwrap();
    world.clock.advance(days(200));
    let ctx = world.ctx().await;
    assert_eq!(refusal(come_back(&ctx, &id).await), ErrorCode::CustomerInactive);
}

#[tokio::test]
async fn who_comes_back_with_an_expired_document_signs_a_new_form_and_is_verified_again() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = crate::applicants::submission(&ctx).await;
    input.documents[0].expires_on = Some(ctx.now.date_in("UTC").plus_days(30));
    let key = id.clone();
    act(&ctx, async move |tx, ctx| compliance::submit::submit(tx, ctx, &key, &input).await)
        .await
        .unwrap();
    witness(&ctx, &id).await;
    approve(&ctx, &id).await;
    leave(&ctx, &id, LEAVE).await.unwrap();
    world.clock.advance(days(60));
    let ctx = world.ctx().await;
    let view = come_back(&ctx, &id).await.unwrap();
    assert_eq!(view.customer.compliance_status, ComplianceStatus::PendingForm);
    assert_eq!(view.customer.verified_at, None);
    submit(&ctx, &id).await;
    witness(&ctx, &id).await;
    let seen = approve(&ctx, &id).await;
    assert!(seen.mailbox_ready);
    let verified = kinds(&ctx).await.into_iter().filter(|k| *k == EventType::CustomerVerified);
    assert_eq!(verified.count(), 2);
}

#[tokio::test]
async fn an_invitation_is_taken_up_once_and_not_after_two_weeks() {
    let world = world().await;
    let ctx = world.ctx().await;
    let first = invite(&ctx, "crm_1").await.customer.invite_token.unwrap();
    let customer = activate::invite_ctx(&world.app, &first).await.unwrap();
    let accept = |token: String| {
        async move |tx: &app::Tx, ctx: &OpCtx| activate::accept(tx, ctx, &token).await
    };
    let view = act(&customer, accept(first.clone())).await.unwrap();
    assert_eq!(view.customer.status, CustomerStatus::Active);
    let told = events(&ctx).await;
    assert_eq!(told.last().unwrap().1["data"]["activated_via"], "invite");
    assert_eq!(refusal(act(&customer, accept(first)).await), ErrorCode::NotFound);
    let second = invite(&ctx, "crm_2").await.customer.invite_token.unwrap();
    world.clock.advance(days(14));
    let late = activate::invite_ctx(&world.app, &second).await.unwrap();
    assert_eq!(refusal(act(&late, accept(second)).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn an_invitation_is_sent_again_five_times_a_day_and_voids_the_old_link() {
    let world = world().await;
    let ctx = world.ctx().await;
    let view = invite(&ctx, "crm_1").await;
    let (id, first) = (view.customer.id.to_string(), view.customer.invite_token.unwrap());
    let again = async |ctx: &OpCtx| {
        let id = id.clone();
        act(ctx, async move |tx, ctx| invites::resend(tx, ctx, &id).await).await
    };
    for _ in 0..invites::RESENDS_A_DAY_MAX {
        assert_ne!(again(&ctx).await.unwrap().customer.invite_token, Some(first.clone()));
    }
    assert!(activate::invite_ctx(&world.app, &first).await.is_err());
    assert_eq!(refusal(again(&ctx).await), ErrorCode::RateLimited);
    world.clock.advance(days(1));
    let ctx = world.ctx().await;
    again(&ctx).await.unwrap();
    let key = id.clone();
    act(&ctx, async move |tx, ctx| activate::activate(tx, ctx, &key, ActivatedVia::Operator).await)
        .await
        .unwrap();
    assert_eq!(refusal(again(&ctx).await), ErrorCode::CustomerInactive);
}

#[tokio::test]
async fn where_the_setting_is_off_the_mailbox_opens_when_the_customer_comes() {
    let world = world().await;
    let mut ctx = world.ctx().await;
    let mut partner = world.partner.clone();
    partner.settings.auto_activate_on_approval = false;
    ctx.partner = std::sync::Arc::new(partner);
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    submit(&ctx, &id).await;
    witness(&ctx, &id).await;
    let seen = approve(&ctx, &id).await;
    assert_eq!(seen.customer.compliance_status, ComplianceStatus::Approved);
    let view =
        act(&ctx, async move |tx, ctx| activate::activate(tx, ctx, &id, ActivatedVia::Sso).await);
    let view = view.await.unwrap();
    assert_eq!(view.customer.compliance_status, ComplianceStatus::MailboxActive);
}

#[tokio::test]
async fn a_suspended_customer_comes_back_when_nothing_holds_the_services() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let hold = async |note: &'static str| {
        let id = id.clone();
        let cause = Cause::Operator;
        act(&ctx, async move |tx, ctx| suspend::suspend(tx, ctx, &id, cause, note).await).await
    };
    assert_eq!(refusal(hold(" ").await), ErrorCode::ValidationFailed);
    let view = hold("asked by the inspector").await.unwrap();
    assert_eq!(view.customer.status, CustomerStatus::Suspended);
    assert_eq!(refusal(hold("again").await), ErrorCode::CustomerInactive);
    let key = id.clone();
    let view = act(&ctx, async move |tx, ctx| suspend::reinstate(tx, ctx, &key).await).await;
    assert_eq!(view.unwrap().customer.status, CustomerStatus::Active);
}

#[tokio::test]
async fn withdrawn_prepay_ends_after_a_week_of_grace_and_its_return_opens_the_mailbox() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let unpaid = CustomerChange { prepay: Some(false), ..CustomerChange::default() };
    let view = change(&ctx, &id, unpaid).await.unwrap();
    assert_eq!(view.customer.compliance_status, ComplianceStatus::MailboxActive);
    world.clock.advance(days(7));
    let ctx = world.ctx().await;
    let settle = async |ctx: &OpCtx| {
        let id = id.clone();
        act(ctx, async move |tx, ctx| app::customers::billing::settle(tx, ctx, &id).await).await
    };
    let view = settle(&ctx).await.unwrap();
    assert_eq!(view.customer.status, CustomerStatus::Suspended);
    assert_eq!(view.customer.compliance_status, ComplianceStatus::Approved);
    assert_eq!(settle(&ctx).await.unwrap().customer.version, view.customer.version);
    let paid = CustomerChange { prepay: Some(true), ..CustomerChange::default() };
    let view = change(&ctx, &id, paid).await.unwrap();
    assert_eq!(view.customer.status, CustomerStatus::Active);
    assert_eq!(view.customer.compliance_status, ComplianceStatus::MailboxActive);
    let verified = kinds(&ctx).await.into_iter().filter(|k| *k == EventType::CustomerVerified);
    assert_eq!(verified.count(), 1);
}

#[tokio::test]
async fn a_customer_without_billing_opens_when_the_partner_says_it_is_paid() {
    let world = world().await;
    let ctx = world.ctx().await;
    let input = NewCustomer {
        email: "jane@example.com".to_owned(),
        name: "Jane Smith".to_owned(),
        ..NewCustomer::default()
    };
    let view =
        act(&ctx, async move |tx, ctx| app::customers::create::create(tx, ctx, &input).await);
    let id = view.await.unwrap().customer.id.to_string();
    submit(&ctx, &id).await;
    witness(&ctx, &id).await;
    approve(&ctx, &id).await;
    let paid = CustomerChange { prepay: Some(true), ..CustomerChange::default() };
    let view = change(&ctx, &id, paid).await.unwrap();
    assert_eq!(view.customer.compliance_status, ComplianceStatus::MailboxActive);
}

#[tokio::test]
async fn an_open_mailbox_moves_only_by_staff_and_asks_for_a_revision() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let other = MailboxChoice { pmb_number: Some("330".to_owned()), ..MailboxChoice::default() };
    let patch = CustomerChange { mailbox: Some(other.clone()), ..CustomerChange::default() };
    assert_eq!(refusal(change(&ctx, &id, patch).await), ErrorCode::MailboxUnavailable);
    let key = id.clone();
    let view =
        act(&ctx, async move |tx, ctx| mailboxes::renumber::renumber(tx, ctx, &key, &other).await);
    let (mailbox, _) = view.await.unwrap().mailbox.unwrap();
    assert_eq!((mailbox.number, mailbox.status), (330, MailboxStatus::Active));
    let seen = act(&ctx, async move |tx, ctx| compliance::read::get(tx, ctx, &id).await).await;
    assert_eq!(seen.unwrap().requirements.eventually_due, [Requirement::Revision]);
}

#[tokio::test]
async fn a_change_of_what_stands_on_an_approved_form_asks_for_a_revision_in_thirty_days() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let input = CustomerChange {
        name: Patch::Set("Jane Jones".to_owned()),
        forwarding_address: Patch::Set(address("9 Away Rd")),
        ..CustomerChange::default()
    };
    change(&ctx, &id, input.clone()).await.unwrap();
    let key = id.clone();
    let seen = act(&ctx, async move |tx, ctx| compliance::read::get(tx, ctx, &key).await).await;
    let owed = seen.unwrap().requirements;
    assert_eq!(owed.eventually_due, [Requirement::Revision, Requirement::TransferAddress]);
    assert_eq!(owed.current_deadline, Some(ctx.now.plus(days(30))));
    let mut strict = ctx.clone();
    let mut partner = world.partner.clone();
    partner.settings.strict_form_lock = true;
    strict.partner = std::sync::Arc::new(partner);
    let input = CustomerChange { name: Patch::Set("Jane Doe".to_owned()), ..Default::default() };
    assert_eq!(refusal(change(&strict, &id, input).await), ErrorCode::FieldLocked);
    world.clock.advance(days(30));
    let ctx = world.ctx().await;
    let key = id.clone();
    let seen = act(&ctx, async move |tx, ctx| compliance::lapse::lapse(tx, ctx, &key).await).await;
    assert_eq!(seen.unwrap().customer.compliance_status, ComplianceStatus::PendingForm);
    submit(&ctx, &id).await;
    witness(&ctx, &id).await;
    assert!(approve(&ctx, &id).await.mailbox_ready);
    let verified = kinds(&ctx).await.into_iter().filter(|k| *k == EventType::CustomerVerified);
    assert_eq!(verified.count(), 1);
}
