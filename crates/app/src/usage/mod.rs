//! Usage: when mailboxes were active, and what a partner's month counts to.
//!
//! The counting is `domain::usage`; who may see a price is the order form.

pub mod interval;

pub use interval::{closed, opened};
