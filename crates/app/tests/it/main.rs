//! Use-cases through their public functions, on SQLite and, where `POSTROOM_TEST_DATABASE` names a
//! server, on PostgreSQL.

#![cfg(test)]

mod admin;
mod applicants;
mod compliance;
mod customer_faults;
mod customers;
mod deliveries;
mod endpoint_filters;
mod endpoints;
mod faults;
mod housekeeping;
mod identity_faults;
mod keys;
mod ledger;
mod lifecycle;
mod load;
mod mail;
mod mail_faults;
mod mail_forwards;
mod mail_model;
mod mail_owners;
mod mail_pickups;
mod mail_requests;
mod mail_simulated;
mod mail_walks;
mod mailroom;
mod secret_keys;
mod support;
mod usage;
mod walks;
