//! What the deliverer tells whoever watches it; `docs/operations.md` says what each number means.
//!
//! By class and never by endpoint or partner, so that the number of series does not grow with customers.
//! Source: webhooks.md 5.19.

use std::time::Duration;

use domain::Timestamp;
use metrics::Histogram;
use storage::load::Rung;
use webhook::ladder::Class;
use webhook::outcome::Phases;

use super::attempt::Finished;
use super::lane::launch::Wait;
use super::promise::{Alarm, Promise, Report};

const LATE: &str = "too many first tries to healthy receivers start more than 100 ms late: see docs/operations.md, Health";

/// Where the phases of attempts are told: looked up once, since each attempt has several.
pub(super) struct PhaseMeter([Histogram; 6]);

impl PhaseMeter {
    pub(super) fn new() -> Self {
        let phases = ["dns", "connect", "tls", "write", "head", "body"];
        Self(
            phases.map(
                |phase| metrics::histogram!("postroom_delivery_phase_seconds", "phase" => phase),
            ),
        )
    }
}

/// An attempt that ended.
pub(super) fn attempt(phases: &PhaseMeter, promise: &mut Promise, done: &Finished) {
    let settled = &done.settled;
    // What starts late by its receiver's own doing is told apart.
    let lane = match &done.launch {
        launch if launch.ticket.kin.is_slow => "slow",
        launch if launch.was_held_back => "held",
        _ => "quick",
    };
    let is_first = settled.owed.attempt == 0;
    let try_ = if is_first { "first" } else { "retry" };
    let waited = settled.attempt.at.micros() - settled.owed.due_at.micros();
    metrics::histogram!("postroom_delivery_wait_seconds", "lane" => lane, "try" => try_)
        .record(seconds(waited));
    if is_first && lane == "quick" {
        promise.note(waited, done.at);
    }
    metrics::histogram!("postroom_delivery_attempt_seconds", "result" => done.class.as_str())
        .record(seconds(settled.attempt.duration_us));
    if done.class == Class::Internal {
        return;
    }
    let Phases { dns, connect, tls, write, head, body } = done.phases;
    for (histogram, micros) in phases.0.iter().zip([dns, connect, tls, write, head, body]) {
        if let Some(micros) = micros {
            histogram.record(seconds(micros));
        }
    }
}

/// How the promise to healthy receivers stands.
pub(super) fn promise(report: &Report) {
    for (window, rate) in &report.rates {
        metrics::gauge!("postroom_delivery_slo_burn_rate", "window" => window.as_str()).set(*rate);
    }
    let rates: Vec<_> = report.rates.iter().map(|(w, rate)| format!("{w}: {rate:.1}")).collect();
    let rates = rates.join(", ");
    for Alarm { severity, is_on, is_news } in &report.alarms {
        metrics::gauge!("postroom_delivery_slo_alert", "severity" => severity.as_str())
            .set(f64::from(u8::from(*is_on)));
        if *is_news && *is_on {
            tracing::warn!(%severity, %rates, "{LATE}");
        } else if *is_news {
            tracing::info!(%severity, %rates, "first tries start in time again");
        }
    }
}

/// Completions that were written, or could not be.
pub(super) fn write(lasted: Duration) {
    metrics::histogram!("postroom_delivery_write_seconds").record(lasted);
}

/// How far this process gives way to load: 0 is not at all.
pub(super) fn rung(rung: Rung) {
    metrics::gauge!("postroom_load_rung").set(f64::from(rung as u8));
}

/// How the lanes of this process stand.
#[expect(clippy::cast_precision_loss, reason = "exact far beyond any number of lanes")]
pub(super) fn lanes(n_in_flight: usize, n_lanes: usize, n_breakers_open: usize) {
    metrics::gauge!("postroom_deliveries_in_flight").set(n_in_flight as f64);
    metrics::gauge!("postroom_delivery_lanes").set(n_lanes as f64);
    metrics::gauge!("postroom_delivery_breakers_open").set(n_breakers_open as f64);
}

/// How many lanes have something due that waits, by what for.
#[expect(clippy::cast_precision_loss, reason = "exact far beyond any number of lanes")]
pub(super) fn waits(waits: &[(Wait, usize)]) {
    for (wait, n) in waits {
        metrics::gauge!("postroom_delivery_lanes_waiting", "for" => wait.as_str()).set(*n as f64);
    }
}

/// Since when the delivery that has been due longest waits; `None` when none is due.
pub(super) fn oldest(due_at: Option<Timestamp>, now: Timestamp) {
    let age = due_at.map_or(0, |at| now.micros() - at.micros());
    metrics::gauge!("postroom_deliveries_oldest_due_seconds").set(seconds(age));
}

#[expect(clippy::cast_precision_loss, reason = "exact for three hundred years")]
fn seconds(micros: i64) -> f64 {
    micros.max(0) as f64 / 1e6
}
