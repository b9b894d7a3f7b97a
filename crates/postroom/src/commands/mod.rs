//! The commands, one file each.
//!
//! A command reads what was typed, asks a use-case of `app`, and prints the answer; rules are there.

pub mod action;
pub mod audit;
pub mod balance;
pub mod compliance;
pub mod contact;
pub mod customer;
pub mod deliveries;
pub mod doctor;
pub mod endpoint;
mod endpoint_deliveries;
mod endpoint_settings;
mod endpoint_shown;
pub mod event;
pub(crate) mod form;
pub mod identity;
pub mod init;
pub mod intake;
pub mod key;
pub mod location;
pub mod mail;
pub mod mailbox;
mod mailbox_email;
mod mailbox_import;
pub mod message;
pub mod org;
mod parse;
pub mod partner;
mod place;
pub mod recover;
pub mod redelivery;
pub mod secret_key;
pub mod serve;
pub mod subscription;
pub mod usage;
pub mod webhooks;
pub mod who;
