//! `postroom mailbox email`: what is set for mailboxes of e-mail, how full they are, and what is in them.
//!
//! They are made and deleted with their identities, by `postroom identity`.

use std::path::PathBuf;

use app::email::mailboxes::{get, list, update};
use app::email::search::search;
use app::{App, OpCtx, Tx};
use clap::{Args, Subcommand};
use domain::email::import::ImportFormat;
use domain::email::rule::FilterMode;
use serde_json::json;
use wire::email::imports::NewImport;
use wire::email::mailboxes::{ChangeMailbox, Mailbox};

use super::parse::one_of;
use super::who::{Staff, Tenant};
use super::{mailbox_import, message};
use crate::out;

/// Messages that a search shows unless it is told otherwise, and at most.
const SEARCH_ROWS: usize = 20;
const SEARCH_ROWS_MAX: usize = 100;

const COLUMNS: &[&str] =
    &["email_address", "filter_mode", "storage_used_bytes", "storage_limit_bytes", "id"];
const DETAILS: &[&str] = &[
    "email_address",
    "id",
    "agent_identity_id",
    "inbound_filter_mode",
    "outbound_filter_mode",
    "signature_enabled",
    "signature_text",
    "signature_html",
    "storage_used_bytes",
    "storage_limit_bytes",
    "created_at",
    "updated_at",
];
const EXAMPLES: &str = "Examples:
  postroom mailbox email show support-bot@agents.example.com
  postroom mailbox email set support-bot@agents.example.com --signature-text 'Your support' --signature-enabled true
  postroom mailbox email search support-bot@agents.example.com invoice march
  postroom mailbox email import support-bot@agents.example.com archive.mbox --own support@old.example";

/// Mailboxes of e-mail: list, show, change, search, bring mail along.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Command {
    /// The partner, by its slug; needed only where there are several.
    #[arg(id = "acting_partner", long = "partner", global = true, value_name = "SLUG")]
    partner: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Every mailbox of the organization, newest first.
    List,
    /// One mailbox: its address, filters, signature, and how full it is.
    Show {
        /// Its address, or the handle of its identity.
        mailbox: String,
    },
    /// Change a mailbox; what is not given stays.
    Set {
        /// Its address, or the handle of its identity.
        mailbox: String,
        /// What stands under each message that is sent; an empty one takes it away.
        #[arg(long, value_name = "TEXT")]
        signature_text: Option<String>,
        /// The same in messages that have HTML.
        #[arg(long, value_name = "HTML")]
        signature_html: Option<String>,
        /// Whether it is added.
        #[arg(long, value_name = "BOOL")]
        signature_enabled: Option<bool>,
        /// Whom inbound mail is let through from: all but those who are blocked, or only those who are allowed.
        #[arg(long, value_parser = one_of!(FilterMode))]
        filter: Option<FilterMode>,
    },
    /// Messages that have every one of these words, the best first.
    Search {
        /// Its address, or the handle of its identity.
        mailbox: String,
        /// In the subject, the text, the addresses or the names of attachments.
        #[arg(required = true)]
        words: Vec<String>,
        /// At most this many messages; 100 at most.
        #[arg(long, value_name = "N", default_value_t = SEARCH_ROWS)]
        limit: usize,
    },
    /// Bring mail along from another house, and wait until it is there.
    Import {
        /// Its address, or the handle of its identity.
        mailbox: String,
        /// One message, an mbox or a zip of both, of at most 1 GiB; - reads standard input.
        file: PathBuf,
        /// What the file is; auto finds out by its first bytes.
        #[arg(long, value_parser = one_of!(ImportFormat), default_value = "auto")]
        format: ImportFormat,
        /// An address that was this mailbox's there: what is from it is kept as sent. Can be given several times.
        #[arg(long = "own", value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// Leave what arrived unread.
        #[arg(long)]
        unread: bool,
    },
}

impl Command {
    pub(super) async fn run(&self, staff: &Staff, app: &App) -> anyhow::Result<()> {
        // E-mail knows no test world.
        let partner = self.partner.clone();
        let tenant = Tenant { partner, test: false, staff: staff.clone() };
        let (json, ctx) = (tenant.json(), tenant.ctx(app).await?);
        match &self.verb {
            Verb::List => {
                let all = ctx.app.query(&ctx, async |tx, ctx| list(tx, ctx).await).await?;
                let rows = all.iter().map(|(owner, used)| json!(Mailbox::of(owner, *used)));
                out::rows(json, COLUMNS, &rows.collect::<Vec<_>>());
            }
            Verb::Show { mailbox } => {
                let address = mailbox.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| get(tx, ctx, &address).await;
                let (owner, used) = ctx.app.query(&ctx, work).await?;
                out::thing(json, DETAILS, &json!(Mailbox::of(&owner, used)));
            }
            Verb::Set { mailbox, signature_text, signature_html, signature_enabled, filter } => {
                let (text, html) = (signature_text.as_deref(), signature_html.as_deref());
                let change = change(text, html, *signature_enabled, *filter)?;
                let address = mailbox.clone();
                let work =
                    async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &address, &change).await;
                let changed = ctx.app.act(&ctx, work).await?;
                let mut shown = Mailbox::of(&changed.owner, changed.used_bytes);
                shown.mailbox.filter_mode_change_notice = changed.notice;
                out::thing(json, DETAILS, &json!(shown));
            }
            Verb::Search { mailbox, words, limit } => {
                let (address, query) = (mailbox.clone(), words.join(" "));
                let limit = (*limit).clamp(1, SEARCH_ROWS_MAX);
                let work = async move |tx: &Tx, ctx: &OpCtx| {
                    search(tx, ctx, &address, &query, limit).await
                };
                let found = ctx.app.query(&ctx, work).await?;
                let rows: Vec<_> = found.iter().map(message::shown).collect();
                out::rows(json, message::COLUMNS, &rows);
            }
            Verb::Import { mailbox, file, format, addresses, unread } => {
                let addresses = (!addresses.is_empty()).then(|| addresses.clone());
                let new = NewImport { format: *format, addresses, mark_as_read: !unread };
                return mailbox_import::run(&ctx, mailbox, file, new, json).await;
            }
        }
        Ok(())
    }
}

/// The change as the body of the API says it, so that its rules hold here too.
fn change(
    text: Option<&str>,
    html: Option<&str>,
    enabled: Option<bool>,
    filter: Option<FilterMode>,
) -> anyhow::Result<ChangeMailbox> {
    let mut body = serde_json::Map::new();
    for (name, typed) in [("signature_text", text), ("signature_html", html)] {
        if let Some(typed) = typed {
            let value = if typed.is_empty() { json!(null) } else { json!(typed) };
            body.insert(name.to_owned(), value);
        }
    }
    if let Some(enabled) = enabled {
        body.insert("signature_enabled".to_owned(), json!(enabled));
    }
    if let Some(filter) = filter {
        body.insert("filter_mode".to_owned(), json!(filter.as_str()));
    }
    Ok(ChangeMailbox::read(body.into())?)
}
