//! Which endpoints this process delivers for: all of them, or those of its shards.
//!
//! On a shared database a [`Keeper`] renews the node's lease, takes free shards up to the fair share and
//! gives up what is too many. A node whose session is gone is taken over after two seconds, one that is
//! merely silent when its lease ends. The keeper tells the deliverer by [`Owned`]; the deliverer tells by
//! [`Seen`] which shards still hold something, so that none changes hands under a delivery. The leases
//! themselves are in `storage::leases`. Losing one never loses a delivery: the row stays owed, and a completion that
//! comes too late is dropped.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Result, Timestamp};
use storage::leases::{self, ALONE, Claim, Node, ShardSet, View, shard_of};
use storage::{Db, HeldLock, Tx};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// How long a lease lasts without being renewed, in microseconds of the database's clock (webhooks.md 5.6).
const LEASE: i64 = domain::seconds(15);
/// How much of it may pass before it is renewed, by that clock or by our own, whichever is the faster.
const RENEW_AFTER: Duration = Duration::from_secs(4);
const RENEW_AFTER_MICROS: i64 = domain::seconds(4);
/// A node that could not renew for this long launches nothing. It leaves room for a deadline that is
/// noticed late before others take over.
const LAUNCH_FOR: Duration = Duration::from_secs(10);
/// How long a node may be without its session before others take over; and for how much of that it goes on
/// launching while it tries to get it back.
const SILENT_FOR: Duration = Duration::from_secs(2);
const LAUNCH_WITHOUT_SESSION_FOR: Duration = Duration::from_secs(1);
/// How often a node looks for shards that nobody owns. It reads two small tables and writes nothing.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long one look may take before it is tried again on another connection.
const LOOK_TIMEOUT: Duration = Duration::from_secs(4);
/// Whose owner runs the tasks that one node runs for all. It is the last shard to be given up.
const LEAD: i64 = 0;

/// What a process owns, as the deliverer knows it.
#[derive(Clone)]
pub(crate) struct Owned {
    /// Rises with each change of `epochs`.
    pub(crate) version: u64,
    /// `None` for whoever works alone.
    epochs: Option<Arc<HashMap<i64, i64>>>,
    /// When it must stop unless it hears of another renewal.
    launch_until: Instant,
}

impl Owned {
    /// Everything, without a lease.
    pub(crate) fn all() -> Self {
        Self { version: 0, epochs: None, launch_until: Instant::now() }
    }

    fn none() -> Self {
        Self { epochs: Some(Arc::default()), ..Self::all() }
    }

    /// The epoch in which a delivery to an endpoint would be sent; `None` when another node sends it.
    pub(crate) fn epoch(&self, endpoint_no: i64) -> Option<i64> {
        match &self.epochs {
            Some(epochs) => epochs.get(&shard_of(endpoint_no)).copied(),
            None => Some(ALONE),
        }
    }

    /// False while the lease may run out before an attempt ends.
    pub(crate) fn may_launch(&self, now: Instant) -> bool {
        self.epochs.is_none() || now < self.launch_until
    }

    pub(crate) fn shards(&self) -> ShardSet {
        match &self.epochs {
            Some(epochs) => epochs.keys().copied().collect(),
            None => ShardSet::all(),
        }
    }

    /// True on the one process that runs the tasks that are not shared.
    pub(crate) fn leads(&self) -> bool {
        self.epoch(LEAD).is_some() && self.may_launch(Instant::now())
    }
}

/// What the deliverer has taken in.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Of the [`Owned`] that it goes by.
    pub(crate) version: u64,
    /// Shards that it does not own and of which a delivery is launched and not written.
    pub(crate) busy: ShardSet,
}

/// The deliverer's ends of both channels.
pub(crate) struct Shards {
    owned: watch::Receiver<Owned>,
    seen: watch::Sender<Seen>,
}

impl Shards {
    /// For a process that works alone.
    pub(crate) fn all() -> Self {
        let (_, owned) = watch::channel(Owned::all());
        Self { owned, seen: watch::channel(Seen::default()).0 }
    }

    pub(crate) fn owned(&mut self) -> Owned {
        self.owned.borrow_and_update().clone()
    }

