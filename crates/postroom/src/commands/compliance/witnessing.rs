//! What is typed of a witness: what was attested, or why it failed.

use app::compliance::witness::Failure;
use app::customers::get;
use app::{OpCtx, Tx};
use clap::Args;
use domain::compliance::{Attestation, DocumentRole, NotaryMethod, ReasonCode};
use domain::{Date, Timestamp};

use crate::commands::parse::{self, one_of};

/// What a witness states.
#[derive(Args, Clone)]
pub(super) struct Attested {
    /// Who watched the applicant sign.
    #[arg(long, value_name = "NAME")]
    witness: String,
    /// The name that the applicant proved to bear.
    #[arg(long, value_name = "NAME")]
    signer: String,
    #[arg(long, value_parser = one_of!(NotaryMethod), default_value = "in_person_agent")]
    method: NotaryMethod,
    /// The state that commissioned the notary, in two letters.
    #[arg(long, value_name = "STATE")]
    commission: Option<String>,
    /// When the form was signed; default is today.
    #[arg(long, value_name = "DATE", value_parser = parse::date)]
    signed_on: Option<Date>,
    /// When both saw each other over video, such as 2026-11-21T15:04:05Z/2026-11-21T15:20:00Z.
    #[arg(long, value_name = "FROM/TO", value_parser = session)]
    session: Option<(Timestamp, Timestamp)>,
}

/// Why a session came to nothing.
#[derive(Args, Clone)]
pub(super) struct Failed {
    /// Who was to watch the applicant sign.
    #[arg(long, value_name = "NAME")]
    witness: String,
    #[arg(long, value_parser = one_of!(NotaryMethod), default_value = "in_person_agent")]
    method: NotaryMethod,
    /// Why; several are separated by commas.
    #[arg(long = "reason", required = true, value_name = "CODE", value_delimiter = ',')]
    #[arg(value_parser = one_of!(ReasonCode))]
    reasons: Vec<ReasonCode>,
    /// A document that must be handed in again; several are separated by commas.
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_parser = one_of!(DocumentRole))]
    refuse: Vec<DocumentRole>,
}

impl Attested {
    pub(super) async fn attestation(
        &self,
        tx: &Tx,
        ctx: &OpCtx,
        id: &str,
    ) -> domain::Result<Attestation> {
        let signed_on = match self.signed_on {
            Some(day) => day,
            None => today(tx, ctx, id).await?,
        };
        Ok(Attestation {
            method: self.method,
            witness_name: self.witness.clone(),
            commission_state: self.commission.clone(),
            signer_name: self.signer.clone(),
            signed_on,
            session: self.session,
        })
    }
}

/// Today at the customer's mailroom.
async fn today(tx: &Tx, ctx: &OpCtx, id: &str) -> domain::Result<Date> {
    let view = get::get(tx, ctx, id).await?;
    let zone = view.mailbox.as_ref().map(|(_, location)| location.timezone.as_str());
    Ok(ctx.now.date_in(zone.unwrap_or(&ctx.partner.order_form.timezone)))
}

impl Failed {
    pub(super) fn failure(&self) -> Failure {
        Failure {
            method: self.method,
            witness_name: self.witness.clone(),
            reasons: self.reasons.clone(),
            refused_documents: self.refuse.clone(),
        }
    }
}

fn session(text: &str) -> Result<(Timestamp, Timestamp), String> {
    let (from, to) = text.split_once('/').ok_or("a session is written FROM/TO")?;
    Ok((parse::instant(from)?, parse::instant(to)?))
}
