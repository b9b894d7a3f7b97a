//! What time brings about.

use app::customers::create::{MailboxChoice, NewCustomer, create};
use app::customers::deactivate::{self, Deactivation};
use app::customers::update::{self, CustomerChange};
use app::{OpCtx, admin, compliance, housekeeping, mailboxes};
use domain::compliance::{ComplianceStatus, Requirement};
use domain::customer::{CustomerStatus, DeactivationReason};
use domain::mailbox::MailboxStatus;
use domain::partner::LocationStatus;
use domain::{Timestamp, days};
use wire::reader::Patch;

use crate::applicants::{approve, open_mailbox, submission, submit, witness};
use crate::support::{FIRST_NUMBER, World, act, invite, world};

const LEAVE: Deactivation = Deactivation {
    reason: DeactivationReason::Moved,
    note: None,
    effective_at: None,
    remail: None,
    complete_open_actions: true,
};

async fn look(ctx: &OpCtx, id: &str) -> app::customers::CustomerView {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| app::customers::get::get(tx, ctx, &id).await).await.unwrap()
}

async fn numbered(world: &World, number: i64) -> domain::mailbox::Mailbox {
    let location = world.location.id;
    let unit =
        async move |tx: &app::Tx| storage::mailboxes::find_by_number(tx, location, number).await;
    let found: Result<_, storage::Error> = world.app.db.read(unit).await;
    found.unwrap().unwrap()
}

/// Moves the clock and keeps house; a second run must change nothing.
async fn later(world: &World, micros: i64) -> usize {
    world.clock.advance(micros);
    let changed = housekeeping::run(&world.app).await.unwrap();
    assert_eq!(housekeeping::run(&world.app).await.unwrap(), 0);
    changed
}

#[tokio::test]
async fn an_invitation_that_nobody_uses_is_withdrawn_after_sixty_days() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    assert_eq!(later(&world, days(59)).await, 0);
    assert_eq!(later(&world, days(1)).await, 1);
    let view = look(&ctx, &id).await;
    assert_eq!(view.customer.status, CustomerStatus::Deactivated);
    assert!(view.mailbox.is_none());
    assert_eq!(numbered(&world, FIRST_NUMBER).await.status, MailboxStatus::Available);
}

#[tokio::test]
async fn a_reservation_lapses_after_ninety_days() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let key = id.clone();
    act(&ctx, async move |tx, ctx| {
        let via = domain::customer::ActivatedVia::Operator;
        app::customers::activate::activate(tx, ctx, &key, via).await
    })
    .await
    .unwrap();
    assert_eq!(later(&world, days(89)).await, 0);
    assert_eq!(later(&world, days(1)).await, 1);
    assert!(look(&ctx, &id).await.mailbox.is_none());
    let ctx = world.ctx().await;
    submit(&ctx, &id).await;
    witness(&ctx, &id).await;
    assert!(!approve(&ctx, &id).await.mailbox_ready);
    let choice = MailboxChoice { pmb_number: Some("333".to_owned()), ..Default::default() };
    let input = CustomerChange { mailbox: Some(choice), ..CustomerChange::default() };
    let view =
        act(&ctx, async move |tx, ctx| update::update(tx, ctx, &id, None, &input).await).await;
    let (mailbox, _) = view.unwrap().mailbox.unwrap();
    assert_eq!((mailbox.number, mailbox.status), (333, MailboxStatus::Active));
}

#[tokio::test]
async fn a_number_is_remailed_rests_and_is_free_again() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let key = id.clone();
    act(&ctx, async move |tx, ctx| deactivate::deactivate(tx, ctx, &key, &LEAVE).await)
        .await
        .unwrap();
    let until = |text: &str| Timestamp::parse(text).unwrap();
    world.clock.set(until("2027-05-20T23:00:00-05:00"));
    assert_eq!(later(&world, 0).await, 0);
    world.clock.set(until("2027-05-21T12:00:00Z"));
    assert_eq!(later(&world, 0).await, 1);
    let resting = numbered(&world, FIRST_NUMBER).await;
    assert_eq!(resting.status, MailboxStatus::Quarantine);
    assert_eq!(resting.reusable_from.unwrap().to_string(), "2027-11-16");
    assert!(look(&ctx, &id).await.mailbox.is_none());
    world.clock.set(until("2027-11-18T00:00:00Z"));
    assert_eq!(later(&world, 0).await, 1);
    let free = numbered(&world, FIRST_NUMBER).await;
    assert_eq!((free.status, free.customer_id), (MailboxStatus::Available, None));
}

