//! Mail as it arrives, is listed, taken back and lost, each refusal among them.

use app::customers::deactivate::{Deactivation, deactivate};
use app::customers::recipients;
use app::customers::suspend::{Cause, suspend};
use app::mail::custody;
use app::mail::list::{Narrowing, list};
use app::mail::log::customer_of;
use app::{OpCtx, Tx};
use domain::customer::{DeactivationReason, RecipientKind};
use domain::event::EventType;
use domain::mail::{MailFlag, MailStatus, MailType};
use domain::{ErrorCode, days, hours};

use crate::applicants::open_mailbox;
use crate::mailroom::{
    cancel, complete_with, create, delete, id_of, item, letter, log, look, mark, scan, start,
    status, told_since,
};
use crate::support::{FIRST_NUMBER, act, events, invite, refusal, world};

const LEAVE: Deactivation = Deactivation {
    reason: DeactivationReason::Moved,
    note: None,
    effective_at: None,
    remail: None,
    complete_open_actions: false,
};

async fn leave(ctx: &OpCtx, id: &str) {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| deactivate(tx, ctx, &id, &LEAVE).await).await.unwrap();
}

#[tokio::test]
async fn a_letter_is_told_once_and_a_package_twice() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let before = events(&ctx).await.len();
    create(&ctx, item(&id, MailType::Letter)).await.unwrap();
    log(&ctx, item(&id, MailType::Package)).await.unwrap();
    let told = told_since(&ctx, before).await;
    assert_eq!(told, [EventType::MailArrived, EventType::MailArrived, EventType::PackageArrived]);
}

#[tokio::test]
async fn partners_log_mail_only_for_who_may_receive_it() {
    let world = world().await;
    let ctx = world.ctx().await;
    let unpaid = app::customers::create::NewCustomer {
        email: "joe@example.com".to_owned(),
        name: "Joe Smith".to_owned(),
        ..Default::default()
    };
    let unpaid =
        act(&ctx, async move |tx, ctx| app::customers::create::create(tx, ctx, &unpaid).await);
    let unpaid = unpaid.await.unwrap().customer.id.to_string();
    let invited = invite(&ctx, "crm_1").await.customer.id.to_string();
    let open = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let refused = async |ctx: &OpCtx, id: &str| {
        refusal(create(ctx, item(id, MailType::Letter)).await.map(|v| v.item.id))
    };
    assert_eq!(refused(&ctx, &unpaid).await, ErrorCode::BillingInactive);
    assert_eq!(refused(&ctx, &invited).await, ErrorCode::ComplianceNotApproved);
    assert_eq!(refused(&ctx, "cus_123").await, ErrorCode::CustomerNotFound);
    assert_eq!(refused(&world.other_ctx().await, &open).await, ErrorCode::CustomerNotFound);
    assert_eq!(refused(&world.test_ctx().await, &open).await, ErrorCode::CustomerNotFound);
    let before = events(&ctx).await.len();
    leave(&ctx, &open).await;
    assert_eq!(refused(&ctx, &open).await, ErrorCode::CustomerInactive);
    assert!(told_since(&ctx, before).await.is_empty());
}

#[tokio::test]
async fn the_operator_logs_mail_of_who_left_until_the_window_ends_and_never_of_the_unverified() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let invited = invite(&ctx, "crm_2").await.customer.id.to_string();
    let logged = async |ctx: &OpCtx, id: &str| {
        log(ctx, item(id, MailType::Letter)).await.map(|view| view.item.id)
    };
    let refused = logged(&ctx, &invited).await;
    assert_eq!(refusal(refused), ErrorCode::MailboxNotActive);
    let key = id.clone();
    act(&ctx, async move |tx, ctx| suspend(tx, ctx, &key, Cause::Operator, "a note").await)
        .await
        .unwrap();
    logged(&ctx, &id).await.unwrap();
    leave(&ctx, &id).await;
    logged(&ctx, &id).await.unwrap();
    let number = FIRST_NUMBER;
    let location = world.location.id;
    let whose = act(&ctx, async move |tx, ctx| customer_of(tx, ctx, location, number).await).await;
    assert_eq!(whose.unwrap(), id);
    let free =
        act(&ctx, async move |tx, ctx| customer_of(tx, ctx, location, number + 9).await).await;
    assert_eq!(refusal(free), ErrorCode::CustomerNotFound);
}

