//! Bodies and answers of `/api/v1/test_helpers/*`, which only test keys reach (developer-experience
//! rule 67). What they set going is in `app`.

use domain::action::RejectReason;
use domain::compliance::{ComplianceStatus, ReasonCode};
use domain::event::EventType;
use domain::mail::{self, MailType};
use domain::{Result, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Seconds by which one call moves the clock: a year.
pub const ADVANCE_SECONDS_MAX: i64 = 366 * 24 * 60 * 60;

/// Reasons of one decision.
const REASONS_MAX: usize = 10;

/// The clock of the test world. Grace, holds, reservations and windows run by it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestClock {
    #[schema(pattern = "^test_clock$")]
    pub object: String,
    /// The time in the test world.
    #[schema(format = DateTime)]
    pub now: String,
    /// How far it runs ahead of the real clock.
    #[schema(minimum = 0)]
    pub ahead_seconds: i64,
}

impl TestClock {
    pub fn new(now: Timestamp, ahead_seconds: i64) -> Self {
        Self { object: "test_clock".to_owned(), now: now.to_string(), ahead_seconds }
    }
}

/// Moves the clock of the test world, forward only and by at most a year. Exactly one of the two.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what AdvanceClock::read takes")]
pub struct TestClockAdvance {
    #[schema(minimum = 1, maximum = 31_622_400, examples(604_800))]
    seconds: Option<i64>,
    /// The moment to move to.
    #[schema(format = DateTime)]
    to: Option<String>,
}

/// A read [`TestClockAdvance`]. Whether `To` lies ahead is for the caller to say, who has the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdvanceClock {
    Seconds(i64),
    To(Timestamp),
}

impl AdvanceClock {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let seconds = f.opt_integer("seconds", 1..=ADVANCE_SECONDS_MAX);
        let to = f.opt_instant("to");
        if seconds.is_some() == to.is_some() {
            f.problem("seconds", "required", "send either seconds or to");
        }
        f.finish()?;
        Ok(match (seconds, to) {
            (_, Some(at)) => Self::To(at),
            (seconds, None) => Self::Seconds(seconds.unwrap_or_default()),
        })
    }
}

/// Which event to emit in the test world.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_trigger takes")]
pub struct TestWebhookTrigger {
    /// A type of the catalogue.
    #[serde(rename = "type")]
    #[schema(max_length = 40, examples("package.arrived"))]
    kind: String,
}

/// Reads a [`TestWebhookTrigger`].
pub fn read_trigger(body: Value) -> Result<EventType> {
    let mut f = Fields::new(body)?;
    let kind =
        f.opt_parsed("type", EventType::parse_for_partner, "an event type of GET /webhook-events");
    if kind.is_none() {
        f.problem("type", "required", "send the type of event to emit");
    }
    f.finish()?;
    Ok(kind.unwrap_or(EventType::MailArrived))
}

/// A sample event that is on its way to every endpoint that listens for its type.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestWebhookTriggered {
    #[schema(pattern = "^webhook_trigger$")]
    pub object: String,
    #[schema(examples("evt_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub event_id: String,
    #[serde(rename = "type")]
    #[schema(examples("package.arrived"))]
    pub kind: String,
    /// One for each endpoint that listens; none where none does.
    pub delivery_ids: Vec<String>,
}

/// Walks a customer's form to a status, through every step between.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what WalkCompliance::read takes")]
pub struct TestComplianceWalk {
    /// pending_form, pending_notary, pending_review, approved, rejected or mailbox_active.
    #[schema(max_length = 40, examples("mailbox_active"))]
    status: String,
    /// Why a form is sent back or refused, as words such as id_expired; else left out.
    #[schema(max_items = 10)]
    reasons: Option<Vec<String>>,
}

/// A read [`TestComplianceWalk`].
#[derive(Clone, Debug)]
pub struct WalkCompliance {
    pub status: ComplianceStatus,
    pub reasons: Vec<ReasonCode>,
}

impl WalkCompliance {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let statuses =
            "pending_form, pending_notary, pending_review, approved, rejected or mailbox_active";
        let status = f.parsed("status", ComplianceStatus::parse, statuses);
        let reasons = f.opt_list("reasons", REASONS_MAX, |f, at, item| {
            f.item_parsed(at, &item, ReasonCode::parse, "a reason such as id_expired")
        });
        f.finish()?;
        // `finish` has refused a body without a status.
        let status = status.unwrap_or(ComplianceStatus::PendingForm);
        Ok(Self { status, reasons: reasons.unwrap_or_default() })
    }
}

