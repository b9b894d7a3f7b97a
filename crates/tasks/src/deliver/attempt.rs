//! One attempt: sign, send, judge, and put into words for the log.
//!
//! Runs beside all others and touches neither lanes nor the database; what it returns is written by
//! [`super::books`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use domain::Timestamp;
use domain::id::AttemptId;
use futures_util::FutureExt;
use http::HeaderMap;
use storage::attempts::{Attempt, Settled};
use storage::endpoints::Aside;
use storage::queue::{Owed, Parcel};
use webhook::custom::REDACTED;
use webhook::headers;
use webhook::ladder::{Class, Ladder, Next, Spent};
use webhook::outcome::{ErrorKind, Outcome, Phases};
use webhook::sender::Request;

use super::endpoint::Endpoint;
use super::health::{GONE, Verdict};
use super::pace::Load;
use super::read::Launch;
use crate::Tasks;

/// What an attempt came to.
pub(super) struct Finished {
    pub(super) launch: Launch,
    pub(super) settled: Settled,
    pub(super) class: Class,
    pub(super) load: Load,
    pub(super) phases: Phases,
    pub(super) at: Timestamp,
    /// The receiver wants to be left alone until then.
    pub(super) quiet_until: Option<Timestamp>,
    /// It asked an endpoint that is set aside already.
    pub(super) is_probe: bool,
    /// It only tried the receiver, and is neither evidence nor measured.
    pub(super) is_test: bool,
    /// Why the endpoint must be set aside.
    pub(super) disable: Option<Verdict>,
}

/// What was sent beside the body.
struct Signed {
    headers: HeaderMap,
    /// The number of the secret that signed first.
    key_n: i64,
}

impl Finished {
    /// Lets the delivery come back before its next try, to ask whether the receiver is back (webhooks.md 5.13). What
    /// asked for a time, or says nothing of the receiver, is left alone.
    pub(super) fn ask_sooner(&mut self, at: Timestamp) {
        let (settled, class) = (&mut self.settled, self.class);
        let Some(again) = settled.again.as_mut().filter(|again| at < again.due_at) else { return };
        if matches!(class, Class::Down | Class::Moved | Class::Refused) {
            again.counts_at = Some(again.due_at);
            again.due_at = at;
            settled.attempt.next_at = Some(at);
        }
    }
}

/// Makes an attempt. A panic on the way counts as our own fault and is tried again later.
pub(super) async fn make(
    tasks: Tasks,
    endpoint: Arc<Endpoint>,
    parcel: Parcel,
    launch: Launch,
) -> Finished {
    let app = &tasks.parts.app;
    let started_at = app.clock.now();
    let sent = AssertUnwindSafe(send(&tasks, &endpoint, &parcel, started_at)).catch_unwind().await;
    let (outcome, signed) =
        sent.unwrap_or_else(|_| (failed(ErrorKind::Internal, "the attempt panicked"), None));
    let ended_at = app.clock.now();
    let mut random = [0; 4];
    app.ids.fill(&mut random);
    let random = u32::from_be_bytes(random);
    let times = (started_at, ended_at);
    let mut finished = judge(launch, &parcel, &endpoint, outcome, signed, times, random);
    let attempt = &mut finished.settled.attempt;
    attempt.url.clone_from(&endpoint.logged_url);
    let is_named = attempt.url.is_some() && attempt.n > 1;
    attempt.id = is_named.then(|| AttemptId::new(app.ids.as_ref(), started_at));
    finished
}

async fn send(
    tasks: &Tasks,
    endpoint: &Endpoint,
    parcel: &Parcel,
    at: Timestamp,
) -> (Outcome, Option<Signed>) {
    let opened = (endpoint.keys(parcel.signer), &endpoint.custom, &endpoint.certificate);
    let ((keys, key_n), custom) = match &opened {
        (Ok(keys), Ok(custom), Ok(())) => (keys, custom),
        (Err(problem), _, _) | (_, Err(problem), _) | (_, _, Err(problem)) => {
            tracing::error!(endpoint.no = parcel.owed.endpoint_no, "{problem}");
            return (failed(ErrorKind::Internal, "a sealed secret does not open"), None);
        }
    };
    let target = match &endpoint.target {
        Ok(target) => target,
        Err(problem) => return (failed(ErrorKind::Blocked, problem), None),
    };
    let headers = tasks.parts.headers.of(&headers::Attempt {
        event_id: parcel.event_id,
        event_type: parcel.kind,
        delivery_id: parcel.delivery_id,
        number: narrow(parcel.owed.attempt).saturating_add(1),
        at,
        keys,
        custom,
        body: &parcel.payload,
        is_replay: parcel.is_replay,
        original_id: parcel.original_id,
        trace: parcel.trace.map(|trace| trace.child(tasks.parts.app.ids.as_ref())),
    });
    if let Some(outcome) = &endpoint.rehearsed {
        return (outcome.clone(), Some(Signed { headers, key_n: *key_n }));
    }
    let (body, deadline) = (&parcel.payload, endpoint.deadline);
    let request = Request { target, headers: &headers, body, deadline };
    let outcome = tasks.parts.sender.send(&request).await;
    (outcome, Some(Signed { headers, key_n: *key_n }))
}

fn failed(kind: ErrorKind, detail: impl std::fmt::Display) -> Outcome {
    Outcome { error: Some(kind), detail: Some(detail.to_string()), ..Outcome::default() }
}

