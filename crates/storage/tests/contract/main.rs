//! The contract of the storage crate, on SQLite and, where `POSTROOM_TEST_DATABASE` names a server,
//! on PostgreSQL.

mod seam;
mod support;
