//! The four requests, what each is refused for, and how the work on them goes on.

use app::OpCtx;
use app::admin::locations::{self, LocationChange};
use app::customers::deactivate::{Deactivation, deactivate};
use app::customers::suspend::{Cause, suspend};
use app::ledger;
use app::mail::create::NewMail;
use app::mail_actions::cancel as cancels;
use app::mail_actions::complete::{Destruction, Outcome};
use domain::action::{ActionKind, ActionStatus, RejectReason};
use domain::customer::DeactivationReason;
use domain::event::EventType;
use domain::mail::{Accountable, MailFlag, MailStatus, MailType};
use domain::partner::Service;
use domain::{ErrorCode, days, hours};
use wire::partner::actions::{ForwardRequest, PickupRequest, ScanRequest, ShredRequest};

use crate::mailroom::{
    as_staff, away, cancel, complete_with, create, destruction, forward, handover, id_of, item,
    letter, log, look, mark, pickup, scan, scan_with, shipment, shred, start, status, told_since,
    window, with_letter,
};
use crate::support::{act, address, events, refusal};

/// What each kind of request is refused with, in the order scan, forward, shred, pickup; none where it
/// is taken, and then it is withdrawn again.
async fn refusals(ctx: &OpCtx, mail: &str) -> [Option<ErrorCode>; 4] {
    let mut found = [None; 4];
    for (n, kind) in ActionKind::ALL.iter().enumerate() {
        let asked = match kind {
            ActionKind::Scan => scan(ctx, mail).await,
            ActionKind::Forward => forward(ctx, mail, away()).await,
            ActionKind::Shred => shred(ctx, mail, ShredRequest::default()).await,
            ActionKind::Pickup => pickup(ctx, mail, PickupRequest::default()).await,
        };
        match asked {
            Ok(view) => drop(cancel(ctx, &view.action.id.to_string()).await.unwrap()),
            Err(error) => found[n] = Some(error.code()),
        }
    }
    found
}

#[tokio::test]
async fn what_is_unknown_gone_or_not_offered_is_asked_in_vain() {
    let (world, ctx, _, mail) = with_letter().await;
    assert_eq!(refusals(&ctx, &mail).await, [None; 4]);
    assert_eq!(refusals(&ctx, "mail_123").await, [Some(ErrorCode::MailNotFound); 4]);
    let other = world.other_ctx().await;
    assert_eq!(refusals(&other, &mail).await, [Some(ErrorCode::MailNotFound); 4]);
    let location = world.location.id;
    let none = LocationChange { services: Some(Vec::new()), ..LocationChange::default() };
    world
        .staff()
        .act(async move |tx, ctx| locations::update(tx, ctx, location, &none).await)
        .await
        .unwrap();
    assert_eq!(refusals(&ctx, &mail).await, [Some(ErrorCode::ServiceNotOffered); 4]);
    assert!(look(&ctx, &mail).await.available_actions(ctx.now).is_empty());
}

#[tokio::test]
async fn only_the_verified_have_mail_opened_or_released_also_after_they_asked() {
    let (_world, ctx, customer, mail) = with_letter().await;
    let asked = id_of(scan(&ctx, &mail).await);
    let other = letter(&ctx, &customer).await;
    let fetched = id_of(
        pickup(&ctx, &other, PickupRequest { window: Some(window()), ..Default::default() }).await,
    );
    start(&ctx, &fetched).await.unwrap();
    let id = customer.clone();
    act(&ctx, async move |tx, ctx| {
        app::compliance::reject_for_fraud::reject_for_fraud(tx, ctx, &id, "forged").await
    })
    .await
    .unwrap();
    let late = ErrorCode::ComplianceNotApproved;
    assert_eq!(refusal(start(&ctx, &asked).await), late);
    let done = Outcome::PickedUp(handover());
    assert_eq!(refusal(complete_with(&ctx, &fetched, done).await), late);
    cancel(&ctx, &asked).await.unwrap();
    assert_eq!(refusals(&ctx, &mail).await, [Some(late), Some(late), None, Some(late)]);
}

