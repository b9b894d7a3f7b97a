//! Which node delivers for which endpoints: leases on shards, for many nodes on one database.
//!
//! Endpoints fall into [`SHARDS`] shards by their number. A node that is alive has a row in `node_lease`
//! that it renews; a shard belongs to the node named in `shard_owner`, whose `epoch` rises with each
//! change of hands, and every completion checks the epoch in which it was sent (webhooks.md 5.6). Times
//! are the caller's, who takes them from [`now`]: only the database's clock is the same for all nodes.
//! When a node does what is in `tasks::shards`. A database of one process alone has no use for any of it.

use std::collections::HashSet;

use bytes::Bytes;
use domain::Timestamp;

use crate::{Error, Result, Row, ToValue, Tx, Value, args, statements};

/// Shards of all endpoints, so that a dozen nodes share evenly and none writes many rows to take over.
pub const SHARDS: i64 = 256;

/// The epoch of whoever works alone and needs no lease; no claim ever has it.
pub const ALONE: i64 = 0;

/// The shard of an endpoint. The low bits of its number are random.
pub const fn shard_of(endpoint_no: i64) -> i64 {
    endpoint_no.rem_euclid(SHARDS)
}

/// A node, for one life of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node(pub [u8; 16]);

impl Node {
    /// The word that a session of the node holds a lock on while it lives (see [`crate::Db::try_hold`]).
    pub fn lock_key(self) -> i64 {
        self.0.iter().take(8).fold(0, |key, byte| (key << 8) | i64::from(*byte))
    }
}

impl ToValue for Node {
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

/// Some of the shards. For statements it is a text of a digit for each, because both engines can look
/// into that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardSet(HashSet<i64>);

impl ShardSet {
    pub fn all() -> Self {
        (0..SHARDS).collect()
    }

    pub fn contains(&self, shard: i64) -> bool {
        self.0.contains(&shard)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn meets(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    /// A digit for each shard.
    pub(crate) fn to_text(&self) -> String {
        (0..SHARDS).map(|shard| if self.contains(shard) { '1' } else { '0' }).collect()
    }

    /// Reads what [`Self::to_text`] wrote; of any other text what is there.
    pub(crate) fn of_text(text: &str) -> Self {
        let digits = (0..SHARDS).zip(text.chars());
        digits.filter(|(_, digit)| *digit == '1').map(|(shard, _)| shard).collect()
    }
}

impl FromIterator<i64> for ShardSet {
    fn from_iter<I: IntoIterator<Item = i64>>(shards: I) -> Self {
        Self(shards.into_iter().collect())
    }
}

impl ToValue for ShardSet {
    fn to_value(&self) -> Value {
        Value::Text(self.to_text())
    }
}

/// A shard and the epoch in which a node owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    pub shard: i64,
    pub epoch: i64,
}

/// What a node sees when it looks around.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// When its own lease ends; `None` when it has none.
    pub expires_at: Option<Timestamp>,
    /// Nodes with a lease that are not about to leave.
    pub n_nodes: i64,
    /// Some other node's lease has ended and nobody has said so yet.
    pub has_dead: bool,
    /// Some shard is nobody's.
    pub has_free: bool,
}

/// How many shards each of so many nodes should own, so that all are owned.
pub fn fair_share(n_nodes: i64) -> usize {
    let share = SHARDS.unsigned_abs().div_ceil(n_nodes.max(1).unsigned_abs());
    usize::try_from(share).unwrap_or(usize::MAX)
}

statements! {
    CLOCK = "select {clock}";
    LOOK = "select (select expires_at from node_lease where node = $1),
        (select count(*) from node_lease where is_leaving = false),
        (select count(*) from node_lease where expires_at <= $2 and node <> $1),
        (select count(*) from shard_owner where node is null
        or not exists (select 1 from node_lease l where l.node = shard_owner.node))";
    OTHERS = "select node from node_lease where node <> $1";
    RENEW = "update node_lease set expires_at = $3, is_leaving = $4 where node = $1 and expires_at > $2";
    BEGIN = "insert into node_lease (node, expires_at, is_leaving) values ($1, $2, false)
        on conflict (node) do update set expires_at = excluded.expires_at, is_leaving = false";
    BURY = "delete from node_lease where node in (select node from node_lease where expires_at <= $1 {skip})";
    END = "delete from node_lease where node = $1";
    NODES = "select count(*) from node_lease where is_leaving = false";
    OWNED = "select shard, epoch from shard_owner where node = $1 order by shard";
    FREE = "select shard from shard_owner where node is null
        or not exists (select 1 from node_lease l where l.node = shard_owner.node) order by shard limit $1 {skip}";
    CLAIM = "update shard_owner set node = $1, epoch = epoch + 1 where substr($2, 1 + cast(shard as integer), 1) = '1'
        and (node is null or not exists (select 1 from node_lease l where l.node = shard_owner.node))";
    /// Locks in the order in which completions do.
    RELEASE = "with mine as materialized (select shard from shard_owner where node = $1
        and substr($2, 1 + cast(shard as integer), 1) = '1' order by shard {lock})
        update shard_owner set node = null where shard in (select shard from mine)";
    FENCE = "select shard, epoch from shard_owner where substr($1, 1 + cast(shard as integer), 1) = '1'
        order by shard {share}";
}

