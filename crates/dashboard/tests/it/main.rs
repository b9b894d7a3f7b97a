//! The developer pages through HTTP: what is served, where it links, what it promises to receivers.
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod links;
mod pages;
mod reader;
mod reference;
mod verifiers;
