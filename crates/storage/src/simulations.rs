//! Steps that the test world takes by itself, waiting for their time.

use domain::Timestamp;
use domain::id::PartnerId;

use crate::chores::World;
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// One step of one customer or action of a partner's test world.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub no: i64,
    pub partner_id: PartnerId,
    /// The bytes of an id; the step says of what.
    pub subject: [u8; 16],
    pub step: String,
    pub due_at: Timestamp,
}

statements! {
    INSERT = "insert into simulations (no, partner_id, subject, step, due_at) values ($1, $2, $3, $4, $5)";
    DUE = "select no, partner_id, subject, step, due_at from simulations
        where due_at <= $1 and (partner_id = $2 or $2 is null) order by due_at, no limit $3";
    DELETE = "delete from simulations where no = $1";
}

/// Adds a step, which belongs to the scope's partner.
pub async fn insert(
    tx: &Tx,
    scope: &Scope,
    no: i64,
    subject: [u8; 16],
    step: &str,
    due_at: Timestamp,
) -> Result<()> {
    let subject = domain::id::CustomerId(subject);
    tx.post(INSERT, args![no, scope.partner_id(), subject, step, due_at]).await
}

/// Steps whose time has come, the earliest first.
pub async fn due(tx: &Tx, world: &World, limit: i64) -> Result<Vec<Simulation>> {
    let read = |r: &mut Row| {
        Ok(Simulation {
            no: r.next()?,
            partner_id: r.next()?,
            subject: r.next::<domain::id::CustomerId>()?.0,
            step: r.next()?,
            due_at: r.next()?,
        })
    };
    tx.all(DUE, args![world.now, world.only, limit], read).await
}

/// Takes a step off the list; false when somebody else did.
pub async fn delete(tx: &Tx, no: i64) -> Result<bool> {
    Ok(tx.exec(DELETE, args![no]).await? == 1)
}
