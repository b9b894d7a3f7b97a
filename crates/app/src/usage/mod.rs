//! Usage: when mailboxes were active, and what a partner's month counts to.
//!
//! The five counts are `domain::usage`; which intervals are one mailbox is `tally`. A month is
//! computed while it is open, and answered as it was stored once it is closed.

pub mod close;
pub mod interval;
pub mod read;
pub mod snapshot;

mod tally;

pub use interval::{closed, opened};
