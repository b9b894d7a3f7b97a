//! The Partner API: one module a resource, with its answers and the bodies that it reads.

pub mod actions;
pub mod compliance;
pub mod customers;
mod endpoint_settings;
pub mod errors;
pub mod events;
pub mod filter;
pub mod mail;
pub mod mailboxes;
pub mod me;
pub mod recoveries;
pub mod redelivery;
mod shapes;
pub mod test_helpers;
pub mod usage;
pub mod webhook_bodies;
pub mod webhook_deliveries;
pub mod webhook_keys;
pub mod webhooks;

#[cfg(test)]
mod tests;
