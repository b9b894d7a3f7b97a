//! Trying a receiver: requests that it should take, and some that it should refuse.
//!
//! Every request is a real one over the guarded sender, about a sample event. What a receiver answers
//! wrongly would cost it events, or let somebody else send it some.

use std::time::Duration;

use bytes::Bytes;
use domain::endpoint::KeyModes;
use domain::event::EventType;
use domain::id::{DeliveryId, EventId};
use domain::{Clock, Ids, minutes};

use crate::custom::CustomHeaders;
use crate::headers::{Attempt, Headers};
use crate::outcome::Outcome;
use crate::sender::{DEADLINE, Request, Sender};
use crate::signature::{Key, KeyProblem, Keyring, Secret};
use crate::target::Target;

/// Bytes of the large body; a payload of ours has at most a third of it.
const LARGE_BYTES: usize = 200 * 1024;
/// How old the stale request says it is, in microseconds: twice what verifiers should bear.
const STALE: i64 = minutes(10);
/// A receiver that answers later is at the mercy of a busy day.
const PROMPT: Duration = Duration::from_secs(5);

domain::words! {
    /// What was tried.
    pub enum Check {
        Accepts = "accepts",
        AcceptsAgain = "accepts_again",
        AcceptsLarge = "accepts_large",
        RefusesForged = "refuses_forged",
        RefusesStale = "refuses_stale",
        AnswersInTime = "answers_in_time",
    }
}

domain::words! {
    pub enum Verdict {
        Pass = "pass",
        Warn = "warn",
        Fail = "fail",
    }
}

/// What came of one check.
#[derive(Clone, Debug)]
pub struct Finding {
    pub check: Check,
    pub verdict: Verdict,
    pub status: Option<u16>,
    /// What happened, and what to do about it.
    pub text: String,
    pub duration_micros: i64,
}

/// A receiver, and with what it is tried.
pub struct Probe<'a> {
    pub sender: &'a Sender,
    pub headers: &'a Headers,
    pub target: &'a Target,
    pub secret: &'a Secret,
    /// How the receiver reads the secret.
    pub modes: KeyModes,
    pub kind: EventType,
    /// The body of a sample event of that type, as JSON.
    pub sample: Bytes,
    pub clock: &'a dyn Clock,
    pub ids: &'a dyn Ids,
}

impl Probe<'_> {
    /// Tries everything in turn. A receiver that does not take a good request is tried no further,
    /// because its refusals would say nothing. Fails where the secret gives no key in these modes.
    pub async fn run(&self) -> Result<Vec<Finding>, KeyProblem> {
        let now = self.clock.now();
        let event = (EventId::new(self.ids, now), DeliveryId::new(self.ids, now));
        let keys = Keyring::new(Key::new(self.secret, self.modes)?);
        let stranger = Keyring::new(Key::new(&Secret::generate(self.ids), self.modes)?);
        let first = self.send(event, 1, &keys, 0, &self.sample).await;
        let mut findings = vec![accepts(&first)];
        if findings[0].verdict == Verdict::Fail {
            return Ok(findings);
        }
        let again = self.send(event, 2, &keys, 0, &self.sample).await;
        findings.push(taken(
            Check::AcceptsAgain,
            &again,
            "an event may come twice: drop what you know by its id, and answer 2xx",
        ));
        let mut large = self.sample.to_vec();
        large.resize(LARGE_BYTES.max(large.len()), b' ');
        let large = self.send(self.event(), 1, &keys, 0, &Bytes::from(large)).await;
        let advice = "take bodies of at least 256 KiB";
        findings.push(taken(Check::AcceptsLarge, &large, advice));
        let forged = self.send(self.event(), 1, &stranger, 0, &self.sample).await;
        let advice = "it took a request that was signed with another secret: verify the signature";
        findings.push(refused(Check::RefusesForged, &forged, Verdict::Fail, advice));
        let stale = self.send(self.event(), 1, &keys, STALE, &self.sample).await;
        let advice = "it took a request ten minutes old: refuse what is older than five, so that \
            nobody can send you an old one again";
        findings.push(refused(Check::RefusesStale, &stale, Verdict::Warn, advice));
        findings.push(in_time(&[&first, &again, &large, &forged, &stale]));
        Ok(findings)
    }

    fn event(&self) -> (EventId, DeliveryId) {
        let now = self.clock.now();
        (EventId::new(self.ids, now), DeliveryId::new(self.ids, now))
    }

    async fn send(
        &self,
        (event_id, delivery_id): (EventId, DeliveryId),
        number: u32,
        keys: &Keyring,
        age: i64,
        body: &Bytes,
    ) -> Outcome {
        let at = self.clock.now().plus(-age);
        let event_type = self.kind;
        let attempt = Attempt {
            event_id,
            event_type,
            delivery_id,
            number,
            at,
            keys,
            custom: &CustomHeaders::default(),
            body,
            is_replay: false,
            original_id: None,
            trace: None,
        };
        let headers = self.headers.of(&attempt);
        let request = Request { target: self.target, headers: &headers, body, deadline: DEADLINE };
        self.sender.send(&request).await
    }
}

