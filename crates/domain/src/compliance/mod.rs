//! Form 1583 and the identity documents behind it: what they hold and the states they pass (postal.md
//! 2.5, 3.3 and 6.2).
//!
//! What stands between a form and its submission is in [`submission`], witnessing in [`witness`], the
//! decision in [`review`], what is still owed in [`requirement`]. The operator decides; nothing here
//! approves by itself (seed 000, "Compliance Workflow").

mod requirement;
mod review;
mod submission;
mod witness;

use crate::address::Address;
use crate::customer::ServiceType;
use crate::error_code::ErrorCode;
use crate::id::{CustomerId, DocumentId, FormId};
use crate::{Date, Error, Result, Timestamp};

pub use requirement::{CURE_DAYS, Requirement, Requirements, requirements};
pub use review::{
    Check, Decision, REVIEW_DAYS, RULES, Review, Verdict, all_passed, checklist_problems,
};
pub use submission::submission_problems;
pub use witness::{Attestation, Notarisation, NotaryMethod, NotaryStatus, attestation_problems};

crate::words! {
    /// The six values on the wire.
    pub enum ComplianceStatus {
        PendingForm = "pending_form",
        PendingNotary = "pending_notary",
        PendingReview = "pending_review",
        Approved = "approved",
        Rejected = "rejected",
        MailboxActive = "mailbox_active",
    }
}

crate::words! {
    /// Why a form was sent back or refused. `fraud` is never told to a customer or a partner.
    pub enum ReasonCode {
        IdExpired = "id_expired",
        IdUnreadable = "id_unreadable",
        IdWrongType = "id_wrong_type",
        SameDocumentTwice = "same_document_twice",
        NameMismatch = "name_mismatch",
        AddressMismatch = "address_mismatch",
        AddressIsCmra = "address_is_cmra",
        FormIncomplete = "form_incomplete",
        FormWrongEdition = "form_wrong_edition",
        SignatureMissing = "signature_missing",
        WitnessInvalid = "witness_invalid",
        NotaryNotUs = "notary_not_us",
        NotarySealMissing = "notary_seal_missing",
        BusinessDocsMissing = "business_docs_missing",
        RegistrationNotFound = "registration_not_found",
        CourtOrderMissing = "court_order_missing",
        MinorGuardianMissing = "minor_guardian_missing",
        PoaMissing = "poa_missing",
        DuplicateApplicant = "duplicate_applicant",
        Fraud = "fraud",
        Other = "other",
    }
}

impl ReasonCode {
    /// One sentence for whoever has to put it right.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::IdExpired => "the document has expired; upload a current one",
            Self::IdUnreadable => "the document cannot be read; upload a clearer image",
            Self::IdWrongType => "this type of document is not accepted here",
            Self::SameDocumentTwice => "one document cannot prove both identity and address",
            Self::NameMismatch => "the name is not the one on the documents",
            Self::AddressMismatch => "the home address is not the one on the document",
            Self::AddressIsCmra => "a mailbox address cannot be a home address",
            Self::FormIncomplete => "something is missing on the form",
            Self::FormWrongEdition => "the form is of an edition that is no longer taken",
            Self::SignatureMissing => "the form is not signed",
            Self::WitnessInvalid => "the signature was not witnessed as the rule asks",
            Self::NotaryNotUs => "the notary is not commissioned in the United States",
            Self::NotarySealMissing => "the notary's seal is missing",
            Self::BusinessDocsMissing => "evidence of the business's registration is missing",
            Self::RegistrationNotFound => "the business's registration was not found",
            Self::CourtOrderMissing => "the court order is missing",
            Self::MinorGuardianMissing => "a minor needs a parent's or guardian's form",
            Self::PoaMissing => "the power of attorney is missing",
            Self::DuplicateApplicant => "this applicant already has a form",
            Self::Fraud | Self::Other => "ask the operator of the mailroom",
        }
    }

    /// The code as an outsider may see it.
    #[must_use]
    pub const fn shown(self) -> Self {
        match self {
            Self::Fraud => Self::Other,
            code => code,
        }
    }
}

/// A step of the machine of postal.md 3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// V2: the applicant signed a complete form.
    Submit,
    /// V3: the signature was witnessed.
    Witness,
    /// V4: witnessing failed.
    WitnessFailed,
    /// V5.
    Approve,
    /// V6, and V12 from anywhere on a finding of fraud.
    Reject { fraud: bool },
    /// V7.
    RequestChanges,
    /// V8: the mailbox opened.
    Open,
    /// V9: a rejected applicant tries again.
    Resubmit,
    /// V10: the form is obsolete and was not cured in time.
    Lapse,
    /// V11: billing was suspended or the location paused.
    Pause,
}