/// The database's clock.
pub async fn now(tx: &Tx) -> Result<Timestamp> {
    tx.one(CLOCK, args![], Row::next).await
}

/// Looks whether there is something to do before the next renewal. Writes nothing.
pub async fn look(tx: &Tx, node: Node, now: Timestamp) -> Result<View> {
    let read = |r: &mut Row| {
        Ok(View {
            expires_at: r.next()?,
            n_nodes: r.next()?,
            has_dead: r.next::<i64>()? > 0,
            has_free: r.next::<i64>()? > 0,
        })
    };
    tx.one(LOOK, args![node, now], read).await
}

/// Other nodes with a lease and without a session: they died, or lost their connection and may come back.
pub async fn silent(tx: &Tx, node: Node) -> Result<Vec<Node>> {
    let read = |r: &mut Row| {
        let bytes = <[u8; 16]>::try_from(r.next::<Bytes>()?.as_ref());
        bytes.map(Node).map_err(|_| Error::Inconsistent("a node has sixteen bytes".to_owned()))
    };
    let others = tx.all(OTHERS, args![node], read).await?;
    let mut silent = Vec::new();
    for other in others {
        if tx.try_lock(other.lock_key()).await? {
            silent.push(other);
        }
    }
    Ok(silent)
}

/// Ends the leases of nodes that still have no session, and lets them have none until this transaction
/// ends.
pub async fn bury(tx: &Tx, nodes: &[Node]) -> Result<()> {
    for node in nodes {
        if tx.try_lock(node.lock_key()).await? {
            tx.post(END, args![*node]).await?;
        }
    }
    Ok(())
}

/// Renews a node's lease and takes free shards up to its fair share.
///
/// A node whose lease had ended begins anew and gives up what it owned: it may have been taken over,
/// and what it does not own it must not send. A node is dead when its lease is deleted, which whoever
/// comes first does; its own renewal waits for that and finds nothing, so both never believe to own the
/// same shard for longer than the node took to notice.
pub async fn tend(
    tx: &Tx,
    node: Node,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Vec<Claim>> {
    if tx.exec(RENEW, args![node, now, expires_at, false]).await? == 0 {
        release(tx, node, &ShardSet::all()).await?;
        tx.exec(BEGIN, args![node, expires_at]).await?;
    }
    tx.exec(BURY, args![now]).await?;
    let share = fair_share(tx.one(NODES, args![], Row::next).await?);
    let owned = owned(tx, node).await?;
    let missing = i64::try_from(share.saturating_sub(owned.len())).unwrap_or(SHARDS);
    if missing == 0 || claim_free(tx, node, missing).await? == 0 {
        return Ok(owned);
    }
    self::owned(tx, node).await
}

/// Locks shards that look free and takes those that are.
///
/// What another node took while the lock was waited for still looks free to the statement that waited:
/// it sees the shard's new owner, and not the lease that came with it. The next statement sees both.
async fn claim_free(tx: &Tx, node: Node, at_most: i64) -> Result<u64> {
    let free = tx.all(FREE, args![at_most], Row::next).await?;
    if free.is_empty() {
        return Ok(0);
    }
    tx.exec(CLAIM, args![node, free.into_iter().collect::<ShardSet>()]).await
}

/// Renews a lease that has not ended, for a node that is about to leave: it takes nothing, and the
/// others' share grows as if it were gone.
pub async fn renew_leaving(
    tx: &Tx,
    node: Node,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Vec<Claim>> {
    tx.exec(RENEW, args![node, now, expires_at, true]).await?;
    owned(tx, node).await
}

async fn owned(tx: &Tx, node: Node) -> Result<Vec<Claim>> {
    tx.all(OWNED, args![node], claim).await
}

fn claim(r: &mut Row) -> Result<Claim> {
    Ok(Claim { shard: r.next()?, epoch: r.next()? })
}

/// Gives up shards of a node, for anybody to take.
pub async fn release(tx: &Tx, node: Node, shards: &ShardSet) -> Result<u64> {
    tx.exec(RELEASE, args![node, shards]).await
}

/// Gives up everything: others need not wait for the lease to end.
pub async fn leave(tx: &Tx, node: Node) -> Result<()> {
    release(tx, node, &ShardSet::all()).await?;
    tx.post(END, args![node]).await
}

/// Finds those claims that no longer hold, and lets nobody take over the others until this transaction
/// ends.
pub async fn stale(tx: &Tx, claims: impl IntoIterator<Item = Claim>) -> Result<HashSet<Claim>> {
    let mut claims: HashSet<Claim> = claims.into_iter().filter(|c| c.epoch != ALONE).collect();
    if claims.is_empty() {
        return Ok(claims);
    }
    let shards: ShardSet = claims.iter().map(|claim| claim.shard).collect();
    for current in tx.all(FENCE, args![shards], claim).await? {
        claims.remove(&current);
    }
    Ok(claims)
}
