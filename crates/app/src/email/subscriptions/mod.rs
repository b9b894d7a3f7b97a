//! Webhook subscriptions of mailboxes (email-api.md 8). What is delivered, how and how often is what holds
//! for every endpoint.

pub mod create;
