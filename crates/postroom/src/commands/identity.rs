//! `postroom identity`: agents with e-mail mailboxes.

use app::email::identities::{access, create, delete, get, list, update};
use app::{OpCtx, Tx};
use clap::{Args, Subcommand};
use domain::email::Identity;
use domain::email::rule::FilterMode;
use serde_json::{Value, json};
use wire::email::grants::Viewer;
use wire::email::identities::{ChangeIdentity, CreateIdentity};
use wire::reader::Patch;

use super::parse::one_of;
use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["handle", "address", "display_name", "filter", "id"];
const EXAMPLES: &str = "Examples:
  postroom identity create support-bot --name 'Support'
  postroom identity list --json
  postroom identity show support-bot
  postroom identity grant support-bot --to billing-bot
  postroom identity delete support-bot --yes";

/// Agents with e-mail mailboxes: make, list, show, change, delete, and who sees them.
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
    /// Every identity of the organization, newest first.
    List,
    Show {
        handle: String,
    },
    /// Make an identity with its mailbox.
    Create {
        handle: String,
        /// What recipients read before the address; default is the handle.
        #[arg(long = "name", value_name = "NAME")]
        display_name: Option<String>,
        /// For people of the organization.
        #[arg(long)]
        description: Option<String>,
        /// A verified domain of the organization; default is the organization's.
        #[arg(long)]
        domain: Option<String>,
        /// What stands before the @ on that domain.
        #[arg(long, requires = "domain")]
        local_part: Option<String>,
    },
    /// Change an identity; what is not given stays.
    Set {
        handle: String,
        #[arg(long = "name", value_name = "NAME")]
        display_name: Option<String>,
        #[arg(long)]
        description: Option<String>,
        /// Whom inbound mail is let through from: all but those who are blocked, or only those who are allowed.
        #[arg(long, value_parser = one_of!(FilterMode))]
        filter: Option<FilterMode>,
    },
    /// Delete an identity with its mailbox, subscriptions, rules and keys.
    Delete {
        handle: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Let another identity see this one, or all of them.
    Grant {
        handle: String,
        /// Who may see it; default is every identity of the organization.
        #[arg(long = "to", value_name = "HANDLE")]
        viewer: Option<String>,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (json, ctx) = (self.tenant.json(), self.tenant.open(config).await?);
        let one = match &self.verb {
            Verb::List => {
                let all = ctx.app.query(&ctx, async |tx, ctx| list::list(tx, ctx).await).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
                return Ok(());
            }
            Verb::Show { handle } => {
                let handle = handle.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| get::get(tx, ctx, &handle).await;
                ctx.app.query(&ctx, work).await?
            }
            Verb::Create { handle, display_name, description, domain, local_part } => {
                let new = CreateIdentity {
                    handle: handle.clone(),
                    display_name: display_name.clone(),
                    description: description.clone(),
                    contact_sharing: true,
                    imessage: false,
                    local_part: local_part.clone(),
                    sending_domain: domain.clone().map_or(Patch::Keep, Patch::Set),
                };
                let work = async move |tx: &Tx, ctx: &OpCtx| create::create(tx, ctx, &new).await;
                ctx.app.act(&ctx, work).await?
            }
            Verb::Set { handle, display_name, description, filter } => {
                let handle = handle.clone();
                let change = ChangeIdentity {
                    display_name: display_name.clone().map_or(Patch::Keep, Patch::Set),
                    description: description.clone().map_or(Patch::Keep, Patch::Set),
                    handle: None,
                    contact_sharing: None,
                    imessage: None,
                    inbound_filter: *filter,
                    outbound_filter: None,
                };
                let work = async move |tx: &Tx, ctx: &OpCtx| {
                    update::update(tx, ctx, &handle, &change).await
                };
                ctx.app.act(&ctx, work).await?
            }
            Verb::Delete { handle, sure } => {
                sure.ask(&format!("deleting {handle} with all its mail"))?;
                let name = handle.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| delete::delete(tx, ctx, &name).await;
                ctx.app.act(&ctx, work).await?;
                out::say(format_args!("{handle} is deleted"));
                return Ok(());
            }
            Verb::Grant { handle, viewer } => return grant(&ctx, handle, viewer.as_deref()).await,
        };
        out::thing(json, COLUMNS, &shown(&one));
        Ok(())
    }
}

async fn grant(ctx: &OpCtx, handle: &str, viewer: Option<&str>) -> anyhow::Result<()> {
    let (target, viewer) = (handle.to_owned(), viewer.map(ToOwned::to_owned));
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let viewer = match &viewer {
            Some(handle) => Viewer::One(Some(get::get(tx, ctx, handle).await?.id)),
            None => Viewer::Everybody,
        };
        access::grant(tx, ctx, &target, viewer).await
    };
    ctx.app.act(ctx, work).await?;
    out::say(format_args!("{handle} is seen by more"));
    Ok(())
}

fn shown(i: &Identity) -> Value {
    json!({
        "id": i.id.to_string(),
        "handle": i.handle,
        "address": i.address,
        "mailbox_id": i.mailbox_id.to_string(),
        "display_name": i.display_name,
        "description": i.description,
        "filter": i.inbound_filter.as_str(),
        "created_at": i.created_at.to_string(),
    })
}
