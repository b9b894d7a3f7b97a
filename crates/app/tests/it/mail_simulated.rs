//! The values by which a partner makes the test world's clerk, carrier and pictures misbehave.

use app::mail::create::{NewMail, photo};
use domain::action::{ActionStatus, RejectReason};
use domain::event::EventType;
use domain::mail::{MailStatus, MailType, PhotoStatus};
use domain::{ErrorCode, seconds};
use wire::partner::actions::ShredRequest;

use crate::applicants::open_mailbox;
use crate::mailroom::{
    action, away, create, forward, id_of, item, look, scan, shred, simulate, told_since,
};
use crate::support::{events, refusal, world};

fn tracked(customer: &str, number: &str) -> NewMail {
    NewMail { tracking_number: Some(number.to_owned()), ..item(customer, MailType::Letter) }
}

#[tokio::test]
async fn a_tracking_number_decides_how_a_scan_ends_after_three_seconds() {
    let world = world().await;
    let ctx = world.test_ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mut asked = Vec::new();
    for number in ["TEST-SCAN-OK", "TEST-SCAN-FAIL", "9400"] {
        let mail = create(&ctx, tracked(&customer, number)).await.unwrap().item.id.to_string();
        asked.push(id_of(scan(&ctx, &mail).await));
    }
    world.clock.advance(seconds(3));
    assert_eq!(simulate(&ctx).await, 2);
    assert_eq!(action(&ctx, &asked[0]).await.action.status, ActionStatus::Completed);
    let refused = action(&ctx, &asked[1]).await.action;
    assert_eq!(refused.reason_code, Some(RejectReason::Unreadable));
    assert_eq!(action(&ctx, &asked[2]).await.action.status, ActionStatus::Requested);
    world.clock.advance(seconds(27));
    assert_eq!(simulate(&ctx).await, 1);
    assert_eq!(action(&ctx, &asked[2]).await.action.status, ActionStatus::Completed);
}

#[tokio::test]
async fn a_parcel_is_lost_three_seconds_after_it_was_sent() {
    let world = world().await;
    let ctx = world.test_ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mail = create(&ctx, tracked(&customer, "TEST-FORWARD-LOST")).await.unwrap();
    let mail = mail.item.id.to_string();
    forward(&ctx, &mail, away()).await.unwrap();
    let before = events(&ctx).await.len();
    for expected in [MailStatus::Forwarded, MailStatus::Missing] {
        world.clock.advance(seconds(3));
        assert_eq!(simulate(&ctx).await, 1);
        assert_eq!(look(&ctx, &mail).await.status(), expected);
    }
    world.clock.advance(seconds(60));
    assert_eq!(simulate(&ctx).await, 0);
    assert_eq!(told_since(&ctx, before).await, [EventType::MailForwarded]);
}

#[tokio::test]
async fn a_shred_is_blocked_and_a_photo_is_too_large() {
    let world = world().await;
    let ctx = world.test_ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = tracked(&customer, "TEST-SHRED-BLOCKED");
    input.photos.push(photo("https://example.com/photo/oversize.jpg"));
    let made = create(&ctx, input).await.unwrap();
    let refused = shred(&ctx, &made.item.id.to_string(), ShredRequest::default()).await;
    assert_eq!(refusal(refused), ErrorCode::LegalHold);
    let photos: Vec<PhotoStatus> = made.photos.iter().map(|p| p.status).collect();
    assert_eq!(photos, [PhotoStatus::Pending, PhotoStatus::Failed]);
}

#[tokio::test]
async fn magic_means_nothing_in_the_live_world() {
    let world = world().await;
    let ctx = world.ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mut input = tracked(&customer, "TEST-SHRED-BLOCKED");
    input.photos = vec![photo("https://example.com/photo/oversize.jpg")];
    let made = create(&ctx, input).await.unwrap();
    assert_eq!(made.photos[0].status, PhotoStatus::Pending);
    shred(&ctx, &made.item.id.to_string(), ShredRequest::default()).await.unwrap();
    world.clock.advance(seconds(60));
    assert_eq!(simulate(&ctx).await, 0);
}
