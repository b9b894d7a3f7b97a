//! `/api/v1/mail/mailboxes/{email_address}/drafts`.

pub(crate) mod attachments;
pub(crate) mod edit;
pub(crate) mod read;
pub(crate) mod send;

use domain::Result;

use crate::query::{Query, invalid};

/// The generation that a query names.
fn generation(query: &Query) -> Result<i64> {
    let found = query.number("generation", 1..=i64::MAX)?;
    found.ok_or_else(|| invalid("generation", "is required"))
}
