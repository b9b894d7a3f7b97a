//! Starting, stopping, and starting again in another process.

use std::time::Duration;

use storage::{Ownership, Row, Tx, args};
use tasks::{Options, Tasks};

use crate::receiver::Receiver;
use crate::support::{read, world};

#[tokio::test]
async fn running_tasks_send_what_is_committed_and_write_all_of_it_when_stopped() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    let running = world.tasks().start();
    world.emit(100).await;
    receiver.has_received(100).await;
    running.stop().await;
    assert_eq!(world.owed().await, 0);
    assert_eq!(world.attempts().await.len(), 100);
}

#[tokio::test]
async fn an_attempt_on_its_way_ends_before_the_tasks_stop() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.shut(true);
    let running = world.tasks().start();
    world.emit(20).await;
    receiver.has_received(4).await;
    let stopping = tokio::spawn(running.stop());
    while !stopping.is_finished() {
        receiver.shut(false);
        tokio::task::yield_now().await;
    }
    assert_eq!(world.owed().await, 20 - i64::try_from(receiver.requests().len()).unwrap());
}

/// What a stop finds under way either ends and is written, or is cut and stays owed.
#[tokio::test]
async fn g3_case_40_a_stop_with_five_hundred_in_flight_and_one_that_hangs_ends_and_loses_nothing() {
    let (world, hung) = (world().await, Receiver::start().await);
    world.endpoint(&hung).await;
    hung.shut(true);
    let mut receivers = Vec::new();
    for _ in 0..8 {
        let receiver = Receiver::start().await;
        for _ in 0..16 {
            world.endpoint(&receiver).await;
        }
        receiver.shut(true);
        receivers.push(receiver);
    }
    let options = Options { stop_grace: Duration::from_millis(500), ..Options::default() };
    let running = Tasks::new(&world.app, options).unwrap().start();
    world.emit(4).await;
    for receiver in &receivers {
        receiver.has_received(64).await;
    }
    hung.has_received(4).await;
    let stopping = tokio::spawn(running.stop());
    for receiver in &receivers {
        receiver.shut(false);
    }
    stopping.await.unwrap();
    let (n_owed, n_written) = (world.owed().await, world.attempts().await.len());
    assert!(n_owed >= 4, "what hung is owed: {n_owed}");
    assert_eq!(usize::try_from(n_owed).unwrap() + n_written, 129 * 4);
    hung.shut(false);
    world.restarted().await.settle().await.unwrap();
    assert_eq!(world.owed().await, 0);
    assert_eq!(hung.requests().len(), 8, "cut off and sent again");
}

#[tokio::test]
async fn a_new_process_delivers_what_the_old_one_owed() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.script(&["503 Down"; 5]);
    world.emit(5).await;
    world.tasks().settle().await.unwrap();
    world.emit(100).await;
    world.advance(domain::seconds(10));
    let running = world.restarted().await.start();
    receiver.has_received(110).await;
    // The old process has not ended: what it still commits is found by looking.
    world.emit(5).await;
    receiver.has_received(115).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 115);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn a_node_whose_connections_were_cut_goes_on() {
    const CUT: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and application_name = 'postroom'";
    let (world, receiver) = (world().await, Receiver::start().await);
    if world.app.db.engine() != storage::Engine::Postgres {
        // A file has no connections to cut.
        return;
    }
    world.endpoint(&receiver).await;
    let running = world.tasks().start();
    world.emit(1).await;
    receiver.has_received(1).await;
    read(&world.app, async |tx: &Tx| tx.one(CUT, args![], Row::next::<i64>).await).await;
    while world.try_emit(50).await.is_err() {}
    receiver.has_received(51).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 51);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn only_the_process_that_has_the_file_sends() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let file = world.app.db.try_own().unwrap();
    if matches!(file, Ownership::Shared) {
        // What many nodes do is in `nodes`.
        return;
    }
    world.endpoint(&receiver).await;
    let running = world.tasks().start();
    world.emit(1).await;
    assert!(running.statuses().is_empty());
    drop(file);
    receiver.has_received(1).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 1);
}