#[tokio::test]
async fn what_is_said_of_an_item_must_be_true_of_its_customer() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let other = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let add = async |id: &str| {
        let id = id.to_owned();
        let kind = RecipientKind::Person;
        act(&ctx, async move |tx, ctx| recipients::add(tx, ctx, &id, "Kim Smith", kind).await)
            .await
            .unwrap()
            .id
            .to_string()
    };
    let (mine, foreign) = (add(&id).await, add(&other).await);
    for recipient in [foreign.as_str(), "rcp_123"] {
        let recipient_id = Some(recipient.to_owned());
        let input = app::mail::create::NewMail { recipient_id, ..item(&id, MailType::Letter) };
        let refused = create(&ctx, input.clone()).await.map(|v| v.item.id);
        assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
        let refused = log(&ctx, input).await.map(|v| v.item.id);
        assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    }
    let named = app::mail::create::NewMail {
        recipient_id: Some(mine.clone()),
        ..item(&id, MailType::Letter)
    };
    create(&ctx, named.clone()).await.unwrap();
    let (key, gone) = (id.clone(), mine);
    act(&ctx, async move |tx, ctx| recipients::remove(tx, ctx, &key, &gone).await).await.unwrap();
    let refused = create(&ctx, named).await.map(|v| v.item.id);
    assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    let elsewhere = app::mail::create::NewMail {
        location_id: Some("loc_123".to_owned()),
        ..item(&id, MailType::Letter)
    };
    let refused = create(&ctx, elsewhere).await.map(|v| v.item.id);
    assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    let mut shown = item(&id, MailType::Letter);
    shown.photos = vec![app::mail::create::photo("https://10.0.0.1/x.jpg")];
    let refused = create(&ctx, shown).await.map(|v| v.item.id);
    assert_eq!(refusal(refused), ErrorCode::PhotoUrlNotAllowed);
}

#[tokio::test]
async fn the_same_number_again_within_two_weeks_is_a_hint_and_no_error() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let input = app::mail::create::NewMail {
        tracking_number: Some("1Z9999999999999999".to_owned()),
        weight_g: Some(40_000),
        ..item(&id, MailType::Package)
    };
    let first = create(&ctx, input.clone()).await.unwrap();
    assert_eq!((first.warnings.len(), first.item.carrier.as_deref()), (0, Some("ups")));
    assert_eq!(first.item.flags, [MailFlag::Oversize]);
    assert_eq!(create(&ctx, input.clone()).await.unwrap().warnings, ["possible_duplicate"]);
    world.clock.advance(days(15));
    let ctx = world.ctx().await;
    assert!(create(&ctx, input).await.unwrap().warnings.is_empty());
}

#[tokio::test]
async fn a_list_is_of_one_customer_narrowed_and_paged() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(letter(&ctx, &id).await);
        world.clock.advance(hours(1));
    }
    mark(&ctx, &ids[0], MailFlag::Check, true).await.unwrap();
    scan(&ctx, &ids[1]).await.unwrap();
    delete(&ctx, &ids[2]).await.unwrap();
    let found = async |narrowing: Narrowing, after, limit| {
        let id = id.clone();
        let read =
            async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &id, &narrowing, after, limit).await;
        let page = ctx.app.query(&ctx, read).await.unwrap();
        (page.mail.iter().map(|v| v.item.id.to_string()).collect::<Vec<_>>(), page.next)
    };
    let all = Narrowing::default;
    let (first, next) = found(all(), None, 1).await;
    assert_eq!(first, [ids[1].clone()]);
    assert_eq!(found(all(), next, 1).await, (vec![ids[0].clone()], None));
    let flagged = Narrowing { flags: vec![MailFlag::Check], ..all() };
    assert_eq!(found(flagged, None, 9).await.0, [ids[0].clone()]);
    let asked = Narrowing { statuses: vec![MailStatus::ScanRequested], ..all() };
    assert_eq!(found(asked, None, 9).await.0, [ids[1].clone()]);
    let idle = Narrowing { has_open_action: Some(false), ..all() };
    assert_eq!(found(idle, None, 9).await.0, [ids[0].clone()]);
    let foreign = async move |tx: &Tx, ctx: &OpCtx| {
        list(tx, ctx, &id, &Narrowing::default(), None, 9).await.map(|page| page.mail.len())
    };
    let other = world.other_ctx().await;
    assert_eq!(refusal(ctx.app.query(&other, foreign).await), ErrorCode::CustomerNotFound);
}

