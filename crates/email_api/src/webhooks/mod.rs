//! Webhooks: who hears of a mailbox.

pub(crate) mod catalog;
pub(crate) mod subscriptions;
