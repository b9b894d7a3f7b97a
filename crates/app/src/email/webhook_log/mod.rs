//! What subscriptions were sent, attempt by attempt, and sending it again (email-api.md 8.5).
//!
//! The log outlives its subscriptions. An agent sees what its own mailbox told.

pub mod get;
pub mod list;
pub mod replay;

use domain::id::{DeliveryId, Uuid};
use domain::{Error, ErrorCode};
pub use storage::email::webhook_log::LineFilter;
use storage::email::webhook_log::{Outcome, Sent};

use crate::OpCtx;

/// Attempt `n` of a delivery has the delivery's own id with `n - 1` times this added to its last two bytes, so
/// that it needs no column. Odd, so that it can be undone, and large, so that deliveries whose ids were drawn
/// one after another by a counter do not meet.
const STRIDE: u16 = 40_503;
/// What undoes [`STRIDE`]: their product is 1 in 16 bits.
const INVERSE: u16 = 30_599;

/// A row of the log.
#[derive(Clone, Debug)]
pub struct LogRow {
    pub sent: Sent,
    /// Attempts are counted from 1.
    pub n: i64,
    /// `None` while a replay is on its way.
    pub outcome: Option<Outcome>,
}

domain::words! {
    /// Why a row can't be replayed.
    pub enum Unavailable {
        Deleted = "subscription_deleted",
        NotSelected = "event_type_not_selected",
    }
}

impl LogRow {
    /// Its id, which the log never stores.
    pub fn id(&self) -> Uuid {
        let step = (self.n - 1).rem_euclid(1 << 16);
        let step = u16::try_from(step).unwrap_or_default().wrapping_mul(STRIDE);
        Uuid(with_tail(self.sent.id.0, tail(self.sent.id.0).wrapping_add(step)))
    }

    /// What keeps it from being replayed.
    pub fn obstacle(&self) -> Option<Unavailable> {
        if self.sent.is_deleted {
            return Some(Unavailable::Deleted);
        }
        let is_selected = self.sent.event_types.contains(&self.sent.event_type);
        (!is_selected).then_some(Unavailable::NotSelected)
    }
}

/// Which attempt of a delivery a row's id speaks of.
fn number(row: [u8; 16], delivery: DeliveryId) -> i64 {
    i64::from(tail(row).wrapping_sub(tail(delivery.0)).wrapping_mul(INVERSE)) + 1
}

fn tail(id: [u8; 16]) -> u16 {
    u16::from_be_bytes([id[14], id[15]])
}

fn with_tail(mut id: [u8; 16], tail: u16) -> [u8; 16] {
    id[14..].copy_from_slice(&tail.to_be_bytes());
    id
}

fn is_visible(ctx: &OpCtx, sent: &Sent) -> bool {
    ctx.identity.is_none_or(|own| own == sent.owner_id)
}

fn not_found() -> Error {
    Error::refused(ErrorCode::NotFound, "Webhook delivery not found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_row_tells_which_attempt_it_is() {
        assert_eq!(STRIDE.wrapping_mul(INVERSE), 1);
        let delivery = DeliveryId([0xfe; 16]);
        for n in [1, 2, 3, 300, 65_536] {
            let step = u16::try_from(n - 1).unwrap().wrapping_mul(STRIDE);
            let row = with_tail(delivery.0, tail(delivery.0).wrapping_add(step));
            assert_eq!((number(row, delivery), &row[..14]), (n, &delivery.0[..14]));
        }
    }
}
