//! The queue of one endpoint, as far as it is in memory.
//!
//! A lane knows the first places of its queue and nothing of the rest, so that memory follows the
//! number of active endpoints and not the backlog. Nothing here awaits; reading rows is in
//! [`super::read`].

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use domain::Timestamp;
use domain::endpoint::{Order, Settings};
use domain::id::PartnerId;
use storage::endpoints::{self, COOL_DOWN};
use storage::events::{LANE_COUNT_MAX, LaneHead, Place};
use storage::order::Page;
use webhook::ladder::Class;

use super::breaker::{Breaker, Change};
use super::bucket::{Bucket, Rate};
use super::endpoint::Endpoint;
use super::fair::Kin;
use super::health::Health;
use super::pace::{self, Load, Pace};

/// Places of one endpoint kept in memory.
const PAGE_ROWS_MAX: usize = 64;
/// A page with this many places left is filled up from disk.
const PAGE_ROWS_LOW: usize = 16;

/// How an endpoint is to be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LaneSettings {
    pub(super) tenant: PartnerId,
    /// See [`Kin::host`].
    pub(super) host: u64,
    /// The most attempts at a time; its answers decide below that.
    pub(super) cap_max: usize,
    pub(super) rate: Option<Rate>,
}

impl LaneSettings {
    pub(super) fn of(tenant: PartnerId, host: u64, settings: &Settings) -> Self {
        let at_once =
            if settings.order == Order::Strict { Some(1) } else { settings.max_in_flight };
        let cap_max = at_once.and_then(|n| usize::try_from(n).ok()).unwrap_or(pace::CAP_MAX);
        let rate = settings
            .rate_per_second
            .map(|per_second| Rate { per_second, burst: settings.burst.unwrap_or(per_second) });
        Self { tenant, host, cap_max, rate }
    }
}

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
    pub(super) is_queued: bool,
    pub(super) wakes_at: Option<Timestamp>,
    pub(super) endpoint: Option<Arc<Endpoint>>,
    pub(super) health: Option<Health>,
    pub(super) used_at: Option<Timestamp>,
}

/// What a delivery that is due can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// A receiver that is down, asked now and then.
    Breaker,
    /// The time until which the receiver asked to be left alone.
    RetryAfter,
    /// The endpoint's rate.
    Throttle,
    /// An attempt of the same endpoint to end.
    Cap,
    /// An earlier delivery, in order.
    Order,
    /// Its lane's turn among others.
    Slot,
}

impl Wait {
    pub(super) const ALL: [Self; 6] =
        [Self::Breaker, Self::RetryAfter, Self::Throttle, Self::Cap, Self::Order, Self::Slot];

