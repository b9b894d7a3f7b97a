//! Tables of the e-mail half. Tenants are those of [`crate::tenancy`]; events and their deliveries are
//! [`crate::events`] and [`crate::deliveries`], where a subscription is an endpoint with a mailbox.

pub mod contact_facts;
pub mod contact_grants;
pub mod contacts;
pub mod domains;
pub mod drafts;
pub mod grants;
pub mod identities;
pub mod imports;
pub mod keys;
pub mod messages;
pub mod notes;
pub mod organizations;
pub mod peers;
mod profiles;
pub mod raw;
pub mod recipients;
pub mod rules;
pub mod search;
pub mod subscriptions;
pub mod sweep;
pub mod threads;
pub mod webhook_log;

/// Every statement of these modules.
pub(crate) const ALL: &[&[&str]] = &[
    contact_facts::ALL,
    contact_grants::ALL,
    contacts::ALL,
    domains::ALL,
    drafts::ALL,
    grants::ALL,
    identities::ALL,
    imports::ALL,
    keys::ALL,
    messages::ALL,
    notes::ALL,
    organizations::ALL,
    peers::ALL,
    raw::ALL,
    recipients::ALL,
    rules::ALL,
    search::ALL,
    subscriptions::ALL,
    sweep::ALL,
    threads::ALL,
    webhook_log::ALL,
];
