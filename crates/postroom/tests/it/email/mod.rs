//! The e-mail API over real HTTP (email-api.md 16). Names begin with the rule, as `m7`, or the line of the
//! checklist, as `check_07`, that they show.

mod contacts;
mod context;
mod conventions;
mod correspondence;
mod drafts;
mod event_attempts;
mod event_bodies;
mod events;
mod facts;
mod idempotency;
mod identities;
mod imports;
mod lists;
mod merges;
mod messages;
mod notes;
mod occasions;
mod outcomes;
mod payload;
mod peers;
mod peers_gone;
mod peers_model;
mod rules;
mod sdk;
mod search;
mod sending;
mod sends;
mod shapes;
mod signing_keys;
mod subscriptions;
mod transport;
mod vcards;
mod visibility;
mod webhook_log;