#[tokio::test]
async fn the_old_number_of_a_customer_who_moved_rests_without_them() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let key = id.clone();
    let other = MailboxChoice { pmb_number: Some("330".to_owned()), ..MailboxChoice::default() };
    act(&ctx, async move |tx, ctx| mailboxes::renumber::renumber(tx, ctx, &key, &other).await)
        .await
        .unwrap();
    world.clock.advance(days(190));
    housekeeping::run(&world.app).await.unwrap();
    assert_eq!(numbered(&world, FIRST_NUMBER).await.status, MailboxStatus::Quarantine);
    assert_eq!(look(&ctx, &id).await.mailbox.unwrap().0.number, 330);
}

#[tokio::test]
async fn service_ends_on_the_day_it_was_told_to() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let input = Deactivation { effective_at: Some(ctx.now.plus(days(10))), ..LEAVE };
    let key = id.clone();
    act(&ctx, async move |tx, ctx| deactivate::deactivate(tx, ctx, &key, &input).await)
        .await
        .unwrap();
    assert_eq!(later(&world, days(9)).await, 0);
    assert_eq!(later(&world, days(1)).await, 1);
    assert_eq!(look(&ctx, &id).await.customer.status, CustomerStatus::Deactivated);
}

#[tokio::test]
async fn a_mailbox_that_is_not_paid_any_more_is_suspended_after_grace() {
    let world = world().await;
    let ctx = world.ctx().await;
    let by_day = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let by_word = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let today = ctx.now.date_in("America/Chicago");
    let changes = [
        (by_day.clone(), CustomerChange { paid_through: Patch::Set(today), ..Default::default() }),
        (by_word.clone(), CustomerChange { prepay: Some(false), ..Default::default() }),
    ];
    for (id, input) in changes {
        act(&ctx, async move |tx, ctx| update::update(tx, ctx, &id, None, &input).await)
            .await
            .unwrap();
    }
    assert_eq!(later(&world, days(6)).await, 0);
    assert_eq!(later(&world, days(3)).await, 2);
    for id in [by_day, by_word] {
        let customer = look(&ctx, &id).await.customer;
        assert_eq!(customer.status, CustomerStatus::Suspended);
        assert_eq!(customer.compliance_status, ComplianceStatus::Approved);
    }
}

#[tokio::test]
async fn an_expired_document_is_asked_for_and_ends_service_a_month_later() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = submission(&ctx).await;
    input.documents[0].expires_on = Some(ctx.now.date_in("UTC").plus_days(10));
    let key = id.clone();
    act(&ctx, async move |tx, ctx| compliance::submit::submit(tx, ctx, &key, &input).await)
        .await
        .unwrap();
    witness(&ctx, &id).await;
    approve(&ctx, &id).await;
    assert_eq!(later(&world, days(12)).await, 1);
    let ctx = world.ctx().await;
    let key = id.clone();
    let seen = act(&ctx, async move |tx, ctx| compliance::read::get(tx, ctx, &key).await).await;
    assert_eq!(seen.unwrap().requirements.eventually_due, [Requirement::PhotoId]);
    assert_eq!(later(&world, days(30)).await, 1);
    let customer = look(&ctx, &id).await.customer;
    assert_eq!(customer.compliance_status, ComplianceStatus::PendingForm);
}

#[tokio::test]
async fn a_renewed_form_answers_what_was_asked_for() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let input = CustomerChange { name: Patch::Set("Jane Jones".to_owned()), ..Default::default() };
    let key = id.clone();
    act(&ctx, async move |tx, ctx| update::update(tx, ctx, &key, None, &input).await)
        .await
        .unwrap();
    let told = crate::support::events(&ctx).await.len();
    let mut form = crate::applicants::form();
    form.last_name = "Jones".to_owned();
    let mut attestation = crate::applicants::attestation(&ctx);
    let renewal = |attestation| compliance::renew::Renewal {
        form: form.clone(),
        documents: Vec::new(),
        attestation,
        checklist: domain::compliance::all_passed(),
        note: None,
    };
    let (key, wrong) = (id.clone(), renewal(attestation.clone()));
    let refused =
        act(&ctx, async move |tx, ctx| compliance::renew::renew(tx, ctx, &key, &wrong).await);
    assert_eq!(crate::support::refusal(refused.await), domain::ErrorCode::ValidationFailed);
    attestation.signer_name = "Jane Jones".to_owned();
    let (key, right) = (id.clone(), renewal(attestation));
    let seen =
        act(&ctx, async move |tx, ctx| compliance::renew::renew(tx, ctx, &key, &right).await);
    let seen = seen.await.unwrap();
    assert_eq!(seen.form.revision, 2);
    assert!(seen.mailbox_ready && seen.requirements.eventually_due.is_empty());
    assert_eq!(crate::support::events(&ctx).await.len(), told);
    assert_eq!(later(&world, days(31)).await, 0);
}

