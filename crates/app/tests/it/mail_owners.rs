//! Whose an item is: put right by the operator (L3), found out later (L2), disowned (L7), or nobody's (L4).

use app::customers::recipients::{self, Covered};
use app::mail::create::NewMail;
use app::mail::{MailView, claim, custody, reassign, unmatched};
use app::{OpCtx, Tx};
use domain::action::ActionStatus;
use domain::customer::RecipientKind;
use domain::event::EventType::{MailArrived, PackageArrived};
use domain::mail::{CreatedVia, MailFlag, MailType, Photo};
use domain::{Clock as _, ErrorCode, Result, hours, minutes};
use serde_json::{Value, json};

use crate::applicants::open_mailbox;
use crate::faults::all_or_nothing;
use crate::mailroom::{create, item, letter, look, scan, status, told_since};
use crate::support::{World, act, events, invite, refusal, world};

async fn moved(ctx: &OpCtx, mail: &str, to: &OpCtx, customer: &str) -> Result<MailView> {
    let (mail, to, customer) = (mail.to_owned(), to.clone(), customer.to_owned());
    act(ctx, async move |tx, ctx| reassign::reassign(tx, ctx, &mail, &to, &customer).await).await
}

async fn photo(ctx: &OpCtx, id: domain::id::PhotoId) -> Option<Photo> {
    app::mail::photos::find(&ctx.app, id).await.unwrap()
}

#[tokio::test]
async fn l3_the_right_owner_gets_the_item_and_nothing_of_the_wrong_one() {
    let world = world().await;
    let (ctx, other) = (world.ctx().await, world.other_ctx().await);
    let wrong = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let right = open_mailbox(&other, "crm_1").await.customer.id.to_string();
    let parcel = NewMail {
        external_mail_id: Some("acme-17".to_owned()),
        metadata: vec![("shelf".to_owned(), "4".to_owned())],
        tracking_number: Some("1Z9999999999999999".to_owned()),
        ..item(&wrong, MailType::Package)
    };
    let old = create(&ctx, parcel).await.unwrap();
    let (told, told_other) = (events(&ctx).await.len(), events(&other).await.len());

    let new = moved(&ctx, &old.item.id.to_string(), &other, &right).await.unwrap();
    assert_eq!((new.item.created_via, new.item.external_mail_id), (CreatedVia::Operator, None));
    assert_eq!((new.item.metadata.len(), new.item.created_by_key), (0, None));
    assert_eq!(new.item.tracking_number, old.item.tracking_number);
    assert_eq!(new.item.received_at, old.item.received_at);
    let shown = look(&other, &new.item.id.to_string()).await;
    assert_eq!(shown.photos[0].source_url, old.photos[0].source_url);
    assert!(photo(&ctx, shown.photos[0].id).await.is_some());
    assert!(photo(&ctx, old.photos[0].id).await.is_none());
    assert_eq!(told_since(&ctx, told).await, []);
    assert_eq!(told_since(&other, told_other).await, [MailArrived, PackageArrived]);
    let again = moved(&ctx, &old.item.id.to_string(), &other, &right).await;
    assert_eq!(refusal(again.map(|v| v.item.id)), ErrorCode::MailNotFound);
}

#[tokio::test]
async fn l3_only_a_fresh_mistake_is_moved_and_only_among_the_operators_own() {
    let world = world().await;
    let ctx = world.ctx().await;
    let wrong = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let right = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let invited = invite(&ctx, "crm_3").await.customer.id.to_string();
    let mail = letter(&ctx, &wrong).await;
    let refused = async |to: &OpCtx, customer: &str| {
        refusal(moved(&world.ctx().await, &mail, to, customer).await.map(|v| v.item.id))
    };
    assert_eq!(refused(&ctx, &wrong).await, ErrorCode::ValidationFailed);
    assert_eq!(refused(&ctx, &invited).await, ErrorCode::MailboxNotActive);
    assert_eq!(refused(&ctx, "cus_123").await, ErrorCode::CustomerNotFound);
    assert_eq!(refused(&world.test_ctx().await, &right).await, ErrorCode::MailNotActionable);
    let mut partner = ctx.clone();
    partner.actor = app::Actor::System;
    assert_eq!(refused(&partner, &right).await, ErrorCode::MailNotActionable);
    world.clock.advance(hours(72) + minutes(1));
    assert_eq!(refused(&ctx, &right).await, ErrorCode::MailNotActionable);

    let ctx = world.ctx().await;
    let asked = letter(&ctx, &wrong).await;
    scan(&ctx, &asked).await.unwrap();
    let refused = moved(&ctx, &asked, &ctx, &right).await.map(|v| v.item.id);
    assert_eq!(refusal(refused), ErrorCode::MailNotActionable);
}