    /// Waits for news; for ever, where none can come.
    pub(crate) async fn changed(&mut self) {
        if self.owned.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn tell(&self, seen: Seen) {
        self.seen.send_if_modified(|old| {
            let is_news = *old != seen;
            *old = seen;
            is_news
        });
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Owned> {
        self.owned.clone()
    }
}

/// How far a node is with its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Working,
    /// It takes nothing, and gives up what it is done with.
    Leaving,
    /// It gives up the rest and ends.
    Left,
}

/// See the module.
///
/// Invariant: what the deliverer is told is the first part of `holding`, so that the shards to give up
/// are the last ones.
pub(crate) struct Keeper {
    db: Db,
    node: Node,
    /// Instead of the database's.
    clock: Option<Arc<dyn Clock>>,
    owned: watch::Sender<Owned>,
    seen: watch::Receiver<Seen>,
    /// Its end tells the others at once that this node has died.
    session: Option<HeldLock>,
    /// When the last renewal that worked was begun.
    renewed_at: Option<Instant>,
    /// Other nodes without a session, and since when.
    silent: HashMap<Node, Instant>,
    holding: BTreeMap<i64, i64>,
    fair_share: usize,
    stage: Stage,
    /// The others know that it leaves.
    has_said_so: bool,
}

impl Keeper {
    pub(crate) fn new(db: &Db, node: Node, clock: Option<Arc<dyn Clock>>) -> (Self, Shards) {
        let (owned, owned_out) = watch::channel(Owned::none());
        let (seen, seen_out) = watch::channel(Seen::default());
        let keeper = Self {
            db: db.clone(),
            node,
            clock,
            owned,
            seen: seen_out,
            session: None,
            renewed_at: None,
            silent: HashMap::new(),
            holding: BTreeMap::new(),
            fair_share: 0,
            stage: Stage::Working,
            has_said_so: false,
        };
        (keeper, Shards { owned: owned_out, seen })
    }

    /// Keeps the lease until the node has left, or whoever would say so is gone.
    pub(crate) async fn run(mut self, mut stage: watch::Receiver<Stage>) {
        loop {
            self.stage = *stage.borrow_and_update();
            if self.stage == Stage::Left || stage.has_changed().is_err() {
                return self.leave().await;
            }
            match timeout(LOOK_TIMEOUT, self.step()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the lease of this node can't be renewed; trying again shortly"
                ),
                Err(_) => tracing::warn!("the database is too slow to renew this node's lease"),
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                _ = stage.changed() => {}
                Ok(()) = self.seen.changed() => {}
            }
        }
    }

    async fn step(&mut self) -> Result<()> {
        self.hold_session().await?;
        let begun_at = Instant::now();
        let (clock, node) = (self.clock.clone(), self.node);
        let (now, view, silent) = self
            .db
            .read(async move |tx: &Tx| {
                let now = now(tx, clock.as_deref()).await?;
                let view = leases::look(tx, node, now).await?;
                Ok::<_, storage::Error>((now, view, leases::silent(tx, node).await?))
            })
            .await?;
        self.silent = silent
            .into_iter()
            .map(|node| (node, self.silent.get(&node).copied().unwrap_or(begun_at)))
            .collect();
        self.fair_share = leases::fair_share(view.n_nodes);
        if self.is_due(now, view) {
            self.tend(begun_at).await?;
        }
        self.tell(None);
        self.give_up().await
    }

    /// Makes sure of the session before anything else, because a lease without one is a dead node's.
    async fn hold_session(&mut self) -> Result<()> {
        if self.session.as_ref().is_some_and(HeldLock::is_held) {
            return Ok(());
        }
        if self.session.take().is_some() {
            tracing::warn!("the session that shows that this node lives has ended");
            let until = Instant::now() + LAUNCH_WITHOUT_SESSION_FOR;
            self.owned.send_modify(|owned| owned.launch_until = owned.launch_until.min(until));
        }
        let session = self.db.try_hold(self.node.lock_key()).await?;
        self.session = Some(session.ok_or_else(|| {
            storage::Error::Unavailable("another node looks whether this one lives".to_owned())
        })?);
        self.renewed_at = None;
        Ok(())
    }

    /// Nodes that have been without a session for too long.
    fn dead(&self) -> Vec<Node> {
        let is_dead = |since: &Instant| since.elapsed() >= SILENT_FOR;
        self.silent.iter().filter(|(_, since)| is_dead(since)).map(|(node, _)| *node).collect()
    }

    fn is_due(&self, now: Timestamp, view: View) -> bool {
        let is_old = self.renewed_at.is_none_or(|at| at.elapsed() >= RENEW_AFTER)
            || view.expires_at.is_none_or(|at| at <= now.plus(LEASE - RENEW_AFTER_MICROS));
        let has_room = self.holding.len() < self.fair_share;
        match self.stage {
            Stage::Working => {
                is_old || view.has_dead || !self.dead().is_empty() || view.has_free && has_room
            }
            Stage::Leaving | Stage::Left => is_old || !self.has_said_so,
        }
    }

