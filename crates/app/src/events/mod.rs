//! The log of events: what was told, in the very bytes that were sent.
//!
//! Events come into being in `crate::emit`; who heard of them is `crate::deliveries`.

pub mod expunge;
pub mod get;
pub mod list;
pub mod stream;
