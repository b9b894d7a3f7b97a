//! The SDK of version 0.5, and the calls that are written otherwise in the other version.

use std::sync::Arc;

use inkbox_05 as sdk;

use sdk::error::InkboxError;
use sdk::identities::types::Unset;
use sdk::webhooks::{WebhookContextConfig, WebhookSubscription, WebhookSubscriptionCreateResponse};
use sdk::{AgentIdentity, Inkbox};
use uuid::Uuid;

#[path = "drive.rs"]
mod steps;

pub use steps::drive;

/// A new agent, whose handle was another one first.
fn clerk(inkbox: &Arc<Inkbox>) -> AgentIdentity {
    let clerk = inkbox.create_identity("clark").unwrap();
    clerk.update(Some("clerk"), Unset::Omit, Unset::Omit, None, None, None, None).unwrap();
    clerk.refresh().unwrap();
    clerk
}

fn change(identity: &AgentIdentity, description: Unset<String>, filter_mode: &str) {
    let mode = Some(filter_mode);
    identity.update(None, Unset::Omit, description, None, None, mode, None).unwrap();
}

fn subscribe(
    inkbox: &Inkbox,
    url: &str,
    event_types: &[String],
    mailbox: Uuid,
    context: Option<&WebhookContextConfig>,
) -> WebhookSubscriptionCreateResponse {
    let hooks = inkbox.webhooks().subscriptions();
    hooks.create(url, event_types, Some(mailbox), None, None, context).unwrap()
}

fn move_to(inkbox: &Inkbox, subscription: Uuid, url: &str) -> WebhookSubscription {
    let hooks = inkbox.webhooks().subscriptions();
    hooks.update(subscription, Some(url), None, None).unwrap()
}

/// Why a message was not sent.
fn cause(error: InkboxError) -> InkboxError {
    error
}
