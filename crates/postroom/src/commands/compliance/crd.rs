//! `postroom compliance crd`: what people entered in the USPS Customer Registration Database.

use app::OpCtx;
use app::compliance::crd;
use clap::Subcommand;
use domain::compliance::CrdState;
use serde_json::{Value, json};
use storage::compliance::CrdRecord;

use crate::commands::parse::one_of;
use crate::out;

const COLUMNS: &[&str] = &["customer_id", "state", "form_id", "updated_at"];

#[derive(Subcommand)]
pub(super) enum Verb {
    /// The operator's customers in one state, the oldest first, at most 500.
    List {
        #[arg(long, value_parser = one_of!(CrdState), default_value = "to_enter")]
        state: CrdState,
    },
    /// Record what was done in the database for a customer.
    Record {
        customer: String,
        #[arg(value_parser = one_of!(CrdState))]
        state: CrdState,
    },
}

impl Verb {
    pub(super) async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        match self {
            Self::List { state } => {
                let state = *state;
                let work = async move |tx: &_, ctx: &_| crd::list(tx, ctx, state).await;
                let all = ctx.app.query(ctx, work).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
            }
            Self::Record { customer, state } => {
                let (id, state) = (customer.clone(), *state);
                let work = async move |tx: &_, ctx: &_| crd::record(tx, ctx, &id, state).await;
                out::thing(json, COLUMNS, &shown(&ctx.app.act(ctx, work).await?));
            }
        }
        Ok(())
    }
}

fn shown(r: &CrdRecord) -> Value {
    json!({
        "customer_id": r.customer_id.to_string(),
        "state": r.state.as_str(),
        "form_id": r.form_id.to_string(),
        "updated_at": r.updated_at.to_string(),
    })
}