#[tokio::test]
async fn the_suspended_ask_for_what_is_free_and_who_left_for_all_but_scans() {
    let (world, ctx, customer, mail) = with_letter().await;
    as_staff(&ctx, async |tx, ctx| ledger::set_price(tx, ctx, Service::Forward, Some(700)).await)
        .await;
    let id = customer.clone();
    act(&ctx, async move |tx, ctx| suspend(tx, ctx, &id, Cause::Operator, "a note").await)
        .await
        .unwrap();
    let inactive = Some(ErrorCode::CustomerInactive);
    assert_eq!(refusals(&ctx, &mail).await, [None, inactive, None, None]);
    let id = customer.clone();
    let leave = Deactivation {
        reason: DeactivationReason::Moved,
        note: None,
        effective_at: None,
        remail: None,
        complete_open_actions: false,
    };
    act(&ctx, async move |tx, ctx| deactivate(tx, ctx, &id, &leave).await).await.unwrap();
    assert_eq!(refusals(&ctx, &mail).await, [inactive, None, None, None]);
    world.clock.advance(days(190));
    assert_eq!(refusals(&world.ctx().await, &mail).await, [inactive; 4]);
}

#[tokio::test]
async fn leaving_ends_what_nobody_began_unless_it_is_to_be_finished() {
    for (complete_open_actions, after) in
        [(false, ActionStatus::Cancelled), (true, ActionStatus::Requested)]
    {
        let (_world, ctx, customer, mail) = with_letter().await;
        let other = letter(&ctx, &customer).await;
        let (begun, waiting) = (id_of(scan(&ctx, &mail).await), id_of(scan(&ctx, &other).await));
        start(&ctx, &begun).await.unwrap();
        let leave = Deactivation {
            reason: DeactivationReason::Moved,
            note: None,
            effective_at: None,
            remail: None,
            complete_open_actions,
        };
        act(&ctx, async move |tx, ctx| deactivate(tx, ctx, &customer, &leave).await).await.unwrap();
        assert_eq!(status(&ctx, &begun).await, ActionStatus::InProgress);
        assert_eq!(status(&ctx, &waiting).await, after);
    }
}

#[tokio::test]
async fn a_scan_is_of_a_letter_once_and_again_when_asked_free_for_a_week() {
    let (world, ctx, customer, mail) = with_letter().await;
    as_staff(&ctx, async |tx, ctx| ledger::set_price(tx, ctx, Service::Scan, Some(250)).await)
        .await;
    let package = create(&ctx, item(&customer, MailType::Package)).await.unwrap();
    let package = package.item.id.to_string();
    assert_eq!(refusal(scan(&ctx, &package).await), ErrorCode::ServiceNotOffered);
    let contents = ScanRequest { contents_photo: true, ..ScanRequest::default() };
    scan_with(&ctx, &package, contents).await.unwrap();
    let first = scan(&ctx, &mail).await.unwrap().action;
    assert_eq!(first.charge_minor, Some(250));
    assert_eq!(refusal(scan(&ctx, &mail).await), ErrorCode::ActionConflict);
    let id = first.id.to_string();
    let unstarted = complete_with(&ctx, &id, Outcome::Scanned { pages: 2 }).await;
    assert_eq!(refusal(unstarted), ErrorCode::ActionConflict);
    start(&ctx, &id).await.unwrap();
    for (outcome, code) in [
        (Outcome::Scanned { pages: 0 }, ErrorCode::ValidationFailed),
        (Outcome::PickedUp(handover()), ErrorCode::ActionConflict),
    ] {
        assert_eq!(refusal(complete_with(&ctx, &id, outcome).await), code);
    }
    let before = events(&ctx).await.len();
    complete_with(&ctx, &id, Outcome::Scanned { pages: 2 }).await.unwrap();
    assert_eq!(told_since(&ctx, before).await, [EventType::MailScanned]);
    assert_eq!(refusal(scan(&ctx, &mail).await), ErrorCode::AlreadyScanned);
    let again = ScanRequest { rescan: true, ..ScanRequest::default() };
    let free = scan_with(&ctx, &mail, again.clone()).await.unwrap().action;
    assert_eq!(free.charge_minor, None);
    cancel(&ctx, &free.id.to_string()).await.unwrap();
    world.clock.advance(days(8));
    let paid = scan_with(&world.ctx().await, &mail, again).await.unwrap().action;
    assert_eq!(paid.charge_minor, Some(250));
}

