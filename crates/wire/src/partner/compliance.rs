//! Where a customer stands on the way to an open mailbox (postal.md 4.5.6).
//!
//! Never shown: numbers of documents, images, the home address, the signature, the reviewer's name,
//! a finding of fraud.

use domain::Timestamp;
use domain::compliance::{ComplianceStatus, Decision, Document, Form, Notarisation, ReasonCode};
use domain::customer::{Customer, ServiceType};
use serde::Serialize;
use utoipa::ToSchema;

/// The state of Form 1583, identity, witnessing and review.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Compliance {
    /// Says what kind of object this is.
    #[schema(pattern = "^compliance$")]
    pub object: String,
    /// Whose it is.
    pub customer_id: String,
    /// pending_form, pending_notary, pending_review, approved, rejected or mailbox_active.
    #[schema(examples("pending_review"))]
    pub status: String,
    /// True once mail may be received.
    pub mailbox_ready: bool,
    /// The current revision of the form; null before one was begun.
    #[schema(required = true)]
    pub form_1583: Option<Form1583>,
    /// The two documents of items 8 and 9 of the form; never their numbers or pictures.
    pub identity: Identity,
    /// How the signature was witnessed.
    pub notarization: Notarization,
    /// The operator's decision.
    pub review: Review,
    /// What is asked of the customer, and by when.
    pub requirements: Requirements,
    /// Every status that was reached, oldest first.
    pub history: Vec<StatusAt>,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// The current revision of the form.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Form1583 {
    /// The revision.
    pub id: String,
    /// draft, signed, witnessed, submitted, approved, rejected, superseded or closed.
    pub status: String,
    /// The edition of the official form.
    #[schema(examples("2024-06"))]
    pub edition: String,
    /// 1 for the first; rises when the form is signed again.
    pub revision: i64,
    /// business or residential.
    #[schema(required = true)]
    pub service_type: Option<String>,
    /// When the applicant signed.
    #[schema(format = DateTime, required = true)]
    pub signed_at: Option<String>,
    /// When it came to the reviewer.
    #[schema(format = DateTime, required = true)]
    pub submitted_at: Option<String>,
    /// When a reviewer approved it.
    #[schema(format = DateTime, required = true)]
    pub approved_at: Option<String>,
    /// When a reviewer refused it.
    #[schema(format = DateTime, required = true)]
    pub rejected_at: Option<String>,
}

/// The two documents that the form asks for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Identity {
    /// Proof of who the applicant is.
    #[schema(required = true)]
    pub photo_id: Option<IdentityDocument>,
    /// Proof of the home address.
    #[schema(required = true)]
    pub address_id: Option<IdentityDocument>,
}

/// One document, without its number, picture and address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentityDocument {
    /// uploaded, accepted, rejected, expired or purged.
    pub status: String,
    /// What it is, such as passport or current_lease.
    #[serde(rename = "type")]
    #[schema(examples("passport"))]
    pub kind: String,
    /// The last day on which it holds; null when it has none.
    #[schema(format = Date, required = true)]
    pub expires_on: Option<String>,
}

/// How the signature was witnessed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notarization {
    /// not_started, scheduled, in_progress, completed, failed, expired or cancelled.
    pub status: String,
    /// in_person_agent, remote_agent_av, in_person_notary or remote_online_notary.
    #[schema(required = true)]
    pub method: Option<String>,
    /// When the witness attested.
    #[schema(format = DateTime, required = true)]
    pub completed_at: Option<String>,
}

/// The operator's decision on the form.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Review {
    /// approve, reject or request_changes.
    #[schema(required = true)]
    pub decision: Option<String>,
    /// Why it was sent back or refused, as words such as id_expired; else empty.
    pub reasons: Vec<String>,
    /// When it was decided; null while it waits.
    #[schema(format = DateTime, required = true)]
    pub decided_at: Option<String>,
    /// When the operator means to have decided.
    #[schema(format = DateTime, required = true)]
    pub sla_due_at: Option<String>,
}

