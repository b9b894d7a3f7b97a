//! The test harness: a whole server in process, personas, receivers, a clock that tests move.
//!
//! A dev-dependency only. Every response that passes through it is checked against the OpenAPI
//! document, so a handler whose documentation drifts fails the test that called it.

pub mod agent;
pub mod answer;
pub mod clock;
pub mod contract;
pub mod database;
pub mod mutual;
pub mod persona;
pub mod pictures;
pub mod receiver;
pub mod rough;
pub mod server;
pub mod story;
pub mod stream;

pub use agent::{Agent, Organization};
pub use answer::Answer;
pub use clock::{CountedIds, START, TestClock};
pub use mutual::MutualReceiver;
pub use persona::{Mailroom, Persona};
pub use pictures::Pictures;
pub use receiver::{Received, Receiver};
pub use rough::{Act, Certificate, Rough};
pub use server::TestServer;
pub use stream::{Stream, Told};

/// Waits for calls that are under way at the same time.
pub async fn all<T>(calls: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(calls).await
}
