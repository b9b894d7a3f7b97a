//! JSON shapes of the APIs and of event payloads. Converts from `domain`; no logic.

pub mod events;
