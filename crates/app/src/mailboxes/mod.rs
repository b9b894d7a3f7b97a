//! Moving an open mailbox to another number.
//!
//! Making numbers and taking them out of use is `crate::admin::mailboxes`; the other moves of a box
//! follow from its customer's life, in `crate::customers`, `crate::compliance` and
//! `crate::housekeeping`.

pub mod renumber;
