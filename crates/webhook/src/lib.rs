//! Delivering one webhook: what is signed, what is sent, where it may go, and when to try again.
//!
//! Nothing here knows of a database or of many deliveries at once: which delivery is due, and what

pub mod signature;
pub mod verify;
