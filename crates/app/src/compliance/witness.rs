//! Witnessing the signature: it counted (V3), or it failed (V4).

use domain::compliance::{
    Attestation, DocumentRole, DocumentStatus, FormStatus, Notarisation, NotaryMethod,
    NotaryStatus, ReasonCode, Step, attestation_problems,
};
use domain::id::NotarisationId;
use domain::{Error, Result};
use storage::Tx;
use storage::compliance as rows;

use super::review::must_give_reasons;
use super::{Case, ComplianceView, must_be_staff, read};
use crate::OpCtx;

/// Records that the applicant signed before a witness, and hands the form to the reviewers.
pub async fn witness(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Attestation,
) -> Result<ComplianceView> {
    must_be_staff(ctx)?;
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::Witness)?;
    let problems = attestation_problems(input, &case.form.data, ctx.now, case.today(ctx));
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    rows::notarisation_insert(tx, &completed(ctx, &case, input), ctx.now).await?;
    case.form.status = FormStatus::Submitted;
    case.form.signed_at = case.form.signed_at.or(Some(ctx.now));
    case.form.submitted_at = Some(ctx.now);
    case.take(tx, ctx, Step::Witness, &[]).await?;
    read::view(tx, ctx, case.customer).await
}

/// The record of a session that counted.
pub(super) fn completed(ctx: &OpCtx, case: &Case, input: &Attestation) -> Notarisation {
    Notarisation {
        id: NotarisationId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        form_id: case.form.id,
        method: input.method,
        status: NotaryStatus::Completed,
        witness_name: input.witness_name.clone(),
        commission_state: input.commission_state.as_ref().map(|s| s.to_uppercase()),
        session: input.session,
        completed_at: Some(ctx.now),
        reasons: Vec::new(),
    }
}

/// Why a session came to nothing.
#[derive(Clone, Debug)]
pub struct Failure {
    pub method: NotaryMethod,
    pub witness_name: String,
    pub reasons: Vec<ReasonCode>,
    /// Documents that must be handed in again; the others are kept.
    pub refused_documents: Vec<DocumentRole>,
}

/// Records that witnessing failed and gives the form back to the applicant as a new draft.
pub async fn fail(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Failure,
) -> Result<ComplianceView> {
    must_be_staff(ctx)?;
    must_give_reasons(&input.reasons)?;
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::WitnessFailed)?;
    let notarisation = Notarisation {
        id: NotarisationId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        form_id: case.form.id,
        method: input.method,
        status: NotaryStatus::Failed,
        witness_name: input.witness_name.clone(),
        commission_state: None,
        session: None,
        completed_at: None,
        reasons: input.reasons.clone(),
    };
    rows::notarisation_insert(tx, &notarisation, ctx.now).await?;
    refuse_documents(tx, &case, &input.refused_documents).await?;
    case.redraft(tx, ctx, FormStatus::Superseded).await?;
    case.take(tx, ctx, Step::WitnessFailed, &input.reasons).await?;
    read::view(tx, ctx, case.customer).await
}

/// Marks the documents of these roles so that only they are asked for again.
pub(super) async fn refuse_documents(tx: &Tx, case: &Case, roles: &[DocumentRole]) -> Result<()> {
    for role in roles {
        for from in [DocumentStatus::Uploaded, DocumentStatus::Accepted] {
            let to = DocumentStatus::Rejected;
            rows::documents_mark(tx, case.customer.id, Some(*role), from, to).await?;
        }
    }
    Ok(())
}
