//! Many nodes on one database: they share the endpoints, and take over from one that went or froze.
//!
//! Every node has a runtime on a thread of its own, which a test can freeze or end as a whole. Leases
//! go by a clock that only the test moves. On SQLite there is one process, and each test returns at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc as blocking;
use std::time::Duration;

use domain::{Clock, Timestamp, seconds};
use storage::leases::ShardSet;
use storage::{Row, Tx, args};
use tasks::{Options, Tasks};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::receiver::Receiver;
use crate::support::{START, World, read, world};

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_mins(1);
/// After this much time in one step no lease that was just renewed has ended.
const STEP: i64 = seconds(5);

struct LeaseClock(AtomicI64);

impl Clock for LeaseClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A database that nodes share, and the clock of their leases.
struct House {
    world: World,
    clock: Arc<LeaseClock>,
}

/// `None` where nothing can be shared.
async fn house() -> Option<House> {
    let world = world().await;
    let clock = Arc::new(LeaseClock(AtomicI64::new(START.micros())));
    world.app.db.engine().is_shared().then_some(House { world, clock })
}

/// Nodes that look through the queue when they get their shards, and never again.
fn blind() -> Options {
    Options { look_every: Some(Duration::from_hours(24)), ..Options::default() }
}

enum Order {
    /// Says that it stands still, and does until the other end is dropped.
    Freeze(oneshot::Sender<()>, blocking::Receiver<()>),
    /// Tells the names of the tasks that it runs.
    Statuses(oneshot::Sender<Vec<&'static str>>),
    Stop(oneshot::Sender<()>),
}

/// A process. One that is dropped ends without a goodbye.
struct Node {
    orders: mpsc::Sender<Order>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Node {
    fn start(house: &House) -> Self {
        Self::start_with(house, Options::default())
    }

    fn start_with(house: &House, options: Options) -> Self {
        let (orders, mut ordered) = mpsc::channel(1);
        let (install, clock) = (house.world.install(), Arc::<LeaseClock>::clone(&house.clock));
        let life = async move {
            let tasks = install.tasks_with(options).await;
            let mut running = Some(tasks.start_with_lease_clock(clock));
            while let Some(order) = ordered.recv().await {
                match order {
                    Order::Freeze(frozen, until) => {
                        frozen.send(()).unwrap();
                        let _ = until.recv();
                    }
                    Order::Statuses(answer) => {
                        let statuses = running.as_ref().unwrap().statuses();
                        answer.send(statuses.into_keys().collect()).unwrap();
                    }
                    Order::Stop(stopped) => {
                        running.take().unwrap().stop().await;
                        return stopped.send(()).unwrap();
                    }
                }
            }
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(life);
        });
        Self { orders, thread: Some(thread) }
    }

    /// Lets nothing of the node move until the answer is dropped.
    async fn freeze(&self) -> blocking::Sender<()> {
        let ((thaw, until), (frozen, is_frozen)) = (blocking::channel(), oneshot::channel());
        self.orders.send(Order::Freeze(frozen, until)).await.unwrap();
        is_frozen.await.unwrap();
        thaw
    }

    async fn statuses(&self) -> Vec<&'static str> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(Order::Statuses(answer)).await.unwrap();
        answered.await.unwrap()
    }

    /// Begins to stop; the answer comes when it has.
    async fn stopping(&self) -> oneshot::Receiver<()> {
        let (stopped, has_stopped) = oneshot::channel();
        self.orders.send(Order::Stop(stopped)).await.unwrap();
        has_stopped
    }

    async fn stop(&self) {
        self.stopping().await.await.unwrap();
    }

    /// Ends it without a goodbye, wherever it is.
    fn kill(mut self) {
        let thread = self.thread.take().unwrap();
        drop(self);
        thread.join().unwrap();
    }
}

impl House {
    /// How many shards each node has, the most first.
    async fn shares(&self) -> Vec<i64> {
        const SHARES: &str =
            "select count(*) from shard_owner where node is not null group by node order by 1 desc";
        read(&self.world.app, async |tx: &Tx| tx.all(SHARES, args![], Row::next).await).await
    }

    async fn is_shared_as(&self, shares: &[i64]) {
        let waited = timeout(PATIENCE, async { while self.shares().await != shares {} }).await;
        assert!(
            waited.is_ok(),
            "waited in vain for {shares:?}; they are {:?}",
            self.shares().await
        );
    }

