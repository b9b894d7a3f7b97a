//! Mail that nobody's box was found for yet. What is known of it is kept as the clerk wrote it.

use domain::Timestamp;
use domain::id::{LocationId, MailId, OperatorId};

use crate::{Result, Row, Tx, args, statements};

/// An item that waits for its customer.
#[derive(Clone, Debug)]
pub struct Unmatched {
    /// The item keeps it when it is matched, so that a label printed now stays right.
    pub id: MailId,
    pub operator_id: OperatorId,
    pub location_id: LocationId,
    /// JSON as for logging, without a customer.
    pub details: String,
    pub created_at: Timestamp,
}

statements! {
    INSERT = "insert into unmatched_mail (id, operator_id, location_id, details, created_at)
        values ($1, $2, $3, $4, $5)";
    LIST = "select id, operator_id, location_id, details, created_at from unmatched_mail
        where operator_id = $1 order by created_at, id limit $2";
    GET_LOCKED = "select id, operator_id, location_id, details, created_at from unmatched_mail
        where operator_id = $1 and id = $2 {lock}";
    DELETE = "delete from unmatched_mail where id = $1";
}

pub async fn insert(tx: &Tx, u: &Unmatched) -> Result<()> {
    tx.post(INSERT, args![u.id, u.operator_id, u.location_id, u.details, u.created_at]).await
}

/// An operator's items, the one that has waited longest first.
pub async fn list(tx: &Tx, operator: OperatorId, limit: i64) -> Result<Vec<Unmatched>> {
    tx.all(LIST, args![operator, limit], unmatched).await
}

/// An item that is about to be matched or returned; keeps others from doing so meanwhile.
pub async fn find_locked(tx: &Tx, operator: OperatorId, id: MailId) -> Result<Option<Unmatched>> {
    tx.opt(GET_LOCKED, args![operator, id], unmatched).await
}

pub async fn delete(tx: &Tx, id: MailId) -> Result<()> {
    tx.post(DELETE, args![id]).await
}

fn unmatched(r: &mut Row) -> Result<Unmatched> {
    Ok(Unmatched {
        id: r.next()?,
        operator_id: r.next()?,
        location_id: r.next()?,
        details: r.next()?,
        created_at: r.next()?,
    })
}
