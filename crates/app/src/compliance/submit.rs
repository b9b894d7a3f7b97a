//! Signing a complete form (V2).

use domain::compliance::{FormData, FormStatus, Step, submission_problems};
use domain::{Error, Result};
use storage::Tx;
use storage::compliance as rows;

use super::{Case, ComplianceView, NewDocument, documents, must_not_be_partner, read};
use crate::OpCtx;

/// What the applicant states and proves.
#[derive(Clone, Debug)]
pub struct Submission {
    pub form: FormData,
    /// Documents that were not uploaded before.
    pub documents: Vec<NewDocument>,
    pub signing: Signing,
}

/// How the applicant signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// On the screen, now.
    Electronic,
    /// On a printed form, before the witness.
    OnPaper,
}

/// Documents that one submission may bring.
pub const DOCUMENTS_MAX: usize = 10;

/// Replaces the draft, adds the documents, and hands the form on to a witness if nothing is missing.
pub async fn submit(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Submission,
) -> Result<ComplianceView> {
    must_not_be_partner(ctx)?;
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::Submit)?;
    if input.documents.len() > DOCUMENTS_MAX {
        let message = format!("one submission brings at most {DOCUMENTS_MAX} documents");
        return Err(Error::invalid(vec![domain::Field::new("documents", "too_many", message)]));
    }
    for document in &input.documents {
        documents::add(tx, ctx, &case.customer, document).await?;
    }
    let documents = rows::document_list(tx, case.customer.id).await?;
    let site = &case.location.address;
    let problems = submission_problems(&input.form, &documents, site, case.today(ctx));
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    case.form.data = input.form.clone();
    match input.signing {
        Signing::Electronic => {
            case.form.status = FormStatus::Signed;
            case.form.signed_at = Some(ctx.now);
        }
        Signing::OnPaper => {}
    }
    // The new form answers what was asked before; what changes from here on is asked for anew.
    rows::requirements_clear(tx, case.customer.id).await?;
    case.customer.service_type = input.form.service_type;
    case.take(tx, ctx, Step::Submit, &[]).await?;
    read::view(tx, ctx, case.customer).await
}
