//! Deliveries that go one after another: those of one key of an endpoint that asked for an order.
//!
//! A row of `ready` with an `order_key` waits while another of its key stands before it, due or not. That is
//! read from the rows each time, so that nothing needs to be remembered over a restart or a change of owner.
//! The rest of the queue is in [`crate::queue`]. Source: webhooks.md 5.14, G10.

use crate::queue::{self, Owed, Place};
use crate::{Result, Row, Tx, args, statements};

/// Keys of one endpoint that are looked at. Those beyond wait until some of these are worked off.
const KEYS_MAX: i64 = 10_000;
/// A page with this many places is enough to go on with: as many as an endpoint has on their way by default.
const PLACES_ENOUGH: usize = 8;

statements! {
    /// Whoever emits for a customer holds the customer's row, so the numbers of a key rise in the order of
    /// commit. Under one key for all, two that commit at once may have the same.
    INSERT = "insert into ready (endpoint_no, due_at, delivery_no, attempt, tries, slow_downs, order_key, order_no)
        select $1, $2, $3, $4, $5, $6, $7, 1 + coalesce((select max(order_no) from ready
        where endpoint_no = $1 and order_key = $7), 0) {each}";
    PAGE = "select due_at, delivery_no, order_key is not null and exists (select 1 from ready b
        where b.endpoint_no = r.endpoint_no and b.order_key = r.order_key
        and (b.order_no, b.delivery_no) < (r.order_no, r.delivery_no)) from ready r
        where endpoint_no = $1 order by due_at, delivery_no limit $2";
    /// The first of each key, found by one step of the index for each, and those without a key.
    FIRSTS = "with recursive lane (k, n) as (
        select (select min(order_key) from ready where endpoint_no = $1 and order_key is not null), 1
        union all select (select min(order_key) from ready where endpoint_no = $1 and order_key > lane.k), lane.n + 1
        from lane where lane.k is not null and lane.n < $3)
        select due_at, delivery_no from (
        select (select due_at from ready where endpoint_no = $1 and order_key = lane.k
        order by order_no, delivery_no limit 1) as due_at,
        (select delivery_no from ready where endpoint_no = $1 and order_key = lane.k
        order by order_no, delivery_no limit 1) as delivery_no from lane where k is not null
        union all select due_at, delivery_no from (select due_at, delivery_no from ready
        where endpoint_no = $1 and order_key is null order by due_at, delivery_no limit $2) as free) as firsts
        order by due_at, delivery_no limit $2";
}

/// The first places of an endpoint's queue that wait for no other.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub places: Vec<Place>,
    /// Some were left out because they wait for another.
    pub hides: bool,
}

/// Puts deliveries into the queue, each behind those of its key, and tells the deliverer of this process.
pub async fn owe(tx: &Tx, owed: &[(Owed, i64)]) -> Result<()> {
    let row = |(o, key): &(Owed, i64)| {
        args![o.endpoint_no, o.due_at, o.delivery_no, o.attempt, o.tries, o.slow_downs, *key]
    };
    tx.each(INSERT, owed.iter().map(row).collect()).await?;
    for (o, _) in owed {
        queue::wake(tx, o, None);
    }
    Ok(())
}

/// Puts deliveries into the queue that were in it before, or that tell again what was told: those with a key behind
/// all that are owed under it, in this order.
pub async fn owe_again(tx: &Tx, owed: &[(Owed, Option<i64>)]) -> Result<()> {
    let free = owed.iter().filter(|(_, key)| key.is_none()).map(|(owed, _)| *owed);
    queue::owe(tx, &free.collect::<Vec<_>>()).await?;
    // One after the other: of those that are put in at once, all would stand at the same place.
    for (owed, key) in owed {
        if let Some(key) = key {
            owe(tx, &[(*owed, *key)]).await?;
        }
    }
    Ok(())
}

/// Reads at most `limit` places that wait for no other, due or not, in the order of the queue.
pub async fn page(tx: &Tx, endpoint_no: i64, limit: i64) -> Result<Page> {
    let place = |r: &mut Row| Ok(Place { due_at: r.next()?, delivery_no: r.next()? });
    let flagged = |r: &mut Row| Ok((place(r)?, r.next::<bool>()?));
    let found = tx.all(PAGE, args![endpoint_no, limit], flagged).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|n| n >= limit);
    let hides = found.iter().any(|(_, waits)| *waits);
    let mut places: Vec<Place> =
        found.into_iter().filter(|(_, waits)| !waits).map(|(place, _)| place).collect();
    if is_full && hides && places.len() < PLACES_ENOUGH {
        places = tx.all(FIRSTS, args![endpoint_no, limit, KEYS_MAX], place).await?;
    }
    Ok(Page { places, hides })
}