impl ComplianceStatus {
    pub fn after(self, step: Step) -> Result<Self> {
        use ComplianceStatus::{
            Approved, MailboxActive, PendingForm, PendingNotary, PendingReview, Rejected,
        };
        match (step, self) {
            (Step::Submit, PendingForm) => Ok(PendingNotary),
            (Step::Witness, PendingNotary) => Ok(PendingReview),
            (Step::WitnessFailed, PendingNotary)
            | (Step::RequestChanges, PendingReview)
            | (Step::Resubmit, Rejected)
            | (Step::Lapse, MailboxActive) => Ok(PendingForm),
            (Step::Approve, PendingReview) | (Step::Pause, MailboxActive) => Ok(Approved),
            (Step::Reject { fraud: false }, PendingReview) => Ok(Rejected),
            (Step::Reject { fraud: true }, from) if from != Rejected => Ok(Rejected),
            (Step::Open, Approved) => Ok(MailboxActive),
            _ => Err(Error::refused(
                ErrorCode::ActionConflict,
                format!("compliance is {self}, which does not allow this step"),
            )
            .fix(self.way_on())),
        }
    }

    /// What can be done next, for whoever tried something else.
    const fn way_on(self) -> &'static str {
        match self {
            Self::PendingForm => "have the form submitted first",
            Self::PendingNotary => "record that the signature was witnessed, or that this failed",
            Self::PendingReview => "approve the form, reject it or request changes",
            Self::Approved => "the mailbox opens once it is paid for and the customer is active",
            Self::Rejected => "begin a new draft with a resubmission",
            Self::MailboxActive => "renew the form if it has changed",
        }
    }

    /// True when mail may be opened or released (rule A5).
    pub const fn allows_release(self) -> bool {
        matches!(self, Self::Approved | Self::MailboxActive)
    }
}

crate::words! {
    pub enum FormStatus {
        Draft = "draft",
        Signed = "signed",
        Witnessed = "witnessed",
        Submitted = "submitted",
        Approved = "approved",
        Rejected = "rejected",
        Superseded = "superseded",
        Closed = "closed",
    }
}

/// The edition of the official form that applicants sign today.
pub const EDITION: &str = "2024-06";

/// Times that a rejected applicant may try again without the operator's override (V9).
pub const RESUBMISSIONS_MAX: i64 = 5;

/// One revision of Form 1583. The letters in the comments are the form's item numbers.
#[derive(Clone, Debug)]
pub struct Form {
    pub id: FormId,
    pub customer_id: CustomerId,
    pub revision: i64,
    pub edition: String,
    pub status: FormStatus,
    pub data: FormData,
    pub signed_at: Option<Timestamp>,
    pub submitted_at: Option<Timestamp>,
    pub approved_at: Option<Timestamp>,
    pub rejected_at: Option<Timestamp>,
    /// Item 1b, set when service ends.
    pub closed_on: Option<Date>,
    pub created_at: Timestamp,
}

/// What the applicant states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormData {
    /// 3.
    pub service_type: Option<ServiceType>,
    /// 4a to 4c.
    pub last_name: String,
    pub first_name: String,
    pub middle_initial: Option<String>,
    /// 4d, 4e.
    pub phone: Option<String>,
    pub email: Option<String>,
    /// 4f to 4j.
    pub home: Option<Address>,
    /// 4k: protected by a court order, which must be attached.
    pub court_protected: bool,
    /// 6: where mail will be sent on.
    pub transfer: Option<Address>,
    /// 7.
    pub business: Option<Business>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Business {
    pub name: String,
    pub kind: String,
    pub address: Option<Address>,
    pub phone: Option<String>,
    /// County and state, or country.
    pub place_of_registration: String,
}

crate::words! {
    pub enum DocumentRole {
        PhotoId = "photo_id",
        AddressId = "address_id",
        CourtOrder = "court_order",
        BusinessRegistration = "business_registration",
        PowerOfAttorney = "poa",
    }
}

crate::words! {
    pub enum DocumentStatus {
        Uploaded = "uploaded",
        Accepted = "accepted",
        Rejected = "rejected",
        Expired = "expired",
        Purged = "purged",
    }
}

/// Photo identification that the form's current edition takes (item 8e).
pub const PHOTO_ID_TYPES: &[&str] = &[
    "drivers_license",
    "uniformed_service_id",
    "us_access_card",
    "us_university_id",
    "passport",
    "matricula_consular",
    "nexus_card",
    "certificate_of_naturalization",
    "permanent_resident_card",
];

