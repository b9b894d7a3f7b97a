//! The operator's side: locations, partners, pools and numbers, each refusal once.

use app::admin::locations::{self, LocationChange};
use app::admin::mailboxes::{self, NewPool};
use app::admin::partners::{self, PartnerChange, PoolChoice};
use app::admin::{StaffCtx, operators, staff_ctx};
use app::{Tx, audit};
use domain::address::Designator;
use domain::mailbox::{MailboxStatus, Strategy};
use domain::partner::PartnerStatus;
use domain::{Error, ErrorCode, Result};

use crate::support::{FIRST_NUMBER, World, a_location, a_partner, act, invite, refusal, world};

/// The fields that a refusal names.
fn fields<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<String> {
    match outcome.expect_err("a refusal") {
        Error::Refused { fields, .. } => fields.into_iter().map(|f| f.param).collect(),
        Error::Internal { doing, .. } => panic!("failed while {doing}"),
    }
}

#[tokio::test]
async fn an_operator_needs_a_name_and_a_slug_of_its_own() {
    let world = world().await;
    let named = async |name, slug| operators::create(&world.app, "olga", name, slug).await;
    assert_eq!(fields(named("", "A b").await), ["name", "slug"]);
    assert_eq!(fields(named("Again", "austin-mail").await), ["slug"]);
    assert_eq!(
        refusal(staff_ctx(&world.app, Some("nobody"), "o").await.map(drop)),
        ErrorCode::NotFound
    );
    assert!(staff_ctx(&world.app, None, "o").await.is_ok());
    named("Dallas Mail", "dallas").await.unwrap();
    assert_eq!(refusal(staff_ctx(&world.app, None, "o").await.map(drop)), ErrorCode::NotFound);
    assert_eq!(operators::list(&world.app).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_location_says_everything_that_is_wrong_with_it() {
    let world = world().await;
    let mut wrong = a_location();
    wrong.code = "atx 2".into();
    wrong.timezone = "Texas".into();
    wrong.address.line2 = Some("Ste 9".into());
    wrong.address.postal_code = "7".into();
    wrong.designator = Designator::Number;
    wrong.closes_minute = wrong.opens_minute;
    wrong.open_weekdays = vec![5, 5];
    wrong.shred_hold_hours = -1;
    let outcome =
        world.staff().act(async move |tx, ctx| locations::create(tx, ctx, &wrong).await).await;
    let expected = [
        "address/postal_code",
        "code",
        "timezone",
        "designator",
        "closes_minute",
        "open_weekdays",
        "shred_hold_hours",
    ];
    assert_eq!(fields(outcome), expected);
    let staff = world.staff();
    let again = staff.act(async |tx, ctx| locations::create(tx, ctx, &a_location()).await);
    assert_eq!(fields(again.await), ["code"]);
}

#[tokio::test]
async fn a_location_changes_where_it_is_asked_to_and_is_found_by_id_or_code() {
    let world = world().await;
    let id = world.location.id;
    let update = async |change: LocationChange| {
        world.staff().act(async move |tx, ctx| locations::update(tx, ctx, id, &change).await).await
    };
    let change = LocationChange { shred_hold_hours: Some(48), ..LocationChange::default() };
    let changed = update(change).await.unwrap();
    assert_eq!((changed.shred_hold_hours, changed.scan_due_hours), (48, 24));
    let wrong = LocationChange { timezone: Some("Mars".into()), ..LocationChange::default() };
    assert_eq!(fields(update(wrong).await), ["timezone"]);
    let get = async |id: String| {
        world.staff().query(async move |tx, ctx| locations::get(tx, ctx, &id).await).await
    };
    assert_eq!(get("ATX1".into()).await.unwrap().shred_hold_hours, 48);
    assert_eq!(get(id.to_string()).await.unwrap().code, "ATX1");
    assert_eq!(refusal(get("ATX9".into()).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_location_of_another_operator_is_not_found() {
    let world = world().await;
    operators::create(&world.app, "dan", "Dallas Mail", "dallas").await.unwrap();
    let dallas = staff_ctx(&world.app, Some("dallas"), "dan").await.unwrap();
    let (location, pool) = (world.location.id, world.pool.id);
    let change = LocationChange { name: Some("Mine".into()), ..LocationChange::default() };
    let update =
        dallas.act(async move |tx, ctx| locations::update(tx, ctx, location, &change).await);
    assert_eq!(refusal(update.await), ErrorCode::NotFound);
    let list = dallas.query(async move |tx, ctx| mailboxes::list(tx, ctx, location, None, 0).await);
    assert_eq!(refusal(list.await), ErrorCode::NotFound);
    assert_eq!(refusal(mailboxes::add(&dallas, pool, 900, 901).await), ErrorCode::NotFound);
    let partners = dallas.query(async |tx, ctx| partners::list(tx, ctx).await).await.unwrap();
    assert!(partners.is_empty());
}

#[tokio::test]
async fn a_partner_needs_a_free_slug_and_a_sane_order_form() {
    let world = world().await;
    let create = async |partner: partners::NewPartner| {
        world.staff().act(async move |tx, ctx| partners::create(tx, ctx, &partner).await).await
    };
    assert_eq!(fields(create(a_partner("acme")).await), ["slug"]);
    let mut wrong = a_partner("Wrong One");
    wrong.order_form.currency = "dollars".into();
    wrong.order_form.timezone = "Mars".into();
    wrong.order_form.unit_price_minor = Some(-1);
    wrong.settings.rate_burst = 0;
    wrong.settings.portal_url = Some("http://x.example".into());
    wrong.settings.default_location = Some(world.location.id);
    let expected = [
        "slug",
        "currency",
        "timezone",
        "unit_price_minor",
        "rate_burst",
        "portal_url",
        "default_location",
    ];
    assert_eq!(fields(create(wrong).await), expected);
    create(a_partner("initech")).await.unwrap();
    let all = world.staff().query(async |tx, ctx| partners::list(tx, ctx).await).await.unwrap();
    let slugs: Vec<&str> = all.iter().map(|p| p.slug.as_str()).collect();
    assert_eq!(slugs, ["acme", "globex", "initech"]);
}

#[tokio::test]
async fn a_partner_changes_until_it_is_closed() {
    let world = world().await;
    let update = async |change: PartnerChange| {
        let ctx = world.ctx().await;
        act(&ctx, async move |tx, ctx| partners::update(tx, ctx, &change).await).await
    };
    let status = |status| PartnerChange { status: Some(status), ..PartnerChange::default() };
    let mut settings = world.partner.settings.clone();
    settings.default_location = Some(world.location.id);
    let change = PartnerChange { settings: Some(settings), ..PartnerChange::default() };
    assert!(update(change).await.unwrap().settings.default_location.is_some());
    assert_eq!(update(status(PartnerStatus::Closed)).await.unwrap().status, PartnerStatus::Closed);
    assert_eq!(fields(update(status(PartnerStatus::Live)).await), ["status"]);
}

#[tokio::test]
async fn a_grant_uses_the_named_pool_or_makes_one() {
    let world = world().await;
    let location = world.location.id.to_string();
    let grant = async |location: &str, choice: PoolChoice| {
        let (ctx, location) = (world.ctx().await, location.to_owned());
        act(&ctx, async move |tx, ctx| partners::grant(tx, ctx, &location, &choice).await).await
    };
    let shared = grant(&location, PoolChoice::Shared).await.unwrap().pool_id;
    assert_ne!(shared, world.pool.id);
    assert_eq!(grant(&location, PoolChoice::Shared).await.unwrap().pool_id, shared);
    let own = grant(&location, PoolChoice::Own).await.unwrap().pool_id;
    assert_ne!(own, shared);
    assert_eq!(refusal(grant("loc_123", PoolChoice::Own).await), ErrorCode::NotFound);
    assert_eq!(fields(grant(&location, PoolChoice::Named("pool_1".into())).await), ["pool_id"]);
    // Another partner's own pool is not to be had.
    let ctx = world.other_ctx().await;
    let theirs = act(&ctx, async move |tx, ctx| {
        partners::grant(tx, ctx, &location, &PoolChoice::Named(own.to_string())).await
    });
    assert_eq!(fields(theirs.await), ["pool_id"]);
    let ours = world.ctx().await;
    let grants = ours.app.query(&ours, async |tx, ctx| partners::grants(tx, ctx).await);
    assert_eq!(grants.await.unwrap().len(), 1);
}

async fn box_id(world: &World, number: i64) -> String {
    let location = world.location.id;
    let staff = world.staff();
    let read = async move |tx: &Tx, ctx: &StaffCtx| {
        mailboxes::list(tx, ctx, location, None, number - 1).await
    };
    staff.query(read).await.unwrap()[0].id.to_string()
}

#[tokio::test]
async fn numbers_are_added_in_pages_and_only_once() {
    let world = world().await;
    let staff = world.staff();
    let last = FIRST_NUMBER + 1199;
    let added = mailboxes::add(&staff, world.pool.id, FIRST_NUMBER, last).await.unwrap();
    assert_eq!(added, 1160);
    assert_eq!(mailboxes::add(&staff, world.pool.id, FIRST_NUMBER, last).await.unwrap(), 0);
    for (first, last) in [(0, 5), (9, 8), (1, mailboxes::NUMBER_MAX + 1), (1, 1_000_001)] {
        let refused = mailboxes::add(&staff, world.pool.id, first, last).await;
        assert_eq!(refusal(refused), ErrorCode::ValidationFailed, "{first} to {last}");
    }
}

#[tokio::test]
async fn a_pool_picks_in_one_of_three_ways_and_has_a_name_of_its_own() {
    let world = world().await;
    let create = async |name: &str, strategy| {
        let new = NewPool {
            location_id: world.location.id,
            name: name.to_owned(),
            strategy,
            partner_id: Some(world.partner.id),
        };
        world.staff().act(async move |tx, ctx| mailboxes::pool_create(tx, ctx, &new).await).await
    };
    assert_eq!(fields(create("own", Strategy::Reserved).await), ["strategy"]);
    assert_eq!(fields(create("main", Strategy::Random).await), ["name"]);
    assert_eq!(create("own", Strategy::Random).await.unwrap().partner_id, Some(world.partner.id));
}

#[tokio::test]
async fn a_free_box_is_blocked_unblocked_and_retired_and_a_reserved_one_is_not() {
    let world = world().await;
    invite(&world.ctx().await, "crm_1").await;
    let reserved = box_id(&world, FIRST_NUMBER).await;
    let free = box_id(&world, FIRST_NUMBER + 1).await;
    let block = async |id: String| {
        world.staff().act(async move |tx, ctx| mailboxes::block(tx, ctx, &id).await).await
    };
    let unblock = async |id: String| {
        world.staff().act(async move |tx, ctx| mailboxes::unblock(tx, ctx, &id).await).await
    };
    let retire = async |id: String| {
        world.staff().act(async move |tx, ctx| mailboxes::retire(tx, ctx, &id).await).await
    };
    assert_eq!(refusal(block(reserved).await), ErrorCode::MailboxUnavailable);
    assert_eq!(refusal(unblock(free.clone()).await), ErrorCode::MailboxUnavailable);
    assert_eq!(block(free.clone()).await.unwrap().status, MailboxStatus::Blocked);
    assert_eq!(unblock(free.clone()).await.unwrap().status, MailboxStatus::Available);
    assert_eq!(retire(free.clone()).await.unwrap().status, MailboxStatus::Retired);
    assert_eq!(refusal(block(free).await), ErrorCode::MailboxUnavailable);
    assert_eq!(refusal(block("mbx_1".into()).await), ErrorCode::MailboxNotFound);
}

#[tokio::test]
async fn what_the_staff_did_is_in_the_chain() {
    let world = world().await;
    let linked = audit::link(&world.app).await.unwrap();
    let proof = audit::verify(&world.app).await.unwrap();
    assert_eq!((proof.links, proof.broken_at), (i64::try_from(linked).unwrap(), None));
    let verbs = world.app.db.read(async |tx: &Tx| storage::audit::chain(tx, 0, 100).await);
    let verbs: Vec<String> = verbs.await.unwrap().into_iter().map(|r| r.verb).collect();
    let expected = [
        "operator.create",
        "location.create",
        "pool.create",
        "mailbox.add",
        "partner.create",
        "partner.grant",
        "partner.create",
        "partner.grant",
    ];
    assert_eq!(verbs, expected);
}
