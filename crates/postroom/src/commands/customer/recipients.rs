//! `postroom customer recipients`: who may receive mail at a customer's mailbox.

use app::OpCtx;
use app::customers::recipients::{self, Covered};
use clap::Subcommand;
use domain::customer::{Recipient, RecipientKind};
use serde_json::{Value, json};

use crate::commands::parse::one_of;
use crate::out;

const COLUMNS: &[&str] = &["id", "name", "kind", "status"];

#[derive(Subcommand)]
pub(super) enum Verb {
    /// In the order in which they were added, those who were taken away included.
    List { customer: String },
    /// Add a name, which counts once it is authorised.
    Add {
        customer: String,
        /// As on their mail.
        name: String,
        #[arg(long, value_parser = one_of!(RecipientKind), default_value = "person")]
        kind: RecipientKind,
    },
    /// Let mail for a recipient be received.
    Authorise {
        customer: String,
        recipient: String,
        /// A Form 1583 of the recipient's own is on file; persons and businesses need one.
        #[arg(long)]
        own_form: bool,
    },
    /// Take a recipient away; the name stays on record.
    Remove { customer: String, recipient: String },
}

impl Verb {
    pub(super) async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let app = &ctx.app;
        let one = match self {
            Self::List { customer } => {
                let id = customer.clone();
                let work = async move |tx: &_, ctx: &_| recipients::list(tx, ctx, &id).await;
                let all = app.query(ctx, work).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
                return Ok(());
            }
            Self::Add { customer, name, kind } => {
                let (id, name, kind) = (customer.clone(), read_name(name)?, *kind);
                let work =
                    async move |tx: &_, ctx: &_| recipients::add(tx, ctx, &id, &name, kind).await;
                app.act(ctx, work).await?
            }
            Self::Authorise { customer, recipient, own_form } => {
                let (id, recipient) = (customer.clone(), recipient.clone());
                let covered = if *own_form { Covered::ByOwnForm } else { Covered::ByCustomersForm };
                let work = async move |tx: &_, ctx: &_| {
                    recipients::authorise(tx, ctx, &id, &recipient, covered).await
                };
                app.act(ctx, work).await?
            }
            Self::Remove { customer, recipient } => {
                let (id, recipient) = (customer.clone(), recipient.clone());
                let work =
                    async move |tx: &_, ctx: &_| recipients::remove(tx, ctx, &id, &recipient).await;
                app.act(ctx, work).await?
            }
        };
        out::thing(json, COLUMNS, &shown(&one));
        Ok(())
    }
}

/// A name of the length that the API takes too.
fn read_name(name: &str) -> domain::Result<String> {
    let mut fields = wire::reader::Fields::new(json!({"name": name}))?;
    let name = fields.text("name", 1..=200);
    fields.finish()?;
    Ok(name)
}

fn shown(r: &Recipient) -> Value {
    json!({
        "id": r.id.to_string(),
        "customer_id": r.customer_id.to_string(),
        "name": r.name,
        "kind": r.kind.as_str(),
        "status": r.status.as_str(),
    })
}
