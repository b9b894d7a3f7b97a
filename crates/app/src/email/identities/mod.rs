//! Identities: made with their mailbox, read, changed, deleted with all that is theirs.

pub mod access;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;
