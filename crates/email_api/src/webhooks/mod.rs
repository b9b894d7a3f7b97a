//! Webhooks: who hears of a mailbox, and what was sent to them.

pub(crate) mod catalog;
pub(crate) mod deliveries;
pub(crate) mod subscriptions;
