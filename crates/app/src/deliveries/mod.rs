//! The log of deliveries: which event went to which endpoint, and what came of it.
//!
//! Reading, and what a person asks for: a delivery retried, an event replayed. Sending is in `tasks`;
//! what is owed, in `storage::queue`.

pub mod list;
pub mod recover;
pub mod replay;
pub mod retry;

use domain::Timestamp;
use storage::deliveries::{AttemptLine, Delivery};
use storage::endpoints::EndpointStatus;
use webhook::outcome::Phases;

domain::words! {
    /// Where a delivery stands (postal.md 3.10).
    pub enum DeliveryStatus {
        /// No attempt ended yet.
        Pending = "pending",
        /// An attempt is under way. Which ones are is known to the sender alone, so that the log
        /// shows them as they were before.
        Delivering = "delivering",
        Retrying = "retrying",
        Succeeded = "succeeded",
        Failed = "failed",
        /// Its endpoint was deleted or switched off first.
        Cancelled = "cancelled",
    }
}

impl DeliveryStatus {
    /// The status that follows from the queue and the last attempt; nobody stores it.
    pub(crate) fn of(is_owed: bool, last_outcome: Option<&str>) -> Self {
        match (is_owed, last_outcome) {
            (true, None) => Self::Pending,
            (true, Some(_)) => Self::Retrying,
            (false, Some("succeeded")) => Self::Succeeded,
            (false, Some("failed")) => Self::Failed,
            (false, Some(_) | None) => Self::Cancelled,
        }
    }
}

/// How long the parts of an attempt took; `None` where nothing was sent, or nothing may be said of it.
pub fn phases(attempt: &AttemptLine) -> Option<Phases> {
    attempt.phases.as_deref().and_then(Phases::from_bytes)
}

/// The headers of the answer to an attempt, by name and value, as far as they are kept.
pub fn response_headers(attempt: &AttemptLine) -> impl Iterator<Item = (&str, &str)> {
    let lines = attempt.response_headers.as_deref().unwrap_or_default().lines();
    lines.filter_map(|line| line.split_once(": "))
}

domain::words! {
    /// What keeps a delivery that is owed from being sent.
    pub enum HeldBy {
        /// The endpoint is paused, or was switched off because it failed.
        Endpoint = "endpoint",
        /// The wait before its next try.
        Schedule = "schedule",
        /// The receiver asked to be left alone.
        RetryAfter = "retry_after",
        /// The receiver is down, and asked by one delivery at a time (webhooks.md 5.13).
        Breaker = "breaker",
    }
}

/// What holds a delivery; `until` is when that ends, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub by: HeldBy,
    pub until: Option<Timestamp>,
}

impl Hold {
    /// Of several that hold it, the one that does so longest. `None` for what is due: it goes when its turn comes.
    fn of(delivery: &Delivery, next_attempt_at: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        if !delivery.is_owed {
            return None;
        }
        if delivery.endpoint_status != EndpointStatus::Enabled {
            return Some(Self { by: HeldBy::Endpoint, until: None });
        }
        let waits = [
            (HeldBy::Schedule, next_attempt_at),
            (HeldBy::RetryAfter, delivery.quiet_until),
            (HeldBy::Breaker, delivery.breaker_until),
        ];
        let lasting = waits.into_iter().filter(|(_, until)| *until > Some(now));
        lasting.max_by_key(|(_, until)| *until).map(|(by, until)| Self { by, until })
    }
}

/// A delivery and what follows from its attempts.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    pub delivery: Delivery,
    pub status: DeliveryStatus,
    pub next_attempt_at: Option<Timestamp>,
    pub hold: Option<Hold>,
    pub delivered_at: Option<Timestamp>,
}

impl DeliveryView {
    /// As it stands at `now` on the clock of the deliverer, which is never that of a test world.
    fn of(delivery: Delivery, now: Timestamp) -> Self {
        let last = delivery.attempts.last();
        let status = DeliveryStatus::of(delivery.is_owed, last.map(|a| a.outcome.as_str()));
        let (next_attempt_at, delivered_at) = match status {
            DeliveryStatus::Pending => (Some(delivery.created_at), None),
            DeliveryStatus::Retrying => (last.and_then(|a| a.next_at), None),
            DeliveryStatus::Succeeded => (None, last.map(|a| a.at.plus(a.duration_us))),
            DeliveryStatus::Delivering | DeliveryStatus::Failed | DeliveryStatus::Cancelled => {
                (None, None)
            }
        };
        let hold = Hold::of(&delivery, next_attempt_at, now);
        Self { delivery, status, next_attempt_at, hold, delivered_at }
    }
}
