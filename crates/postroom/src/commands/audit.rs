//! `postroom audit`: who did what, and the proof that nobody changed the record of it.

use anyhow::bail;
use app::audit;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use storage::audit::AuditRecord;

use super::who::Staff;
use crate::config::Config;
use crate::{node, out};

const COLUMNS: &[&str] = &["at", "actor", "verb", "subject", "detail", "link"];
const EXAMPLES: &str = "Examples:
  postroom audit verify
  postroom audit list --limit 20
  postroom audit list --subject cus_01kb3v7m2zq8e4x5n6p7r8s9ta --json";

/// The audit log: list it, prove its chain.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    staff: Staff,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Recompute every link of the chain; exit status 1 when one does not hold.
    Verify,
    /// The newest records.
    List {
        /// Only what was done to this thing, by its shown id.
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        match &self.verb {
            Verb::Verify => verify(config, self.staff.json).await,
            Verb::List { subject, limit } => {
                let staff = self.staff.open(config).await?;
                let (subject, limit) = (subject.clone(), *limit);
                let work = async move |tx: &_, ctx: &_| {
                    audit::list(tx, ctx, subject.as_deref(), limit).await
                };
                let found = staff.query(work).await?;
                let rows: Vec<Value> = found.iter().map(shown).collect();
                out::rows(self.staff.json, COLUMNS, &rows);
                Ok(())
            }
        }
    }
}

async fn verify(config: &Config, json: bool) -> anyhow::Result<()> {
    let proof = audit::verify(&node::open(config).await?).await?;
    let value = json!({
        "holds": proof.broken_at.is_none(), "links": proof.links,
        "unlinked": proof.unlinked, "broken_at": proof.broken_at,
    });
    if json {
        out::line(&value);
    }
    if let Some(at) = proof.broken_at {
        bail!("the audit chain is broken at link {at}; the {} before it hold", proof.links);
    }
    if !json {
        out::line(format_args!("the audit chain holds: {} links", proof.links));
        if proof.unlinked > 0 {
            out::say(format_args!(
                "{} newer records wait to be linked, which a running server does within seconds",
                proof.unlinked
            ));
        }
    }
    Ok(())
}

fn shown(r: &AuditRecord) -> Value {
    let detail: Value = serde_json::from_str(&r.detail).unwrap_or_default();
    let actor = match &r.actor_id {
        Some(id) => format!("{} {id}", r.actor_kind),
        None => r.actor_kind.clone(),
    };
    json!({
        "id": r.id.to_string(),
        "at": r.at.to_string(),
        "actor": actor,
        "verb": r.verb,
        "subject": r.subject,
        "detail": detail,
        "partner_id": r.partner_id.map(|id| id.to_string()),
        "livemode": r.livemode,
        "request_id": r.request_id,
        "link": r.chain_no,
    })
}
