//! Which endpoints keep an install busy, by name (webhooks.md 5.19).

use domain::minutes;
use storage::lane_costs::{self, Named};
use storage::{Tx, endpoints};

use crate::receiver::Receiver;
use crate::support::{World, read, world, write};
use crate::trying::try_out;

async fn costliest(world: &World) -> Vec<Named> {
    let (operator, now) = (world.operator.id, world.now());
    read(&world.app, async move |tx: &Tx| lane_costs::list(tx, operator, now).await).await
}

#[tokio::test]
async fn what_endpoints_cost_is_told_by_name_until_it_is_old_and_tests_cost_nothing() {
    let (world, receiver, other) =
        (world().await, Receiver::start().await, Receiver::start().await);
    receiver.script(&["404 Not Found"; 3]);
    let endpoint = world.endpoint(&receiver).await;
    let running = world.tasks().start();
    world.emit(10).await;
    receiver.has_received(10).await;
    let tried = world.endpoint(&other).await;
    try_out(&world, tried).await;
    other.has_received(1).await;
    running.stop().await;

    let found = costliest(&world).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].endpoint_id, world.find(endpoint).await.unwrap().id);
    assert_eq!((found[0].partner_slug.as_str(), found[0].livemode), ("acme", true));
    assert_eq!((found[0].cost.attempts, found[0].cost.failed), (10, 3));
    assert!(found[0].cost.busy_us > 0);

    world.advance(minutes(3) - 1);
    assert_eq!(costliest(&world).await.len(), 1);
    world.advance(1);
    assert_eq!(costliest(&world).await.len(), 0);
}

#[tokio::test]
async fn a_later_report_takes_the_place_of_an_earlier_one_and_a_deleted_endpoint_is_left_out() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let (one, other) = (world.endpoint(&receiver).await, world.endpoint(&receiver).await);
    let cost = |endpoint_no: i64, busy_us: i64| lane_costs::LaneCost {
        endpoint_no,
        attempts: 1,
        failed: 0,
        busy_us,
    };
    let (start, now) = (world.now(), world.now().plus(minutes(1)));
    let (first, second) = ([cost(one, 500), cost(other, 900)], [cost(one, 1_000)]);
    write(&world.app, async move |tx: &Tx| {
        lane_costs::put(tx, &first, start, start).await?;
        lane_costs::put(tx, &second, start, now).await
    })
    .await;
    let busy: Vec<i64> = costliest(&world).await.iter().map(|lane| lane.cost.busy_us).collect();
    assert_eq!(busy, [1_000, 900]);
    write(&world.app, async move |tx: &Tx| endpoints::delete(tx, one, now).await).await;
    assert_eq!(costliest(&world).await[0].cost.endpoint_no, other);
}
