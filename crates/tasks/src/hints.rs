//! Hints between nodes: in which shards of others something was owed by a commit of this node.
//!
//! Who delivers for them looks at once, and not when its next look is due. Nothing depends on it: a hint that is
//! lost, or a session that has ended, costs a delivery the time until that look (webhooks.md 5.6).

use std::time::Duration;

use storage::leases::ShardSet;
use storage::{Db, Hints};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// A node tells others so often at most.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// How long after its session has ended another one is tried.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Shards that wait to be told, and hints that wait to be heeded; more are dropped.
const TOLD_MAX: usize = 4096;
const HEARD_MAX: usize = 64;

/// The deliverer's end.
pub(crate) struct Hinted {
    tell: flume::Sender<i64>,
    heard: flume::Receiver<ShardSet>,
}

/// The other end, which has the session.
pub(crate) struct Messenger {
    to_tell: flume::Receiver<i64>,
    hear: flume::Sender<ShardSet>,
}

pub(crate) fn channel() -> (Hinted, Messenger) {
    let (tell, to_tell) = flume::bounded(TOLD_MAX);
    let (hear, heard) = flume::bounded(HEARD_MAX);
    (Hinted { tell, heard }, Messenger { to_tell, hear })
}

impl Hinted {
    /// For a process that has no others beside it.
    pub(crate) fn none() -> Self {
        channel().0
    }

    /// Something is owed in a shard of another node.
    pub(crate) fn tell(&self, shard: i64) {
        let _ = self.tell.try_send(shard);
    }

    /// Shards in which another node owes something; waits for ever where there is none.
    pub(crate) async fn hear(&self) -> ShardSet {
        match self.heard.recv_async().await {
            Ok(shards) => shards,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Messenger {
    /// Carries hints to and fro until it is told to stop.
    pub(crate) async fn run(self, db: &Db, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match db.open_hints().await {
                Ok(Some(session)) => self.carry(&session, &mut stop).await,
                Ok(None) => return,
                Err(error) => tracing::debug!(%error, "no session for hints between nodes"),
            }
            tokio::select! {
                () = sleep(AGAIN_AFTER) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Returns when the session has ended, or nobody is left to carry for.
    async fn carry(&self, session: &Hints, stop: &mut watch::Receiver<bool>) {
        let mut tell_at = Instant::now();
        loop {
            let next = async {
                sleep_until(tell_at).await;
                self.to_tell.recv_async().await
            };
            let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
            tokio::select! {
                heard = session.hear() => match heard {
                    Some(shards) => drop(self.hear.try_send(shards)),
                    None => return,
                },
                first = next => {
                    let Ok(first) = first else { return };
                    let shards = std::iter::once(first).chain(self.to_tell.drain()).collect();
                    if session.tell(&shards).await.is_err() {
                        return;
                    }
                    tell_at = Instant::now() + TELL_EVERY;
                }
                () = stopped => return,
            }
        }
    }
}