#[tokio::test]
async fn a_forward_needs_a_place_that_can_be_reached() {
    let (world, ctx, _, mail) = with_letter().await;
    let refused = async |input: ForwardRequest| refusal(forward(&ctx, &mail, input).await);
    let nowhere = ForwardRequest::default();
    assert_eq!(refused(nowhere).await, ErrorCode::ForwardingAddressRequired);
    let unknown = ForwardRequest { address_id: Some("addr_123".to_owned()), ..Default::default() };
    assert_eq!(refused(unknown).await, ErrorCode::ValidationFailed);
    let to = |address| ForwardRequest { address: Some(address), ..ForwardRequest::default() };
    let mut broken = address("1 Main St");
    broken.postal_code = String::new();
    assert_eq!(refused(to(broken)).await, ErrorCode::AddressUndeliverable);
    let here = to(world.location.address.clone());
    assert_eq!(refused(here).await, ErrorCode::AddressUndeliverable);
    let abroad = domain::address::Address {
        line1: "12 Rue de Rivoli".to_owned(),
        city: "Paris".to_owned(),
        postal_code: "75001".to_owned(),
        country: "FR".to_owned(),
        ..Default::default()
    };
    assert_eq!(refused(to(abroad)).await, ErrorCode::ValidationFailed);
    let registered = ForwardRequest { service_level: Some("Registered".to_owned()), ..away() };
    assert_eq!(refused(registered).await, ErrorCode::ValidationFailed);
    let made = forward(&ctx, &mail, away()).await.unwrap().action;
    assert!(made.warnings.contains(&"transfer_address_not_on_form_1583".to_owned()));
    assert_eq!(refused(away()).await, ErrorCode::ActionConflict);
    let id = made.id.to_string();
    start(&ctx, &id).await.unwrap();
    let untold = Outcome::Forwarded(app::mail_actions::complete::Shipment::default());
    assert_eq!(refusal(complete_with(&ctx, &id, untold).await), ErrorCode::ValidationFailed);
    complete_with(&ctx, &id, Outcome::Forwarded(shipment())).await.unwrap();
    assert_eq!(look(&ctx, &mail).await.status(), MailStatus::Forwarded);
    assert_eq!(refusals(&ctx, &mail).await, [Some(ErrorCode::MailNotActionable); 4]);
}

#[tokio::test]
async fn a_shred_waits_for_its_hold_and_for_two_barcodes_and_a_witness() {
    let (world, ctx, customer, mail) = with_letter().await;
    let asked = id_of(shred(&ctx, &mail, ShredRequest::default()).await);
    let other = letter(&ctx, &customer).await;
    assert_eq!(refusal(start(&ctx, &asked).await), ErrorCode::ActionConflict);
    world.clock.advance(hours(24));
    let ctx = world.ctx().await;
    start(&ctx, &asked).await.unwrap();
    let right = destruction(&mail);
    for wrong in [
        destruction(&other),
        Destruction { bin_barcode: " ".to_owned(), ..right.clone() },
        Destruction { witness: String::new(), ..right.clone() },
    ] {
        let refused = complete_with(&ctx, &asked, Outcome::Shredded(wrong)).await;
        assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    }
    let before = events(&ctx).await.len();
    complete_with(&ctx, &asked, Outcome::Shredded(right)).await.unwrap();
    assert_eq!(told_since(&ctx, before).await, [EventType::MailShredded]);
    assert_eq!(look(&ctx, &mail).await.status(), MailStatus::Shredded);
}

#[tokio::test]
async fn what_is_sensitive_is_destroyed_only_on_a_second_word_and_a_legal_hold_keeps_it() {
    let (world, ctx, customer, mail) = with_letter().await;
    let sure = ShredRequest { confirm_sensitive: true, ..ShredRequest::default() };
    let signed =
        NewMail { accountable: Accountable::Certified, ..item(&customer, MailType::Letter) };
    let signed = create(&ctx, signed).await.unwrap().item.id.to_string();
    mark(&ctx, &mail, MailFlag::Check, true).await.unwrap();
    for id in [&mail, &signed] {
        let refused = shred(&ctx, id, ShredRequest::default()).await;
        assert_eq!(refusal(refused), ErrorCode::ConfirmationRequired);
    }
    shred(&ctx, &signed, sure.clone()).await.unwrap();
    mark(&ctx, &mail, MailFlag::LegalHold, true).await.unwrap();
    assert!(!look(&ctx, &mail).await.available_actions(ctx.now).contains(&ActionKind::Shred));
    assert_eq!(refusal(shred(&ctx, &mail, sure.clone()).await), ErrorCode::LegalHold);
    mark(&ctx, &mail, MailFlag::LegalHold, false).await.unwrap();
    let asked = id_of(shred(&ctx, &mail, sure).await);
    world.clock.advance(hours(24));
    let ctx = world.ctx().await;
    mark(&ctx, &mail, MailFlag::LegalHold, true).await.unwrap();
    assert_eq!(refusal(start(&ctx, &asked).await), ErrorCode::LegalHold);
    mark(&ctx, &mail, MailFlag::LegalHold, false).await.unwrap();
    start(&ctx, &asked).await.unwrap();
    mark(&ctx, &mail, MailFlag::LegalHold, true).await.unwrap();
    let done = Outcome::Shredded(destruction(&mail));
    assert_eq!(refusal(complete_with(&ctx, &asked, done).await), ErrorCode::LegalHold);
}