fn accepts(outcome: &Outcome) -> Finding {
    let advice = "a rightly signed event must be answered with 2xx; read the raw body, and use the \
        whole secret with its prefix";
    taken(Check::Accepts, outcome, advice)
}

/// Judges the slowest of all answers.
fn in_time(outcomes: &[&Outcome]) -> Finding {
    let slowest = outcomes.iter().max_by_key(|outcome| outcome.duration_micros);
    let slowest = slowest.copied().cloned().unwrap_or_default();
    if i128::from(slowest.duration_micros) <= PROMPT.as_micros().cast_signed() {
        return finding(Check::AnswersInTime, Verdict::Pass, &slowest, "");
    }
    let advice = "it took longer than 5 seconds: answer first, work afterwards";
    finding(Check::AnswersInTime, Verdict::Warn, &slowest, advice)
}

fn taken(check: Check, outcome: &Outcome, advice: &str) -> Finding {
    match outcome.error {
        None => finding(check, Verdict::Pass, outcome, ""),
        Some(_) => finding(check, Verdict::Fail, outcome, advice),
    }
}

fn refused(check: Check, outcome: &Outcome, taken: Verdict, advice: &str) -> Finding {
    match (outcome.error, outcome.status) {
        (None, _) => finding(check, taken, outcome, advice),
        (Some(_), Some(400..=499)) => finding(check, Verdict::Pass, outcome, ""),
        (Some(_), _) => {
            let advice = "refuse with 4xx; anything else looks as if the receiver were down";
            finding(check, Verdict::Warn, outcome, advice)
        }
    }
}

fn finding(check: Check, verdict: Verdict, outcome: &Outcome, advice: &str) -> Finding {
    let came = match (outcome.error, outcome.status) {
        (_, Some(status)) => format!("answered {status}"),
        (Some(error), None) => format!("no answer ({error})"),
        (None, None) => String::new(),
    };
    let text = if advice.is_empty() { came } else { format!("{came}; {advice}") };
    let (status, duration_micros) = (outcome.status, outcome.duration_micros);
    Finding { check, verdict, status, text, duration_micros }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_answer_is_enough_for_a_warning() {
        let after = |duration_micros| Outcome { duration_micros, ..Outcome::default() };
        let (prompt, slow) = (after(4_900_000), after(5_100_000));
        assert_eq!(in_time(&[&prompt, &prompt]).verdict, Verdict::Pass);
        let found = in_time(&[&prompt, &slow, &prompt]);
        assert_eq!((found.verdict, found.duration_micros), (Verdict::Warn, 5_100_000));
        assert!(found.text.contains("answer first"), "{}", found.text);
    }
}
