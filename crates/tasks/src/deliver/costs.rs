//! What each lane cost lately, so that the costliest can be shown by name (webhooks.md 5.19).
//!
//! Metrics have no label for an endpoint, because there may be very many; this answers which of them keep the
//! install busy. Who is served first is decided by other accounts, in [`super::fair`].

use std::collections::HashMap;

use domain::{Timestamp, minutes};
use storage::Tx;
use storage::lane_costs::{self, LANES_MAX, LaneCost};
use webhook::ladder::Class;

use super::attempt::Finished;
use crate::Tasks;

/// Time of one report, in microseconds.
const REPORT_EVERY: i64 = minutes(1);
/// Endpoints that are counted at a time. Beyond it the cheaper half is forgotten, so that those that cost much
/// stay, whenever they began.
const ENDPOINTS_MAX: usize = 4096;

/// See the module.
pub(super) struct Costs {
    since: Timestamp,
    by_endpoint: HashMap<i64, LaneCost>,
}

/// The costliest lanes of a time.
pub(super) struct Report {
    since: Timestamp,
    until: Timestamp,
    lanes: Vec<LaneCost>,
}

impl Costs {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { since: now, by_endpoint: HashMap::new() }
    }

    pub(super) fn note(&mut self, done: &Finished) {
        let (endpoint_no, micros) = (done.launch.endpoint_no, done.settled.attempt.duration_us);
        self.add(endpoint_no, micros, done.class != Class::Ok);
    }

    fn add(&mut self, endpoint_no: i64, micros: i64, has_failed: bool) {
        if self.by_endpoint.len() >= ENDPOINTS_MAX && !self.by_endpoint.contains_key(&endpoint_no) {
            let dear = self.costliest(ENDPOINTS_MAX / 2);
            self.by_endpoint = dear.into_iter().map(|lane| (lane.endpoint_no, lane)).collect();
        }
        let lane = self.by_endpoint.entry(endpoint_no).or_default();
        lane.endpoint_no = endpoint_no;
        lane.attempts += 1;
        lane.failed += i64::from(has_failed);
        lane.busy_us += micros.max(0);
    }

    /// The report of a time that is over; `None` while it lasts, or when nothing was sent in it.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<Report> {
        let lasted = now.micros() - self.since.micros();
        // A clock that was set back begins another time.
        if (0..REPORT_EVERY).contains(&lasted) { None } else { self.report(now) }
    }

    /// The report of the time until now; `None` when nothing was sent in it.
    pub(super) fn report(&mut self, now: Timestamp) -> Option<Report> {
        let lanes = self.costliest(LANES_MAX);
        self.by_endpoint.clear();
        let since = std::mem::replace(&mut self.since, now);
        (!lanes.is_empty()).then_some(Report { since, until: now, lanes })
    }

    fn costliest(&self, n: usize) -> Vec<LaneCost> {
        let mut lanes: Vec<LaneCost> = self.by_endpoint.values().copied().collect();
        lanes.sort_unstable_by_key(|lane| (-lane.busy_us, lane.endpoint_no));
        lanes.truncate(n);
        lanes
    }
}

/// Writes a report. One that can't be written is missing, and nothing else.
pub(super) async fn write(tasks: Tasks, Report { since, until, lanes }: Report) {
    let unit = async move |tx: &Tx| lane_costs::put(tx, &lanes, since, until).await;
    if let Err(error) = tasks.parts.app.db.write_late(unit).await {
        tracing::warn!(%error, "what endpoints cost was not written down");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    #[test]
    fn a_report_names_the_costliest_twenty_of_a_minute_and_begins_anew() {
        let mut costs = Costs::new(NOW);
        for endpoint_no in 0..30 {
            costs.add(endpoint_no, endpoint_no, false);
            costs.add(endpoint_no, 1, true);
        }
        assert!(costs.due(NOW.plus(minutes(1) - 1)).is_none());
        let report = costs.due(NOW.plus(minutes(1))).unwrap();
        assert_eq!((report.since, report.until), (NOW, NOW.plus(minutes(1))));
        let named: Vec<i64> = report.lanes.iter().map(|lane| lane.endpoint_no).collect();
        assert_eq!(named, (10..30).rev().collect::<Vec<_>>());
        let expected = LaneCost { endpoint_no: 29, attempts: 2, failed: 1, busy_us: 30 };
        assert_eq!(report.lanes[0], expected);
        assert!(costs.due(NOW.plus(minutes(3))).is_none(), "nothing was sent");
    }

    #[test]
    fn what_is_counted_is_bounded_and_whoever_costs_most_stays() {
        let mut costs = Costs::new(NOW);
        for endpoint_no in 1..=100_000 {
            costs.add(endpoint_no, 10, false);
            costs.add(-7, 1_000, false);
            assert!(costs.by_endpoint.len() <= ENDPOINTS_MAX);
        }
        let report = costs.report(NOW).unwrap();
        assert_eq!((report.lanes[0].endpoint_no, report.lanes[0].attempts), (-7, 100_000));
    }

    #[test]
    fn a_clock_set_back_does_not_silence_the_reports() {
        let mut costs = Costs::new(NOW);
        costs.add(1, 1, false);
        assert!(costs.due(NOW.plus(-minutes(60))).is_some());
    }
}
