//! E-mail as bytes: addresses, reading and building messages, threads, replies and forwards, mbox, vCard.
//!
//! Pure functions: no socket, no database, no clock, no await. Each library is behind one module:
//! `mail-parser` in `field`, `mail-builder` in `build`. Rows are in `storage`, use-cases in `app`.

pub mod address;
mod address_list;
pub mod attachment;
pub mod auto;
mod bodies;
pub mod build;
mod build_check;
mod decoder;
mod field;
pub mod filename;
mod flowed;
pub mod forward;
mod header;
pub mod html;
mod html_token;
pub mod mbox;
pub mod message_id;
pub mod parse;
pub mod quote;
pub mod reply;
mod scan;
pub mod text;
pub mod thread;
mod transfer;
pub mod vcard;
pub mod words;

pub use address::{Address, AddressProblem, Mailbox};
pub use attachment::{Attachment, AttachmentProblem};
pub use auto::Auto;
pub use build::{BuildProblem, Outgoing, build};
pub use parse::{ParseProblem, Parsed, Part, parse, part_bytes};
