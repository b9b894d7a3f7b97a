//! The test world: steps that it takes by itself, and the walk of a form that a test asks for
//! (developer-experience.md rule 68, postal.md 4.2).
//!
//! A word in a customer's e-mail address, alone or between plus signs, says how the form ends:
//! `jane+approve@…`, `reject_id+7@…`. Live customers are never touched.

use std::sync::Arc;

use domain::compliance::{
    Attestation, ComplianceStatus, DocumentRole, FormData, NotaryMethod, ReasonCode, all_passed,
};
use domain::customer::{Customer, ServiceType};
use domain::id::CustomerId;
use domain::{Error, ErrorCode, Result, seconds};
use storage::simulations::{self as rows, Simulation};
use storage::{Tx, tenancy};

use crate::compliance::review::{Approval, Refusal};
use crate::compliance::submit::{Signing, Submission};
use crate::compliance::witness::Failure;
use crate::compliance::{
    Case, ComplianceView, NewDocument, StoredImage, lapse, open, pause, read, reject_for_fraud,
    resubmit, review, submit, witness,
};
use crate::housekeeping::worlds;
use crate::mail_actions::simulated;
use crate::{Actor, App, OpCtx};

/// Time from the creation of a customer to the walk of its form, in microseconds.
const FORM_AFTER: i64 = seconds(5);

/// Steps looked up at once, and such pages in one run.
const PAGE_ROWS: i64 = 100;
const PAGES_MAX: usize = 100;

/// Steps of one walk: no status is farther from another.
const WALK_STEPS_MAX: usize = 8;

/// What an address asks for, and where its form ends.
const WORDS: [(&str, ComplianceStatus, &[ReasonCode]); 6] = [
    ("approve", ComplianceStatus::MailboxActive, &[]),
    ("reject", ComplianceStatus::Rejected, &[ReasonCode::FormIncomplete]),
    ("reject_id", ComplianceStatus::Rejected, &[ReasonCode::IdUnreadable]),
    ("expired_id", ComplianceStatus::Rejected, &[ReasonCode::IdExpired]),
    ("notary_fail", ComplianceStatus::PendingForm, &[ReasonCode::WitnessInvalid]),
    ("pending", ComplianceStatus::PendingReview, &[]),
];

/// Plans the walk of a new customer's form, if the address asks for one.
pub(crate) async fn on_customer_created(tx: &Tx, ctx: &OpCtx, customer: &Customer) -> Result<()> {
    if customer.livemode {
        return Ok(());
    }
    let local = customer.email.split('@').next().unwrap_or_default().to_lowercase();
    let Some((word, ..)) = WORDS.iter().find(|(word, ..)| local.split('+').any(|p| p == *word))
    else {
        return Ok(());
    };
    let no = ctx.app.ids.number(ctx.app.clock.now());
    let due_at = ctx.now.plus(FORM_AFTER);
    Ok(rows::insert(tx, &ctx.scope, no, customer.id.0, word, due_at).await?)
}

/// Takes every simulated step that is due and counts them. A task calls it once a second.
pub async fn run(app: &App) -> Result<usize> {
    let mut n_taken = 0;
    for world in worlds(app).await? {
        for _ in 0..PAGES_MAX {
            let unit = async move |tx: &Tx| rows::due(tx, &world, PAGE_ROWS).await;
            let page = app.db.read(unit).await.map_err(Error::from)?;
            if page.is_empty() {
                break;
            }
            for simulation in page {
                n_taken += usize::from(take(app, simulation).await?);
            }
        }
    }
    Ok(n_taken)
}

/// Takes one step off the list and carries it out; what cannot be carried out is dropped.
async fn take(app: &App, simulation: Simulation) -> Result<bool> {
    let no = simulation.no;
    let partner = simulation.partner_id;
    let find = async move |tx: &Tx| tenancy::partner_find(tx, partner).await;
    let partner = app.db.read(find).await.map_err(Error::from)?;
    if let Some(partner) = partner {
        let ctx = OpCtx::new(app, Arc::new(partner), false, Actor::System);
        let step = async move |tx: &Tx, ctx: &OpCtx| {
            if rows::delete(tx, simulation.no).await? {
                carry_out(tx, ctx, &simulation).await?;
            }
            Ok(())
        };
        match app.act(&ctx, step).await {
            Ok(()) => return Ok(true),
            Err(error @ Error::Refused { .. }) => {
                tracing::info!(%error, "a simulated step does not fit any more");
            }
            Err(error) => return Err(error),
        }
    }
    app.db.write(async move |tx: &Tx| rows::delete(tx, no).await).await.map_err(Error::from)
}

async fn carry_out(tx: &Tx, ctx: &OpCtx, simulation: &Simulation) -> Result<()> {
    if [simulated::DONE, simulated::REFUSED, simulated::LOST].contains(&simulation.step.as_str()) {
        return simulated::carry_out(tx, ctx, simulation.subject, &simulation.step).await;
    }
    let Some((_, to, reasons)) = WORDS.iter().find(|(word, ..)| *word == simulation.step) else {
        return Err(Error::internal("simulating", format!("unknown step {}", simulation.step)));
    };
    let id = CustomerId(simulation.subject).to_string();
    if simulation.step == "notary_fail" {
        walk(tx, ctx, &id, ComplianceStatus::PendingNotary, &[]).await?;
    }
    walk(tx, ctx, &id, *to, reasons).await.map(drop)
}

