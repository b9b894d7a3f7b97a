//! The SDK of version 0.7, and the calls that are written otherwise in the other version.

use std::sync::Arc;

use inkbox_07 as sdk;

use sdk::error::InkboxError;
use sdk::identities::types::Unset;
use sdk::webhooks::{WebhookContextConfig, WebhookSubscription, WebhookSubscriptionCreateResponse};
use sdk::{AgentIdentity, Inkbox};
use uuid::Uuid;

#[path = "drive.rs"]
mod steps;

pub use steps::drive;

/// A new agent; this version renames none.
fn clerk(inkbox: &Arc<Inkbox>) -> AgentIdentity {
    inkbox.create_identity("clerk").unwrap()
}

fn change(identity: &AgentIdentity, description: Unset<String>, filter_mode: &str) {
    let mode = Some(filter_mode);
    identity.update(Unset::Omit, description, None, None, mode, None).unwrap();
}

fn subscribe(
    inkbox: &Inkbox,
    url: &str,
    event_types: &[String],
    mailbox: Uuid,
    context: Option<&WebhookContextConfig>,
) -> WebhookSubscriptionCreateResponse {
    let hooks = inkbox.webhooks().subscriptions();
    hooks.create(url, event_types, Some(mailbox), None, None, context, None).unwrap()
}

fn move_to(inkbox: &Inkbox, subscription: Uuid, url: &str) -> WebhookSubscription {
    let hooks = inkbox.webhooks().subscriptions();
    hooks.update(subscription, Some(url), None, None, None).unwrap()
}

/// Why a message was not sent; this version says beside it under which key it may be tried again.
fn cause(error: InkboxError) -> InkboxError {
    match error {
        InkboxError::MessageSend { source, .. } => *source,
        other => other,
    }
}
