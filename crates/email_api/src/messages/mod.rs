//! `/api/v1/mail/mailboxes/{email_address}/messages`.

pub(crate) mod answer;
pub(crate) mod attachments;
pub(crate) mod flags;
pub(crate) mod get;
pub(crate) mod ingest;
pub(crate) mod list;
pub(crate) mod lookup;
pub(crate) mod send;
