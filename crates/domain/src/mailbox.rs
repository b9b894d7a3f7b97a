//! Numbered boxes: pools, strategies and the life of a box (postal.md 2.4, 3.2).

use crate::error_code::ErrorCode;
use crate::id::{CustomerId, LocationId, MailboxId, OperatorId, PartnerId, PoolId};
use crate::{Date, Error, Result, Timestamp};

crate::words! {
    pub enum MailboxStatus {
        Available = "available",
        Reserved = "reserved",
        Active = "active",
        /// The customer left; mail is held or re-mailed until `remail_until`.
        Remail = "remail",
        /// The number rests until `reusable_from`.
        Quarantine = "quarantine",
        Blocked = "blocked",
        Retired = "retired",
    }
}

crate::words! {
    /// How a number is picked from a pool.
    pub enum Strategy {
        /// The next number above the highest ever used.
        Sequential = "sequential",
        /// The lowest number that is free.
        FirstFree = "first_free",
        /// Any free number, so that numbers do not tell how many customers there are.
        Random = "random",
        /// The number that the caller names.
        Reserved = "reserved",
        /// Whatever the named pool's own strategy picks.
        Pool = "pool",
    }
}

/// A range of numbers at a location, for everybody or for one partner.
#[derive(Clone, Debug)]
pub struct Pool {
    pub id: PoolId,
    pub operator_id: OperatorId,
    pub location_id: LocationId,
    pub partner_id: Option<PartnerId>,
    pub name: String,
    pub strategy: Strategy,
}

/// A numbered box.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pub id: MailboxId,
    pub operator_id: OperatorId,
    pub location_id: LocationId,
    pub pool_id: PoolId,
    /// Unique at its location.
    pub number: i64,
    pub status: MailboxStatus,
    pub customer_id: Option<CustomerId>,
    pub assigned_at: Option<Timestamp>,
    pub reserved_until: Option<Timestamp>,
    /// Item 1a of Form 1583.
    pub opened_on: Option<Date>,
    /// Item 1b of Form 1583.
    pub closed_on: Option<Date>,
    pub remail_until: Option<Date>,
    pub reusable_from: Option<Date>,
}

/// The moves of a box that follow from something else happening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// M1: a customer was created.
    Reserve,
    /// M2: the reservation lapsed.
    Release,
    /// M3: the form was approved and billing is active.
    Open,
    /// M4: the customer left.
    Close,
    /// C7: the customer came back within the remail window.
    Reopen,
    /// M5: the remail window ended.
    Rest,
    /// M6: the quarantine ended.
    Free,
    /// M7: taken out of use for a while.
    Block,
    /// M7: taken out of use for good.
    Retire,
}

impl MailboxStatus {
    pub fn after(self, step: Move) -> Result<Self> {
        use MailboxStatus::{Active, Available, Blocked, Quarantine, Remail, Reserved, Retired};
        match (step, self) {
            (Move::Reserve, Available) => Ok(Reserved),
            (Move::Release, Reserved) | (Move::Free, Quarantine | Blocked) => Ok(Available),
            (Move::Open, Reserved) | (Move::Reopen, Remail) => Ok(Active),
            (Move::Close, Active) => Ok(Remail),
            (Move::Rest, Remail) => Ok(Quarantine),
            (Move::Block, Available | Quarantine) => Ok(Blocked),
            (Move::Retire, Available | Quarantine | Blocked) => Ok(Retired),
            _ => Err(Error::refused(
                ErrorCode::MailboxUnavailable,
                format!("mailbox is {self}, which does not allow this"),
            )),
        }
    }
}

/// Days for which a number is kept for somebody whose form is not approved yet.
pub const RESERVATION_DAYS: i64 = 90;

/// Most mailboxes that one command adds to a pool.
pub const POOL_SIZE_MAX: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// The moves that lead from each state.
    const TABLE: &[(MailboxStatus, &[(Move, MailboxStatus)])] = &[
        (
            MailboxStatus::Available,
            &[
                (Move::Reserve, MailboxStatus::Reserved),
                (Move::Block, MailboxStatus::Blocked),
                (Move::Retire, MailboxStatus::Retired),
            ],
        ),
        (
            MailboxStatus::Reserved,
            &[(Move::Release, MailboxStatus::Available), (Move::Open, MailboxStatus::Active)],
        ),
        (MailboxStatus::Active, &[(Move::Close, MailboxStatus::Remail)]),
        (
            MailboxStatus::Remail,
            &[(Move::Reopen, MailboxStatus::Active), (Move::Rest, MailboxStatus::Quarantine)],
        ),
        (
            MailboxStatus::Quarantine,
            &[
                (Move::Free, MailboxStatus::Available),
                (Move::Block, MailboxStatus::Blocked),
                (Move::Retire, MailboxStatus::Retired),
            ],
        ),
        (
            MailboxStatus::Blocked,
            &[(Move::Free, MailboxStatus::Available), (Move::Retire, MailboxStatus::Retired)],
        ),
        (MailboxStatus::Retired, &[]),
    ];

    #[test]
    fn each_move_leads_from_its_states_and_from_no_other() {
        const MOVES: [Move; 9] = [
            Move::Reserve,
            Move::Release,
            Move::Open,
            Move::Close,
            Move::Reopen,
            Move::Rest,
            Move::Free,
            Move::Block,
            Move::Retire,
        ];
        for (from, allowed) in TABLE {
            let led = MOVES.iter().filter_map(|m| Some((*m, from.after(*m).ok()?)));
            assert_eq!(led.collect::<Vec<_>>(), *allowed, "{from}");
        }
        assert_eq!(TABLE.len(), MailboxStatus::ALL.len());
    }
}
