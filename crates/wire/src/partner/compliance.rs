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
    #[schema(pattern = "^compliance$")]
    pub object: String,
    pub customer_id: String,
    /// pending_form, pending_notary, pending_review, approved, rejected or mailbox_active.
    #[schema(example = "pending_review")]
    pub status: String,
    /// True once mail may be received.
    pub mailbox_ready: bool,
    #[schema(required = true)]
    pub form_1583: Option<Form1583>,
    pub identity: Identity,
    pub notarization: Notarization,
    pub review: Review,
    pub requirements: Requirements,
    /// Every status that was reached, oldest first.
    pub history: Vec<StatusAt>,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// The current revision of the form.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Form1583 {
    pub id: String,
    /// draft, signed, witnessed, submitted, approved, rejected, superseded or closed.
    pub status: String,
    #[schema(example = "2024-06")]
    pub edition: String,
    pub revision: i64,
    /// business or residential.
    #[schema(required = true)]
    pub service_type: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub signed_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub submitted_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub approved_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub rejected_at: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Identity {
    #[schema(required = true)]
    pub photo_id: Option<IdentityDocument>,
    #[schema(required = true)]
    pub address_id: Option<IdentityDocument>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentityDocument {
    /// uploaded, accepted, rejected, expired or purged.
    pub status: String,
    #[serde(rename = "type")]
    #[schema(example = "passport")]
    pub kind: String,
    #[schema(format = Date, required = true)]
    pub expires_on: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notarization {
    /// not_started, scheduled, in_progress, completed, failed, expired or cancelled.
    pub status: String,
    /// in_person_agent, remote_agent_av, in_person_notary or remote_online_notary.
    #[schema(required = true)]
    pub method: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub completed_at: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Review {
    /// approve, reject or request_changes.
    #[schema(required = true)]
    pub decision: Option<String>,
    pub reasons: Vec<String>,
    #[schema(format = DateTime, required = true)]
    pub decided_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub sla_due_at: Option<String>,
}

/// What is asked of the customer.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Requirements {
    /// form_1583.applicant, form_1583.signature, identity.photo_id, notarization, review and others.
    pub currently_due: Vec<String>,
    pub eventually_due: Vec<String>,
    pub past_due: Vec<String>,
    #[schema(format = DateTime, required = true)]
    pub current_deadline: Option<String>,
    pub errors: Vec<RequirementError>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequirementError {
    pub requirement: String,
    pub code: String,
    pub message: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusAt {
    pub status: String,
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