/// Proof of address that the form's current edition takes (item 9g).
pub const ADDRESS_ID_TYPES: &[&str] = &[
    "drivers_license",
    "current_lease",
    "mortgage_or_deed_of_trust",
    "home_or_vehicle_insurance",
    "vehicle_registration",
    "voter_card",
];

/// One identity document. The number is sealed; only its last four characters are kept readable.
#[derive(Clone, Debug)]
pub struct Document {
    pub id: DocumentId,
    pub customer_id: CustomerId,
    pub role: DocumentRole,
    pub kind: String,
    pub issuing_entity: Option<String>,
    pub number_last4: Option<String>,
    pub expires_on: Option<Date>,
    pub name_on_document: Option<String>,
    pub address: Option<Address>,
    /// SHA-256 of the image, by which one document in two roles is found.
    pub sha256: Vec<u8>,
    pub status: DocumentStatus,
    pub created_at: Timestamp,
}

crate::words! {
    /// Where a form stands in the USPS Customer Registration Database.
    pub enum CrdState {
        NotRequired = "not_required",
        ToEnter = "to_enter",
        Entered = "entered",
        NeedsImage = "needs_image",
        TerminatedToRecord = "terminated_to_record",
        TerminatedRecorded = "terminated_recorded",
    }
}

impl CrdState {
    /// The state after somebody did `to` in the database.
    pub fn after(self, to: Self) -> Result<Self> {
        use CrdState::{
            Entered, NeedsImage, NotRequired, TerminatedRecorded, TerminatedToRecord, ToEnter,
        };
        match (self, to) {
            (ToEnter | NeedsImage, Entered)
            | (Entered, NeedsImage)
            | (TerminatedToRecord, TerminatedRecorded) => Ok(to),
            _ => Err(Error::refused(
                ErrorCode::ActionConflict,
                format!("the database record is {self}, which cannot become {to}"),
            )
            .fix(match self {
                NotRequired => "the record begins when the form is approved",
                ToEnter | NeedsImage => "the next to record is entered",
                Entered => "the next to record is needs_image, when an image was asked for",
                TerminatedToRecord => "the next to record is terminated_recorded",
                TerminatedRecorded => "nothing is left to record",
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_leads_from_its_states_and_from_no_other() {
        use ComplianceStatus::{
            Approved, MailboxActive, PendingForm, PendingNotary, PendingReview, Rejected,
        };
        let fraud = Step::Reject { fraud: true };
        let table: [(Step, &[(ComplianceStatus, ComplianceStatus)]); 11] = [
            (Step::Submit, &[(PendingForm, PendingNotary)]),
            (Step::Witness, &[(PendingNotary, PendingReview)]),
            (Step::WitnessFailed, &[(PendingNotary, PendingForm)]),
            (Step::Approve, &[(PendingReview, Approved)]),
            (Step::Reject { fraud: false }, &[(PendingReview, Rejected)]),
            (Step::RequestChanges, &[(PendingReview, PendingForm)]),
            (Step::Open, &[(Approved, MailboxActive)]),
            (Step::Resubmit, &[(Rejected, PendingForm)]),
            (Step::Lapse, &[(MailboxActive, PendingForm)]),
            (Step::Pause, &[(MailboxActive, Approved)]),
            (
                fraud,
                &[
                    (PendingForm, Rejected),
                    (PendingNotary, Rejected),
                    (PendingReview, Rejected),
                    (Approved, Rejected),
                    (MailboxActive, Rejected),
                ],
            ),
        ];
        for (step, allowed) in table {
            let led = ComplianceStatus::ALL.iter().filter_map(|s| Some((*s, s.after(step).ok()?)));
            assert_eq!(led.collect::<Vec<_>>(), allowed, "{step:?}");
        }
    }

    #[test]
    fn what_is_recorded_in_the_registration_database_goes_its_one_way() {
        use CrdState::{Entered, NeedsImage, TerminatedRecorded, TerminatedToRecord, ToEnter};
        let all = CrdState::ALL.iter();
        let pairs = all.flat_map(|from| CrdState::ALL.iter().map(move |to| (*from, *to)));
        let allowed: Vec<_> = pairs.filter(|(from, to)| from.after(*to).is_ok()).collect();
        let way = [
            (ToEnter, Entered),
            (Entered, NeedsImage),
            (NeedsImage, Entered),
            (TerminatedToRecord, TerminatedRecorded),
        ];
        assert_eq!(allowed, way);
    }
}
