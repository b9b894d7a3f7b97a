//! What is owed arrives, once when all goes well and again when it does not.

use app::{OpCtx, Tx, endpoints};
use domain::{hours, minutes, seconds};
use futures_util::future::join_all;
use webhook::verify::verify_as_seed;

use crate::receiver::{Receiver, Request};
use crate::retrying::ctx;
use crate::support::{secret, world};

pub(crate) fn is_signed(request: &Request) -> bool {
    let at = request.header("X-Innbocks-Timestamp");
    let signature = request.header("X-Innbocks-Signature");
    verify_as_seed(&request.body, at, Some(signature), &secret()).unwrap()
}

#[tokio::test]
async fn a_committed_event_arrives_once_and_verifies_as_the_seed_does() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    tasks.settle().await.unwrap();

    let [request] = &receiver.requests()[..] else { panic!("expected one request") };
    assert!(is_signed(request));
    assert_eq!(request.header("X-Innbocks-Event-Type"), "mail.arrived");
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert!(body.contains(request.header("X-Innbocks-Event-Id")), "{body}");
    assert_eq!(world.attempts().await, [("succeeded".to_owned(), Some(200))]);
    assert_eq!(world.owed().await, 0);
}

/// Scenario 24 of postal.md, appendix B.
#[tokio::test]
async fn g5_case_23_case_24_three_failures_and_a_success_are_four_signed_attempts_of_one_delivery()
{
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"; 3]);
    world.emit(1).await;
    let tasks = world.tasks();
    for (n, wait) in [0, seconds(7), seconds(38), minutes(3)].into_iter().enumerate() {
        world.advance(wait);
        tasks.settle().await.unwrap();
        assert_eq!(receiver.requests().len(), n + 1);
    }
    let requests = receiver.requests();
    let header = |name: &str| {
        let values: Vec<String> = requests.iter().map(|r| r.header(name).to_owned()).collect();
        values
    };
    let stored = world.payload().await;
    assert!(requests.iter().all(|r| is_signed(r) && r.body == stored));
    assert!(header("X-Innbocks-Delivery-Id").windows(2).all(|pair| pair[0] == pair[1]));
    assert!(header("webhook-id").windows(2).all(|pair| pair[0] == pair[1]));
    assert!(header("X-Innbocks-Timestamp").windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(header("X-Innbocks-Delivery-Attempt"), ["1", "2", "3", "4"]);
    let outcomes: Vec<String> = world.attempts().await.into_iter().map(|(o, _)| o).collect();
    assert_eq!(outcomes, ["retrying", "retrying", "retrying", "succeeded"]);
}

/// A fault in any statement of the change behind an event leaves neither the event nor a delivery.
#[tokio::test]
async fn g1_case_1_an_event_whose_change_is_rolled_back_never_was() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    for n in 1.. {
        world.app.db.fail_statement(n);
        let outcome = world.try_emit(2).await;
        world.app.db.fail_statement(0);
        if outcome.is_ok() {
            assert!(n > 1, "a statement was made to fail");
            break;
        }
        assert_eq!((world.n_events().await, world.owed().await), (0, 0), "statement {n}");
        world.tasks().settle().await.unwrap();
        assert_eq!(receiver.requests().len(), 0, "statement {n}");
    }
    assert_eq!((world.n_events().await, world.owed().await), (2, 2));
}

#[tokio::test]
async fn case_5_an_event_that_nobody_listens_for_is_kept_and_owed_to_nobody() {
    let world = world().await;
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    assert_eq!((world.n_events().await, world.owed().await), (1, 0));
    assert_eq!(world.attempts().await, []);
}

