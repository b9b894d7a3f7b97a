//! JSON shapes of the APIs and of event payloads, each with a sample. Converts from `domain`; no logic.

pub mod events;
pub mod partner;
pub mod reader;
