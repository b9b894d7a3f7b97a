//! What an endpoint hears: its types, and those events of them that its filter lets pass.
//!
//! A filter looks at the payload that is sent, so a replay finds what the event found.

use std::cell::OnceCell;

use domain::event::EventType;
use domain::filter::Filter;
use domain::{Error, Field, Result};
use serde_json::Value;
use storage::endpoints::{Endpoint, EndpointStatus};

use crate::OpCtx;

/// An event in search of its endpoints. The payload is read once, and only where a filter asks for it.
pub(crate) struct Sought<'a> {
    kind: EventType,
    payload: &'a [u8],
    read: OnceCell<Value>,
}

impl<'a> Sought<'a> {
    pub(crate) fn new(kind: EventType, payload: &'a [u8]) -> Self {
        Self { kind, payload, read: OnceCell::new() }
    }

    /// Whether it is owed to an endpoint when it happens.
    pub(crate) fn is_told(&self, endpoint: &Endpoint) -> bool {
        is_told(endpoint, self.kind) && self.passes(endpoint)
    }

    /// Whether the endpoint asked for it, switched on or not.
    pub(crate) fn is_wanted(&self, endpoint: &Endpoint) -> bool {
        wants(endpoint, self.kind) && self.passes(endpoint)
    }

    /// Read anew for each event: a filter has few comparisons. One that can't be read lets all pass: what comes too
    /// often is seen, what is missing is not.
    fn passes(&self, endpoint: &Endpoint) -> bool {
        let Some(filter) = endpoint.filter.as_deref().and_then(wire::partner::filter::parse) else {
            return true;
        };
        let payload =
            self.read.get_or_init(|| serde_json::from_slice(self.payload).unwrap_or_default());
        filter.matches(&|name| wire::events::attribute(payload, name))
    }
}

/// Whether an endpoint is owed events of a type. What a failing endpoint misses is kept for it; one
/// that a person switched off is left alone.
pub(crate) fn is_told(endpoint: &Endpoint, kind: EventType) -> bool {
    endpoint.status != EndpointStatus::Disabled && wants(endpoint, kind)
}

fn wants(endpoint: &Endpoint, kind: EventType) -> bool {
    endpoint.event_types.is_empty() || endpoint.event_types.contains(&kind)
}

/// A filter as it is stored. One over what its owner's events never have is refused.
pub(super) fn keep(ctx: &OpCtx, filter: Option<&Filter>) -> Result<Option<String>> {
    let Some(filter) = filter else { return Ok(None) };
    let audience = ctx.audience();
    if let Some((name, _)) = filter.terms().into_iter().find(|(name, _)| !name.is_told_to(audience))
    {
        let message = format!("the events of this endpoint never have the attribute {name}");
        return Err(Error::invalid(vec![Field::new("filter", "invalid", message)]));
    }
    Ok(Some(wire::partner::filter::text(filter)))
}
