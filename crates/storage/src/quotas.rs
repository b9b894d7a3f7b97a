//! How many bytes of payloads each partner has stored.
//!
//! Emitting an event touches none of this: what was emitted is added afterwards, in the order of the events'
//! numbers, and taken off by whoever deletes it. What follows from a quota is decided in `tasks::quotas` and
//! `app::emit`. Source: webhooks.md 5.17.

use domain::id::PartnerId;

use crate::{Result, Row, Tx, args, statements};

/// What events that follow one another in their numbers add to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addition {
    pub partner_id: PartnerId,
    pub bytes: i64,
    pub events: i64,
    /// The last number among them.
    pub last: i64,
}

/// An event that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    pub no: i64,
    pub partner_id: PartnerId,
    pub bytes: i64,
}

statements! {
    COUNTED = "select counted_to from payload_count";
    COUNTED_LOCKED = "select counted_to from payload_count {lock}";
    PAGE = "select partner_id, sum(bytes), count(*), max(no) from (select no, partner_id, length(payload) as bytes
        from events where no > $1 and no < $2 order by no limit $3) as page group by partner_id";
    MOVE = "update payload_count set counted_to = $2 where counted_to = $1";
    ADD = "update partners set stored_bytes = stored_bytes + $2 {each} where id = $1";
    SUBTRACT = "update partners set stored_bytes = case when stored_bytes > $2 then stored_bytes - $2 else 0 end {each}
        where id = $1";
    TELL = "update partners set quota_told = $2 where id = $1 and quota_told <> $2";
    TOLD = "select quota_told from partners where id = $1";
}

/// Up to which event payloads are counted.
pub async fn counted_to(tx: &Tx) -> Result<i64> {
    tx.one(COUNTED, args![], Row::next).await
}

/// What at most `limit` events between two numbers add.
pub async fn additions(tx: &Tx, (after, before): (i64, i64), limit: i64) -> Result<Vec<Addition>> {
    let read = |r: &mut Row| {
        let (partner_id, bytes) = (r.next()?, r.next()?);
        Ok(Addition { partner_id, bytes, events: r.next()?, last: r.next()? })
    };
    tx.all(PAGE, args![after, before, limit], read).await
}

/// Adds what was read after the event numbered `after`; false when somebody else has counted it meanwhile.
pub async fn add(tx: &Tx, after: i64, additions: &[Addition]) -> Result<bool> {
    let last = additions.iter().map(|a| a.last).max().unwrap_or(after);
    if tx.exec(MOVE, args![after, last]).await? != 1 {
        return Ok(false);
    }
    let row = |a: &Addition| args![a.partner_id, a.bytes];
    tx.each(ADD, additions.iter().map(row).collect()).await?;
    Ok(true)
}

/// Takes off what was deleted in this unit, as far as it was counted.
pub async fn take_off(tx: &Tx, gone: &[Gone]) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let counted_to: i64 = tx.one(COUNTED_LOCKED, args![], Row::next).await?;
    let mut by_partner = std::collections::BTreeMap::new();
    for g in gone.iter().filter(|g| g.no <= counted_to) {
        *by_partner.entry(g.partner_id).or_insert(0) += g.bytes;
    }
    let rows =
        by_partner.iter().map(|(partner_id, bytes): (&PartnerId, &i64)| args![*partner_id, *bytes]);
    tx.each(SUBTRACT, rows.collect()).await
}

/// How much of its quota a partner was last told to have used up, in percent.
pub async fn told(tx: &Tx, id: PartnerId) -> Result<i64> {
    tx.one(TOLD, args![id], Row::next).await
}

/// Notes what is told; false when it was already.
pub async fn tell(tx: &Tx, id: PartnerId, percent: i64) -> Result<bool> {
    Ok(tx.exec(TELL, args![id, percent]).await? == 1)
}