    async fn owes(&self, n: i64) {
        let waited = timeout(PATIENCE, async { while self.world.owed().await != n {} }).await;
        assert!(waited.is_ok(), "waited in vain; {} are owed", self.world.owed().await);
    }

    /// Lets more time pass than a lease lasts, during which this many nodes can renew theirs.
    async fn lease_ends(&self, n_alive: i64) {
        const RENEWED: &str = "select count(*) from node_lease where expires_at >= $1";
        for _ in 0..4 {
            let now = self.clock.now().plus(STEP);
            self.clock.0.store(now.micros(), Ordering::SeqCst);
            let renewed = async move |tx: &Tx| {
                tx.one(RENEWED, args![now.plus(seconds(15))], Row::next::<i64>).await
            };
            let renew = async { while read(&self.world.app, renewed).await < n_alive {} };
            timeout(PATIENCE, renew).await.expect("the nodes renew their leases");
        }
    }

    async fn endpoints(&self, n: usize, receiver: &Receiver) {
        for _ in 0..n {
            self.world.endpoint(receiver).await;
        }
    }
}

#[tokio::test]
async fn g3_two_and_three_nodes_share_the_shards_evenly_and_send_everything_once() {
    let Some(house) = house().await else { return };
    let receiver = Receiver::start().await;
    house.endpoints(24, &receiver).await;
    let first = Node::start(&house);
    house.is_shared_as(&[256]).await;
    let second = Node::start(&house);
    house.is_shared_as(&[128, 128]).await;
    let third = Node::start(&house);
    house.is_shared_as(&[86, 86, 84]).await;
    house.world.emit(5).await;
    house.owes(0).await;
    for node in [first, second, third] {
        node.stop().await;
    }
    assert_eq!(receiver.requests().len(), 24 * 5);
    assert_eq!(house.world.attempts().await.len(), 24 * 5);
}

#[tokio::test]
async fn g3_case_39_a_node_that_dies_is_taken_over_and_nothing_is_lost() {
    let Some(house) = house().await else { return };
    let receiver = Receiver::start().await;
    house.endpoints(8, &receiver).await;
    let (dying, living) = (Node::start(&house), Node::start(&house));
    house.is_shared_as(&[128, 128]).await;
    receiver.shut(true);
    house.world.emit(2).await;
    receiver.has_received(16).await;
    dying.kill();
    receiver.shut(false);
    // Its session ended with it: nobody waits for its lease, whose clock stands still.
    house.is_shared_as(&[256]).await;
    house.world.emit(2).await;
    house.owes(0).await;
    living.stop().await;
    assert_eq!(house.world.attempts().await.len(), 32);
}

#[tokio::test]
async fn g4_case_39_a_frozen_node_that_comes_back_cannot_complete() {
    let Some(house) = house().await else { return };
    let receiver = Receiver::start().await;
    house.endpoints(4, &receiver).await;
    let frozen = Node::start(&house);
    house.is_shared_as(&[256]).await;
    receiver.shut(true);
    house.world.emit(1).await;
    receiver.has_received(4).await;
    let thaw = frozen.freeze().await;
    // The answers are on the wire while nobody reads them.
    receiver.shut(false);
    receiver.has_answered().await;
    receiver.shut(true);
    let other = Node::start(&house);
    house.lease_ends(1).await;
    receiver.has_received(8).await;
    drop(thaw);
    frozen.stop().await;
    assert_eq!((house.world.owed().await, house.world.attempts().await.len()), (4, 0));
    receiver.shut(false);
    house.owes(0).await;
    other.stop().await;
    assert_eq!(house.world.attempts().await, vec![("succeeded".to_owned(), Some(200)); 4]);
    assert_eq!(receiver.requests().len(), 8);
}

#[tokio::test]
async fn g4_no_delivery_is_in_flight_twice_while_a_node_joins() {
    let Some(house) = house().await else { return };
    let receiver = Receiver::start().await;
    house.endpoints(20, &receiver).await;
    let first = Node::start(&house);
    house.is_shared_as(&[256]).await;
    receiver.shut(true);
    house.world.emit(2).await;
    receiver.has_received(40).await;
    let second = Node::start(&house);
    // What is in flight keeps its shard: of 20 endpoints one after another about half.
    let waited = timeout(PATIENCE, async { while house.shares().await.len() < 2 {} }).await;
    assert!(waited.is_ok(), "the second node gets what is free");
    house.world.emit(1).await;
    receiver.shut(false);
    house.is_shared_as(&[128, 128]).await;
    house.world.emit(1).await;
    house.owes(0).await;
    for node in [first, second] {
        node.stop().await;
    }
    assert_eq!(receiver.requests().len(), 80);
    assert_eq!(house.world.attempts().await.len(), 80);
}

