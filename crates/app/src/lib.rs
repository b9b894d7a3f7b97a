//! Use-cases, one file an action. The only place where a rule, a transaction and an event meet.
//!
//! A use-case takes the open transaction, the context and its input; it authorises, loads, asks the
//! domain, writes, records the audit line and emits its events. [`App::execute`] opens the
//! transaction around it, replays an answer that was given before, and keeps the new one. Nothing
//! here knows HTTP; nothing here talks to the network while a transaction is open.

pub mod admin;
pub mod audit;
pub mod authenticate;
pub mod compliance;

mod ctx;
pub mod customers;
pub mod deliveries;
pub mod email;
mod emit;
pub mod endpoints;
pub mod events;
mod execute;
pub mod housekeeping;
pub mod ledger;
pub mod mail;
pub mod mail_actions;
pub mod mailboxes;
pub mod notices;
pub mod page;
pub mod secrets;
pub mod simulate;
pub mod snapshot;
pub mod test_clock;
pub mod usage;

use std::sync::Arc;

use domain::{Clock, Ids};
use storage::Db;

pub use ctx::{Actor, Idempotency, OpCtx, operator_ctx};
pub use emit::{News, emit, order_key};
pub use execute::Reply;
pub use storage::tenancy::Scope;
pub use storage::{Tx, Wake};

/// What every use-case reaches through its context. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Parts>,
}

/// The parts of an [`App`], named for whoever builds one.
pub struct Parts {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub secrets: secrets::DataKey,
    pub blobs: blob::Blobs,
    /// Judges the addresses that we connect to.
    pub guard: webhook::guard::Guard,
    /// Where this install is reached, without a final slash: `https://app.example.com`.
    pub public_url: String,
    pub email: email::Settings,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(parts) }
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.inner
    }
}
