//! How a customer's compliance is shown to staff, who also see who decided and why.

use app::compliance::ComplianceView;
use app::snapshot;
use domain::compliance::{ComplianceStatus, Document, ReasonCode, Requirement};
use serde_json::{Value, json};

use crate::out;

const DETAILS: &[&str] = &[
    "customer_id",
    "name",
    "status",
    "mailbox_ready",
    "form",
    "photo_id",
    "address_id",
    "witness",
    "decision",
    "reasons",
    "note",
    "review_due_at",
    "past_due",
    "currently_due",
    "eventually_due",
    "deadline",
    "errors",
    "history",
];

/// Prints it: for scripts as partners see it, with what only staff may know beside it.
pub(super) fn print(json: bool, view: &ComplianceView) {
    let value = if json { for_scripts(view) } else { for_people(view) };
    out::thing(json, DETAILS, &value);
}

fn for_scripts(view: &ComplianceView) -> Value {
    let mut value = snapshot::value(&snapshot::compliance(view));
    let witness = view.notarisation.as_ref().map(|n| &n.witness_name);
    value["notarization"]["witness_name"] = json!(witness);
    value["review"]["staff"] = json!(view.review.as_ref().map(|r| json!({
        "decided_by": r.decided_by,
        "note": r.note,
        "reasons": words(&r.reasons),
    })));
    value
}

fn for_people(view: &ComplianceView) -> Value {
    let (form, owed, review) = (&view.form, &view.requirements, view.review.as_ref());
    let asked = |list: &[Requirement]| list.iter().map(|r| r.as_str()).collect::<Vec<_>>();
    let errors = owed.errors.iter().map(|(what, reason)| format!("{what} {reason}"));
    let waits = view.customer.compliance_status == ComplianceStatus::PendingReview;
    let review_due_at = view.review_due_at.filter(|_| waits);
    let history = view.history.iter().map(|(status, at)| format!("{status} {at}"));
    json!({
        "customer_id": view.customer.id.to_string(),
        "name": view.customer.name,
        "status": view.customer.compliance_status.as_str(),
        "mailbox_ready": view.mailbox_ready,
        "form": format!(
            "{} {}, revision {}, edition {}", form.id, form.status, form.revision, form.edition
        ),
        "photo_id": view.photo_id.as_ref().map(paper),
        "address_id": view.address_id.as_ref().map(paper),
        "witness": view.notarisation.as_ref().map(|n| {
            format!("{}, {}, {}", n.witness_name, n.method, n.status)
        }),
        "decision": review.map(|r| format!("{} by {} {}", r.decision, r.decided_by, r.decided_at)),
        "reasons": review.map(|r| words(&r.reasons)),
        "note": review.and_then(|r| r.note.as_ref()),
        "review_due_at": review_due_at.map(|at| at.to_string()),
        "past_due": asked(&owed.past_due),
        "currently_due": asked(&owed.currently_due),
        "eventually_due": asked(&owed.eventually_due),
        "deadline": owed.current_deadline.map(|at| at.to_string()),
        "errors": errors.collect::<Vec<_>>(),
        "history": history.collect::<Vec<_>>(),
    })
}

fn words(reasons: &[ReasonCode]) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.as_str()).collect()
}

fn paper(d: &Document) -> String {
    let until = d.expires_on.map(|day| format!(", until {day}")).unwrap_or_default();
    format!("{}, {}{until}", d.kind, d.status)
}