#[tokio::test]
async fn one_disposition_is_open_at_a_time_and_waits_for_a_scan_only_when_told_to() {
    let (world, ctx, _, mail) = with_letter().await;
    let read = id_of(scan(&ctx, &mail).await);
    let conflict = ErrorCode::ActionConflict;
    assert_eq!(refusal(forward(&ctx, &mail, away()).await), conflict);
    assert_eq!(refusal(shred(&ctx, &mail, ShredRequest::default()).await), conflict);
    assert_eq!(refusal(pickup(&ctx, &mail, PickupRequest::default()).await), conflict);
    let later = ShredRequest { after_scan: true, ..ShredRequest::default() };
    let asked = shred(&ctx, &mail, later).await.unwrap().action;
    assert_eq!(asked.depends_on.map(|id| id.to_string()), Some(read.clone()));
    assert_eq!(refusal(forward(&ctx, &mail, away()).await), conflict);
    let asked = asked.id.to_string();
    world.clock.advance(hours(24));
    let ctx = world.ctx().await;
    assert_eq!(refusal(start(&ctx, &asked).await), conflict);
    cancel(&ctx, &read).await.unwrap();
    start(&ctx, &asked).await.unwrap();
}

#[tokio::test]
async fn partners_withdraw_what_nobody_began_and_the_operator_rejects_and_gives_the_money_back() {
    let (world, ctx, customer, mail) = with_letter().await;
    as_staff(&ctx, async |tx, ctx| {
        ledger::set_price(tx, ctx, Service::Scan, Some(250)).await?;
        ledger::top_up(tx, ctx, 300, "wire 17").await
    })
    .await;
    let available = async || {
        as_staff(&ctx, async |tx, ctx| ledger::balance(tx, ctx).await)
            .await
            .unwrap()
            .available_minor
    };
    let asked = id_of(scan(&ctx, &mail).await);
    let other = letter(&ctx, &customer).await;
    let poor = scan(&ctx, &other).await;
    assert_eq!(refusal(poor), ErrorCode::InsufficientPrepayBalance);
    assert_eq!(available().await, 50);
    start(&ctx, &asked).await.unwrap();
    let key = app::Actor::ApiKey(domain::id::KeyId([5; 16]));
    let crm = OpCtx::new(&world.app, std::sync::Arc::clone(&ctx.partner), true, key);
    assert_eq!(refusal(cancel(&crm, &asked).await), ErrorCode::ActionConflict);
    let before = events(&ctx).await.len();
    let id = asked.clone();
    let rejected = act(&ctx, async move |tx, ctx| {
        let reason = RejectReason::Unreadable;
        cancels::reject(tx, ctx, &id, reason, Some("soaked".to_owned())).await
    });
    let rejected = rejected.await.unwrap();
    assert_eq!(rejected.action.reason_code, Some(RejectReason::Unreadable));
    assert_eq!(rejected.mail.status(), MailStatus::Arrived);
    assert_eq!((available().await, told_since(&ctx, before).await.len()), (300, 0));
    let asked = id_of(scan(&crm, &mail).await);
    cancel(&crm, &asked).await.unwrap();
    assert_eq!(available().await, 300);
    let foreign = world.other_ctx().await;
    assert_eq!(refusal(cancel(&foreign, &asked).await), ErrorCode::NotFound);
    let held = log(&ctx, item(&customer, MailType::Letter)).await.unwrap();
    assert!(held.available_actions(ctx.now).contains(&ActionKind::Scan));
}
