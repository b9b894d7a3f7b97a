//! Event types, endpoints and the log of deliveries.

pub(crate) mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod hold;
pub(crate) mod public_keys;
pub(crate) mod recover;
pub(crate) mod redelivery;
pub(crate) mod secrets;
pub(crate) mod types;