#[tokio::test]
async fn only_untouched_mail_of_the_partners_own_is_deleted_and_its_requests_end_with_it() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    assert_eq!(refusal(delete(&ctx, "mail_123").await), ErrorCode::MailNotFound);
    let logged = log(&ctx, item(&id, MailType::Letter)).await.unwrap().item.id.to_string();
    assert_eq!(refusal(delete(&ctx, &logged).await), ErrorCode::MailNotPartnerCreated);
    let own = letter(&ctx, &id).await;
    let other = world.other_ctx().await;
    assert_eq!(refusal(delete(&other, &own).await), ErrorCode::MailNotFound);
    let asked = id_of(scan(&ctx, &own).await);
    delete(&ctx, &own).await.unwrap();
    assert_eq!(delete(&ctx, &own).await.unwrap(), own);
    assert_eq!(refusal(scan(&ctx, &own).await), ErrorCode::MailNotFound);
    assert_eq!(refusal(start(&ctx, &asked).await), ErrorCode::MailNotFound);
    let begun = letter(&ctx, &id).await;
    let asked = id_of(scan(&ctx, &begun).await);
    start(&ctx, &asked).await.unwrap();
    assert_eq!(refusal(delete(&ctx, &begun).await), ErrorCode::MailNotDeletable);
    let done = app::mail_actions::complete::Outcome::Scanned { pages: 1 };
    complete_with(&ctx, &asked, done).await.unwrap();
    assert_eq!(refusal(delete(&ctx, &begun).await), ErrorCode::MailNotDeletable);
    let old = letter(&ctx, &id).await;
    world.clock.advance(hours(world.partner.settings.delete_window_hours) + 1);
    let late = world.ctx().await;
    assert_eq!(refusal(delete(&late, &old).await), ErrorCode::MailNotDeletable);
}

#[tokio::test]
async fn what_is_missing_is_asked_nothing_until_it_is_found() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mail = letter(&ctx, &id).await;
    let asked = id_of(scan(&ctx, &mail).await);
    let custody = async |lost: bool| {
        let id = mail.clone();
        act(&ctx, async move |tx, ctx| {
            if lost {
                custody::missing(tx, ctx, &id).await
            } else {
                custody::found(tx, ctx, &id).await
            }
        })
        .await
        .map(|view| view.status())
    };
    assert_eq!(refusal(custody(false).await), ErrorCode::MailNotActionable);
    assert_eq!(custody(true).await.unwrap(), MailStatus::Missing);
    assert_eq!(status(&ctx, &asked).await, domain::action::ActionStatus::Cancelled);
    assert_eq!(refusal(custody(true).await), ErrorCode::MailNotActionable);
    assert_eq!(refusal(scan(&ctx, &mail).await), ErrorCode::MailNotActionable);
    assert_eq!(refusal(cancel(&ctx, &asked).await), ErrorCode::ActionConflict);
    assert_eq!(custody(false).await.unwrap(), MailStatus::Arrived);
    scan(&ctx, &mail).await.unwrap();
}

#[tokio::test]
async fn mail_of_a_customer_is_returned_only_when_it_is_dangerous() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mail = letter(&ctx, &id).await;
    let asked = id_of(scan(&ctx, &mail).await);
    let send_back = async || {
        let id = mail.clone();
        act(&ctx, async move |tx, ctx| custody::return_to_sender(tx, ctx, &id).await)
            .await
            .map(|view| view.status())
    };
    assert_eq!(refusal(send_back().await), ErrorCode::MailNotActionable);
    mark(&ctx, &mail, MailFlag::HazmatSuspect, true).await.unwrap();
    assert_eq!(send_back().await.unwrap(), MailStatus::ReturnedToSender);
    assert_eq!(status(&ctx, &asked).await, domain::action::ActionStatus::Cancelled);
    assert!(look(&ctx, &mail).await.available_actions(ctx.now).is_empty());
}