/// Decides what follows and writes it down.
fn judge(
    launch: Launch,
    parcel: &Parcel,
    endpoint: &Endpoint,
    outcome: Outcome,
    signed: Option<Signed>,
    (started_at, ended_at): (Timestamp, Timestamp),
    random: u32,
) -> Finished {
    let (class, owed, is_test) = (endpoint.class(&outcome), parcel.owed, parcel.is_test);
    let spent = Spent { tries: narrow(owed.tries), slow_downs: narrow(owed.slow_downs) };
    let next = endpoint.ladder.decide(class, spent, ended_at, outcome.retry_after, random);
    let next = match (owed.counts_at.filter(|at| started_at < *at), next) {
        // It only asked: the try that counts stands where it stood, or where the receiver wants it.
        (Some(at), Next::RetryAt { .. } | Next::GiveUp) => {
            let wish = outcome.retry_after.map_or(0, |hint| hint.wait(ended_at));
            Next::RetryAt { at: at.max(ended_at.plus(wish)), spent }
        }
        _ => next,
    };
    // Trying a receiver out switches no endpoint off.
    let next = if is_test && next == Next::Disable { Next::GiveUp } else { next };
    let at = |due_at: Timestamp, spent: Spent| Owed {
        due_at,
        attempt: owed.attempt + 1,
        tries: spent.tries.into(),
        slow_downs: spent.slow_downs.into(),
        counts_at: None,
        ..owed
    };
    let (word, again) = match next {
        Next::Done => ("succeeded", None),
        // A probe costs the delivery nothing: it stays due, and is held again.
        _ if endpoint.is_probe => ("retrying", Some(at(ended_at, spent))),
        Next::GiveUp => ("failed", None),
        Next::RetryAt { at: due_at, spent } => ("retrying", Some(at(due_at, spent))),
        // Held: it is due as soon as the endpoint is enabled again.
        Next::Disable => ("retrying", Some(at(ended_at, spent))),
    };
    Finished {
        launch,
        class,
        load: load(&outcome),
        phases: outcome.phases,
        at: ended_at,
        quiet_until: quiet_until(class, &outcome, ended_at),
        is_probe: endpoint.is_probe,
        is_test,
        disable: matches!(next, Next::Disable).then(|| verdict(class)),
        settled: Settled {
            owed,
            again,
            epoch: launch.epoch,
            attempt: line(&owed, outcome, signed, word, started_at, again),
        },
    }
}

fn line(
    owed: &Owed,
    outcome: Outcome,
    signed: Option<Signed>,
    word: &'static str,
    at: Timestamp,
    again: Option<Owed>,
) -> Attempt {
    if let Some(detail) = &outcome.detail {
        tracing::debug!(delivery.no = owed.delivery_no, "an attempt failed: {detail}");
    }
    let phases = phases(&outcome);
    let kept = |text: String| (!text.is_empty()).then_some(text);
    Attempt {
        delivery_no: owed.delivery_no,
        n: owed.attempt + 1,
        endpoint_no: owed.endpoint_no,
        at,
        duration_us: outcome.duration_micros,
        outcome: word,
        status_code: outcome.status.map(i64::from),
        error: outcome.error.map(|error| error.as_str().to_owned()),
        ip: outcome.ip.map(|ip| ip.to_string()),
        request_headers: signed.as_ref().map(|signed| lines(&signed.headers)).unwrap_or_default(),
        response_headers: kept(outcome.response_headers),
        response_body: (!outcome.response_body.is_empty()).then(|| outcome.response_body.into()),
        next_at: again.map(|owed| owed.due_at),
        key_n: signed.map(|signed| signed.key_n),
        phases,
        url: None,
        id: None,
    }
}

/// How long the parts of an attempt took, to be stored. Nothing is said of an address that is not allowed, lest the
/// times tell who is there.
fn phases(outcome: &Outcome) -> Option<Bytes> {
    match outcome.class() {
        Class::Config | Class::Internal => None,
        Class::Ok | Class::Moved | Class::Down | Class::SlowDown | Class::Gone | Class::Refused => {
            outcome.phases.to_bytes().map(Bytes::from)
        }
    }
}

/// The wish of one answer holds for the whole endpoint, but a delivery's own place on the ladder does
/// not: the wait is that of a first try.
fn quiet_until(class: Class, outcome: &Outcome, now: Timestamp) -> Option<Timestamp> {
    let hint = outcome.retry_after.filter(|_| class == Class::SlowDown)?;
    match Ladder::default().decide(class, Spent::default(), now, Some(hint), 0) {
        Next::RetryAt { at, .. } => Some(at),
        Next::Done | Next::GiveUp | Next::Disable => None,
    }
}

/// What an answer says about the load that the receiver bears (webhooks.md 5.7).
fn load(outcome: &Outcome) -> Load {
    match (outcome.error, outcome.status) {
        (None, _) => Load::Success,
        (Some(ErrorKind::Timeout), _) | (_, Some(429 | 502 | 503 | 504)) => Load::Overload,
        (Some(_), _) => Load::Failure,
    }
}

fn verdict(class: Class) -> Verdict {
    let (reason, aside) = if class == Class::Gone {
        (GONE, Aside::ForGood)
    } else {
        ("the endpoint's address is not allowed", Aside::ForNow)
    };
    Verdict { reason: reason.to_owned(), aside }
}

/// `name: value` lines, in the order in which they were sent, without what the owner wants hidden.
fn lines(headers: &HeaderMap) -> String {
    let mut text = String::with_capacity(640);
    for (name, value) in headers {
        let shown =
            if value.is_sensitive() { REDACTED } else { value.to_str().unwrap_or_default() };
        for part in [name.as_str(), ": ", shown, "\n"] {
            text.push_str(part);
        }
    }
    text
}

fn narrow(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
