//! Recoveries of webhook endpoints on the wire (webhooks.md 5.15).

use domain::event::EventType;
use domain::{Result, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::webhook_bodies::event_types;
use crate::reader::Fields;

/// Which deliveries to owe again, of those that were given up.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what RecoverEndpoint::read takes")]
pub struct WebhookRecoveryCreate {
    /// Made from this instant on.
    #[schema(format = DateTime, examples("2026-11-20T00:00:00Z"))]
    since: String,
    /// Made before this instant; absent is now.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Types of the catalogue, or categories of them such as `mail.*`; absent, or a single `*`, is all of them.
    #[schema(max_items = 20)]
    event_types: Option<Vec<String>>,
}

/// A read [`WebhookRecoveryCreate`].
#[derive(Clone, Debug)]
pub struct RecoverEndpoint {
    pub since: Timestamp,
    pub until: Option<Timestamp>,
    /// Empty is all of them.
    pub event_types: Vec<EventType>,
}

impl RecoverEndpoint {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let read = Self {
            since: f.instant("since").unwrap_or_default(),
            until: f.opt_instant("until"),
            event_types: event_types(&mut f).unwrap_or_default(),
        };
        f.finish()?;
        Ok(read)
    }
}

/// A background job that owes deliveries again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookRecovery {
    /// Opaque; use it in paths.
    #[schema(examples("rcv_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^webhook_recovery$")]
    pub object: String,
    pub endpoint_id: String,
    /// running, paused, finished or cancelled. One that runs waits while its endpoint takes nothing.
    pub status: String,
    /// Deliveries made from this instant on.
    #[schema(format = DateTime)]
    pub since: String,
    /// And before this one.
    #[schema(format = DateTime)]
    pub until: String,
    /// A single `*` is all of the catalogue.
    pub event_types: Vec<String>,
    /// Deliveries that were found when it began.
    pub matched: i64,
    /// Of those, deliveries that are owed again by now.
    pub moved: i64,
    /// When the oldest of those found was made; null when there is none.
    #[schema(format = DateTime, required = true)]
    pub oldest_at: Option<String>,
    /// When the newest of those found was made.
    #[schema(format = DateTime, required = true)]
    pub newest_at: Option<String>,
    /// When it began; UTC, to the millisecond.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it finished or was cancelled; null until then.
    #[schema(format = DateTime, required = true)]
    pub ended_at: Option<String>,
}
