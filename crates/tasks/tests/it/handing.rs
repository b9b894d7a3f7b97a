//! What was just published comes with the news of its commit, and is sent without being read.

use std::sync::Arc;

use domain::Timestamp;
use storage::endpoints::Endpoint;
use storage::events::{self, Target};
use storage::{Tx, args};

use crate::receiver::Receiver;
use crate::support::{World, an_event, world, write};

/// What is read of every event here.
const READ: &[u8] = b"{\"it\":\"was read\"}";
/// Events of which one is handed over in time, however busy the machine is.
const EVENTS_MAX: usize = 200;

/// Publishes an event whose stored payload is another one than what was handed over.
async fn publish(world: &World, endpoint: &Endpoint, settings_at: Timestamp) {
    const CHANGE: &str = "update events set payload = $1 where no = $2";
    let (ids, now, scope) = (Arc::clone(&world.app.ids), world.now(), world.scope());
    let endpoint_no = endpoint.no;
    let unit = async move |tx: &Tx| {
        let event = an_event(ids.as_ref(), now, 0);
        let target = Target {
            endpoint_no,
            delivery_no: ids.number(now),
            order_key: None,
            is_test: false,
            signer: None,
            settings_at,
        };
        events::publish(tx, &scope, &event, &[target]).await?;
        tx.exec(CHANGE, args![READ, event.no]).await.map(drop)
    };
    write(&world.app, unit).await;
}

/// How many of those that arrive, from the second on, were handed over; stops at the first.
async fn handed_over(age: i64, n_max: usize) -> usize {
    let (world, receiver) = (world().await, Receiver::start().await);
    let no = world.endpoint(&receiver).await;
    let endpoint = world.find(no).await.unwrap();
    let running = world.tasks().start();
    let mut n = 0;
    while n < n_max {
        publish(&world, &endpoint, endpoint.updated_at.plus(-age)).await;
        n += 1;
        receiver.has_received(n).await;
        if receiver.requests()[n - 1].body != READ {
            break;
        }
    }
    running.stop().await;
    assert_eq!((receiver.requests().len(), world.owed().await), (n, 0));
    receiver.requests().iter().filter(|request| request.body != READ).count()
}

#[tokio::test]
async fn what_was_just_published_is_sent_as_it_was_handed_over() {
    assert_eq!(handed_over(0, EVENTS_MAX).await, 1);
}

#[tokio::test]
async fn what_was_published_for_an_endpoint_as_it_was_before_is_read() {
    assert_eq!(handed_over(1, 20).await, 0);
}
