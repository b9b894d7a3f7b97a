//! A model of the queue: what is owed, given up and delivered, and what a step makes of it.
//!
//! Written from webhooks.md 5.1, 5.12, 5.14 and 5.15 and not from the code; it knows nothing of rows, lanes or
//! connections. [`crate::walks`] takes the same steps on both.

use std::collections::BTreeMap;

use domain::{Timestamp, seconds};

/// Seconds before each try after the first, of every endpoint here.
pub(crate) const LADDER: [i64; 3] = [60, 600, 3600];
/// A delivery that is due this soon is under way for whoever asks.
const SOON: i64 = seconds(1);

/// What happens next. Numbers pick one of what there is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    AddEndpoint {
        in_order: bool,
    },
    Emit {
        n: usize,
    },
    Answer {
        endpoint: usize,
        well: bool,
    },
    Pause {
        endpoint: usize,
    },
    Resume {
        endpoint: usize,
        all: bool,
    },
    Retry {
        delivery: usize,
    },
    Recover {
        endpoint: usize,
    },
    Wait {
        seconds: i64,
    },
    /// A new process sends all that is due.
    Settle,
    /// A process dies with requests on their way.
    Kill,
}

#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) in_order: bool,
    pub(crate) is_paused: bool,
    pub(crate) answers_well: bool,
    /// Attempts whose end was written.
    pub(crate) n_attempts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Due between two times, after so many tries of its ladder.
    Owed {
        due: (Timestamp, Timestamp),
        tries: i64,
    },
    Dead,
    Delivered,
}

#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) site: usize,
    pub(crate) state: State,
    /// Where an order holds: of whom it tells, and its place among those that tell of the same.
    key: Option<usize>,
    place: usize,
    made_at: Timestamp,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) sites: Vec<Site>,
    /// By number, which rises in the order of commit.
    pub(crate) deliveries: BTreeMap<i64, Delivery>,
    pub(crate) n_kills: usize,
    /// Places that were given out.
    n_places: usize,
}

impl Model {
    pub(crate) fn add_site(&mut self, in_order: bool) {
        let site = Site { in_order, is_paused: false, answers_well: true, n_attempts: 0 };
        self.sites.push(site);
    }

    /// The `nth` event of a commit, which tells of one of two customers.
    pub(crate) fn owe(&mut self, no: i64, site: usize, nth: usize, now: Timestamp) {
        let key = self.sites[site].in_order.then_some(nth % 2);
        let state = State::Owed { due: (now, now), tries: 0 };
        let place = self.next_place();
        self.deliveries.insert(no, Delivery { site, state, key, place, made_at: now });
    }

    fn next_place(&mut self) -> usize {
        self.n_places += 1;
        self.n_places
    }

    /// Resuming with nothing gives up what is held.
    pub(crate) fn resume(&mut self, site: usize, all: bool) {
        if std::mem::take(&mut self.sites[site].is_paused) && !all {
            for delivery in self.deliveries.values_mut().filter(|d| d.site == site) {
                if matches!(delivery.state, State::Owed { .. }) {
                    delivery.state = State::Dead;
                }
            }
        }
    }

    /// What a retry does; `None` where it is refused.
    pub(crate) fn retry(&mut self, no: i64, now: Timestamp) -> Option<&'static str> {
        let delivery = self.deliveries.get_mut(&no)?;
        if self.sites[delivery.site].is_paused {
            return None;
        }
        match delivery.state {
            State::Delivered => None,
            State::Owed { due, .. } if due.0 <= now.plus(SOON) => Some("already_under_way"),
            State::Owed { tries, .. } => {
                delivery.state = State::Owed { due: (now, now), tries };
                Some("moved")
            }
            State::Dead => {
                self.revive(no, now);
                Some("revived")
            }
        }
    }

    /// What was given up once takes its place at the end, and gets a whole ladder. Due at any time before now is
    /// due now.
    fn revive(&mut self, no: i64, now: Timestamp) {
        let place = self.next_place();
        if let Some(delivery) = self.deliveries.get_mut(&no) {
            delivery.state = State::Owed { due: (delivery.made_at, now), tries: 0 };
            delivery.place = place;
        }
    }

    /// Owes all that is dead; how many.
    pub(crate) fn recover(&mut self, site: usize, now: Timestamp) -> i64 {
        let is_dead = |d: &Delivery| d.site == site && d.state == State::Dead;
        let dead: Vec<i64> =
            self.deliveries.iter().filter(|(_, d)| is_dead(d)).map(|(no, _)| *no).collect();
        for no in &dead {
            self.revive(*no, now);
        }
        i64::try_from(dead.len()).unwrap()
    }

    /// Every delivery that is due is tried once, one whose turn comes meanwhile too.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        while let Some(no) = self.next(now) {
            let delivery = self.deliveries.get_mut(&no).unwrap();
            let State::Owed { tries, .. } = delivery.state else { unreachable!() };
            let site = &mut self.sites[delivery.site];
            site.n_attempts += 1;
            let step = usize::try_from(tries).unwrap();
            delivery.state = match LADDER.get(step).map(|wait| seconds(*wait)) {
                _ if site.answers_well => State::Delivered,
                None => State::Dead,
                Some(wait) => State::Owed {
                    due: (now.plus(wait), now.plus(wait + wait / 4)),
                    tries: tries + 1,
                },
            };
        }
    }

    /// A delivery that may be sent now.
    pub(crate) fn next(&self, now: Timestamp) -> Option<i64> {
        let is_due = |d: &Delivery| matches!(d.state, State::Owed { due, .. } if due.0 <= now);
        let may_go = |d: &Delivery| {
            let is_before = |other: &Delivery| {
                other.site == d.site
                    && other.key == d.key
                    && other.place < d.place
                    && matches!(other.state, State::Owed { .. })
            };
            d.key.is_none() || !self.deliveries.values().any(is_before)
        };
        let found = self
            .deliveries
            .iter()
            .find(|(_, d)| !self.sites[d.site].is_paused && is_due(d) && may_go(d));
        found.map(|(no, _)| *no)
    }
}
