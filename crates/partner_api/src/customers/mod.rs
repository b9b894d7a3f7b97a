//! Customers: provisioned, listed, read, changed, deactivated.

pub(crate) mod compliance;
pub(crate) mod create;
pub(crate) mod deactivate;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod mailbox;
pub(crate) mod update;
