//! One customer's compliance at hand: the customer, locked, and the newest form.
//!
//! Every step of the machine is taken here, so that none is without its history, audit line and event.

use domain::compliance::{EDITION, Form, FormData, FormStatus, ReasonCode, Step};
use domain::customer::Customer;
use domain::event::EventType;
use domain::id::FormId;
use domain::partner::Location;
use domain::{Date, Error, Result};
use serde_json::json;
use storage::compliance as rows;
use storage::{Tx, tenancy};

use super::read;
use crate::customers::{change, get};
use crate::{News, OpCtx, audit, emit, snapshot};

/// See the module.
pub(crate) struct Case {
    pub(crate) customer: Customer,
    pub(crate) form: Form,
    pub(crate) location: Location,
}

impl Case {
    /// Opens the case of a customer who has not left.
    pub(crate) async fn open(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Self> {
        let case = Self::open_any(tx, ctx, id).await?;
        change::refuse_deactivated(&case.customer)?;
        Ok(case)
    }

    /// Opens the case of a customer who may have left.
    pub(crate) async fn open_any(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Self> {
        Self::of(tx, get::find_locked(tx, ctx, id).await?).await
    }

    /// The case of a customer whose row is locked already.
    pub(crate) async fn of(tx: &Tx, customer: Customer) -> Result<Self> {
        let form = rows::form_current(tx, customer.id).await?;
        let location = tenancy::location_find(tx, customer.location_id).await?;
        let location =
            location.ok_or_else(|| Error::internal("loading a location", "a row is missing"))?;
        Ok(Self { customer, form, location })
    }

    /// Today at the mailroom.
    pub(crate) fn today(&self, ctx: &OpCtx) -> Date {
        ctx.now.date_in(&self.location.timezone)
    }

    /// Refuses a step that the status does not allow, before anything is written for it.
    pub(crate) fn must_allow(&self, step: Step) -> Result<()> {
        self.customer.compliance_status.after(step).map(drop)
    }

    /// Takes a step: stores customer and form, adds to the history, audits, tells the partner.
    pub(crate) async fn take(
        &mut self,
        tx: &Tx,
        ctx: &OpCtx,
        step: Step,
        reasons: &[ReasonCode],
    ) -> Result<()> {
        let previous = self.customer.compliance_status;
        let status = previous.after(step)?;
        self.customer.compliance_status = status;
        change::store(tx, ctx, &mut self.customer).await?;
        rows::form_update(tx, &self.form).await?;
        rows::history_insert(tx, self.customer.id, status, ctx.now).await?;
        let codes: Vec<&str> = reasons.iter().map(|r| r.as_str()).collect();
        let detail = [
            ("from", previous.as_str()),
            ("to", status.as_str()),
            ("form", &self.form.id.to_string()),
            ("reasons", &codes.join(",")),
        ];
        audit::record(tx, ctx, verb(step), self.customer.id, &detail).await?;
        let view = read::view(tx, ctx, self.customer.clone()).await?;
        let shown: Vec<&str> = reasons.iter().map(|r| r.shown().as_str()).collect();
        let news = News {
            kind: EventType::CustomerForm1583StatusUpdated,
            mail_id: None,
            action_id: None,
            object: snapshot::value(&snapshot::compliance(&view)),
            extra: vec![
                ("status", json!(status.as_str())),
                ("previous_status", json!(previous.as_str())),
                ("reasons", json!(shown)),
            ],
            previous: Some(json!({"status": previous.as_str()})),
        };
        emit(tx, ctx, &self.customer, news).await?;
        Ok(())
    }

    /// Puts the form aside in its final state and begins the next revision with the same data, so
    /// that what was once signed is never written over.
    pub(crate) async fn redraft(&mut self, tx: &Tx, ctx: &OpCtx, ended: FormStatus) -> Result<()> {
        self.form.status = ended;
        rows::form_update(tx, &self.form).await?;
        let revision = self.form.revision + 1;
        self.form = draft(ctx, &self.customer, revision, self.form.data.clone());
        Ok(rows::form_insert(tx, &self.form).await?)
    }
}

/// An unsigned revision of the form.
pub(crate) fn draft(ctx: &OpCtx, customer: &Customer, revision: i64, data: FormData) -> Form {
    Form {
        id: FormId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        customer_id: customer.id,
        revision,
        edition: EDITION.to_owned(),
        status: FormStatus::Draft,
        data,
        signed_at: None,
        submitted_at: None,
        approved_at: None,
        rejected_at: None,
        closed_on: None,
        created_at: ctx.now,
    }
}

const fn verb(step: Step) -> &'static str {
    match step {
        Step::Submit => "compliance.submit",
        Step::Witness => "compliance.witness",
        Step::WitnessFailed => "compliance.witness_failed",
        Step::Approve => "compliance.approve",
        Step::Reject { fraud: false } => "compliance.reject",
        Step::Reject { fraud: true } => "compliance.reject_for_fraud",
        Step::RequestChanges => "compliance.request_changes",
        Step::Open => "compliance.open",
        Step::Resubmit => "compliance.resubmit",
        Step::Lapse => "compliance.lapse",
        Step::Pause => "compliance.pause",
    }
}
