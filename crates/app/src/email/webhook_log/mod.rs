//! What subscriptions were sent, attempt by attempt, and sending it again (email-api.md 8.5).
//!
//! The log outlives its subscriptions. An agent sees what its own mailbox told.

pub mod get;
pub mod list;
pub mod replay;

use domain::id::Uuid;
use domain::{Error, ErrorCode};
pub use storage::email::webhook_log::LineFilter;
use storage::email::webhook_log::{Outcome, Sent};

use crate::OpCtx;

/// A row of the log.
#[derive(Clone, Debug)]
pub struct LogRow {
    pub sent: Sent,
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
    /// The first row of a delivery has the delivery's own id, so that a replay can be asked for before its attempt
    /// has ended.
    pub fn id(&self) -> Uuid {
        let own = self.outcome.as_ref().and_then(|outcome| outcome.id);
        Uuid(own.map_or(self.sent.id.0, |id| id.0))
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

fn is_visible(ctx: &OpCtx, sent: &Sent) -> bool {
    ctx.identity.is_none_or(|own| own == sent.owner_id)
}

fn not_found() -> Error {
    Error::refused(ErrorCode::NotFound, "Webhook delivery not found")
}
