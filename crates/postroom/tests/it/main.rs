//! The one integration suite: a whole server in process, over HTTP, on each engine.
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod actions;
mod certificates;
mod cli;
mod cli_compliance;
mod cli_contacts;
mod cli_customers;
mod cli_email;
mod cli_mail;
mod cli_money;
mod cli_secret_keys;
mod cli_subscriptions;
mod cli_webhooks;
mod customers;
mod document;
mod email;
mod entrance;
mod invite;
mod lifecycle;
mod mail;
mod node;
mod readiness;
mod secrecy;
mod streams;
mod test_world;
mod traces;
mod twins;
mod usage;
mod walks;
mod walks_on_things;
mod webhook_keys;
mod webhooks;