/// What is asked of the customer.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Requirements {
    /// form_1583.applicant, form_1583.signature, identity.photo_id, notarization, review and others.
    pub currently_due: Vec<String>,
    /// Asked for, but not yet in the way of service.
    pub eventually_due: Vec<String>,
    /// Asked for, and in the way of service now.
    pub past_due: Vec<String>,
    /// When the first of them falls due; null when none is set.
    #[schema(format = DateTime, required = true)]
    pub current_deadline: Option<String>,
    /// What was handed in and does not do.
    pub errors: Vec<RequirementError>,
}

/// Why something that was handed in does not do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequirementError {
    /// What it is about, such as identity.photo_id.
    pub requirement: String,
    /// A stable word such as id_expired.
    pub code: String,
    /// A sentence for the customer.
    pub message: String,
}

/// A status and when it was reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusAt {
    /// One of the six.
    pub status: String,
    /// When it was reached.
    #[schema(format = DateTime)]
    pub at: String,
}

/// What a compliance object is made of.
pub struct ComplianceParts<'a> {
    pub customer: &'a Customer,
    pub mailbox_ready: bool,
    pub form: Option<&'a Form>,
    pub photo_id: Option<&'a Document>,
    pub address_id: Option<&'a Document>,
    pub notarisation: Option<&'a Notarisation>,
    pub decision: Option<(Decision, Vec<ReasonCode>, Timestamp)>,
    pub review_due_at: Option<Timestamp>,
    pub requirements: Requirements,
    pub history: Vec<(ComplianceStatus, Timestamp)>,
    /// When any of it last changed.
    pub updated_at: Timestamp,
}

impl Compliance {
    pub fn new(parts: ComplianceParts<'_>) -> Self {
        let document = |d: &Document| IdentityDocument {
            status: d.status.as_str().to_owned(),
            kind: d.kind.clone(),
            expires_on: d.expires_on.map(|day| day.to_string()),
        };
        let shown = |t: Option<Timestamp>| t.map(|t| t.to_string());
        let notarisation = parts.notarisation;
        let (decision, reasons, decided_at) = match parts.decision {
            Some((decision, reasons, at)) => (Some(decision), reasons, Some(at)),
            None => (None, Vec::new(), None),
        };
        Self {
            object: "compliance".to_owned(),
            customer_id: parts.customer.id.to_string(),
            status: parts.customer.compliance_status.as_str().to_owned(),
            mailbox_ready: parts.mailbox_ready,
            form_1583: parts.form.map(|f| Form1583 {
                id: f.id.to_string(),
                status: f.status.as_str().to_owned(),
                edition: f.edition.clone(),
                revision: f.revision,
                service_type: f.data.service_type.map(ServiceType::as_str).map(ToOwned::to_owned),
                signed_at: shown(f.signed_at),
                submitted_at: shown(f.submitted_at),
                approved_at: shown(f.approved_at),
                rejected_at: shown(f.rejected_at),
            }),
            identity: Identity {
                photo_id: parts.photo_id.map(document),
                address_id: parts.address_id.map(document),
            },
            notarization: Notarization {
                status: notarisation.map_or("not_started", |n| n.status.as_str()).to_owned(),
                method: notarisation.map(|n| n.method.as_str().to_owned()),
                completed_at: notarisation.and_then(|n| shown(n.completed_at)),
            },
            review: Review {
                decision: decision.map(|d| d.as_str().to_owned()),
                reasons: reasons.iter().map(|r| r.shown().as_str().to_owned()).collect(),
                decided_at: shown(decided_at),
                sla_due_at: shown(parts.review_due_at),
            },
            requirements: parts.requirements,
            history: parts
                .history
                .iter()
                .map(|(status, at)| StatusAt {
                    status: status.as_str().to_owned(),
                    at: at.to_string(),
                })
                .collect(),
            updated_at: parts.updated_at.to_string(),
        }
    }
}
