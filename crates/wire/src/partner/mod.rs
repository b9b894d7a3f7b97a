//! The Partner API: one module a resource, with its answers and the bodies that it reads.

pub mod customers;
pub mod errors;
pub mod mailboxes;
pub mod me;
