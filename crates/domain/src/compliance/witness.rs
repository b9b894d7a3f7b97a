//! Who watched the signature, and whether that person may (V3; rules ).

use super::{FormData, ReasonCode};
use crate::id::{FormId, NotarisationId};
use crate::{Date, Field, Timestamp};

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

/// One try at witnessing a form.
#[derive(Clone, Debug)]
pub struct Notarisation {
    pub id: NotarisationId,
    pub form_id: FormId,
    pub method: NotaryMethod,
    pub status: NotaryStatus,
    pub witness_name: String,
    pub commission_state: Option<String>,
    /// When both parties saw each other; kept for sessions over audio and video.
    pub session: Option<(Timestamp, Timestamp)>,
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub reasons: Vec<ReasonCode>,
}

/// What a witness states.
#[derive(Clone, Debug)]
pub struct Attestation {
    pub method: NotaryMethod,
    pub witness_name: String,
    /// Two-letter code; notaries only.
    pub commission_state: Option<String>,
    /// The name that the signer proved to bear.
    pub signer_name: String,
    pub signed_on: Date,
    pub session: Option<(Timestamp, Timestamp)>,
}

/// Everything that keeps an attestation from counting (V3, R-13), all at once.
pub fn attestation_problems(
    attestation: &Attestation,
    applicant: &FormData,
    now: Timestamp,
    today: Date,
) -> Vec<Field> {
    let mut found = Vec::new();
    let mut need = |ok: bool, at: &str, code: &'static str, message: &str| {
        if !ok {
            found.push(Field::new(at, code, message));
        }
    };
    let is_commissioned = attestation
        .commission_state
        .as_ref()
        .is_some_and(|state| US_COMMISSIONS.contains(&state.to_uppercase().as_str()));
    need(
        !attestation.method.needs_commission() || is_commissioned,
        "commission_state",
        "notary_not_us",
        "the notary must be commissioned in a US state, territory, possession or DC (two-letter code)",
    );
    need(
        !attestation.witness_name.trim().is_empty(),
        "witness_name",
        "witness_invalid",
        "the witness must be named",
    );
    need(
        bears_name(&attestation.signer_name, applicant),
        "signer_name",
        "name_mismatch",
        "the attested name must be the applicant's",
    );
    need(
        attestation.signed_on <= today,
        "signed_on",
        "witness_invalid",
        "the signature cannot be dated after today",
    );
    let in_order = attestation.session.is_none_or(|(from, to)| from <= to && to <= now);
    let is_kept =
        attestation.session.is_some() || attestation.method != NotaryMethod::RemoteAgentAv;
    need(
        in_order && is_kept,
        "session",
        "witness_invalid",
        "a session over audio and video needs its start and its end, both in the past",
    );
    found
}

/// True when the name is the applicant's, whatever stands between the first and the last name.
fn bears_name(name: &str, applicant: &FormData) -> bool {
    let folded = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let (name, first) = (folded(name), folded(&applicant.first_name));
    let last = folded(&applicant.last_name);
    name == format!("{first} {last}").trim()
        || (name.starts_with(&format!("{first} ")) && name.ends_with(&format!(" {last}")))
}

/// States, territories, possessions and DC that commission notaries (89 FR 35716).
const US_COMMISSIONS: &[&str] = &[
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS",
    "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY",
    "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV",
    "WI", "WY", "DC", "AS", "GU", "MP", "PR", "VI",
];

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_187_045_000_000);

    fn codes(change: impl FnOnce(&mut Attestation)) -> Vec<&'static str> {
        let applicant = FormData {
            first_name: "Jane".into(),
            last_name: "Smith".into(),
            ..FormData::default()
        };
        let today = NOW.date_in("UTC");
        let mut attestation = Attestation {
            method: NotaryMethod::InPersonNotary,
            witness_name: "Nora Notary".into(),
            commission_state: Some("tx".into()),
            signer_name: "Jane Q. Smith".into(),
            signed_on: today,
            session: None,
        };
        change(&mut attestation);
        let found = attestation_problems(&attestation, &applicant, NOW, today);
        found.iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_notary_of_a_state_counts_and_one_of_ontario_does_not() {
        assert!(codes(|_| {}).is_empty());
        assert_eq!(codes(|a| a.commission_state = Some("Ontario".into())), ["notary_not_us"]);
        assert_eq!(codes(|a| a.commission_state = None), ["notary_not_us"]);
    }

    #[test]
    fn an_agent_needs_no_commission_but_the_times_of_a_remote_session() {
        let agent = |a: &mut Attestation| {
            a.method = NotaryMethod::InPersonAgent;
            a.commission_state = None;
        };
        assert!(codes(agent).is_empty());
        let remote = |a: &mut Attestation| a.method = NotaryMethod::RemoteAgentAv;
        assert_eq!(codes(remote), ["witness_invalid"]);
        let kept = |a: &mut Attestation| {
            remote(a);
            a.session = Some((NOW.plus(-60_000_000), NOW));
        };
        assert!(codes(kept).is_empty());
    }

    #[test]
    fn another_name_and_a_date_to_come_are_both_told() {
        let wrong = |a: &mut Attestation| {
            a.signer_name = "Janet Smithson".into();
            a.signed_on = a.signed_on.plus_days(1);
        };
        assert_eq!(codes(wrong), ["name_mismatch", "witness_invalid"]);
    }
}
