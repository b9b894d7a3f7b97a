//! Inviting customers.

use domain::ErrorCode;
use domain::event::EventType;

use crate::support::{FIRST_NUMBER, act, events, invite, refusal, world};

#[tokio::test]
async fn an_invited_customer_holds_a_number_and_the_partner_is_told() {
    let world = world().await;
    let ctx = world.ctx().await;
    let view = invite(&ctx, "crm_1").await;
    let (mailbox, _) = view.mailbox.unwrap();
    assert_eq!(mailbox.number, FIRST_NUMBER);
    let told = events(&ctx).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, EventType::CustomerCreated);
    assert_eq!(told[0].1["data"]["external_customer_id"], "crm_1");
}

#[tokio::test]
async fn a_customer_of_another_partner_or_mode_is_not_found() {
    let world = world().await;
    let view = invite(&world.ctx().await, "crm_1").await;
    for ctx in [world.other_ctx().await, world.test_ctx().await] {
        let id = view.customer.id.to_string();
        let found =
            act(&ctx, async move |tx, ctx| app::customers::get::get(tx, ctx, &id).await).await;
        assert_eq!(refusal(found), ErrorCode::CustomerNotFound);
    }
}
