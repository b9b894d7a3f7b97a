//! `/api/v1/webhooks`.

pub(crate) mod subscriptions;
