//! JSON shapes of the APIs and of event payloads, each with a sample. Converts from `domain`; no logic.
//!
//! What the APIs answer and read is in [`partner`], payloads in [`events`], the reading of bodies in
//! [`reader`], examples for documents and test buttons in [`samples`].

pub mod email;
pub mod events;
pub mod partner;
pub mod reader;
pub mod samples;
