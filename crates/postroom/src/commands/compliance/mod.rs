//! `postroom compliance`: Form 1583 from the draft to the open mailbox, and what follows.
//!
//! What is handed in is in [`papers`], who watched the signature in [`witnessing`], the reviewer's
//! decision in [`decision`], the registration database of USPS in [`crd`].

mod crd;
mod decision;
mod papers;
mod show;
mod witnessing;

use app::compliance::{ComplianceView, lapse, open, pause, read, reject_for_fraud, resubmit};
use app::compliance::{review, witness};
use app::{OpCtx, Tx};
use clap::{Args, Subcommand};

use super::form;
use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

const EXAMPLES: &str = "Examples:
  postroom compliance form --example > form.json
  postroom compliance submit ext:crm_customer_123 --form form.json \\
    --photo-id passport.jpg --address-id lease.pdf
  postroom compliance witness ext:crm_customer_123 --witness 'Wes Witness' --signer 'Jane Smith'
  postroom compliance approve ext:crm_customer_123 --all-passed
  postroom compliance request-changes ext:crm_customer_123 --reason id_unreadable --refuse photo_id
  postroom compliance crd list

A customer is named by id, or by ext: and the partner's own id.";

/// Form 1583: hand in, witness, decide, renew, and record in the registration database.
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
    /// Where a customer stands, and what is asked for and by when.
    Show {
        id: String,
    },
    /// The newest form with all that it states, in the shape that submit takes.
    Form {
        #[arg(required_unless_present = "example")]
        id: Option<String>,
        /// A form to fill in, instead of a customer's.
        #[arg(long, conflicts_with = "id")]
        example: bool,
    },
    Upload(Box<papers::Upload>),
    Submit(papers::Submit),
    Renew(Box<papers::Renew>),
    #[command(flatten)]
    Step(Step),
    /// End whatever form there is on a finding of fraud, and hold the customer's services. Customer
    /// and partner are told `other`.
    RejectForFraud {
        id: String,
        /// What was found, for the operator's records.
        #[arg(long)]
        note: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// The registration database of USPS, where people enter what was approved: list, record.
    #[command(subcommand)]
    Crd(crd::Verb),
}

/// What needs nothing but the database.
#[derive(Clone, Subcommand)]
enum Step {
    /// Record that the applicant signed before a witness; the form goes to the reviewers.
    Witness {
        id: String,
        #[command(flatten)]
        attested: witnessing::Attested,
    },
    /// Record that witnessing failed; the applicant gets the form back.
    WitnessFail {
        id: String,
        #[command(flatten)]
        failed: witnessing::Failed,
    },
    /// Approve the form; the mailbox opens at once where nothing else is missing.
    #[command(after_help = decision::rules())]
    Approve {
        id: String,
        #[command(flatten)]
        checklist: decision::Checklist,
        /// For the operator's records.
        #[arg(long)]
        note: Option<String>,
    },
    /// Refuse the form for good; the applicant may still try again.
    Reject {
        id: String,
        #[command(flatten)]
        refused: decision::Refused,
    },
    /// Send the form back to the applicant as a new draft.
    RequestChanges {
        id: String,
        #[command(flatten)]
        refused: decision::Refused,
    },
    /// Let a rejected applicant try again, with a new draft.
    Resubmit { id: String },
    /// Open the mailbox of an approved customer, or say what it waits for.
    Open { id: String },
    /// Take the mailbox out of service while it is not paid, or its location is paused.
    Pause { id: String },
    /// Take the approval back, once something that was asked for is past its day.
    Lapse { id: String },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        if let Verb::Form { id: None, .. } = &self.verb {
            out::line(form::EXAMPLE.trim_end());
            return Ok(());
        }
        let ctx = self.tenant.open(config).await?;
        let app = &ctx.app;
        let view = match &self.verb {
            Verb::Crd(verb) => return verb.run(&ctx, json).await,
            Verb::Upload(upload) => return upload.run(&ctx, json).await,
            Verb::Form { id, .. } => {
                return show_form(&ctx, id.clone().unwrap_or_default(), json).await;
            }
            Verb::Show { id } => {
                let id = id.clone();
                app.query(&ctx, async move |tx, ctx| read::get(tx, ctx, &id).await).await?
            }
            Verb::Submit(submit) => submit.run(&ctx).await?,
            Verb::Renew(renew) => renew.run(&ctx).await?,
            Verb::Step(step) => {
                let step = step.clone();
                app.act(&ctx, async move |tx, ctx| step.take(tx, ctx).await).await?
            }
            Verb::RejectForFraud { id, note, sure } => {
                sure.ask(&format!("a finding of fraud against {id}"))?;
                let (id, note) = (id.clone(), note.clone());
                let work = async move |tx: &_, ctx: &_| {
                    reject_for_fraud::reject_for_fraud(tx, ctx, &id, &note).await
                };
                app.act(&ctx, work).await?
            }
        };
        show::print(json, &view);
        Ok(())
    }
}

impl Step {
    async fn take(&self, tx: &Tx, ctx: &OpCtx) -> domain::Result<ComplianceView> {
        match self {
            Self::Witness { id, attested } => {
                let attestation = attested.attestation(tx, ctx, id).await?;
                witness::witness(tx, ctx, id, &attestation).await
            }
            Self::WitnessFail { id, failed } => witness::fail(tx, ctx, id, &failed.failure()).await,
            Self::Approve { id, checklist, note } => {
                let approval =
                    review::Approval { checklist: checklist.checks(), note: note.clone() };
                review::approve(tx, ctx, id, &approval).await
            }
            Self::Reject { id, refused } => review::reject(tx, ctx, id, &refused.refusal()).await,
            Self::RequestChanges { id, refused } => {
                review::request_changes(tx, ctx, id, &refused.refusal()).await
            }
            Self::Resubmit { id } => resubmit::resubmit(tx, ctx, id).await,
            Self::Open { id } => open::open(tx, ctx, id).await,
            Self::Pause { id } => pause::pause(tx, ctx, id).await,
            Self::Lapse { id } => lapse::lapse(tx, ctx, id).await,
        }
    }
}

/// Prints the form alone, so that it can be changed and handed in again.
async fn show_form(ctx: &OpCtx, id: String, json: bool) -> anyhow::Result<()> {
    let work = async move |tx: &_, ctx: &_| read::form(tx, ctx, &id).await;
    let form = ctx.app.query(ctx, work).await?;
    let shown = form::shown(&form.data);
    if json {
        out::line(shown);
        return Ok(());
    }
    let (revision, edition) = (form.revision, &form.edition);
    out::say(format_args!("{}: revision {revision}, edition {edition}, {}", form.id, form.status));
    out::line(format_args!("{shown:#}"));
    Ok(())
}
