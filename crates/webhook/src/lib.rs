//! Delivering one webhook: what is signed, what is sent, where it may go, and when to try again.
//!
//! Nothing here knows of a database or of many deliveries at once: which delivery is due, and what
//! becomes of its outcome, is decided in `tasks`. The same guarded connector fetches mail photos.

pub mod address;
mod connect;
pub mod custom;
pub mod ed25519;
mod fallback;
pub mod fetch;
pub mod guard;
pub mod headers;
pub mod identity;
pub mod ladder;
mod line;
pub mod listen;
pub mod outcome;
mod pool;
pub mod probe;
pub mod proxy;
pub mod retry_after;
pub mod sender;
mod shared;
pub mod signature;
mod stream;
pub mod target;
pub mod tls;
pub mod verify;
