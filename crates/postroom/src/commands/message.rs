//! `postroom message`: what is in an e-mail mailbox; sending, and taking in raw messages.

use std::path::PathBuf;

use app::email::messages::compose::prepare;
use app::email::messages::ingest::ingest_for;
use app::email::messages::list::{MessageFilter, list};
use app::email::messages::send::send;
use app::email::messages::{get, outcome};
use app::{OpCtx, Tx};
use clap::{Args, Subcommand};
use domain::email::{Direction, Message};
use serde_json::{Value, json};
use wire::email::messages::{SendMessage, To};

use super::parse::{self, one_of};
use super::who::Tenant;
use crate::config::Config;
use crate::out;

/// Messages that a list shows unless it is told otherwise, and at most.
const LIST_ROWS: usize = 50;
const LIST_ROWS_MAX: usize = 1000;

pub(super) const COLUMNS: &[&str] = &["created_at", "direction", "status", "from", "subject", "id"];
const DETAILS: &[&str] = &[
    "id",
    "thread_id",
    "created_at",
    "direction",
    "status",
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "recipients",
    "text",
];
const EXAMPLES: &str = "Examples:
  postroom message list support-bot@agents.example.com --direction inbound
  postroom message show support-bot@agents.example.com 0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001
  postroom message send support-bot@agents.example.com --to ann@example.com --subject Hello --text 'How are you?'
  postroom message ingest support-bot@agents.example.com letter.eml --from ann@example.com";

/// E-mail messages: list, show, send, ingest.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    tenant: Tenant,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Messages of a mailbox, newest first.
    List {
        /// The mailbox, by its address.
        mailbox: String,
        #[arg(long, value_parser = one_of!(Direction))]
        direction: Option<Direction>,
        #[arg(long, default_value_t = LIST_ROWS)]
        limit: usize,
    },
    /// One message with its text, and what became of it for each recipient. Nothing is marked as read.
    Show { mailbox: String, id: String },
    /// Send a message.
    Send {
        mailbox: String,
        #[arg(long, required = true)]
        to: Vec<String>,
        #[arg(long)]
        cc: Vec<String>,
        #[arg(long)]
        bcc: Vec<String>,
        #[arg(long)]
        subject: String,
        #[arg(long)]
        text: String,
    },
    /// Take in a raw message, as mail from outside comes in.
    Ingest {
        mailbox: String,
        /// The message as RFC 5322 writes it; - reads standard input.
        file: PathBuf,
        /// The sender as the transport said.
        #[arg(long, default_value = "")]
        from: String,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (json, ctx) = (self.tenant.json(), self.tenant.open(config).await?);
        match &self.verb {
            Verb::List { mailbox, direction, limit } => {
                let (mailbox, limit) = (mailbox.clone(), (*limit).clamp(1, LIST_ROWS_MAX));
                let filter = MessageFilter { direction: *direction, ..MessageFilter::default() };
                let work = async move |tx: &Tx, ctx: &OpCtx| {
                    list(tx, ctx, &mailbox, filter, None, limit).await
                };
                let found = ctx.app.query(&ctx, work).await?;
                out::rows(json, COLUMNS, &found.items.iter().map(shown).collect::<Vec<_>>());
            }
            Verb::Show { mailbox, id } => {
                let detail = get::get(&ctx, mailbox, id).await?;
                let (address, wanted) = (mailbox.clone(), id.clone());
                let work = async move |tx: &Tx, ctx: &OpCtx| {
                    outcome::recipients(tx, ctx, &address, &wanted).await
                };
                let recipients = ctx.app.query(&ctx, work).await?;
                let told = recipients.iter().map(|r| {
                    let said =
                        r.detail.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
                    format!("{} {}{said}", r.address, r.state)
                });
                let mut value = json!(detail);
                value["from"] = value["from_address"].take();
                value["to"] = value["to_addresses"].take();
                value["cc"] = value["cc_addresses"].take();
                value["bcc"] = value["bcc_addresses"].take();
                value["text"] = value["body_text"].take();
                value["recipients"] = json!(told.collect::<Vec<_>>());
                out::thing(json, DETAILS, &value);
            }
            Verb::Send { mailbox, to, cc, bcc, subject, text } => {
                let message = SendMessage {
                    recipients: To { to: to.clone(), cc: cc.clone(), bcc: bcc.clone() },
                    subject: subject.clone(),
                    text: Some(text.clone()),
                    html: None,
                    in_reply_to: None,
                    reply_to: None,
                    attachments: Vec::new(),
                    track_opens: false,
                };
                let prepared = prepare(&ctx, mailbox, message).await?;
                let work = async move |tx: &Tx, ctx: &OpCtx| send(tx, ctx, &prepared).await;
                out::thing(json, COLUMNS, &shown(&ctx.app.act(&ctx, work).await?));
            }
            Verb::Ingest { mailbox, file, from } => {
                let stored = ingest_for(&ctx, mailbox, from, parse::file(file)?).await?;
                let value = json!({"id": stored.id.to_string(), "is_duplicate": stored.is_known});
                out::thing(json, &["id", "is_duplicate"], &value);
            }
        }
        Ok(())
    }
}

pub(super) fn shown(m: &Message) -> Value {
    json!({
        "id": m.id.to_string(),
        "thread_id": m.thread_id.to_string(),
        "created_at": m.created_at.to_string(),
        "direction": m.direction.as_str(),
        "status": m.status.as_str(),
        "from": m.from_address,
        "to": m.to,
        "cc": m.cc,
        "subject": m.subject,
        "snippet": m.snippet,
        "is_read": m.is_read,
    })
}
