//! Handing in: single documents, a first form, a revised one.

use std::path::PathBuf;

use anyhow::Context as _;
use app::OpCtx;
use app::compliance::renew::{Renewal, renew};
use app::compliance::submit::{Signing, submit};
use app::compliance::{ComplianceView, documents};
use bytes::Bytes;
use clap::Args;
use domain::compliance::{Document, DocumentRole};
use domain::{Error, ErrorCode};
use serde_json::{Value, json};

use super::decision::{self, Checklist};
use super::witnessing::Attested;
use crate::commands::form::{self, ReadForm};
use crate::commands::parse::{self, one_of};
use crate::commands::place::Place;
use crate::out;

const COLUMNS: &[&str] = &["id", "role", "type", "status", "expires_on", "number_last4"];

const SHAPE: &str =
    "The form is a JSON file; `postroom compliance form --example` prints one to fill in.
  service_type      residential or business (item 3)
  first_name, middle_initial, last_name, phone, email (items 4a to 4e)
  home              the address where the applicant lives (items 4f to 4j)
  court_protected   true when a court order protects the applicant (item 4k)
  transfer          the address to which mail is sent on (item 6)
  business          {name, type, address, phone, place_of_registration} (item 7)
  photo_id, address_id, court_order, business_registration, poa
                    what each document is: {type, issuing_entity, number, expires_on,
                    name_on_document, address}; only type is needed
An address is {name, company, line1, line2, city, state, postal_code, country, phone}.
A document that was uploaded before needs no file.";

/// A form and the images of its documents.
#[derive(Args)]
struct Papers {
    /// The form as a JSON file; - is standard input.
    #[arg(long, alias = "file", value_name = "FILE")]
    form: PathBuf,
    /// Image of the photo ID: JPEG, PNG, GIF or PDF.
    #[arg(long, value_name = "FILE")]
    photo_id: Option<PathBuf>,
    /// Image of the proof of the home address.
    #[arg(long, value_name = "FILE")]
    address_id: Option<PathBuf>,
    /// Image of the order of a protective court.
    #[arg(long, value_name = "FILE")]
    court_order: Option<PathBuf>,
    /// Image of the evidence that the business is registered.
    #[arg(long, value_name = "FILE")]
    business_registration: Option<PathBuf>,
    /// Image of the power of attorney.
    #[arg(long, value_name = "FILE")]
    poa: Option<PathBuf>,
}

/// Hand in a complete form with its documents, signed by the applicant.
#[derive(Args)]
#[command(after_help = SHAPE)]
pub(super) struct Submit {
    id: String,
    #[command(flatten)]
    papers: Papers,
    /// The applicant signs a printed form before the witness, instead of on the screen now.
    #[arg(long)]
    on_paper: bool,
}

/// Replace an approved form by one that was revised and witnessed; the mailbox stays as it is.
#[derive(Args)]
#[command(after_help = format!("{SHAPE}\n\n{}", decision::rules()))]
pub(super) struct Renew {
    id: String,
    #[command(flatten)]
    papers: Papers,
    #[command(flatten)]
    attested: Attested,
    #[command(flatten)]
    checklist: Checklist,
    /// For the operator's records.
    #[arg(long)]
    note: Option<String>,
}

/// Add the image of one document, before the form is handed in or while it is renewed.
#[derive(Args)]
pub(super) struct Upload {
    id: String,
    #[arg(value_parser = one_of!(DocumentRole))]
    role: DocumentRole,
    /// JPEG, PNG, GIF or PDF; - is standard input.
    file: PathBuf,
    /// What it is, such as passport or current_lease.
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    /// Who issued it.
    #[arg(long)]
    issuer: Option<String>,
    /// Kept sealed, but for its last four characters.
    #[arg(long)]
    number: Option<String>,
    /// The last day on which it holds.
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// The name on the document.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten, next_help_heading = "The address on the document")]
    address: Place,
}

impl Papers {
    fn read(&self) -> anyhow::Result<ReadForm> {
        let bytes = parse::file(&self.form)?;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            Error::refused(ErrorCode::InvalidJson, format!("the form is no JSON: {error}"))
                .fix("`postroom compliance form --example` prints one to fill in")
        })?;
        Ok(form::read(value)?)
    }

    fn images(&self) -> anyhow::Result<Vec<(DocumentRole, Bytes)>> {
        let files = [
            (DocumentRole::PhotoId, &self.photo_id),
            (DocumentRole::AddressId, &self.address_id),
            (DocumentRole::CourtOrder, &self.court_order),
            (DocumentRole::BusinessRegistration, &self.business_registration),
            (DocumentRole::PowerOfAttorney, &self.poa),
        ];
        let given = files.iter().filter_map(|(role, file)| Some((*role, file.as_ref()?)));
        given.map(|(role, file)| Ok((role, parse::file(file)?))).collect()
    }
}

impl Submit {
    pub(super) async fn run(&self, ctx: &OpCtx) -> anyhow::Result<ComplianceView> {
        let signing = if self.on_paper { Signing::OnPaper } else { Signing::Electronic };
        let read = self.papers.read()?;
        let input = read.submission(&ctx.app, self.papers.images()?, signing).await?;
        let id = self.id.clone();
        let work = async move |tx: &_, ctx: &_| submit(tx, ctx, &id, &input).await;
        Ok(ctx.app.act(ctx, work).await?)
    }
}

impl Renew {
    pub(super) async fn run(&self, ctx: &OpCtx) -> anyhow::Result<ComplianceView> {
        let read = self.papers.read()?;
        let papers = read.submission(&ctx.app, self.papers.images()?, Signing::OnPaper).await?;
        let (id, attested) = (self.id.clone(), self.attested.clone());
        let work = async move |tx: &_, ctx: &_| attested.attestation(tx, ctx, &id).await;
        let input = Renewal {
            form: papers.form,
            documents: papers.documents,
            attestation: ctx.app.query(ctx, work).await?,
            checklist: self.checklist.checks(),
            note: self.note.clone(),
        };
        let id = self.id.clone();
        let work = async move |tx: &_, ctx: &_| renew(tx, ctx, &id, &input).await;
        Ok(ctx.app.act(ctx, work).await?)
    }
}

impl Upload {
    pub(super) async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let said = json!({
            "type": self.kind,
            "issuing_entity": self.issuer,
            "number": self.number,
            "expires_on": self.expires,
            "name_on_document": self.name,
            "address": self.address.body(),
        });
        let paper = form::read_paper(self.role, said)?;
        let image = parse::file(&self.file).context("the image of the document")?;
        let input = paper.with_image(documents::store_image(&ctx.app, image).await?);
        let id = self.id.clone();
        let work = async move |tx: &_, ctx: &_| documents::upload(tx, ctx, &id, &input).await;
        out::thing(json, COLUMNS, &shown(&ctx.app.act(ctx, work).await?));
        Ok(())
    }
}

fn shown(d: &Document) -> Value {
    json!({
        "id": d.id.to_string(),
        "customer_id": d.customer_id.to_string(),
        "role": d.role.as_str(),
        "type": d.kind,
        "status": d.status.as_str(),
        "expires_on": d.expires_on.map(|day| day.to_string()),
        "number_last4": d.number_last4,
        "created_at": d.created_at.to_string(),
    })
}