/// Walks a form of the test world to a status, by the same steps that people take, with made-up
/// papers. `reasons` are those of a refusal on the way.
pub async fn walk(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    to: ComplianceStatus,
    reasons: &[ReasonCode],
) -> Result<ComplianceView> {
    if ctx.livemode() {
        return Err(Error::refused(ErrorCode::NotFound, "only the test world is simulated"));
    }
    for _ in 0..WALK_STEPS_MAX {
        let case = Case::open(tx, ctx, customer_id).await?;
        if case.customer.compliance_status == to {
            return read::view(tx, ctx, case.customer).await;
        }
        step(tx, ctx, case, to, reasons).await?;
    }
    Err(Error::refused(
        ErrorCode::ActionConflict,
        format!("the form does not reach {to} from here"),
    )
    .fix("look at the customer's billing, mailbox and location"))
}

/// One step from where the form is towards a status.
async fn step(
    tx: &Tx,
    ctx: &OpCtx,
    mut case: Case,
    to: ComplianceStatus,
    reasons: &[ReasonCode],
) -> Result<()> {
    use ComplianceStatus::{
        Approved, MailboxActive, PendingForm, PendingNotary, PendingReview, Rejected,
    };
    let id = case.customer.id.to_string();
    let reasons = if reasons.is_empty() { &[ReasonCode::Other][..] } else { reasons };
    match (case.customer.compliance_status, to) {
        (PendingForm, _) => submit::submit(tx, ctx, &id, &submission(&case)).await.map(drop),
        (PendingNotary, PendingForm) => {
            witness::fail(tx, ctx, &id, &failure(reasons)).await.map(drop)
        }
        (PendingNotary, _) => {
            witness::witness(tx, ctx, &id, &attestation(ctx, &case)).await.map(drop)
        }
        (PendingReview, PendingForm | PendingNotary) => {
            review::request_changes(tx, ctx, &id, &refusal(reasons)).await.map(drop)
        }
        (PendingReview, Rejected) => {
            review::reject(tx, ctx, &id, &refusal(reasons)).await.map(drop)
        }
        (PendingReview, _) => {
            let approval = Approval { checklist: all_passed(), note: None };
            review::decide_for(tx, ctx, &mut case, &approval).await
        }
        (Approved | MailboxActive, Rejected) => {
            reject_for_fraud::reject_for_fraud(tx, ctx, &id, "simulated").await.map(drop)
        }
        (Approved, _) => open::open(tx, ctx, &id).await.map(drop),
        (MailboxActive, Approved) => pause::carry_out(tx, ctx, &mut case).await,
        (MailboxActive, _) => lapse::carry_out(tx, ctx, &mut case, reasons).await,
        (Rejected, _) => resubmit::resubmit(tx, ctx, &id).await.map(drop),
    }
}

/// A complete form: the draft where it says something, made-up words elsewhere.
fn submission(case: &Case) -> Submission {
    let draft = &case.form.data;
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    let home = domain::address::Address {
        line1: "12 Test Street".to_owned(),
        city: "Austin".to_owned(),
        state: "TX".to_owned(),
        postal_code: "78701".to_owned(),
        country: "US".to_owned(),
        ..domain::address::Address::default()
    };
    let document = |role: DocumentRole, kind: &str| NewDocument {
        role,
        kind: kind.to_owned(),
        issuing_entity: None,
        number: None,
        expires_on: None,
        name_on_document: None,
        address: Some(home.clone()),
        image: StoredImage::simulated(role),
    };
    Submission {
        documents: vec![
            document(DocumentRole::PhotoId, "passport"),
            document(DocumentRole::AddressId, "current_lease"),
        ],
        form: FormData {
            service_type: Some(ServiceType::Residential),
            first_name: or(&draft.first_name, "Test"),
            last_name: or(&draft.last_name, "Customer"),
            home: Some(home),
            court_protected: false,
            business: None,
            ..draft.clone()
        },
        signing: Signing::Electronic,
    }
}

fn attestation(ctx: &OpCtx, case: &Case) -> Attestation {
    let form = &case.form.data;
    Attestation {
        method: NotaryMethod::InPersonAgent,
        witness_name: "Simulated Witness".to_owned(),
        commission_state: None,
        signer_name: format!("{} {}", form.first_name, form.last_name),
        signed_on: case.today(ctx),
        session: None,
    }
}

fn failure(reasons: &[ReasonCode]) -> Failure {
    Failure {
        method: NotaryMethod::InPersonAgent,
        witness_name: "Simulated Witness".to_owned(),
        reasons: reasons.to_vec(),
        refused_documents: Vec::new(),
    }
}

fn refusal(reasons: &[ReasonCode]) -> Refusal {
    Refusal {
        reasons: reasons.to_vec(),
        note: Some("simulated".to_owned()),
        refused_documents: Vec::new(),
    }
}
