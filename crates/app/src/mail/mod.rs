//! Mail items: logged, read, listed, deleted, moved between hands.
//!
//! What is done with an item on request is `crate::mail_actions`.

mod bodies;
pub mod claim;
pub mod create;
pub mod custody;
pub mod delete;
pub mod get;
pub mod list;
pub mod log;
pub mod photos;
pub mod reassign;
pub mod unmatched;
pub mod view;

pub use view::MailView;
