//! Delivering one webhook: what is signed, what is sent, where it may go, and when to try again.
//!
//! Nothing here knows of a database or of many deliveries at once: which delivery is due, and what

pub mod address;
pub mod guard;
pub mod headers;
pub mod ladder;
pub mod outcome;
pub mod retry_after;
pub mod signature;
pub mod target;
pub mod verify;
