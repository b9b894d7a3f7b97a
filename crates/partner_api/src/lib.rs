//! The paper half over HTTP: bearer keys, scopes, idempotency, `{"error":{…}}`.
//!
//! One file an endpoint: the handler and its documentation. A handler reads the call, hands plain
//! values to a use-case in `app`, and shows what comes back in the shapes of `wire`. No rule and no
//! SQL is here.

mod answer;
mod call;
mod customers;
mod entrance;
mod events;
mod events_stream;
mod examples;
mod idempotency;
mod mail;
mod mail_actions;
mod me;
mod page;
mod query;
mod refusal;
mod rehearsal;
mod routes;
mod spec;
mod test_helpers;
mod usage;
mod webhooks;

use std::sync::Arc;

use app::App;
use domain::id::KeyId;
use domain::{ErrorCode, Timestamp};
use ipnet::IpNet;
use web::limits::Limits;
use web::uses::Uses;

pub use routes::router;
pub use spec::document;

/// The state behind every handler; cheap to clone.
#[derive(Clone)]
pub struct PartnerApi {
    app: App,
    limits: Arc<Limits>,
    uses: Arc<Uses>,
    streams: Arc<events_stream::Streams>,
    trusted_proxies: Arc<[IpNet]>,
}

impl PartnerApi {
    /// `trusted_proxies` are the networks whose `X-Forwarded-For` is believed.
    pub fn new(app: App, trusted_proxies: Vec<IpNet>) -> Self {
        Self {
            app,
            limits: Arc::default(),
            uses: Arc::default(),
            streams: Arc::default(),
            trusted_proxies: trusted_proxies.into(),
        }
    }

    /// Ends the streams of events, which would otherwise outlast a graceful stop.
    pub fn end_streams(&self) {
        self.streams.end();
    }

    /// Which keys were used since the last time, and when: a task writes them down.
    pub fn take_uses(&self) -> Vec<(KeyId, Timestamp)> {
        self.uses.take()
    }
}

/// The HTTP status of an error code, for documents that list them.
pub fn status_of(code: ErrorCode) -> u16 {
    refusal::status(code).as_u16()
}
