//! Tasks against real receivers on the loopback, on SQLite and, where `POSTROOM_TEST_DATABASE` names
//! a server, on PostgreSQL.

#![cfg(test)]

mod again;
mod ageing;
mod certificates;
mod costs;
mod delivering;
mod expunging;
mod handing;
mod healing;
mod holding;
mod misbehaving;
mod model;
mod nodes;
mod notices;
mod ordering;
mod pacing;
mod quotas;
mod receiver;
mod recovering;
mod retrying;
mod setting_aside;
mod stopping;
mod support;
mod trying;
mod waiting;
mod walks;
