//! Use-cases through their public functions, on SQLite and, where `POSTROOM_TEST_DATABASE` names a
//! server, on PostgreSQL.

mod customers;
mod ledger;
mod support;
