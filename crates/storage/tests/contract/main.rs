//! The contract of the storage crate, on SQLite and, where `POSTROOM_TEST_DATABASE` names a server,
//! on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod filing;
mod leases;
mod plans;
mod seam;
mod support;
mod tls;
