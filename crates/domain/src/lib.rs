//! Vocabulary and rules of Postroom: ids, time, state machines, events, errors.
//!
//! Nothing here does I/O, awaits, serialises or reads a clock. Rows are in `storage`, JSON shapes in
//! `wire`, and the place where a rule, a transaction and an event meet is `app`.

pub mod action;
pub mod address;
pub mod billing;
pub mod compliance;
pub mod customer;
pub mod email;
pub mod endpoint;
pub mod error;
pub mod error_code;
pub mod event;
pub mod filter;
pub mod id;
pub mod key;
pub mod mail;
pub mod mailbox;
pub mod partner;
pub mod time;
pub mod trace;
pub mod usage;
pub mod word;

pub use error::{Error, Fact, Field, Result};
pub use error_code::ErrorCode;
pub use id::Ids;
pub use time::{Clock, Date, Timestamp, days, hours, minutes, seconds};
