//! Customers: provisioned, listed, read, changed, deactivated.

pub(crate) mod create;
pub(crate) mod get;