    /// The word of the measurement.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::RetryAfter => "retry_after",
            Self::Throttle => "throttle",
            Self::Cap => "cap",
            Self::Order => "order",
            Self::Slot => "slot",
        }
    }
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
    /// Learns of a delivery that is owed.
    pub(super) fn hear(&mut self, place: Place) {
        if self.state == State::Closed || self.held.contains(&place.delivery_no) {
            return;
        }
        if let Some(late) = &mut self.late {
            if late.len() < PAGE_ROWS_MAX {
                late.push(place);
            } else {
                self.more_on_disk = true;
            }
            return;
        }
        let Err(at) = self.page.binary_search(&place) else { return };
        if at == self.page.len() && (self.more_on_disk || at == PAGE_ROWS_MAX) {
            self.more_on_disk = true;
            return;
        }
        self.page.insert(at, place);
        if self.page.len() > PAGE_ROWS_MAX {
            self.page.pop_back();
            self.more_on_disk = true;
        }
    }

    /// How many places to read now, if any.
    pub(super) fn begin_page(&mut self) -> Option<i64> {
        let is_low = self.more_on_disk && self.page.len() <= PAGE_ROWS_LOW;
        let is_wanted = match self.state {
            State::Open => is_low,
            State::Stale => true,
            State::Closed => false,
        };
        if !is_wanted || self.late.is_some() {
            return None;
        }
        self.late = Some(Vec::new());
        self.state = State::Open;
        // What is held still stands on disk, before everything else.
        i64::try_from(PAGE_ROWS_MAX + self.held.len()).ok()
    }

    /// Takes the places that were read, in their order; `limit` is how many were asked for.
    pub(super) fn take_page(&mut self, Page { places, hides }: Page, limit: i64) {
        let late = self.late.take().unwrap_or_default();
        if self.state == State::Closed {
            return;
        }
        let is_full = i64::try_from(places.len()).is_ok_and(|n| n >= limit);
        self.page = places.into_iter().filter(|p| !self.held.contains(&p.delivery_no)).collect();
        self.more_on_disk = is_full || self.page.len() > PAGE_ROWS_MAX;
        self.hides = hides;
        self.page.truncate(PAGE_ROWS_MAX);
        for place in late {
            self.hear(place);
        }
    }

    /// True when the settings must be read first, once until [`Self::take_settings`] or
    /// [`Self::miss_settings`].
    pub(super) fn begin_settings(&mut self, now: Timestamp) -> bool {
        let is_due = self.page.front().is_some_and(|place| place.due_at <= now);
        let is_wanted = self.settings.is_none() && !self.is_asking && is_due;
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
            let cools = stored.enabled_at.filter(|at| now < at.plus(COOL_DOWN));
            self.breaker = match cools {
                // Its probe failed already.
                Some(at) if stored.failures > 0 => Breaker::half_open(at.plus(COOL_DOWN), now),
                Some(at) => Breaker::half_open(at, now),
                None => Breaker::rebuilt(stored.failures, now),
            };
        }
        if settings.rate != self.bucket.as_ref().map(Bucket::rate) {
            self.bucket = settings.rate.map(|rate| Bucket::new(rate, since));
        }
        self.settings = Some(settings);
    }

    /// The settings could not be read; they are asked for again.
    pub(super) fn miss_settings(&mut self) {
        self.is_asking = false;
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

    /// The receiver is down, and asked by one delivery at a time.
    pub(super) fn is_broken(&self) -> bool {
        self.breaker.is_open()
    }

    /// What an attempt will probably last, in microseconds.
    pub(super) fn estimate(&self) -> i64 {
        self.pace.median()
    }

    /// Attempts that may be under way now.
    pub(super) fn cap(&self) -> usize {
        match &self.settings {
            None => 0,
            Some(_) if self.probe == Probe::Sent => 0,
            Some(_) if self.probe == Probe::Wanted => 1,
            Some(_) if self.breaker.is_open() => 1,
            Some(settings) => self.pace.cap().min(settings.cap_max),
        }
    }

    /// An attempt has ended, or did not begin: then there is no sample.
    pub(super) fn land(&mut self, sample: Option<Sample>, now: Timestamp) -> Change {
        self.in_flight -= 1;
        let Some(sample) = sample else {
            self.breaker.miss();
            return Change::Nothing;
        };
        let cap_max = self.settings.as_ref().map_or(pace::CAP_MAX, |s| s.cap_max);
        self.pace.note(sample.load, sample.micros, self.in_flight, cap_max);
        let change = self.breaker.note(sample.class, now, sample.random);
        if change != Change::Nothing {
            self.pace.restart();
        }
        change
    }

    /// A page could not be read; it is asked for again.
    pub(super) fn miss_page(&mut self) {
        self.late = None;
        self.read_again();
    }

    /// What is on disk is no longer known.
    pub(super) fn read_again(&mut self) {
        if self.state == State::Open {
            self.state = State::Stale;
        }
    }

    /// Takes the next place that is due and holds its delivery.
    pub(super) fn launch(&mut self, now: Timestamp) -> Option<Place> {
        // An old page can name the former place of a delivery that was launched from its new one.
        while self.page.front().is_some_and(|place| self.held.contains(&place.delivery_no)) {
            self.page.pop_front();
        }
        if !self.may_launch(now) {
            return None;
        }
        let place = self.page.pop_front()?;
        self.held.insert(place.delivery_no);
        self.in_flight += 1;
        if self.probe == Probe::Wanted {
            self.probe = Probe::Sent;
        }
        self.breaker.launch();
        if let Some(bucket) = &mut self.bucket {
            bucket.take(now);
        }
        Some(place)
    }

    pub(super) fn may_launch(&mut self, now: Timestamp) -> bool {
        self.in_flight < self.cap() && self.next_at(now).is_some_and(|at| at <= now)
    }

    /// When the first place may be launched: due, asked for, and let through by throttle and breaker.
    pub(super) fn next_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        let mut at = self.page.front()?.due_at.max(self.quiet_until);
        if let Some(bucket) = &mut self.bucket {
            at = at.max(bucket.next_at(now));
        }
        Some(self.breaker.probe_at(now).map_or(at, |probe_at| at.max(probe_at)))
    }

    /// What keeps a delivery that is due from being sent.
    pub(super) fn waits_for(&mut self, now: Timestamp) -> Option<Wait> {
        let Some(first) = self.page.front() else {
            return (self.hides && self.is_holding()).then_some(Wait::Order);
        };
        if first.due_at > now {
            return None;
        }
        let throttled = self.bucket.as_mut().is_some_and(|bucket| bucket.next_at(now) > now);
        Some(match () {
            () if self.breaker.is_open() => Wait::Breaker,
            () if self.quiet_until > now => Wait::RetryAfter,
            () if throttled => Wait::Throttle,
            () if self.in_flight >= self.cap() => Wait::Cap,
            () => Wait::Slot,
        })
    }

    /// Nothing of it is under way, or will be until then, as far as is known.
    pub(super) fn rests_until(&self, at: Timestamp) -> bool {
        let is_known = self.late.is_none() && !(self.page.is_empty() && self.more_on_disk);
        is_known && self.in_flight == 0 && self.page.front().is_none_or(|place| place.due_at > at)
    }

    /// True while a delivery is launched and its completion not committed.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Lets go of a delivery that was not sent.
    pub(super) fn release(&mut self, delivery_no: i64) {
        self.held.remove(&delivery_no);
    }

    /// Lets go of a delivery whose queue row is settled; another may have waited for it.
    pub(super) fn settle(&mut self, delivery_no: i64) {
        self.release(delivery_no);
        if self.hides {
            self.read_again();
        }
    }

    /// What was launched waits for another on disk: it is looked for when that one is settled, which may
    /// have been meanwhile.
    pub(super) fn hide(&mut self) {
        self.hides = true;
        if self.held.is_empty() {
            self.read_again();
        }
    }

    pub(super) fn be_quiet_until(&mut self, at: Timestamp) {
        self.quiet_until = self.quiet_until.max(at);
    }

    /// The endpoint takes nothing from now on; a scan that finds it open again says so.
    pub(super) fn close(&mut self) {
        self.state = State::Closed;
        self.probe = Probe::None;
        self.endpoint = None;
        self.settings = None;
        self.health = None;
        self.page.clear();
        self.more_on_disk = false;
    }

    /// Compares what a scan found with what is known; anything unknown makes the page stale.
    pub(super) fn compare(&mut self, head: &LaneHead, now: Timestamp) {
        if head.is_probed && head.n_due > 0 {
            return self.begin_probe();
        }
        if !head.is_open {
            return self.close();
        }
        if self.is_probing() {
            self.close();
        }
        if self.state == State::Closed {
            self.state = State::Open;
        }
        let in_page = self.page.partition_point(|place| place.due_at <= now);
        let ends_in_due_ones = in_page == self.page.len() && self.more_on_disk;
        let known = i64::try_from(self.held.len() + in_page).unwrap_or(LANE_COUNT_MAX);
        let is_unknown = self.page.is_empty() && self.held.is_empty();
        if is_unknown || head.n_due > known && !ends_in_due_ones {
            self.state = State::Stale;
        }
    }

    /// One delivery is sent, and the lane closed when it has ended.
    fn begin_probe(&mut self) {
        if self.probe == Probe::Wanted || self.is_holding() {
            return;
        }
        self.close();
        self.state = State::Stale;
        self.probe = Probe::Wanted;
    }

    pub(super) fn is_probing(&self) -> bool {
        self.probe != Probe::None
    }

    /// Places in memory.
    #[cfg(test)]
    pub(super) fn n_rows(&self) -> usize {
        self.page.len()
    }

    /// True when forgetting the lane forgets nothing that matters: a breaker that may probe is rebuilt.
    pub(super) fn is_idle(&mut self, now: Timestamp) -> bool {
        let is_full = self.bucket.as_ref().is_none_or(|bucket| bucket.is_full(now));
        let may_probe = self.breaker.probe_at(now).is_none_or(|at| at <= now);
        (is_full && may_probe || self.state == State::Closed)
            && !self.is_asking
            && self.page.is_empty()
            && self.held.is_empty()
            && !self.more_on_disk
            && self.state != State::Stale
            && self.late.is_none()
            && !self.is_queued
    }
}

#[cfg(test)]
mod tests;
