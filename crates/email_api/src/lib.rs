//! The e-mail half over HTTP: `X-API-Key`, `{"detail": …}`, the paths and shapes of the clients that exist
//! (email-api.md).
//!
//! One file an endpoint: the handler and its documentation. A handler reads the call, hands plain values
//! to a use-case in `app::email`, and shows what comes back in the shapes of `wire::email`.

mod answer;
mod api_keys;
mod call;
mod contact_rules;
mod contacts;
mod domains;
mod drafts;
mod entrance;
mod examples;
mod identities;
mod imports;
mod mailboxes;
mod messages;
mod notes;
mod page;
mod query;
mod refusal;
mod routes;
mod search;
mod signing_keys;
mod spec;
mod threads;
mod webhooks;
mod whoami;

use std::sync::Arc;

use app::App;
use domain::Timestamp;
use domain::id::KeyId;
use ipnet::IpNet;
use web::limits::Limits;
use web::uses::Uses;

pub use entrance::beside;
pub use spec::document;

/// The state behind every handler; cheap to clone.
#[derive(Clone)]
pub struct EmailApi {
    app: App,
    limits: Arc<Limits>,
    uses: Arc<Uses>,
    trusted_proxies: Arc<[IpNet]>,
}

impl EmailApi {
    /// `trusted_proxies` are the networks whose `X-Forwarded-For` is believed.
    pub fn new(app: App, trusted_proxies: Vec<IpNet>) -> Self {
        Self {
            app,
            limits: Arc::default(),
            uses: Arc::default(),
            trusted_proxies: trusted_proxies.into(),
        }
    }

    /// Which keys were used since the last time, and when: a task writes them down.
    pub fn take_uses(&self) -> Vec<(KeyId, Timestamp)> {
        self.uses.take()
    }
}