/// Endpoints come and go while events are told. Nothing is left owed to one that has gone, and the one
/// that stays gets everything.
#[tokio::test]
async fn g2_case_6_events_told_while_endpoints_come_and_go_are_owed_to_those_that_stay() {
    let (world, stays, goes) = (world().await, Receiver::start().await, Receiver::start().await);
    world.endpoint(&stays).await;
    for _ in 0..10 {
        let gone = world.endpoint(&goes).await;
        let id = world.find(gone).await.unwrap().id.to_string();
        let (ctx, work) = (ctx(&world), async move |tx: &Tx, ctx: &OpCtx| {
            endpoints::delete::delete(tx, ctx, &id).await
        });
        let told = join_all((0..4).map(|_| world.emit(1)));
        let (_, deleted) = tokio::join!(told, world.app.act(&ctx, work));
        deleted.unwrap();
    }
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    assert_eq!((world.owed().await, stays.requests().len()), (0, 40));
}

#[tokio::test]
async fn g8_no_attempt_is_made_before_its_time() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"]);
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    world.advance(seconds(5) - 1);
    world.tasks().settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 1);
    world.advance(seconds(2));
    world.tasks().settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn case_14_a_receiver_that_asks_for_an_hour_is_left_alone_with_all_its_deliveries() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.script(&["429 Slow Down\r\nretry-after: 3600"]);
    world.emit(1).await;
    let tasks = world.tasks();
    let running = tasks.start();
    receiver.has_received(1).await;
    while world.attempts().await.is_empty() {
        tokio::task::yield_now().await;
    }
    world.emit(3).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(world.owed().await, 4);
    world.advance(hours(2));
    tasks.settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 5);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn g8_case_14_what_a_receiver_asked_for_holds_for_the_next_process_too() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.script(&["429 Slow Down\r\nretry-after: 3600"]);
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    world.emit(3).await;
    world.restarted().await.settle().await.unwrap();
    world.advance(hours(1) - 1);
    world.restarted().await.settle().await.unwrap();
    assert_eq!((receiver.requests().len(), world.owed().await), (1, 4));
    world.advance(hours(1));
    world.restarted().await.settle().await.unwrap();
    assert_eq!((receiver.requests().len(), world.owed().await), (5, 0));
}

#[tokio::test]
async fn what_a_receiver_asked_for_does_not_bind_the_one_that_takes_its_place() {
    let (world, asks, takes) = (world().await, Receiver::start().await, Receiver::start().await);
    let endpoint = world.endpoint(&asks).await;
    asks.script(&["429 Slow Down\r\nretry-after: 3600"]);
    world.emit(1).await;
    let running = world.tasks().start();
    asks.has_received(1).await;
    while world.attempts().await.is_empty() {
        tokio::task::yield_now().await;
    }
    world.move_to(endpoint, &takes).await;
    world.advance(seconds(10));
    world.emit(3).await;
    takes.has_received(3).await;
    running.stop().await;
    world.restarted().await.settle().await.unwrap();
    assert_eq!((asks.requests().len(), takes.requests().len(), world.owed().await), (1, 3, 1));
}

#[tokio::test]
async fn case_27_twelve_tries_end_in_a_dead_letter_and_slow_downs_do_not_count() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.script(&["429 Slow Down"; 5]);
    receiver.script(&["404 Not Found"; 12]);
    world.emit(1).await;
    for _ in 0..20 {
        // A new process each time: what was used up is read from the row.
        world.tasks().settle().await.unwrap();
        world.advance(hours(31));
    }
    assert_eq!(receiver.requests().len(), 17);
    assert_eq!(world.attempts().await.last(), Some(&("failed".to_owned(), Some(404))));
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn g7_an_endpoint_has_four_attempts_on_their_way_and_up_to_eight_once_it_keeps_up() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.shut(true);
    world.emit(100).await;
    let tasks = world.tasks();
    let settling = tokio::spawn(async move { tasks.settle().await });
    receiver.has_received(4).await;
    assert_eq!(receiver.n_waiting_max(), 4);
    receiver.shut(false);
    settling.await.unwrap().unwrap();
    assert_eq!(receiver.requests().len(), 100);
    assert!(receiver.n_waiting_max() <= 8);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn g7_case_34_an_endpoint_that_hangs_delays_no_other() {
    let (world, slow, quick) = (world().await, Receiver::start().await, Receiver::start().await);
    world.endpoint(&slow).await;
    world.endpoint(&quick).await;
    slow.shut(true);
    world.emit(200).await;
    let tasks = world.tasks();
    let settling = tokio::spawn(async move { tasks.settle().await });
    slow.has_received(4).await;
    quick.has_received(200).await;
    assert_eq!(slow.requests().len(), 4);
    slow.shut(false);
    settling.await.unwrap().unwrap();
    assert_eq!(slow.requests().len(), 200);
}

