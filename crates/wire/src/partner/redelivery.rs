//! Deliveries retried, events replayed, endpoints paused and resumed, on the wire (webhooks.md 5.13, 5.15).

use domain::{Result, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// What came of asking for a delivery to be tried now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryRetry {
    /// Says what kind of object this is.
    #[schema(pattern = "^webhook_delivery_retry$")]
    pub object: String,
    /// What is tried; the same as before.
    pub delivery_id: String,
    /// Where it goes.
    pub endpoint_id: String,
    /// moved: it is due now. revived: it had been given up and is owed again. already_under_way: it is
    /// due or on its way, and nothing was changed.
    #[schema(examples("moved"))]
    pub outcome: String,
    /// Since when it is due.
    #[schema(format = DateTime)]
    pub due_at: String,
}

/// Where to send an event again, and under which id.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ReplayEvent::read takes")]
pub struct EventReplayCreate {
    /// To this endpoint, whatever it subscribed to; absent is every enabled one that asks for it.
    #[schema(max_length = 64, examples("whe_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    endpoint_id: Option<String>,
    /// true sends it under a new event id, with the header original-id, for a receiver that lost what
    /// it had acknowledged.
    #[schema(default = false)]
    reissue: Option<bool>,
}

/// A read [`EventReplayCreate`].
#[derive(Clone, Debug, Default)]
pub struct ReplayEvent {
    pub endpoint_id: Option<String>,
    pub reissue: bool,
}

impl ReplayEvent {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let read = Self {
            endpoint_id: f.opt_text("endpoint_id", 1..=64),
            reissue: f.bool("reissue", false),
        };
        f.finish()?;
        Ok(read)
    }
}

/// An event that is on its way again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventReplay {
    /// Says what kind of object this is.
    #[schema(pattern = "^event_replay$")]
    pub object: String,
    /// What the receivers get as the event's id.
    pub event_id: String,
    /// The event that is told again under a new id; null when the id is the same.
    #[schema(required = true)]
    pub original_id: Option<String>,
    /// The deliveries that were made, each with its own id.
    pub deliveries: Vec<EventReplayDelivery>,
    /// Endpoints that take the type and are not sent to.
    pub left_out: Vec<EventReplayLeftOut>,
}

/// A delivery that a replay made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventReplayDelivery {
    pub endpoint_id: String,
    pub delivery_id: String,
}

/// An endpoint that a replay left out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventReplayLeftOut {
    pub endpoint_id: String,
    /// endpoint_not_enabled or delivery_under_way.
    pub reason: String,
}

/// Why an endpoint is paused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_pause_reason takes")]
pub struct WebhookEndpointPause {
    /// Shown as disabled_reason.
    #[schema(max_length = 200, examples("the CRM is being upgraded"))]
    reason: Option<String>,
}

/// Reads a [`WebhookEndpointPause`].
pub fn read_pause_reason(body: Value) -> Result<Option<String>> {
    let mut f = Fields::new(body)?;
    let reason = f.opt_text("reason", 1..=200);
    f.finish()?;
    Ok(reason)
}

/// Which of the held deliveries are sent. At most one of the three.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ResumeEndpoint::read takes")]
pub struct WebhookEndpointResume {
    /// all or none; absent is all.
    #[schema(max_length = 10, examples("all"))]
    backlog: Option<String>,
    /// Those made since then.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// This many of the newest.
    #[schema(minimum = 1, maximum = 100_000)]
    newest: Option<i64>,
}

/// What a [`WebhookEndpointResume`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    Since(Timestamp),
    Newest(i64),
    None,
}

/// A read [`WebhookEndpointResume`].
#[derive(Clone, Copy, Debug)]
pub struct ResumeEndpoint {
    pub wanted: Wanted,
}

impl ResumeEndpoint {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let word = |text: &str| match text {
            "all" => Some(Wanted::All),
            "none" => Some(Wanted::None),
            _ => None,
        };
        let given = [
            f.opt_parsed("backlog", word, "all or none"),
            f.opt_instant("since").map(Wanted::Since),
            f.opt_integer("newest", 1..=100_000).map(Wanted::Newest),
        ];
        let mut given = given.into_iter().flatten();
        let wanted = given.next().unwrap_or(Wanted::All);
        if given.next().is_some() {
            f.problem("backlog", "invalid", "give only one of backlog, since and newest");
        }
        f.finish()?;
        Ok(Self { wanted })
    }
}

/// An endpoint and what is held for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpointHold {
    /// Says what kind of object this is.
    #[schema(pattern = "^webhook_endpoint_hold$")]
    pub object: String,
    pub endpoint_id: String,
    /// paused, or enabled.
    pub status: String,
    /// Deliveries that it is owed, counted up to 100,000.
    pub backlog: i64,
    /// Deliveries that were given up by this call.
    pub dropped: i64,
}
