//! The queue of one endpoint, as far as it is in memory.
//!
//! A lane knows the first places of its queue and nothing of the rest, so that memory follows the
//! number of active endpoints and not the backlog. Nothing here awaits; reading rows is in
//! [`super::read`]. What it knows of its queue is in [`page`], what it lets go in [`launch`].

pub(super) mod launch;
mod page;
pub(super) mod settings;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use domain::{Timestamp, seconds};
use storage::endpoints::{self, COOL_DOWN};
use storage::queue::Place;
use tokio::time::Instant;
use webhook::ladder::Class;

use self::settings::LaneSettings;
use super::breaker::Breaker;
use super::bucket::Bucket;
use super::endpoint::Endpoint;
use super::fair::Kin;
use super::health::Health;
use super::pace::{Load, Pace};

/// How old the settings of a lane may get that nothing is launched from: its receiver may have moved.
const SETTINGS_AGAIN_AFTER: i64 = seconds(10);

/// What came of an attempt, as far as its lane learns from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) class: Class,
    pub(super) load: Load,
    /// How long it held its slot, in microseconds.
    pub(super) micros: i64,
    /// Uniform over all of `u32`.
    pub(super) random: u32,
}

/// See the module.
///
/// Invariant: `page` is sorted, holds nothing of `held`, and every place on disk that is not in either
/// comes after its last one, save for what the next scan or the page being read will tell.
#[derive(Default)]
pub(super) struct Lane {
    page: VecDeque<Place>,
    more_on_disk: bool,
    /// Some on disk wait for others, and are looked for again whenever one is settled.
    hides: bool,
    state: State,
    probe: Probe,
    /// Places heard of while a page is being read.
    late: Option<Vec<Place>>,
    /// Deliveries that were launched and whose completion is not committed yet.
    held: HashSet<i64>,
    /// Of those held, how many are on their way.
    pub(super) in_flight: usize,
    /// Unknown until they are read; nothing is launched before.
    settings: Option<LaneSettings>,
    is_asking: bool,
    pace: Pace,
    breaker: Breaker,
    bucket: Option<Bucket>,
    /// What its attempts were charged, see [`super::fair`].
    pub(super) charged: i64,
    /// The receiver asked to be left alone until then.
    quiet_until: Timestamp,
    /// When it last kept back what was due, or when its endpoint was last changed, as to be sent to again.
    held_back_at: Timestamp,
    /// When the settings were read.
    settings_at: Timestamp,
    pub(super) is_queued: bool,
    pub(super) wakes_at: Option<Timestamp>,
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// When this process last changed the endpoint.
    pub(super) changed_at: Option<Instant>,
    pub(super) health: Option<Health>,
    pub(super) used_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Another process changed the queue: the page must be read again.
    Stale,
    /// The endpoint takes nothing: what is owed stays on disk.
    Closed,
}

/// How far the one delivery is by which an endpoint is asked that was set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Probe {
    #[default]
    None,
    Wanted,
    Sent,
}

impl Lane {
    /// True when the settings must be read first, or may have changed while the receiver is left alone; once
    /// until [`Self::take_settings`] or [`Self::miss_settings`].
    pub(super) fn begin_settings(&mut self, now: Timestamp, is_host_down: bool) -> bool {
        let is_due = self.page.front().is_some_and(|place| place.due_at <= now);
        let is_left_alone = self.quiet_until > now || is_host_down;
        let is_old = is_left_alone && self.settings_at.plus(SETTINGS_AGAIN_AFTER) <= now;
        let is_wanted = (self.settings.is_none() || is_old) && !self.is_asking && is_due;
        self.is_asking |= is_wanted;
        is_wanted
    }

    /// Takes the endpoint that was read; `None` closes the lane. `since` is when its bucket was empty.
    pub(super) fn take_endpoint(
        &mut self,
        endpoint: Option<Arc<Endpoint>>,
        since: Timestamp,
        now: Timestamp,
    ) {
        self.is_asking = false;
        let Some(endpoint) = endpoint else { return self.close() };
        // Whoever paused it or switched it off wrote it again when it was taken back.
        self.held_back_at = self.held_back_at.max(endpoint.updated_at);
        self.take_settings(endpoint.lane.clone(), endpoint.health, since, now);
        self.endpoint = Some(endpoint);
    }

    /// Goes by these settings from now on, and by the stored evidence if there is none here.
    pub(super) fn take_settings(
        &mut self,
        settings: LaneSettings,
        stored: endpoints::Health,
        since: Timestamp,
        now: Timestamp,
    ) {
        self.is_asking = false;
        if self.health.is_none() {
            self.health = Some(Health::new(stored));
            self.quiet_until = self.quiet_until.max(stored.quiet_until.unwrap_or_default());
            let cools = stored.enabled_at.filter(|at| now < at.plus(COOL_DOWN));
            self.breaker = match cools {
                // Its probe failed already.
                Some(at) if stored.failures > 0 => Breaker::half_open(at.plus(COOL_DOWN), now),
                Some(at) => Breaker::half_open(at, now),
                None => Breaker::rebuilt(stored.failures, stored.breaker_until.is_some(), now),
            };
        }
        if self.settings.as_ref().is_some_and(|before| before.host != settings.host) {
            // Another receiver, which asked for nothing yet.
            self.quiet_until = Timestamp::default();
            if let Some(health) = &mut self.health {
                health.be_quiet_no_more();
            }
        }
        self.settings_at = now;
        if settings.rate != self.bucket.as_ref().map(Bucket::rate) {
            self.bucket = settings.rate.map(|rate| Bucket::new(rate, since));
        }
        self.settings = Some(settings);
    }

    /// The settings could not be read; they are asked for again.
    pub(super) fn miss_settings(&mut self) {
        self.is_asking = false;
    }

    /// The endpoint, if what was read of it still holds.
    pub(super) fn fresh_endpoint(&self, now: Instant) -> Option<&Arc<Endpoint>> {
        let is_after = |read_at: Instant| self.changed_at.is_none_or(|at| at < read_at);
        self.endpoint.as_ref().filter(|e| e.is_fresh(now) && is_after(e.read_at))
    }

    /// Where the lane stands among others.
    pub(super) fn kin(&self) -> Kin {
        let is_failing = self.health.as_ref().is_some_and(Health::is_failing);
        let is_slow = is_failing
            || self.pace.is_slow()
            || self.breaker.is_open()
            || self.probe != Probe::None;
        let settings = self.settings.as_ref();
        Kin { tenant: settings.map(|s| s.tenant), host: settings.map_or(0, |s| s.host), is_slow }
    }
}

#[cfg(test)]
mod tests;
