//! Shapes of the e-mail API: bodies that are read, objects and events that are shown (email-api.md).
//!
//! Every documented member is always there, with an explicit null where the clients allow one; members
//! that a body has too much are ignored, unless its table says otherwise.

pub mod contacts;
pub mod context;
pub mod deliveries;
pub mod domains;
pub mod drafts;
pub mod errors;
pub mod event_context;
pub mod events;
pub mod grants;
pub mod identities;
pub mod imports;
pub mod keys;
pub mod mailboxes;
pub mod messages;
pub mod notes;
pub mod page;
pub mod rules;
pub mod signing_keys;
pub mod subscriptions;
pub mod threads;