async fn kept(world: &World, body: Value) -> Result<String> {
    let (location, staff) = (world.location.id, world.staff());
    let work = async move |tx: &Tx, ctx: &_| unmatched::keep(tx, ctx, location, &body).await;
    staff.act(work).await.map(|item| item.id.to_string())
}

fn parcel_for(name: &str) -> Value {
    json!({"type": "package", "performed_by": "wes", "addressed_to": name,
        "photos": ["https://example.com/front.jpg"]})
}

async fn waiting(world: &World) -> usize {
    world.staff().query(async |tx, ctx| unmatched::list(tx, ctx).await).await.unwrap().len()
}

async fn assigned(ctx: &OpCtx, id: &str, customer: &str, rcp: Option<&str>) -> Result<MailView> {
    let (id, customer, rcp) = (id.to_owned(), customer.to_owned(), rcp.map(ToOwned::to_owned));
    act(ctx, async move |tx, ctx| unmatched::assign(tx, ctx, &id, &customer, rcp.as_deref()).await)
        .await
}

#[tokio::test]
async fn l2_mail_is_told_when_it_is_matched_and_keeps_its_id_and_its_time() {
    let world = world().await;
    let ctx = world.ctx().await;
    let jane = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let before = events(&ctx).await.len();
    let id = kept(&world, parcel_for("JANE SMITH ")).await.unwrap();
    let arrived = world.clock.now();
    assert_eq!((waiting(&world).await, told_since(&ctx, before).await.len()), (1, 0));
    world.clock.advance(hours(24 * 40));
    let ctx = world.ctx().await;
    let found = assigned(&ctx, &id, &jane, None).await.unwrap();
    assert_eq!((found.item.id.to_string(), found.item.received_at), (id.clone(), arrived));
    assert_eq!((found.item.flags.len(), found.photos.len()), (0, 1));
    assert_eq!(told_since(&ctx, before).await, [MailArrived, PackageArrived]);
    assert_eq!(waiting(&world).await, 0);
    let again = assigned(&ctx, &id, &jane, None).await.map(|v| v.item.id);
    assert_eq!(refusal(again), ErrorCode::MailNotFound);
}

#[tokio::test]
async fn l2_a_name_that_is_nobodys_is_flagged_and_an_authorised_one_is_not() {
    let world = world().await;
    let ctx = world.ctx().await;
    let jane = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let customer = jane.clone();
    let child = act(&ctx, async move |tx, ctx| {
        let kind = RecipientKind::Minor;
        let child = recipients::add(tx, ctx, &customer, "Kim Smith", kind).await?.id.to_string();
        recipients::authorise(tx, ctx, &customer, &child, Covered::ByCustomersForm).await?;
        Ok(child)
    });
    let child = child.await.unwrap();
    let flags = async |name: &str, recipient: Option<&str>| {
        let id = kept(&world, parcel_for(name)).await.unwrap();
        assigned(&ctx, &id, &jane, recipient).await.unwrap().item.flags
    };
    assert_eq!(flags("Jo Bloggs", None).await, [MailFlag::UnauthorisedName]);
    assert_eq!(flags("kim smith", None).await, []);
    assert_eq!(flags("K. Smith", Some(&child)).await, []);
}

#[tokio::test]
async fn l2_what_cannot_be_kept_or_matched_is_refused_and_still_waits() {
    let world = world().await;
    let ctx = world.ctx().await;
    let invited = invite(&ctx, "crm_1").await.customer.id.to_string();
    let no_type = kept(&world, json!({"performed_by": "wes"})).await;
    assert_eq!(refusal(no_type), ErrorCode::ValidationFailed);
    let mut private = parcel_for("Jane");
    private["photos"] = json!(["https://10.0.0.1/x.jpg"]);
    assert_eq!(refusal(kept(&world, private).await), ErrorCode::PhotoUrlNotAllowed);
    let id = kept(&world, parcel_for("Jane")).await.unwrap();
    for (customer, code) in
        [(invited.as_str(), ErrorCode::MailboxNotActive), ("cus_1", ErrorCode::CustomerNotFound)]
    {
        let refused = assigned(&ctx, &id, customer, None).await.map(|v| v.item.id);
        assert_eq!(refusal(refused), code);
    }
    assert_eq!(waiting(&world).await, 1);
    let back = id.clone();
    let work = async move |tx: &Tx, ctx: &_| {
        unmatched::return_to_sender(tx, ctx, &back, "nobody by that name").await
    };
    assert_eq!(world.staff().act(work).await.unwrap().to_string(), id);
    assert_eq!(waiting(&world).await, 0);
}