/// Carries out the open action of a mail item, as the operator would.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CompleteAction::read takes")]
pub struct TestActionCompletion {
    /// Which one; default is the only open one.
    #[schema(max_length = 64)]
    action_id: Option<String>,
    /// completed or rejected.
    #[schema(default = "completed", max_length = 40)]
    outcome: Option<String>,
    /// Why it is refused: not_found, unreadable, address_undeliverable and others.
    #[schema(default = "other", max_length = 40)]
    reason_code: Option<String>,
    /// Pages of a scan.
    #[schema(minimum = 1, maximum = 500, default = 1)]
    pages: Option<i64>,
    /// Of a forward; made up when it is left out.
    #[schema(max_length = 64)]
    tracking_number: Option<String>,
    #[schema(max_length = 40)]
    carrier: Option<String>,
    #[schema(max_length = 60)]
    service: Option<String>,
    /// What the work cost, in the smallest unit of the currency.
    #[schema(minimum = 0, maximum = 100_000_000)]
    charge_minor: Option<i64>,
}

/// A read [`TestActionCompletion`].
#[derive(Clone, Debug)]
pub struct CompleteAction {
    pub action_id: Option<String>,
    /// Refused for this reason, instead of completed.
    pub rejected: Option<RejectReason>,
    pub pages: i64,
    pub tracking_number: Option<String>,
    pub carrier: Option<String>,
    pub service: Option<String>,
    pub charge_minor: Option<i64>,
}

impl CompleteAction {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let outcome = |text: &str| match text {
            "completed" => Some(true),
            "rejected" => Some(false),
            _ => None,
        };
        let reasons: Vec<&str> = RejectReason::ALL.iter().map(|r| r.as_str()).collect();
        let completed = f.opt_parsed("outcome", outcome, "completed or rejected").unwrap_or(true);
        let reason = f.opt_parsed(
            "reason_code",
            RejectReason::parse,
            &format!("one of {}", reasons.join(", ")),
        );
        let read = Self {
            action_id: f.opt_text("action_id", 1..=64),
            rejected: (!completed).then(|| reason.unwrap_or(RejectReason::Other)),
            pages: f.opt_integer("pages", 1..=500).unwrap_or(1),
            tracking_number: f.opt_text("tracking_number", 1..=64),
            carrier: f.opt_text("carrier", 1..=40),
            service: f.opt_text("service", 1..=60),
            charge_minor: f.opt_integer("charge_minor", 0..=100_000_000),
        };
        f.finish()?;
        Ok(read)
    }
}

/// Lets a letter or a package arrive, as if the operator had logged it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what SimulateMail::read takes")]
pub struct TestMailArrival {
    #[schema(max_length = 64, examples("cus_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    customer_id: String,
    /// letter or package, or one of the words that POST /mail takes.
    #[serde(rename = "type")]
    #[schema(default = "letter", max_length = 40)]
    kind: Option<String>,
    #[schema(max_length = 200)]
    sender_name: Option<String>,
    /// Some have an effect of their own: TEST-SCAN-FAIL, TEST-FORWARD-LOST, TEST-SHRED-BLOCKED.
    #[schema(max_length = 64)]
    tracking_number: Option<String>,
}

/// A read [`TestMailArrival`].
#[derive(Clone, Debug)]
pub struct SimulateMail {
    pub customer_id: String,
    pub kind: MailType,
    pub subtype: Option<&'static str>,
    pub sender_name: Option<String>,
    pub tracking_number: Option<String>,
}

impl SimulateMail {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let customer_id = f.text("customer_id", 1..=64);
        let kind = f.opt_parsed("type", mail::fold_type, "letter, package or a kind of them");
        let (kind, subtype) = kind.unwrap_or((MailType::Letter, None));
        let sender_name = f.opt_text("sender_name", 0..=200);
        let tracking_number = f.opt_text("tracking_number", 1..=64);
        f.finish()?;
        Ok(Self { customer_id, kind, subtype, sender_name, tracking_number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_clock_is_moved_by_a_span_or_to_a_moment_and_not_by_both() {
        let read = |body| AdvanceClock::read(body);
        assert_eq!(read(json!({"seconds": 60})).unwrap(), AdvanceClock::Seconds(60));
        let at = Timestamp::parse("2027-01-01T00:00:00Z").unwrap();
        assert_eq!(read(json!({"to": "2027-01-01T00:00:00Z"})).unwrap(), AdvanceClock::To(at));
        for bad in [
            json!({}),
            json!({"seconds": 0}),
            json!({"seconds": ADVANCE_SECONDS_MAX + 1}),
            json!({"seconds": 1, "to": "2027-01-01T00:00:00Z"}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_action_is_completed_unless_it_is_said_to_be_refused() {
        assert_eq!(CompleteAction::read(json!({})).unwrap().rejected, None);
        let refused = CompleteAction::read(json!({"outcome": "rejected"})).unwrap();
        assert_eq!(refused.rejected, Some(RejectReason::Other));
    }
}
