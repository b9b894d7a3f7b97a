//! Leases on shards: sharing, taking over, and the check that a late completion fails.

use std::collections::HashSet;

use domain::{Timestamp, seconds};
use storage::leases::{self, Claim, Node, SHARDS, ShardSet, fair_share};
use storage::{Db, Tx};

use crate::support::{NOW, fresh};

const A: Node = Node([1; 16]);
const B: Node = Node([2; 16]);
const C: Node = Node([3; 16]);

async fn tend(db: &Db, node: Node, now: Timestamp) -> Vec<Claim> {
    db.write(async move |tx: &Tx| leases::tend(tx, node, now, now.plus(seconds(15))).await)
        .await
        .unwrap()
}

async fn release(db: &Db, node: Node, claims: &[Claim]) {
    let shards: ShardSet = claims.iter().map(|claim| claim.shard).collect();
    let unit = async move |tx: &Tx| leases::release(tx, node, &shards).await;
    db.write::<_, storage::Error, _>(unit).await.unwrap();
}

/// How many of these no longer hold.
async fn n_stale(db: &Db, claims: &[Claim]) -> usize {
    let claims = claims.to_vec();
    let unit = async move |tx: &Tx| leases::stale(tx, claims.iter().copied()).await;
    db.write::<_, storage::Error, _>(unit).await.unwrap().len()
}

#[test]
fn shares_add_up_to_no_less_than_all() {
    assert_eq!([0, 1, 2, 3, 5, 300].map(fair_share), [256, 256, 128, 86, 52, 1]);
}

#[tokio::test]
async fn a_node_takes_what_is_free_up_to_its_share_and_leaves_what_others_have() {
    let db = fresh().await;
    let first = tend(&db, A, NOW).await;
    assert_eq!(first.len(), 256);
    assert!(first.iter().all(|claim| claim.epoch == 1));
    assert!(tend(&db, B, NOW).await.is_empty());
    release(&db, A, &first[100..]).await;
    let second = tend(&db, B, NOW).await;
    assert_eq!(second.iter().map(|c| (c.shard, c.epoch)).collect::<Vec<_>>(), {
        (100..228).map(|shard| (shard, 2)).collect::<Vec<_>>()
    });
    assert_eq!(tend(&db, A, NOW).await.len(), 128);
}

#[tokio::test]
async fn case_39_the_shards_of_a_node_that_is_silent_for_a_lease_go_to_others() {
    let db = fresh().await;
    let old = tend(&db, A, NOW).await;
    assert!(tend(&db, B, NOW.plus(seconds(15) - 1)).await.is_empty());
    let view = |node, now| db.read(async move |tx: &Tx| leases::look(tx, node, now).await);
    assert!(view(B, NOW.plus(seconds(15))).await.unwrap().has_dead);
    let new = tend(&db, B, NOW.plus(seconds(15))).await;
    assert_eq!((new.len(), n_stale(&db, &old).await, n_stale(&db, &new).await), (256, 256, 0));
    // The old one begins anew, with nothing.
    assert!(tend(&db, A, NOW.plus(seconds(16))).await.is_empty());
    let view = view(A, NOW.plus(seconds(16))).await.unwrap();
    assert_eq!((view.n_nodes, view.has_dead, view.has_free), (2, false, false));
}

#[tokio::test]
async fn g4_a_node_whose_lease_ended_holds_none_of_its_old_claims() {
    let db = fresh().await;
    let old = tend(&db, A, NOW).await;
    let again = tend(&db, A, NOW.plus(seconds(15))).await;
    assert_eq!((again.len(), n_stale(&db, &old).await), (256, 256));
}

#[tokio::test]
async fn a_node_that_leaves_counts_for_nobody_s_share_and_frees_all_at_the_end() {
    let db = fresh().await;
    let mine = tend(&db, A, NOW).await;
    release(&db, A, &mine[128..]).await;
    assert_eq!(tend(&db, B, NOW).await.len(), 128);
    let until = NOW.plus(seconds(15));
    let renew = async move |tx: &Tx| leases::renew_leaving(tx, A, NOW, until).await;
    assert_eq!(db.write::<_, storage::Error, _>(renew).await.unwrap().len(), 128);
    release(&db, A, &mine[..28]).await;
    assert_eq!(tend(&db, B, NOW).await.len(), 156);
    let leave = async move |tx: &Tx| leases::leave(tx, A).await;
    db.write::<_, storage::Error, _>(leave).await.unwrap();
    assert_eq!(tend(&db, B, NOW).await.len(), 256);
}

/// Rounds of a race: a claim that trusted what it waited for lost a few of each hundred.
const RACES: usize = 100;

#[tokio::test]
async fn nodes_tell_one_another_in_which_shards_something_is_owed() {
    let db = fresh().await;
    let Some(one) = db.open_hints().await.unwrap() else { return };
    let other = db.open_hints().await.unwrap().unwrap();
    let [first, second]: [ShardSet; 2] = [[0, 7, 255].into_iter().collect(), ShardSet::all()];
    for told in [&first, &second] {
        one.tell(told).await.unwrap();
    }
    assert_eq!((other.hear().await, other.hear().await), (Some(first.clone()), Some(second)));
    assert_eq!(one.hear().await, Some(first));
}

#[tokio::test]
async fn every_shard_has_one_owner_however_nodes_race() {
    let db = fresh().await;
    for _ in 0..RACES {
        let races = [A, B, C].map(|node| {
            let db: Db = db.clone();
            tokio::spawn(async move { tend(&db, node, NOW).await })
        });
        let mut shards = Vec::new();
        for race in races {
            shards.extend(race.await.unwrap().into_iter().map(|claim| claim.shard));
        }
        let n = shards.len();
        let distinct: HashSet<i64> = shards.into_iter().collect();
        assert_eq!(distinct.len(), n);
        assert!(n > 0 && distinct.iter().all(|shard| (0..SHARDS).contains(shard)));
        for node in [A, B, C] {
            let leave = async move |tx: &Tx| leases::leave(tx, node).await;
            db.write::<_, storage::Error, _>(leave).await.unwrap();
        }
    }
}