    async fn tend(&mut self, begun_at: Instant) -> Result<()> {
        let (clock, node, stage) = (self.clock.clone(), self.node, self.stage);
        let dead = self.dead();
        let unit = async move |tx: &Tx| {
            let now = now(tx, clock.as_deref()).await?;
            let until = now.plus(LEASE);
            match stage {
                Stage::Working => {
                    leases::bury(tx, &dead).await?;
                    leases::tend(tx, node, now, until).await
                }
                Stage::Leaving | Stage::Left => leases::renew_leaving(tx, node, now, until).await,
            }
        };
        let claims = self.db.write(unit).await?;
        self.has_said_so = stage != Stage::Working;
        self.holding = claims.into_iter().map(|Claim { shard, epoch }| (shard, epoch)).collect();
        self.renewed_at = Some(begun_at);
        self.tell(Some(begun_at + LAUNCH_FOR));
        Ok(())
    }

    /// How many shards from the first it keeps.
    fn n_kept(&self) -> usize {
        match self.stage {
            Stage::Working => self.fair_share,
            Stage::Leaving | Stage::Left => 0,
        }
    }

    /// Tells the deliverer what it may send for.
    fn tell(&self, launch_until: Option<Instant>) {
        let kept: HashMap<i64, i64> =
            self.holding.iter().take(self.n_kept()).map(|(s, e)| (*s, *e)).collect();
        self.owned.send_if_modified(|owned| {
            owned.launch_until = launch_until.unwrap_or(owned.launch_until);
            if owned.epochs.as_deref() == Some(&kept) {
                return launch_until.is_some();
            }
            let n = kept.len();
            tracing::info!(shards = n, "this node delivers for {n} of {} shards", leases::SHARDS);
            #[expect(clippy::cast_precision_loss, reason = "there are 256")]
            metrics::gauge!("postroom_delivery_shards").set(n as f64);
            owned.epochs = Some(Arc::new(kept));
            owned.version += 1;
            true
        });
    }

    /// Gives up what is too many, as soon as the deliverer is done with it.
    async fn give_up(&mut self) -> Result<()> {
        let seen = self.seen.borrow_and_update().clone();
        if seen.version != self.owned.borrow().version {
            return Ok(());
        }
        let done = |shard: &i64| *shard != LEAD && !seen.busy.contains(*shard);
        let gone: ShardSet =
            self.holding.keys().skip(self.n_kept()).copied().filter(done).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let (node, shards) = (self.node, gone.clone());
        self.db.write(async move |tx: &Tx| leases::release(tx, node, &shards).await).await?;
        self.holding.retain(|shard, _| !gone.contains(*shard));
        Ok(())
    }

    /// Nothing is sent any more: others may have all of it.
    async fn leave(self) {
        let node = self.node;
        let unit = async move |tx: &Tx| leases::leave(tx, node).await;
        let left = timeout(LOOK_TIMEOUT, self.db.write::<_, storage::Error, _>(unit)).await;
        if !matches!(left, Ok(Ok(()))) {
            tracing::warn!("this node could not give up its lease; others wait until it ends");
        }
    }
}

async fn now(tx: &Tx, clock: Option<&dyn Clock>) -> storage::Result<Timestamp> {
    match clock {
        Some(clock) => Ok(clock.now()),
        None => leases::now(tx).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner_of(shard: i64, launch_until: Instant) -> Owned {
        let epochs = Some(Arc::new(HashMap::from([(shard, 7)])));
        Owned { version: 1, epochs, launch_until }
    }

    #[tokio::test]
    async fn g4_a_node_that_could_not_renew_launches_nothing() {
        let until = Instant::now() + LAUNCH_FOR;
        let owned = owner_of(LEAD, until);
        assert!(owned.may_launch(until - Duration::from_millis(1)) && !owned.may_launch(until));
        assert!(Owned::all().may_launch(until + Duration::from_hours(1)));
    }

    #[tokio::test]
    async fn only_endpoints_of_the_node_s_shards_have_an_epoch() {
        let until = Instant::now() + LAUNCH_FOR;
        let owned = owner_of(3, until);
        assert_eq!(owned.epoch(leases::SHARDS * 5 + 3), Some(7));
        assert_eq!(owned.epoch(leases::SHARDS * 5 + 4), None);
        assert!(!owned.leads() && owner_of(LEAD, until).leads());
        assert_eq!((Owned::all().epoch(4), Owned::none().epoch(4)), (Some(ALONE), None));
    }
}
