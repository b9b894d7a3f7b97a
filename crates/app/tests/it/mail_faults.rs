//! Each use-case of mail, failed at every statement: nothing is written, nothing is told, and the next
//! try succeeds.

use app::ledger;
use app::mail::{create, custody, delete, log};
use app::mail_actions::complete::{Outcome, complete};
use app::mail_actions::{cancel, forward, pickup, price, scan, shred, work};
use app::{OpCtx, Tx};
use domain::action::RejectReason;
use domain::hours;
use domain::mail::{MailFlag, MailType};
use domain::partner::Service;
use wire::partner::actions::{ForwardRequest, PickupRequest, ScanRequest, ShredRequest};

use crate::applicants::open_mailbox;
use crate::faults::all_or_nothing;
use crate::mailroom::{as_staff, away, destruction, handover, item, letter, shipment, window};
use crate::support::{World, world};

/// A customer of a partner that pays for all it asks, who hears of it at an endpoint.
async fn prepaid() -> (World, OpCtx, String) {
    let world = world().await;
    let ctx = world.ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    as_staff(&ctx, async |tx, ctx| {
        let url = "https://crm.example.com/".to_owned();
        let receiver = app::endpoints::create::NewEndpoint { url, ..Default::default() };
        app::endpoints::create::create(tx, ctx, &receiver).await?;
        for service in Service::ALL {
            ledger::set_price(tx, ctx, *service, Some(250)).await?;
        }
        ledger::top_up(tx, ctx, 100_000, "wire 17").await
    })
    .await;
    (world, ctx, customer)
}

/// Takes a step on the thing with this id, failed at every statement first.
macro_rules! whole {
    ($ctx:expr, $id:expr, $step:path $(, $input:expr)*) => {{
        let id = String::from($id);
        let step = async move |tx: &Tx, ctx: &OpCtx| $step(tx, ctx, &id $(, $input)*).await;
        all_or_nothing($ctx, step).await
    }};
}

#[tokio::test]
async fn mail_comes_is_marked_lost_found_and_taken_back_whole_or_not_at_all() {
    let (_world, ctx, customer) = prepaid().await;
    let parcel = item(&customer, MailType::Package);
    let logged = parcel.clone();
    all_or_nothing(&ctx, async move |tx, ctx| log::log(tx, ctx, &logged).await).await;
    let made = all_or_nothing(&ctx, async move |tx, ctx| create::create(tx, ctx, &parcel).await);
    let mail = made.await.item.id.to_string();
    whole!(&ctx, &*mail, custody::mark, MailFlag::HazmatSuspect, true);
    whole!(&ctx, &*mail, pickup::request, &PickupRequest::default());
    whole!(&ctx, &*mail, custody::missing);
    whole!(&ctx, &*mail, custody::found);
    let back = letter(&ctx, &customer).await;
    whole!(&ctx, &*back, scan::request, &ScanRequest::default());
    whole!(&ctx, &*back, delete::delete);
    whole!(&ctx, &*mail, custody::return_to_sender);
}

#[tokio::test]
async fn a_scan_is_asked_for_refused_withdrawn_and_done_whole_or_not_at_all() {
    let (_world, ctx, customer) = prepaid().await;
    let mail = letter(&ctx, &customer).await;
    let ask = async || whole!(&ctx, &*mail, scan::request, &ScanRequest::default()).action.id;
    let id = ask().await.to_string();
    whole!(&ctx, &*id, cancel::reject, RejectReason::Unsafe, None);
    let id = ask().await.to_string();
    whole!(&ctx, &*id, cancel::cancel);
    let id = ask().await.to_string();
    whole!(&ctx, &*id, work::start);
    whole!(&ctx, &*id, complete, &Outcome::Scanned { pages: 2 });
}

#[tokio::test]
async fn a_shred_is_asked_for_and_done_whole_or_not_at_all() {
    let (world, ctx, customer) = prepaid().await;
    let mail = letter(&ctx, &customer).await;
    let id = whole!(&ctx, &*mail, shred::request, &ShredRequest::default()).action.id.to_string();
    whole!(&ctx, &*id, work::schedule);
    world.clock.advance(hours(24));
    let ctx = world.ctx().await;
    whole!(&ctx, &*id, work::start);
    let proof = Outcome::Shredded(destruction(&mail));
    whole!(&ctx, &*id, complete, &proof);
}

#[tokio::test]
async fn a_parcel_is_asked_for_priced_and_sent_whole_or_not_at_all() {
    let (_world, ctx, customer) = prepaid().await;
    let mail = letter(&ctx, &customer).await;
    let joined = ForwardRequest { consolidate_with: vec![letter(&ctx, &customer).await], ..away() };
    let id = whole!(&ctx, &*mail, forward::request, &joined).action.id.to_string();
    whole!(&ctx, &*id, price::weigh, 900);
    whole!(&ctx, &*id, price::approve);
    whole!(&ctx, &*id, work::start);
    let proof = Outcome::Forwarded(shipment());
    whole!(&ctx, &*id, complete, &proof);
}

#[tokio::test]
async fn a_pickup_is_planned_missed_and_handed_over_whole_or_not_at_all() {
    let (world, ctx, customer) = prepaid().await;
    let mail = letter(&ctx, &customer).await;
    let wish = PickupRequest { window: Some(window()), ..PickupRequest::default() };
    let id = whole!(&ctx, &*mail, pickup::request, &wish).action.id.to_string();
    world.clock.set(window().1);
    let ctx = world.ctx().await;
    whole!(&ctx, &*id, pickup::no_show);
    let again = (window().0.plus(hours(24)), window().1.plus(hours(24)));
    whole!(&ctx, &*id, pickup::schedule, again);
    whole!(&ctx, &*id, work::start);
    whole!(&ctx, &*id, complete, &Outcome::PickedUp(handover()));
    let other = letter(&ctx, &customer).await;
    whole!(&ctx, &*other, pickup::walk_in, &handover());
}