#[tokio::test]
async fn a_paused_location_pauses_its_mailboxes_until_it_is_active_again() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let turn = async |status: LocationStatus| {
        let id = world.location.id;
        world
            .staff()
            .act(async move |tx, ctx| {
                let change =
                    admin::locations::LocationChange { status: Some(status), ..Default::default() };
                admin::locations::update(tx, ctx, id, &change).await
            })
            .await
            .unwrap();
    };
    turn(LocationStatus::Paused).await;
    assert_eq!(later(&world, 1).await, 1);
    let customer = look(&ctx, &id).await.customer;
    assert_eq!(customer.compliance_status, ComplianceStatus::Approved);
    assert_eq!(customer.status, CustomerStatus::Active);
    turn(LocationStatus::Active).await;
    assert_eq!(later(&world, 1).await, 1);
    let customer = look(&ctx, &id).await.customer;
    assert_eq!(customer.compliance_status, ComplianceStatus::MailboxActive);
}

#[tokio::test]
async fn a_test_clock_that_runs_ahead_moves_its_own_world_alone() {
    let world = world().await;
    let live = invite(&world.ctx().await, "crm_1").await.customer.id.to_string();
    let test = invite(&world.test_ctx().await, "crm_1").await.customer.id.to_string();
    let ctx = world.test_ctx().await;
    act(&ctx, async |tx, ctx| {
        Ok(storage::tenancy::partner_advance_clock(tx, &ctx.scope, days(60)).await?)
    })
    .await
    .unwrap();
    assert_eq!(later(&world, 0).await, 1);
    let status = async |ctx: &OpCtx, id: &str| look(ctx, id).await.customer.status;
    assert_eq!(status(&world.ctx().await, &live).await, CustomerStatus::Invited);
    assert_eq!(status(&world.test_ctx().await, &test).await, CustomerStatus::Deactivated);
}

#[tokio::test]
async fn magic_addresses_walk_their_forms_in_the_test_world_only() {
    let world = world().await;
    let ends = [
        ("jane+approve@example.com", ComplianceStatus::MailboxActive, None),
        ("approve+7@example.test", ComplianceStatus::MailboxActive, None),
        ("jane+reject_id@example.com", ComplianceStatus::Rejected, Some("id_unreadable")),
        ("jane+expired_id@example.com", ComplianceStatus::Rejected, Some("id_expired")),
        ("jane+notary_fail@example.com", ComplianceStatus::PendingForm, Some("witness_invalid")),
        ("jane+pending@example.com", ComplianceStatus::PendingReview, None),
        ("approved@example.com", ComplianceStatus::PendingForm, None),
    ];
    let add = async |ctx: &OpCtx, email: &str| {
        let input = NewCustomer {
            email: email.to_owned(),
            name: "Jane".to_owned(),
            prepay: true,
            ..NewCustomer::default()
        };
        let view = act(ctx, async move |tx, ctx| create(tx, ctx, &input).await).await.unwrap();
        view.customer.id.to_string()
    };
    let (ctx, live) = (world.test_ctx().await, world.ctx().await);
    let mut customers = Vec::new();
    for (email, end, reason) in ends {
        customers.push((add(&ctx, email).await, end, reason));
    }
    let untouched = add(&live, "jane+approve@example.com").await;
    world.clock.advance(domain::seconds(4));
    assert_eq!(app::simulate::run(&world.app).await.unwrap(), 0);
    world.clock.advance(domain::seconds(1));
    assert_eq!(app::simulate::run(&world.app).await.unwrap(), 6);
    assert_eq!(app::simulate::run(&world.app).await.unwrap(), 0);
    let told = crate::support::events(&ctx).await;
    for (id, end, reason) in customers {
        assert_eq!(look(&ctx, &id).await.customer.compliance_status, end, "{id}");
        let news = told.iter().rev().find(|(_, p)| p["data"]["customer_id"] == id.as_str());
        if let Some(reason) = reason {
            assert_eq!(news.unwrap().1["data"]["reasons"][0], reason);
        }
    }
    let status = look(&live, &untouched).await.customer.compliance_status;
    assert_eq!(status, ComplianceStatus::PendingForm);
}

#[tokio::test]
async fn a_test_may_walk_a_form_from_any_status_to_any_other() {
    let world = world().await;
    let ctx = world.test_ctx().await;
    for from in ComplianceStatus::ALL {
        for to in ComplianceStatus::ALL {
            let id = invite(&ctx, &format!("{from}_{to}")).await.customer.id.to_string();
            for goal in [*from, *to] {
                let key = id.clone();
                let seen = act(&ctx, async move |tx, ctx| {
                    app::simulate::walk(tx, ctx, &key, goal, &[]).await
                });
                assert_eq!(seen.await.unwrap().customer.compliance_status, goal, "{from} {to}");
            }
        }
    }
}
