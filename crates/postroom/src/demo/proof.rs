//! What must hold at the end of the story: everything arrived once, in order, and the audit chain holds.

use anyhow::ensure;
use app::audit;

use super::client::Call;
use super::stage::Stage;
use super::steps::{LOOK_EVERY, LOOK_FOR, Walk};

/// Events on one page of the log; the story has fewer.
const LOG_ROWS: usize = 100;

impl Walk {
    /// Holds what arrived against the log, and proves the audit chain.
    pub(super) async fn prove(&mut self, customer: &str) -> anyhow::Result<()> {
        self.stage.step("Did it hold? The log of events, the deliveries and the audit chain.");
        let call = Call::get(format!("/api/v1/events?customer_id={customer}&limit={LOG_ROWS}"));
        let log = self.make(&call).await?;
        self.all_delivered().await?;
        // What came twice would be here by now: every delivery has ended.
        while let Some(arrival) = self.receiver.try_next() {
            self.take(arrival)?;
        }
        let logged = log.json["data"].as_array().cloned().unwrap_or_default();
        let mut sent: Vec<&str> = logged.iter().filter_map(|e| e["id"].as_str()).collect();
        let mut came: Vec<&str> = self.heard.iter().map(|a| a.event_id.as_str()).collect();
        sent.sort_unstable();
        came.sort_unstable();
        ensure!(sent == came, "the receiver heard {came:?} and the log has {sent:?}");
        ensure!(self.heard.iter().all(|a| a.customer_id == customer), "somebody else's event came");
        let numbers = self.heard.iter().map(|a| a.sequence);
        ensure!(numbers.eq(1..=self.heard.len() as i64), "the events are not numbered from 1 on");
        let links = self.prove_chain().await?;
        self.stage
            .back(&format!("{0} events, {0} heard, each once, numbered from 1 to {0}", sent.len()));
        self.stage.back(&format!("{0} signatures, {0} hold for the seed's verifier", came.len()));
        self.stage.back(&format!("{links} audit records, every link of the chain holds"));
        Stage::note("\nAll of it held.");
        Ok(())
    }

    async fn all_delivered(&self) -> anyhow::Result<()> {
        let call = Call::get(format!("/api/v1/webhook-deliveries?limit={LOG_ROWS}"));
        let deadline = tokio::time::Instant::now() + LOOK_FOR;
        loop {
            let told = self.crm.make(&call).await?;
            let all = told.json["data"].as_array().cloned().unwrap_or_default();
            if !all.is_empty() && all.iter().all(|d| d["status"] == "succeeded") {
                return Ok(());
            }
            ensure!(tokio::time::Instant::now() < deadline, "not every delivery succeeded");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn prove_chain(&self) -> anyhow::Result<i64> {
        let deadline = tokio::time::Instant::now() + LOOK_FOR;
        loop {
            let proof = audit::verify(&self.ctx.app).await?;
            ensure!(proof.broken_at.is_none(), "the audit chain does not hold");
            if proof.unlinked == 0 {
                return Ok(proof.links);
            }
            ensure!(tokio::time::Instant::now() < deadline, "the audit chain was not linked");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
