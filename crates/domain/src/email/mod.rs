//! The e-mail half: identities, their mailboxes, messages and who may see whom.
//!
//! Bytes of messages are read and made in the crate `email`; rows are in `storage::email`. Sources:
//! seed 002, email-api.md, email-engine.md 3.

pub mod contact;
pub mod draft;
pub mod handle;
pub mod identity;
pub mod import;
mod merge;
pub mod message;
pub mod note;
pub mod outbound;
pub mod rule;
pub mod sending_domain;

pub use contact::Contact;
pub use draft::{Draft, DraftAttachment};
pub use identity::{Identity, Signature};
pub use import::Import;
pub use merge::ProfileField;
pub use message::{Direction, Folder, Message, MessageStatus, Thread};
pub use note::Note;
pub use sending_domain::{DomainStatus, SendingDomain};
