//! Form 1583 from draft to active mailbox: the steps V1 to V12 of postal.md 3.3, one file each, and the
//! renewal of a form that was approved.
//!
//! Which step is possible when is `domain::compliance`; the operator's staff decide, and no step
//! approves by itself. Nothing that these use-cases answer holds an id number, a home address, a
//! reviewer's name or a finding of fraud; [`read::form`] alone shows the form, to staff.

mod case;
pub mod crd;
pub mod documents;
pub mod lapse;
pub mod open;
pub mod pause;
pub mod read;
pub mod reject_for_fraud;
pub mod renew;
pub mod resubmit;
pub mod review;
pub mod submit;
pub mod witness;

pub use documents::{NewDocument, StoredImage};
pub use read::ComplianceView;

pub(crate) use case::{Case, draft};

use domain::{Error, ErrorCode, Result};

use crate::{Actor, OpCtx};

/// Refuses whoever is not of the operator's staff. In the test world the partner's key stands in for
/// them, so that an integration can be tried without a mailroom.
pub(crate) fn must_be_staff(ctx: &OpCtx) -> Result<()> {
    match ctx.actor {
        Actor::Operator(_) | Actor::System => Ok(()),
        Actor::ApiKey(_) if !ctx.livemode() => Ok(()),
        Actor::ApiKey(_) | Actor::Customer => Err(Error::refused(
            ErrorCode::InsufficientScope,
            "only the operator's staff may do this",
        )
        .fix("ask the operator of the mailroom")),
    }
}

/// Refuses a partner's system, which never sees the form; the applicant and staff may.
pub(crate) fn must_not_be_partner(ctx: &OpCtx) -> Result<()> {
    match ctx.actor {
        Actor::Customer => Ok(()),
        Actor::Operator(_) | Actor::System | Actor::ApiKey(_) => must_be_staff(ctx),
    }
}

/// The name under which staff are remembered.
pub(crate) fn staff_name(ctx: &OpCtx) -> String {
    match &ctx.actor {
        Actor::Operator(name) => name.clone(),
        Actor::ApiKey(_) | Actor::Customer | Actor::System => ctx.actor.kind().to_owned(),
    }
}
