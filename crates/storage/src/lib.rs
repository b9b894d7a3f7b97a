//! The only SQL. The engine seam, the migrations, and one module per table family.
//!
//! The portable subset: parameters are `$n`; time is `bigint` microseconds, bound, never the
//! engine's own; dates, lists and free structures are text; ids are 16 bytes; a state changes by
//! compare-and-set; a batch says `{each}`; every statement is a named constant, and a test prepares
//! them all on both engines. No rule of the business is here, and no finder on a tenant's table that
//! does not take a [`tenancy::Scope`].

mod engine;
mod error;
mod json;
mod merge;
mod migrate;
mod statements;
mod value;

pub mod actions;
pub mod attempts;
pub mod audit;
pub mod backlog;
pub mod certificates;
pub mod chores;
pub mod compliance;
pub mod customers;
pub mod data_key;
pub mod deliveries;
pub mod email;
pub mod endpoint_secrets;
pub mod endpoints;
pub mod events;
pub mod expunge;
pub mod keys;
pub mod lane_costs;
pub mod leases;
pub mod ledger;
pub mod load;
pub mod mail;
pub mod mailboxes;
pub mod order;
pub mod queue;
pub mod quotas;
pub mod recoveries;
pub mod replays;
pub mod retention;
pub mod simulations;
pub mod stream;
pub mod tenancy;
pub mod unmatched;
pub mod usage;

pub use engine::{
    DatabaseUrl, Db, Engine, EngineVersion, FileLock, HeldLock, Hints, Ownership, QUEUE_UNITS_MAX,
    Tx, Wake,
};
pub use error::{Error, Result};
pub use json::details;
pub use migrate::{migrate, pending};
pub use value::{FromValue, Row, ToValue, Value};

/// Every statement of every module, for the test that prepares them all.
pub fn statements() -> Vec<&'static str> {
    let modules = [
        actions::ALL,
        attempts::ALL,
        audit::ALL,
        backlog::ALL,
        certificates::ALL,
        chores::ALL,
        compliance::ALL,
        customers::ALL,
        data_key::ALL,
        deliveries::ALL,
        endpoint_secrets::ALL,
        endpoints::ALL,
        events::ALL,
        expunge::ALL,
        keys::ALL,
        lane_costs::ALL,
        leases::ALL,
        ledger::ALL,
        mail::ALL,
        mailboxes::ALL,
        migrate::ALL,
        order::ALL,
        queue::ALL,
        quotas::ALL,
        recoveries::ALL,
        replays::ALL,
        retention::ALL,
        simulations::ALL,
        stream::ALL,
        tenancy::ALL,
        unmatched::ALL,
        usage::ALL,
    ];
    [&modules, email::ALL].concat().concat()
}
