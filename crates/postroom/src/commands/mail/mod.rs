//! `postroom mail`: letters and packages, from the counter to where they end.
//!
//! Logging is in [`log`], what is asked to be done with an item in [`ask`]; the work itself is
//! `postroom action`.

mod ask;
mod list;
mod log;

pub(super) use log::Item;

use app::mail::{MailView, claim, custody, delete, get, reassign};
use app::mail_actions::complete::Handover;
use app::mail_actions::pickup;
use app::{OpCtx, Tx, operator_ctx, snapshot};
use clap::{Args, Subcommand};
use domain::mail::MailFlag;
use domain::minutes;
use serde_json::{Value, json};

use super::action;
use super::parse::one_of;
use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

pub(super) const DETAILS: &[&str] = &[
    "id",
    "customer_id",
    "external_customer_id",
    "type",
    "subtype",
    "status",
    "flags",
    "accountable",
    "carrier",
    "tracking_number",
    "sender_name",
    "addressed_to",
    "weight_g",
    "received_at",
    "performed_by",
    "free_storage_until",
    "photo_links",
    "scan.pages",
    "open_actions",
    "available_actions",
    "warnings",
    "external_mail_id",
    "metadata",
];
const EXAMPLES: &str = "Examples:
  postroom mail log ext:crm_customer_123 package --tracking-number 1Z9999999999999999 \\
    --photo https://photos.example.com/front.jpg --photo label:https://photos.example.com/label.jpg
  postroom mail log box:SITE1:302 letter --sender 'Travis County' --flags government
  postroom mail list ext:crm_customer_123 --status arrived,scanned
  postroom mail scan mail_01kb3v7m2zq8e4x5n6p7r8s9ta
  postroom mail forward mail_01kb3v7m2zq8e4x5n6p7r8s9ta --carrier usps --max-cost-minor 1500
  postroom mail mark mail_01kb3v7m2zq8e4x5n6p7r8s9ta legal_hold

A customer is named by id, or by ext: and the partner's own id; to log, also by box: with the
location and the number.
What was asked for is carried out with `postroom action`.";

/// How long links to photos are good, in microseconds: as long as those of the API.
const LINK_LIFE: i64 = minutes(15);