#[tokio::test]
async fn a_node_knows_its_lanes_once_it_has_looked_through_shards_of_its_own() {
    const LEASES: &str = "select count(*) from node_lease";
    let Some(house) = house().await else { return };
    let first = Node::start(&house);
    house.is_shared_as(&[256]).await;
    let thaw = first.freeze().await;
    let tasks = Tasks::new(&house.world.app, Options::default()).unwrap();
    let second = tasks.start_with_lease_clock(Arc::<LeaseClock>::clone(&house.clock));
    let count = async |tx: &Tx| tx.one(LEASES, args![], Row::next::<i64>).await;
    let has_lease = async { while read(&house.world.app, count).await < 2 {} };
    timeout(PATIENCE, has_lease).await.expect("the second node gets a lease");
    assert!(!tasks.knows_lanes(), "all shards are the first one's");
    drop(thaw);
    let knows = async {
        while !tasks.knows_lanes() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, knows).await.expect("the first node shares");
    house.is_shared_as(&[128, 128]).await;
    second.stop().await;
    first.stop().await;
}

/// The first node emits. It tells what it owes in the shards of the second, and both look when they are told to.
#[tokio::test]
async fn nodes_tell_one_another_what_is_owed_and_look_at_once() {
    let Some(house) = house().await else { return };
    let receiver = Receiver::start().await;
    // So many that each node has some of them.
    house.endpoints(64, &receiver).await;
    let hints = house.world.app.db.open_hints().await.unwrap().unwrap();
    let clock = Arc::<LeaseClock>::clone(&house.clock);
    let first = Tasks::new(&house.world.app, blind()).unwrap().start_with_lease_clock(clock);
    let second = Node::start_with(&house, blind());
    house.is_shared_as(&[128, 128]).await;
    let told = async {
        tokio::select! {
            shards = hints.hear() => shards,
            _ = async { loop { house.world.emit(1).await } } => None,
        }
    };
    let told = timeout(PATIENCE, told).await.expect("the first node tells");
    assert!(!told.unwrap().is_empty());
    for _ in 0..2 {
        house.world.emit(1).await;
        let looks = async {
            while house.world.owed().await != 0 {
                hints.tell(&ShardSet::all()).await.unwrap();
            }
        };
        timeout(PATIENCE, looks).await.expect("both look");
    }
    second.stop().await;
    first.stop().await;
}

#[tokio::test]
async fn g3_a_node_that_stops_hands_over_at_once_save_what_is_in_flight() {
    let Some(house) = house().await else { return };
    let receiver = Receiver::start().await;
    house.endpoints(1, &receiver).await;
    let leaving = Node::start(&house);
    house.is_shared_as(&[256]).await;
    let staying = Node::start(&house);
    house.is_shared_as(&[128, 128]).await;
    receiver.shut(true);
    house.world.emit(1).await;
    receiver.has_received(1).await;
    let stopped = leaving.stopping().await;
    // The clock stands still, so that no lease ends; the last shard is that of the one who leads.
    let handed_over = async { while house.shares().await[0] < 254 {} };
    timeout(PATIENCE, handed_over).await.expect("the other node takes over while one hangs");
    receiver.shut(false);
    stopped.await.unwrap();
    house.is_shared_as(&[256]).await;
    house.world.emit(1).await;
    house.owes(0).await;
    staying.stop().await;
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn g3_the_tasks_of_one_node_move_when_it_freezes() {
    let Some(house) = house().await else { return };
    let first = Node::start(&house);
    house.is_shared_as(&[256]).await;
    let leads = async |node: &Node| node.statuses().await.contains(&"chain");
    timeout(PATIENCE, async { while !leads(&first).await {} }).await.unwrap();
    let second = Node::start(&house);
    house.is_shared_as(&[128, 128]).await;
    assert!(!leads(&second).await);
    let thaw = first.freeze().await;
    house.lease_ends(1).await;
    timeout(PATIENCE, async { while !leads(&second).await {} }).await.unwrap();
    drop(thaw);
    timeout(PATIENCE, async { while leads(&first).await {} }).await.unwrap();
    house.is_shared_as(&[128, 128]).await;
    for node in [first, second] {
        node.stop().await;
    }
}
