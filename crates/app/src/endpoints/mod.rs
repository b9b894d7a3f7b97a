//! Webhook endpoints: made, changed, deleted, their secrets rotated, tried out.
//!
//! Events find their endpoints in `crate::emit`; sending is in `tasks`. A secret is sealed for its
//! endpoint's row and told only by the call that made it.

pub mod create;
pub mod delete;
pub(crate) mod filter;
pub mod get;
pub mod keys;
pub mod list;
pub mod pause;
pub mod resume;
pub mod revoke;
pub mod rotate;
mod secrets;
mod settings;
pub mod test_send;
pub mod update;

use domain::event::{Audience, EventType};
use domain::{Error, Field, Result};
use keys::LiveKey;
pub use settings::{certificate_place, headers_place};
pub use storage::endpoints::Endpoint;
pub use webhook::custom::REDACTED;
use webhook::signature::Secret;

use crate::OpCtx;

/// Most characters of a description.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// An endpoint and the secret that was just made for it.
#[derive(Debug)]
pub struct CreatedEndpoint {
    pub endpoint: Endpoint,
    pub secret: Secret,
    pub keys: Vec<LiveKey>,
}

/// Reads names of event types and of categories of them, as `mail.*`; none, or `*`, means the whole catalogue
/// and is the empty list.
pub fn read_types(words: &[String]) -> Result<Vec<EventType>> {
    if words.iter().any(|word| word == "*") {
        return Ok(Vec::new());
    }
    let mut wrong = Vec::new();
    let mut types = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let named = EventType::named(word);
        if named.is_empty() {
            let message = format!("there is no event type {word}");
            wrong.push(Field::new(format!("event_types/{i}"), "invalid", message));
        }
        types.extend(named);
    }
    if wrong.is_empty() { Ok(types) } else { Err(Error::invalid(wrong)) }
}

/// Under which name a secret of an endpoint is sealed.
pub fn seal_place(endpoint_no: i64) -> String {
    format!("endpoint/{endpoint_no}")
}

/// Under which name the key pairs of an endpoint are sealed.
pub fn pair_place(endpoint_no: i64) -> String {
    format!("endpoint/{endpoint_no}/pair")
}

/// Refuses a URL that this install would never send to.
fn check_url(ctx: &OpCtx, url: &str) -> Result<()> {
    match ctx.app.guard.check_webhook(url) {
        Ok(_) => Ok(()),
        Err(problem) => {
            Err(Error::invalid(vec![Field::new("url", "invalid", problem.to_string())]))
        }
    }
}

fn check_description(description: Option<&str>) -> Result<()> {
    if description.is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
        let message = "a description has at most 200 characters";
        return Err(Error::invalid(vec![Field::new("description", "too_long", message)]));
    }
    Ok(())
}

/// Each type once, in the order of the catalogue; all that its owner may hear become the empty list. Others
/// are refused.
fn tidy_types(ctx: &OpCtx, types: &[EventType]) -> Result<Vec<EventType>> {
    let audience = ctx.audience();
    if let Some(kind) = types.iter().find(|kind| kind.audience() != audience) {
        return Err(Error::invalid(vec![not_heard("event_types", *kind)]));
    }
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    Ok(if types.len() == audience.types().len() { Vec::new() } else { types })
}

fn not_heard(param: &str, kind: EventType) -> Field {
    let message = match kind.audience() {
        Audience::Partner => format!("{kind} is told to partners only"),
        Audience::Operator => format!("{kind} is told to operators only"),
        Audience::Mailbox => format!("{kind} is told to subscriptions of e-mail mailboxes only"),
    };
    Field::new(param, "invalid", message)
}