/// Letters and packages: log what arrived, ask for work on it, say where it is.
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
    List(list::List),
    /// One item, with its photos and what was asked of it.
    Show {
        id: String,
    },
    Log(Box<log::Log>),
    #[command(flatten)]
    Ask(ask::Ask),
    /// Give an item to somebody who stands at the desk and did not ask before.
    HandOver {
        id: String,
        /// Who takes it.
        #[arg(long, value_name = "NAME")]
        to: String,
        /// The kind of photo ID that was checked, such as passport.
        #[arg(long, value_name = "TYPE")]
        id_type: String,
    },
    #[command(flatten)]
    Move(Move),
    /// Give an item that was logged for the wrong customer to the right one, within 72 hours and
    /// before anything was asked of it.
    Reassign {
        id: String,
        /// The right one: an id, or ext: and the partner's own id.
        customer: String,
        /// The right one's partner, by slug, if it is another.
        #[arg(long, value_name = "SLUG")]
        to_partner: Option<String>,
        #[command(flatten)]
        sure: Sure,
    },
    /// Take back what a partner logged by mistake, before any work on it.
    Delete {
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// What happens to an item without being asked for.
#[derive(Clone, Subcommand)]
enum Move {
    /// It can't be found; what was asked of it is cancelled.
    Missing { id: String },
    /// It turned up.
    Found { id: String },
    /// It goes back to who sent it. Not for mail of current or recent customers.
    ReturnToSender {
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Its customer takes it for theirs, whatever name is on it.
    Accept { id: String },
    /// Its customer says that it is somebody else's; it waits in `intake resort`.
    Disown { id: String },
    /// Set a mark, such as check or `legal_hold`.
    Mark {
        id: String,
        #[arg(value_parser = one_of!(MailFlag))]
        flag: MailFlag,
        /// Take the mark back.
        #[arg(long)]
        off: bool,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        let ctx = self.tenant.open(config).await?;
        let app = &ctx.app;
        let view = match &self.verb {
            Verb::List(list) => return list.run(&ctx, json).await,
            Verb::Ask(ask) => return ask.run(&ctx, json).await,
            Verb::Delete { id, sure } => {
                sure.ask(&format!("deleting {id}"))?;
                let id = id.clone();
                let work = async move |tx: &_, ctx: &_| delete::delete(tx, ctx, &id).await;
                let gone = json!({"id": app.act(&ctx, work).await?, "deleted": true});
                out::thing(json, &["id", "deleted"], &gone);
                return Ok(());
            }
            Verb::Show { id } => {
                let id = id.clone();
                app.query(&ctx, async move |tx, ctx| get::get(tx, ctx, &id).await).await?
            }
            Verb::Log(log) => log.run(&self.tenant, &ctx).await?,
            Verb::HandOver { id, to, id_type } => {
                return hand_over(&ctx, id, to, id_type, json).await;
            }
            Verb::Reassign { id, customer, to_partner, sure } => {
                sure.ask(&format!("moving {id} to {customer}"))?;
                let to = match to_partner {
                    Some(slug) => {
                        operator_ctx(app, slug, ctx.livemode(), &self.tenant.staff.name).await?
                    }
                    None => ctx.clone(),
                };
                let (id, customer) = (id.clone(), customer.clone());
                let work = async move |tx: &_, ctx: &_| {
                    reassign::reassign(tx, ctx, &id, &to, &customer).await
                };
                app.act(&ctx, work).await?
            }
            Verb::Move(step) => {
                if let Move::ReturnToSender { id, sure } = step {
                    sure.ask(&format!("returning {id}"))?;
                }
                let step = step.clone();
                app.act(&ctx, async move |tx, ctx| step.take(tx, ctx).await).await?
            }
        };
        out::thing(json, DETAILS, &shown(&ctx, &view));
        Ok(())
    }
}

impl Move {
    async fn take(&self, tx: &Tx, ctx: &OpCtx) -> domain::Result<MailView> {
        match self {
            Self::Missing { id } => custody::missing(tx, ctx, id).await,
            Self::Found { id } => custody::found(tx, ctx, id).await,
            Self::ReturnToSender { id, .. } => custody::return_to_sender(tx, ctx, id).await,
            Self::Accept { id } => claim::accept(tx, ctx, id).await,
            Self::Disown { id } => claim::disown(tx, ctx, id).await,
            Self::Mark { id, flag, off } => custody::mark(tx, ctx, id, *flag, !off).await,
        }
    }
}

async fn hand_over(
    ctx: &OpCtx,
    id: &str,
    to: &str,
    id_type: &str,
    json: bool,
) -> anyhow::Result<()> {
    let id = id.to_owned();
    let handover =
        Handover { released_to: to.to_owned(), code: None, id_type: Some(id_type.to_owned()) };
    let work = async move |tx: &_, ctx: &_| pickup::walk_in(tx, ctx, &id, &handover).await;
    action::print(ctx, json, &ctx.app.act(ctx, work).await?);
    Ok(())
}

/// An item as partners see it, and in short what else stands beside it.
pub(super) fn shown(ctx: &OpCtx, view: &MailView) -> Value {
    let shape = snapshot::mail(ctx, view, LINK_LIFE);
    let link = |p: &wire::partner::mail::Photo| p.url.clone().unwrap_or_else(|| p.status.clone());
    let links: Vec<String> = shape.photos.iter().map(link).collect();
    let open = view.actions.iter().filter(|a| a.status.is_open());
    let open: Vec<String> = open.map(|a| format!("{} {} {}", a.kind, a.status, a.id)).collect();
    let mut value = snapshot::value(&shape);
    value["photo_links"] = json!(links);
    value["open_actions"] = json!(open);
    value
}
