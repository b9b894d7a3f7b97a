//! What happens after commit: webhooks are delivered, the audit chain is linked, old rows leave.
//!
//! Every task finds its work in rows, so that none is lost when the process ends. [`Tasks::start`]
//! runs them on the process that leads, woken by signals and by the clock; [`Tasks::settle`] runs them
//! by hand until nothing is due. The rules of one attempt are in `webhook`, those of the business in
//! `app`.

mod chain;
mod deliver;
mod driver;
mod housekeeping;

use std::sync::Arc;

use app::App;
use domain::Result;
use webhook::headers::PartnerHeaders;
use webhook::sender::Sender;

pub use driver::{Running, TaskStatus};

use deliver::Deliverer;

/// Rounds of [`Tasks::settle`]: work makes work, such as an event that a simulation emits, but not
/// without end.
const SETTLE_ROUNDS_MAX: usize = 64;

/// All tasks of one install. Cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    parts: Arc<Parts>,
}

struct Parts {
    app: App,
    sender: Sender,
    headers: PartnerHeaders,
}

impl Tasks {
    /// `sender` makes the connections out, `headers` names what a partner's webhooks carry.
    pub fn new(app: App, sender: Sender, headers: PartnerHeaders) -> Self {
        Self { parts: Arc::new(Parts { app, sender, headers }) }
    }

    /// Runs every task by hand until nothing is due at the current clock. It does not wait for what is
    /// due later, and must not run beside [`Tasks::start`] of the same install.
    pub async fn settle(&self) -> Result<()> {
        for _ in 0..SETTLE_ROUNDS_MAX {
            let mut done = housekeeping::run(self).await?;
            done += chain::run(self).await?;
            done += Deliverer::new(self).settle().await;
            if done == 0 {
                return Ok(());
            }
        }
        Err(domain::Error::internal("settling", "the tasks find ever more work"))
    }

    /// Starts the tasks in the background, on the process that leads.
    pub fn start(&self) -> Running {
        driver::start(self)
    }
}
