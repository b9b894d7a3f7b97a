//! Form 1583, identity documents, witnessing and review (postal.md 2.5, 3.3 and 6.2).
//!
//! The operator decides; nothing here approves by itself (seed 000, "Compliance Workflow").

use crate::address::Address;
use crate::customer::ServiceType;
use crate::error_code::ErrorCode;
use crate::id::{CustomerId, DocumentId, FormId, NotarisationId};
use crate::{Date, Error, Field, Result, Timestamp};

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
    /// The code as an outsider may see it.
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
            )),
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
    /// Who watched the signature.
    pub enum NotaryMethod {
        InPersonAgent = "in_person_agent",
        RemoteAgentAv = "remote_agent_av",
        InPersonNotary = "in_person_notary",
        RemoteOnlineNotary = "remote_online_notary",
    }
}

impl NotaryMethod {
    /// True when the witness must hold a commission of a US state, territory, possession or DC.
    pub const fn needs_commission(self) -> bool {
        matches!(self, Self::InPersonNotary | Self::RemoteOnlineNotary)
    }
}

crate::words! {
    pub enum NotaryStatus {
        NotStarted = "not_started",
        Scheduled = "scheduled",
        InProgress = "in_progress",
        Completed = "completed",
        Failed = "failed",
        Expired = "expired",
        Cancelled = "cancelled",
    }
}

#[derive(Clone, Debug)]
pub struct Notarisation {
    pub id: NotarisationId,
    pub form_id: FormId,
    pub method: NotaryMethod,
    pub status: NotaryStatus,
    pub witness_name: String,
    pub commission_state: Option<String>,
    pub completed_at: Option<Timestamp>,
}

crate::words! {
    /// What a reviewer decided.
    pub enum Decision { Approve = "approve", Reject = "reject", RequestChanges = "request_changes" }
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

/// Everything that stands between a form and its submission (V2), all at once.
pub fn submission_problems(form: &FormData, documents: &[Document], today: Date) -> Vec<Field> {
    let mut found = form_problems(form);
    let find = |role| documents.iter().rev().find(|d| d.role == role && is_live(d));
    let (photo, address) = (find(DocumentRole::PhotoId), find(DocumentRole::AddressId));
    found.extend(document_problems(photo, "identity/photo_id", PHOTO_ID_TYPES, today));
    found.extend(document_problems(address, "identity/address_id", ADDRESS_ID_TYPES, today));
    if let (Some(photo), Some(address)) = (photo, address) {
        if photo.sha256 == address.sha256 {
            found.push(Field::new(
                "identity/address_id",
                "same_document_twice",
                "one document cannot prove both identity and address; upload another one",
            ));
        }
        let differs =
            |home: &Address| address.address.as_ref().is_some_and(|a| !a.is_same_place(home));
        if form.home.as_ref().is_some_and(differs) {
            found.push(Field::new(
                "form/home",
                "address_mismatch",
                "the home address must be the one on the address document",
            ));
        }
    }
    if form.court_protected && find(DocumentRole::CourtOrder).is_none() {
        found.push(Field::new(
            "identity/court_order",
            "court_order_missing",
            "attach the court order",
        ));
    }
    found
}

fn is_live(document: &Document) -> bool {
    matches!(document.status, DocumentStatus::Uploaded | DocumentStatus::Accepted)
}

fn form_problems(form: &FormData) -> Vec<Field> {
    let mut found = Vec::new();
    let mut need = |at: &str, ok: bool, message: &str| {
        if !ok {
            found.push(Field::new(at, "form_incomplete", message));
        }
    };
    need(
        "form/service_type",
        form.service_type.is_some(),
        "choose business or residential (item 3)",
    );
    need("form/last_name", !form.last_name.trim().is_empty(), "the last name is missing (item 4a)");
    need(
        "form/first_name",
        !form.first_name.trim().is_empty(),
        "the first name is missing (item 4b)",
    );
    need("form/home", form.home.is_some(), "the home address is missing (items 4f to 4j)");
    if form.service_type == Some(ServiceType::Business) {
        let complete = form.business.as_ref().is_some_and(|b| {
            !b.name.is_empty() && !b.place_of_registration.is_empty() && b.address.is_some()
        });
        need(
            "form/business",
            complete,
            "name, address and place of registration are needed (item 7)",
        );
    }
    if let Some(home) = &form.home {
        found.extend(home.problems("form/home"));
    }
    found
}

fn document_problems(
    document: Option<&Document>,
    at: &str,
    types: &[&str],
    today: Date,
) -> Option<Field> {
    let Some(document) = document else {
        return Some(Field::new(at, "form_incomplete", "this document is missing"));
    };
    if !types.contains(&document.kind.as_str()) {
        let message = format!("this type is not accepted here; accepted are {}", types.join(", "));
        return Some(Field::new(at, "id_wrong_type", message));
    }
    if document.expires_on.is_some_and(|day| day < today) {
        return Some(Field::new(
            at,
            "id_expired",
            "this document has expired; upload a current one",
        ));
    }
    None
}

/// Checks the attestation of a witness (V3, R-13).
pub fn witness_problem(
    method: NotaryMethod,
    commission_state: Option<&str>,
    name_attested: &str,
    applicant: &FormData,
) -> Option<Field> {
    if method.needs_commission() {
        let known =
            commission_state.is_some_and(|s| US_COMMISSIONS.contains(&s.to_uppercase().as_str()));
        if !known {
            return Some(Field::new(
                "commission_state",
                "notary_not_us",
                "the notary must be commissioned in a US state, territory, possession or DC (two-letter code)",
            ));
        }
    }
    let folded = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let legal = folded(&format!("{} {}", applicant.first_name, applicant.last_name));
    let attested = folded(name_attested);
    let same = attested == legal
        || (attested.starts_with(&folded(&applicant.first_name))
            && attested.ends_with(&folded(&applicant.last_name)));
    (!same)
        .then(|| Field::new("name", "name_mismatch", "the attested name must be the applicant's"))
}

/// States, territories, possessions and DC that commission notaries (89 FR 35716).
const US_COMMISSIONS: &[&str] = &[
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS",
    "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY",
    "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV",
    "WI", "WY", "DC", "AS", "GU", "MP", "PR", "VI",
];
