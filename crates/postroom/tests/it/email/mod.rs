//! The e-mail API over real HTTP (email-api.md 16). Names begin with the rule or, as `c14`, the line of the
//! checklist that they show.

mod contacts;
mod context;
mod drafts;
mod events;
mod facts;
mod identities;
mod imports;
mod messages;
mod outcomes;
mod payload;
mod peers;
mod peers_model;
mod sdk;
mod search;
mod sending;
mod signing_keys;
mod subscriptions;
mod webhook_log;