/// What the quick receiver gets shows that the deliverer has gone on meanwhile.
#[tokio::test]
async fn a_receiver_that_is_down_is_asked_by_one_delivery_and_by_one_after_a_restart() {
    let (world, down, quick) = (world().await, Receiver::start().await, Receiver::start().await);
    let endpoint = world.endpoint(&down).await;
    down.script(&["500 Oops"; 200]);
    let running = world.tasks().start();
    world.emit(30).await;
    while world.find(endpoint).await.unwrap().failures < 5 {
        tokio::task::yield_now().await;
    }
    world.endpoint(&quick).await;
    world.emit(50).await;
    quick.has_received(50).await;
    let n_before = down.requests().len();
    assert!((5..=8).contains(&n_before), "five in a row and those under way then: {n_before}");
    running.stop().await;

    let running = world.restarted().await.start();
    down.has_received(n_before + 1).await;
    world.emit(50).await;
    quick.has_received(100).await;
    running.stop().await;
    assert_eq!(down.requests().len(), n_before + 1);
    assert_eq!(world.owed().await, 130);
    let is_first = |r: &&Request| r.header("X-Innbocks-Delivery-Attempt") == "1";
    assert_eq!(down.requests().iter().filter(is_first).count(), n_before + 1, "waiting is free");
}

/// The clock stands still, so that nobody may ask the host again. What the quick receiver gets shows that the
/// deliverer has gone on meanwhile.
#[tokio::test]
async fn endpoints_of_one_host_share_64_requests_and_leave_it_alone_when_it_is_down() {
    let (world, down, quick) = (world().await, Receiver::start().await, Receiver::start().await);
    for _ in 0..40 {
        world.endpoint(&down).await;
    }
    down.usually("500 Oops");
    down.shut(true);
    let running = world.tasks().start();
    world.emit(3).await;
    down.has_received(64).await;
    down.shut(false);
    while world.attempts().await.len() < 64 {
        tokio::task::yield_now().await;
    }
    world.endpoint(&quick).await;
    world.emit(50).await;
    quick.has_received(50).await;
    running.stop().await;
    let n = down.requests().len();
    // Three from each of seven endpoints may come back before the eighth says it as well.
    assert!((64..=64 + 7 * 3).contains(&n), "the rest is held: {n}");
    assert_eq!(down.n_waiting_max(), 64);
    assert_eq!(world.attempts().await.len(), n + 50, "waiting is free");
    assert_eq!(world.owed().await, 40 * 53);
}

/// A fault in any statement of the deliverer, one after the other, costs a retry of that statement and
/// never a second request.
#[tokio::test]
async fn g3_g11_a_database_fault_at_any_statement_loses_nothing_and_sends_nothing_twice() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    for n in 1.. {
        world.emit(1).await;
        world.app.db.fail_statement(n);
        // The other tasks report the fault and are run again.
        while world.tasks().settle().await.is_err() {}
        let is_over = world.app.db.fail_statement(0) > 0;
        assert_eq!(receiver.requests().len(), usize::try_from(n).unwrap(), "statement {n}");
        assert_eq!(world.owed().await, 0, "statement {n}");
        if is_over {
            break;
        }
    }
}