/// Takes a step on an item by its id.
macro_rules! step {
    ($ctx:expr, $id:expr, $step:path) => {{
        let id = String::from($id);
        act($ctx, async move |tx: &Tx, ctx: &OpCtx| $step(tx, ctx, &id).await).await
    }};
}

#[tokio::test]
async fn l7_what_its_customer_disowns_is_sorted_again_and_nothing_is_done_with_it_before() {
    let world = world().await;
    let ctx = world.ctx().await;
    let jane = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let joe = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let queue = async || {
        let found = world.staff().query(async |tx, ctx| claim::disowned(tx, ctx).await).await;
        found.unwrap().iter().map(|item| item.id.to_string()).collect::<Vec<_>>()
    };
    let [moved_on, returned] = [letter(&ctx, &jane).await, letter(&ctx, &jane).await];
    let asked = scan(&ctx, &moved_on).await.unwrap().action.id.to_string();
    let before = events(&ctx).await.len();
    for mail in [&moved_on, &returned] {
        let view = step!(&ctx, &**mail, claim::disown).unwrap();
        assert_eq!(view.item.flags, [MailFlag::NotMine]);
        assert!(view.available_actions(ctx.now).is_empty());
    }
    assert_eq!(status(&ctx, &asked).await, ActionStatus::Cancelled);
    assert_eq!(queue().await, [moved_on.clone(), returned.clone()]);
    let refused = scan(&ctx, &moved_on).await.map(|v| v.action.id);
    assert_eq!(refusal(refused), ErrorCode::MailNotActionable);
    assert!(told_since(&ctx, before).await.is_empty());

    let new = moved(&ctx, &moved_on, &ctx, &joe).await.unwrap();
    assert_eq!(new.item.flags, []);
    step!(&ctx, &*returned, custody::return_to_sender).unwrap();
    assert!(queue().await.is_empty());
    let gone = step!(&ctx, &*returned, claim::accept).map(|v| v.item.id);
    assert_eq!(refusal(gone), ErrorCode::MailNotActionable);
}

#[tokio::test]
async fn l7_a_customer_may_accept_what_bears_another_name_and_a_partner_may_say_neither() {
    let world = world().await;
    let ctx = world.ctx().await;
    let jane = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let id = kept(&world, parcel_for("Jo Bloggs")).await.unwrap();
    assigned(&ctx, &id, &jane, None).await.unwrap();
    let mut customer = ctx.clone();
    customer.actor = app::Actor::Customer;
    step!(&customer, &*id, claim::disown).unwrap();
    assert_eq!(step!(&customer, &*id, claim::accept).unwrap().item.flags, []);
    let mut partner = ctx.clone();
    partner.actor = app::Actor::ApiKey(domain::id::KeyId([7; 16]));
    let refused = step!(&partner, &*id, claim::disown).map(|v| v.item.id);
    assert_eq!(refusal(refused), ErrorCode::InsufficientScope);
    let refused = step!(&partner, &*id, claim::accept).map(|v| v.item.id);
    assert_eq!(refusal(refused), ErrorCode::InsufficientScope);
    let foreign = world.other_ctx().await;
    let refused = step!(&foreign, &*id, claim::disown).map(|v| v.item.id);
    assert_eq!(refusal(refused), ErrorCode::MailNotFound);
}

#[tokio::test]
async fn an_item_finds_its_owner_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let jane = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let joe = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let id = kept(&world, parcel_for("Jane Smith")).await.unwrap();
    let matching = id.clone();
    all_or_nothing(&ctx, async move |tx: &Tx, ctx: &OpCtx| {
        unmatched::assign(tx, ctx, &matching, &jane, None).await
    })
    .await;
    let disowned = id.clone();
    all_or_nothing(&ctx, async move |tx: &Tx, ctx: &OpCtx| claim::disown(tx, ctx, &disowned).await)
        .await;
    all_or_nothing(&ctx, async move |tx: &Tx, ctx: &OpCtx| {
        reassign::reassign(tx, ctx, &id, ctx, &joe).await
    })
    .await;
}
