//! What a customer still owes before, or to keep, an active mailbox (postal.md 4.5.6).

use super::{ComplianceStatus, ReasonCode};
use crate::{Field, Timestamp};

crate::words! {
    /// One thing that is owed, as the API names it.
    pub enum Requirement {
        Applicant = "form_1583.applicant",
        Business = "form_1583.business",
        Signature = "form_1583.signature",
        TransferAddress = "form_1583.transfer_address",
        Revision = "form_1583.revision",
        PhotoId = "identity.photo_id",
        AddressId = "identity.address_id",
        CourtOrder = "identity.court_order",
        Notarization = "notarization",
        Review = "review",
    }
}

/// Days within which a form that became obsolete is to be revised (V10, R-18).
pub const CURE_DAYS: i64 = 30;

impl Requirement {
    /// The requirement behind a problem that [`super::submission_problems`] found.
    fn of_problem(field: &Field) -> Self {
        let starts = |prefix: &str| field.param.starts_with(prefix);
        if starts("identity/photo_id") {
            Self::PhotoId
        } else if starts("identity/address_id") {
            Self::AddressId
        } else if starts("identity/court_order") {
            Self::CourtOrder
        } else if starts("form/business") {
            Self::Business
        } else {
            Self::Applicant
        }
    }

    /// What has to be done again after a decision for this reason.
    const fn of_reason(reason: ReasonCode) -> Self {
        match reason {
            ReasonCode::IdExpired | ReasonCode::IdUnreadable | ReasonCode::IdWrongType => {
                Self::PhotoId
            }
            ReasonCode::SameDocumentTwice
            | ReasonCode::AddressMismatch
            | ReasonCode::AddressIsCmra => Self::AddressId,
            ReasonCode::NameMismatch
            | ReasonCode::FormIncomplete
            | ReasonCode::MinorGuardianMissing
            | ReasonCode::PoaMissing
            | ReasonCode::DuplicateApplicant
            | ReasonCode::Fraud
            | ReasonCode::Other => Self::Applicant,
            ReasonCode::FormWrongEdition => Self::Revision,
            ReasonCode::SignatureMissing => Self::Signature,
            ReasonCode::WitnessInvalid
            | ReasonCode::NotaryNotUs
            | ReasonCode::NotarySealMissing => Self::Notarization,
            ReasonCode::BusinessDocsMissing | ReasonCode::RegistrationNotFound => Self::Business,
            ReasonCode::CourtOrderMissing => Self::CourtOrder,
        }
    }
}

/// What is owed, by when, and what was wrong with what was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    pub currently_due: Vec<Requirement>,
    pub eventually_due: Vec<Requirement>,
    pub past_due: Vec<Requirement>,
    /// When the next of them is due.
    pub current_deadline: Option<Timestamp>,
    pub errors: Vec<(Requirement, ReasonCode)>,
}

/// Sums up what is owed.
///
/// `problems` are those of the draft, `standing` is what an approved customer was asked to renew and
/// by when, `reasons` are those of the last decision against the form.
pub fn requirements(
    status: ComplianceStatus,
    problems: &[Field],
    standing: &[(Requirement, Timestamp)],
    reasons: &[ReasonCode],
    now: Timestamp,
) -> Requirements {
    let mut sum = Requirements::default();
    let errors = reasons.iter().map(|r| (Requirement::of_reason(*r), r.shown()));
    match status {
        ComplianceStatus::PendingForm => {
            sum.currently_due = problems.iter().map(Requirement::of_problem).collect();
            sum.currently_due.push(Requirement::Signature);
            sum.eventually_due = vec![Requirement::Notarization];
            sum.errors = errors.collect();
        }
        ComplianceStatus::PendingNotary => sum.currently_due = vec![Requirement::Notarization],
        ComplianceStatus::PendingReview => {}
        ComplianceStatus::Rejected => {
            sum.currently_due = vec![Requirement::Applicant];
            sum.errors = errors.collect();
        }
        ComplianceStatus::Approved | ComplianceStatus::MailboxActive => {
            let (past, ahead): (Vec<_>, Vec<_>) = standing.iter().partition(|(_, due)| *due <= now);
            sum.past_due = past.into_iter().map(|(r, _)| r).collect();
            sum.eventually_due = ahead.iter().map(|(r, _)| *r).collect();
            sum.current_deadline = ahead.iter().map(|(_, due)| *due).min();
        }
    }
    sum.currently_due.sort_unstable();
    sum.currently_due.dedup();
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_187_045_000_000);

    #[test]
    fn a_draft_owes_each_missing_thing_once_and_its_signature() {
        let problems = [
            Field::new("form/first_name", "form_incomplete", ""),
            Field::new("form/home", "form_incomplete", ""),
            Field::new("identity/photo_id", "form_incomplete", ""),
        ];
        let sum = requirements(ComplianceStatus::PendingForm, &problems, &[], &[], NOW);
        let owed = [Requirement::Applicant, Requirement::Signature, Requirement::PhotoId];
        assert_eq!(sum.currently_due, owed);
    }

    #[test]
    fn what_is_to_be_renewed_is_eventually_due_until_its_day_and_then_past_due() {
        let standing = [(Requirement::Revision, NOW.plus(1)), (Requirement::PhotoId, NOW)];
        let sum = requirements(ComplianceStatus::MailboxActive, &[], &standing, &[], NOW);
        assert_eq!(sum.eventually_due, [Requirement::Revision]);
        assert_eq!(sum.past_due, [Requirement::PhotoId]);
        assert_eq!(sum.current_deadline, Some(NOW.plus(1)));
    }

    #[test]
    fn fraud_is_shown_as_something_else() {
        let sum = requirements(ComplianceStatus::Rejected, &[], &[], &[ReasonCode::Fraud], NOW);
        assert_eq!(sum.errors, [(Requirement::Applicant, ReasonCode::Other)]);
    }
}
