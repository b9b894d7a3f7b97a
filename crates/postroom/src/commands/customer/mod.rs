//! `postroom customer`: who rents a mailbox, from the invitation to the end of service.
//!
//! What is typed becomes the body that a partner would send, and is read as such; see [`fields`].

mod fields;
mod list;
mod recipients;

use app::customers::create::{NewCustomer, create};
use app::customers::deactivate::{Deactivation, deactivate};
use app::customers::suspend::{self, Cause};
use app::customers::update::{CustomerChange, update};
use app::customers::{CustomerView, activate, billing, get, invite, reactivate};
use app::{OpCtx, Tx, snapshot};
use clap::{Args, Subcommand};
use domain::customer::ActivatedVia;
use serde_json::{Value, json};
use wire::partner::customers::{CreateCustomer, DeactivateCustomer, UpdateCustomer};

use super::parse::one_of;
use super::who::Tenant;
use crate::config::Config;
use crate::out;

const DETAILS: &[&str] = &[
    "id",
    "external_customer_id",
    "name",
    "business_name",
    "email",
    "phone",
    "service_type",
    "status",
    "status_reason",
    "compliance_status",
    "billing_status",
    "billing.prepay",
    "billing.paid_through",
    "billing.plan_id",
    "mailbox.pmb_number",
    "mailbox.usable",
    "mailbox.formatted_address",
    "onboarding_url",
    "tags",
    "metadata",
    "locale",
    "created_at",
    "invited_at",
    "activated_at",
    "verified_at",
    "mailbox_active_at",
    "deactivation_scheduled_at",
    "deactivated_at",
    "deactivation_reason",
    "remail_until",
];
const EXAMPLES: &str = "Examples:
  postroom customer create jane@example.com 'Jane Smith' --external-id crm_customer_123 --prepay
  postroom customer accept https://mail.example.com/invite/0f3a92c4d1e85b670f3a92c4d1e85b67
  postroom customer list --status active --compliance mailbox_active
  postroom customer set ext:crm_customer_123 --paid-through 2027-11-21 --metadata tier=gold
  postroom customer suspend ext:crm_customer_123 --note 'mail came back twice'
  postroom customer deactivate ext:crm_customer_123 --reason moved --remail forward --yes

A customer is named by id, or by ext: and the partner's own id.
How the customer comes to an open mailbox is in `postroom compliance`.";

/// Digits of an invitation's token.
const TOKEN_DIGITS: usize = 32;

/// Customers: invite, change, suspend, let go and take back.
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
    /// One customer.
    Show {
        id: String,
    },
    /// Invite a customer: keeps a box, begins Form 1583, and shows the link of the invitation.
    Create(Box<fields::Create>),
    /// Change a customer. What stands on an approved form asks for a revision of it.
    Set(Box<fields::Set>),
    #[command(flatten)]
    Step(Step),
    /// End service, now or on a day to come; mail is held or sent on for six months.
    Deactivate(Box<fields::Deactivate>),
    /// Who may receive mail at the mailbox: list, add, authorise, remove.
    #[command(subcommand)]
    Recipients(recipients::Verb),
}

/// What is done to a customer in one word.
#[derive(Clone, Subcommand)]
enum Step {
    /// Take up an invitation in the customer's place.
    Accept {
        /// The link of the invitation, or the token in it.
        invitation: String,
    },
    /// Make an invited customer active without the invitation.
    Activate { id: String },
    /// Draw a new link for the invitation; the old one is void at once.
    ResendInvite { id: String },
    /// Hold an active customer's services; mail is still received.
    Suspend {
        id: String,
        #[arg(long, value_parser = one_of!(Cause), default_value = "operator_hold")]
        cause: Cause,
        /// Why, for the operator's records.
        #[arg(long)]
        note: String,
    },
    /// Give a suspended customer the services back, once the cause is gone.
    Reinstate { id: String },
    /// Take a former customer back, while the box is kept.
    Reactivate { id: String },
    /// Bring a customer in line with what is paid at this moment.
    Settle { id: String },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        let ctx = self.tenant.open(config).await?;
        let app = &ctx.app;
        let view = match &self.verb {
            Verb::List(list) => return list.run(&self.tenant, &ctx).await,
            Verb::Recipients(verb) => return verb.run(&ctx, json).await,
            Verb::Show { id } => {
                let id = id.clone();
                app.query(&ctx, async move |tx, ctx| get::get(tx, ctx, &id).await).await?
            }
            Verb::Create(typed) => {
                let location = match &typed.location {
                    Some(name) => Some(self.tenant.location(app, name).await?),
                    None => None,
                };
                let today = ctx.now.date_in(&ctx.partner.order_form.timezone);
                let new = NewCustomer::from(CreateCustomer::read(typed.body(location), today)?);
                app.act(&ctx, async move |tx, ctx| create(tx, ctx, &new).await).await?
            }
            Verb::Set(typed) => {
                let change = CustomerChange::from(UpdateCustomer::read(typed.body())?);
                let id = typed.id.clone();
                let work = async move |tx: &_, ctx: &_| update(tx, ctx, &id, None, &change).await;
                app.act(&ctx, work).await?
            }
            Verb::Step(step) => {
                let step = step.clone();
                app.act(&ctx, async move |tx, ctx| step.take(tx, ctx).await).await?
            }
            Verb::Deactivate(typed) => {
                let how = Deactivation::from(DeactivateCustomer::read(typed.body())?);
                typed.sure.ask(&format!("ending the service of {}", typed.id))?;
                let id = typed.id.clone();
                let work = async move |tx: &_, ctx: &_| deactivate(tx, ctx, &id, &how).await;
                app.act(&ctx, work).await?
            }
        };
        out::thing(json, DETAILS, &shown(&ctx, &view, true));
        Ok(())
    }
}

impl Step {
    async fn take(&self, tx: &Tx, ctx: &OpCtx) -> domain::Result<CustomerView> {
        match self {
            Self::Accept { invitation } => activate::accept(tx, ctx, token_of(invitation)).await,
            Self::Activate { id } => activate::activate(tx, ctx, id, ActivatedVia::Operator).await,
            Self::ResendInvite { id } => invite::resend(tx, ctx, id).await,
            Self::Suspend { id, cause, note } => suspend::suspend(tx, ctx, id, *cause, note).await,
            Self::Reinstate { id } => suspend::reinstate(tx, ctx, id).await,
            Self::Reactivate { id } => reactivate::reactivate(tx, ctx, id).await,
            Self::Settle { id } => billing::settle(tx, ctx, id).await,
        }
    }
}

/// The token in the link of an invitation, whatever page the partner leads it to.
fn token_of(invitation: &str) -> &str {
    let mut parts = invitation.split(|c: char| !c.is_ascii_hexdigit());
    parts.find(|part| part.len() == TOKEN_DIGITS).unwrap_or(invitation)
}

/// A customer as partners see it, and what only staff do.
fn shown(ctx: &OpCtx, view: &CustomerView, with_invitation: bool) -> Value {
    let mut value = snapshot::value(&snapshot::customer(ctx, view, with_invitation));
    value["billing_status"] = value["billing"]["status"].clone();
    value["status_reason"] = json!(view.customer.status_reason);
    value
}
