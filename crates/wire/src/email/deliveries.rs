//! The log of what subscriptions were sent, a row for each attempt (email-api.md 8.5).

use serde::Serialize;
use utoipa::ToSchema;

/// One attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    #[schema(format = "uuid")]
    pub id: String,
    pub organization_id: String,
    #[schema(required = true, format = "uuid")]
    pub webhook_subscription_id: Option<String>,
    /// Always null.
    #[schema(required = true)]
    pub phone_number_id: Option<String>,
    /// The same in every attempt and replay of the event.
    #[schema(pattern = "^evt_")]
    pub event_id: String,
    pub event_type: String,
    /// Where this attempt went.
    pub url: String,
    /// The signed body, byte for byte.
    pub request_payload: String,
    /// Null where no answer came.
    #[schema(required = true)]
    pub response_status: Option<i64>,
    /// At most 4096 bytes of it.
    #[schema(required = true)]
    pub response_body: Option<String>,
    /// Why no answer came.
    #[schema(required = true)]
    pub error_detail: Option<String>,
    #[schema(required = true)]
    pub duration_ms: Option<i64>,
    pub is_replay: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    pub replayable: bool,
    #[schema(required = true)]
    pub replay_unavailable_reason: Option<String>,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDeliveries {
    pub deliveries: Vec<WebhookDelivery>,
}
