//! Messages: sent, received, read, and what becomes of those that were sent.

pub mod answer;
pub mod attachment;
pub mod compose;
mod daily;
pub mod flags;
pub mod get;
pub mod ingest;
pub mod list;
pub mod lookup;
pub mod opens;
pub mod outbound;
pub mod outcome;
pub mod receive;
pub mod send;
