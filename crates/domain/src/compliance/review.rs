//! The reviewer's decision and the list that must be gone through before it (V5 to V7; section 6.2).

use super::{FormData, ReasonCode};
use crate::customer::ServiceType;
use crate::id::{CustomerId, FormId, ReviewId};
use crate::{Field, Timestamp};

crate::words! {
    /// What a reviewer decided.
    pub enum Decision { Approve = "approve", Reject = "reject", RequestChanges = "request_changes" }
}

crate::words! {
    /// What a reviewer found of one rule.
    pub enum Verdict { Pass = "pass", Fail = "fail", NotApplicable = "na" }
}

/// One line of the reviewer's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `R-8`; see [`RULES`].
    pub rule: String,
    pub verdict: Verdict,
    pub note: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Review {
    pub id: ReviewId,
    pub customer_id: CustomerId,
    pub form_id: FormId,
    pub decision: Decision,
    pub reasons: Vec<ReasonCode>,
    pub checklist: Vec<Check>,
    /// For the operator's staff only.
    pub note: Option<String>,
    /// For the operator's staff only.
    pub decided_by: String,
    pub decided_at: Timestamp,
}

/// Days within which a submitted form should be decided.
pub const REVIEW_DAYS: i64 = 2;

/// What a reviewer looks at before approving, by the rule that asks for it.
pub const RULES: &[(&str, &str)] = &[
    ("R-8", "two documents: one photo ID, one that shows the home address"),
    ("R-9", "the two are not the same document"),
    ("R-10", "both documents are current and are the applicant's"),
    ("R-12", "name and address on the documents are those on the form"),
    ("R-13", "the signature was witnessed as the rule asks"),
    ("R-15", "business: name, address and registration are evidenced"),
    ("R-16", "protected by a court: the order is attached"),
];

fn is_needed(rule: &str, form: &FormData) -> bool {
    match rule {
        "R-15" => form.service_type == Some(ServiceType::Business),
        "R-16" => form.court_protected,
        _ => true,
    }
}

/// Everything on the list that keeps a form from being approved. A mismatch of name or address
/// may be passed over, with a note that says why.
pub fn checklist_problems(form: &FormData, checklist: &[Check]) -> Vec<Field> {
    let mut found = Vec::new();
    for (rule, meaning) in RULES.iter().filter(|(rule, _)| is_needed(rule, form)) {
        let check = checklist.iter().find(|c| c.rule == *rule);
        let is_noted = |c: &Check| c.note.as_ref().is_some_and(|n| !n.trim().is_empty());
        let holds = match check {
            None => false,
            Some(check) => match check.verdict {
                Verdict::Pass => true,
                Verdict::Fail => *rule == "R-12" && is_noted(check),
                Verdict::NotApplicable => false,
            },
        };
        if !holds {
            let message = format!("{rule} must be passed before approval: {meaning}");
            found.push(Field::new(format!("checklist/{rule}"), "form_incomplete", message));
        }
    }
    found
}

/// A list on which every rule is passed.
pub fn all_passed() -> Vec<Check> {
    let pass = |rule: &str| Check { rule: rule.to_owned(), verdict: Verdict::Pass, note: None };
    RULES.iter().map(|(rule, _)| pass(rule)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_concerns_the_form_must_be_passed() {
        let mut form = FormData::default();
        assert!(checklist_problems(&form, &all_passed()).is_empty());
        assert_eq!(checklist_problems(&form, &[]).len(), 5);
        form.service_type = Some(ServiceType::Business);
        form.court_protected = true;
        assert_eq!(checklist_problems(&form, &[]).len(), 7);
    }

    #[test]
    fn only_a_mismatch_may_be_passed_over_and_only_with_a_note() {
        let with = |rule: &str, note: Option<&str>| {
            let mut list = all_passed();
            let check = list.iter_mut().find(|c| c.rule == rule).unwrap();
            check.verdict = Verdict::Fail;
            check.note = note.map(Into::into);
            checklist_problems(&FormData::default(), &list).len()
        };
        assert_eq!(with("R-12", Some("maiden name on the lease")), 0);
        assert_eq!(with("R-12", None), 1);
        assert_eq!(with("R-9", Some("looks fine")), 1);
    }
}
