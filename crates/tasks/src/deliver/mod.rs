//! The deliverer: sends what is owed, endpoint by endpoint, and writes what came of it.
//!
//! One task owns every lane; reading, attempts and writing run beside it and report back. Claims are
//! in memory only: the process that owns an endpoint is the only one that sends to it, and after a crash what
//! was not written stands in the queue as before (webhooks.md 5.5). At least once, in no promised order.

mod attempt;
mod books;
mod breaker;
mod bucket;
mod costs;
mod endpoint;
mod fair;
mod handed;
mod health;
mod hosts;
mod lane;
mod lanes;
mod meter;
mod news;
mod pace;
mod promise;
mod read;
mod rehearsed;
mod work;

use std::future::pending;
use std::time::Duration;

use domain::Timestamp;
use flume::Receiver;
use storage::Wake;
use storage::leases::{ShardSet, shard_of};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::Tasks;
use crate::hints::Hinted;
use crate::shards::Shards;
use work::Work;

/// How often the queue is looked through for what other processes put there: on a database of our own
/// that is the command line, on a shared one every other node (webhooks.md 5.6).
const SCAN_EVERY_ALONE: Duration = Duration::from_secs(1);
const SCAN_EVERY_SHARED: Duration = Duration::from_millis(250);
/// How soon after a look another node's hint brings about the next one.
const HEED_AFTER: Duration = Duration::from_millis(20);
/// How long the last completions may take to be written after a stop.
const FLUSH_GRACE: Duration = Duration::from_secs(5);
/// News taken in before the next launch.
const WAKES_AT_ONCE: usize = 1024;
/// The longest sleep; a clock that jumps is noticed after it.
const NAP: Duration = Duration::from_secs(1);

/// See the module.
pub(crate) struct Deliverer {
    work: Work,
    shards: Shards,
    scan_every: Duration,
    stop_grace: Duration,
}

/// What the deliverer tells whoever runs it.
pub(crate) enum Note {
    /// News for the task that fetches photos.
    Photo,
    /// Attempts made so far, and those under way.
    Progress { n_attempts: u64, n_in_flight: usize },
}

/// Something from outside that ends a wait.
enum News {
    Wake(Wake),
    /// Another node owes something in these shards.
    Hint(ShardSet),
    Stop,
}

impl Deliverer {
    pub(crate) fn new(tasks: &Tasks, mut shards: Shards) -> Self {
        let shared = tasks.parts.app.db.engine().is_shared();
        let usual = if shared { SCAN_EVERY_SHARED } else { SCAN_EVERY_ALONE };
        let scan_every = tasks.parts.look_every.unwrap_or(usual);
        let (work, stop_grace) = (Work::new(tasks, shards.owned()), tasks.parts.stop_grace);
        Self { work, shards, scan_every, stop_grace }
    }

    /// Goes by what the node owns now, and says which shards it is done with.
    fn take_shards(&mut self) {
        self.work.take_owned(self.shards.owned());
        self.shards.tell(self.work.seen());
    }

    /// Delivers until `stop` turns true, then lets attempts end and writes what came of them.
    pub(crate) async fn run(
        mut self,
        wakes: &Receiver<Wake>,
        hinted: &Hinted,
        stop: &mut watch::Receiver<bool>,
        mut note: impl FnMut(Note),
    ) {
        // Heard before this process led: the first scan finds what of it is still owed.
        drop(wakes.drain());
        let (mut scan_at, mut scanned_at) = (Instant::now(), Instant::now());
        while !*stop.borrow() {
            for wake in wakes.try_iter().take(WAKES_AT_ONCE) {
                self.hear(wake, hinted, &mut note);
            }
            if scan_at <= Instant::now() {
                scanned_at = Instant::now();
                scan_at = scanned_at + self.scan_every.max(self.work.scan_pause());
                self.work.scan();
                self.take_shards();
                self.work.tell();
                let (n_attempts, n_in_flight) = (self.work.n_attempts, self.work.n_in_flight);
                note(Note::Progress { n_attempts, n_in_flight });
            }
            self.work.launch();
            self.work.write(false);
            let news = async {
                tokio::select! {
                    wake = wakes.recv_async() => wake.map_or(News::Stop, News::Wake),
                    shards = hinted.hear() => News::Hint(shards),
                    _ = stop.wait_for(|stop| *stop) => News::Stop,
                }
            };
            match self.wait(scan_at, news).await {
                Some(News::Wake(wake)) => self.hear(wake, hinted, &mut note),
                Some(News::Hint(shards)) if self.work.owns_any(&shards) => {
                    scan_at = scan_at.min(scanned_at + HEED_AFTER.max(self.work.scan_pause()));
                }
                Some(News::Hint(_) | News::Stop) | None => {}
            }
        }
        self.finish().await;
    }

    fn hear(&mut self, wake: Wake, hinted: &Hinted, note: &mut impl FnMut(Note)) {
        match wake {
            Wake::Delivery { endpoint, delivery, due, parcel } => {
                if !self.work.hear(endpoint, delivery, due, parcel) {
                    hinted.tell(shard_of(endpoint));
                }
            }
            Wake::Endpoint(no) => self.work.hear_of_change(no),
            Wake::Photo => note(Note::Photo),
        }
    }

    /// Delivers until nothing is due at the current clock. Counts the attempts. Token buckets are full at
    /// first, since nobody would wait for them.
    pub(crate) async fn settle(mut self) -> usize {
        self.work.since = Timestamp::default();
        let mut before = 0;
        self.work.scan();
        loop {
            self.work.launch();
            self.work.write(true);
            if self.work.is_idle() {
                if self.work.n_attempts == before {
                    return usize::try_from(before).unwrap_or(usize::MAX);
                }
                before = self.work.n_attempts;
                self.work.scan();
            }
            self.wait(Instant::now() + NAP, pending()).await;
        }
    }

    /// Waits for whatever comes first, and takes in everything that came with it.
    async fn wait(&mut self, until: Instant, news: impl Future<Output = News>) -> Option<News> {
        let until = self.work.due_at().map_or(until, |at| at.min(until));
        tokio::select! {
            () = self.work.hear_back() => None,
            news = news => Some(news),
            () = self.shards.changed() => {
                self.take_shards();
                None
            }
            () = sleep_until(until.min(Instant::now() + NAP)) => None,
        }
    }

    async fn finish(&mut self) {
        self.work.stop();
        let grace = Instant::now() + self.stop_grace;
        while self.work.is_sending() && Instant::now() < grace {
            self.work.write(false);
            self.take_shards();
            self.wait(grace, pending()).await;
        }
        self.work.cut().await;
        let grace = Instant::now() + FLUSH_GRACE;
        while !self.work.is_written() && Instant::now() < grace {
            self.work.write(true);
            self.take_shards();
            self.wait(grace, pending()).await;
        }
        if self.work.is_written() {
            self.work.tell_costs().await;
        } else {
            tracing::error!(
                "the last completions could not be written; their deliveries stay owed"
            );
        }
    }
}
