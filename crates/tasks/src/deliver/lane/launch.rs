//! What a lane lets go, when, and what keeps the rest.

use domain::Timestamp;
use storage::queue::Place;

use super::{Lane, Probe, Sample};
use crate::deliver::breaker::Change;
use crate::deliver::pace;

/// What a delivery that is due can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::deliver) enum Wait {
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
    pub(in crate::deliver) const ALL: [Self; 6] =
        [Self::Breaker, Self::RetryAfter, Self::Throttle, Self::Cap, Self::Order, Self::Slot];

    /// The word of the measurement.
    pub(in crate::deliver) const fn as_str(self) -> &'static str {
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

impl Lane {
    /// Attempts that may be under way now.
    pub(in crate::deliver) fn cap(&self) -> usize {
        match &self.settings {
            None => 0,
            Some(_) if self.probe == Probe::Sent => 0,
            Some(_) if self.probe == Probe::Wanted => 1,
            Some(_) if self.breaker.is_open() => 1,
            Some(settings) => self.pace.cap().min(settings.cap_max),
        }
    }

    /// An attempt has ended, or did not begin: then there is no sample.
    pub(in crate::deliver) fn land(&mut self, sample: Option<Sample>, now: Timestamp) -> Change {
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

    /// Takes the next place that is due and holds its delivery.
    pub(in crate::deliver) fn launch(&mut self, now: Timestamp) -> Option<Place> {
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

    pub(in crate::deliver) fn may_launch(&mut self, now: Timestamp) -> bool {
        self.in_flight < self.cap() && self.next_at(now).is_some_and(|at| at <= now)
    }

    /// When the first place may be launched: due, asked for, and let through by throttle and breaker.
    pub(in crate::deliver) fn next_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        let mut at = self.page.front()?.due_at.max(self.quiet_until);
        if let Some(bucket) = &mut self.bucket {
            at = at.max(bucket.next_at(now));
        }
        Some(self.breaker.probe_at(now).map_or(at, |probe_at| at.max(probe_at)))
    }

    /// What keeps a delivery that is due from being sent.
    pub(in crate::deliver) fn waits_for(&mut self, now: Timestamp) -> Option<Wait> {
        if self.page.front().is_none_or(|first| first.due_at > now) {
            return (self.hides && self.is_holding()).then_some(Wait::Order);
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

    /// Remembers that what is due waits for the receiver's sake, if it does: its breaker or that of its host, its
    /// `Retry-After`, rate, cap or order.
    pub(in crate::deliver) fn note_hold(&mut self, now: Timestamp, is_host_down: bool) {
        let is_known = self.settings.is_some();
        let is_held =
            is_known && self.waits_for(now).is_some_and(|w| is_host_down || w != Wait::Slot);
        if is_held {
            self.held_back_at = now;
        }
    }

    /// Whether a place was due before the lane last kept something back, or its endpoint was changed: it starts
    /// late for the receiver's sake, and not because of others.
    pub(in crate::deliver) fn was_held_back(&self, place: Place) -> bool {
        place.due_at < self.held_back_at
    }

    /// Nothing of it is under way, or will be until then, as far as is known.
    pub(in crate::deliver) fn rests_until(&self, at: Timestamp) -> bool {
        let is_known = self.late.is_none() && !(self.page.is_empty() && self.more_on_disk);
        is_known && self.in_flight == 0 && self.page.front().is_none_or(|place| place.due_at > at)
    }

    pub(in crate::deliver) fn be_quiet_until(&mut self, at: Timestamp) {
        self.quiet_until = self.quiet_until.max(at);
    }

    /// The receiver is down, and asked by one delivery at a time.
    pub(in crate::deliver) fn is_broken(&self) -> bool {
        self.breaker.is_open()
    }

    /// What an attempt will probably last, in microseconds.
    pub(in crate::deliver) fn estimate(&self) -> i64 {
        self.pace.median()
    }
}
