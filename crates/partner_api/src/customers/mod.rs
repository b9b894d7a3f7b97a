//! Customers: provisioned, listed, read, changed, deactivated.

pub(crate) mod compliance;
pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod mailbox;
