//! A lane against a model of its queue on disk, with everything that can come between.

use std::collections::BTreeSet;

use domain::endpoint::Settings;
use domain::id::PartnerId;
use proptest::prelude::*;
use storage::order::Page;
use storage::queue::{LANE_COUNT_MAX, LaneHead};

use super::page::PAGE_ROWS_MAX;
use super::*;
use crate::deliver::pace;

const ENDPOINT: i64 = 1;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody commits a delivery, due at once or later; this process hears of it or not.
    Commit {
        later: i64,
        is_heard: bool,
    },
    /// The lane asks for a page; the database answers with what is there now.
    ReadPage,
    /// The answer arrives.
    TakePage,
    Launch,
    /// The oldest launch finds its row, or that it is gone.
    Load,
    /// The oldest attempt ends and its completion commits; a failed one is tried again later.
    Finish {
        retry_in: Option<i64>,
    },
    Scan,
    Wait,
    /// The endpoint is disabled, or enabled.
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_i64..4, any::<bool>()).prop_map(|(later, is_heard)| Step::Commit { later, is_heard }),
        3 => Just(Step::ReadPage),
        3 => Just(Step::TakePage),
        6 => Just(Step::Launch),
        5 => Just(Step::Load),
        4 => proptest::option::of(1_i64..4).prop_map(|retry_in| Step::Finish { retry_in }),
        2 => Just(Step::Scan),
        2 => Just(Step::Wait),
        1 => Just(Step::Close),
    ]
}

#[derive(Default)]
struct Model {
    disk: BTreeSet<Place>,
    is_open: bool,
    now: Timestamp,
    next_no: i64,
    lane: Lane,
    answer: Option<(Vec<Place>, i64)>,
    loading: VecDeque<Place>,
    on_the_wire: VecDeque<Place>,
}

impl Model {
    fn new() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    fn commit(&mut self, later: i64, is_heard: bool) {
        self.next_no += 1;
        let place = Place { due_at: self.now.plus(later), delivery_no: self.next_no };
        self.disk.insert(place);
        if is_heard {
            self.lane.hear(place);
        }
    }

    fn read_page(&mut self) {
        if let Some(limit) = self.lane.begin_page() {
            let n = usize::try_from(limit).unwrap();
            self.answer = Some((self.disk.iter().take(n).copied().collect(), limit));
        }
    }

    fn take_page(&mut self) {
        if let Some((places, limit)) = self.answer.take() {
            self.lane.take_page(Page { places, hides: false }, limit);
        }
    }

    fn launch(&mut self) -> bool {
        if self.lane.begin_settings(self.now, false) {
            let settings = LaneSettings::of(PartnerId([1; 16]), 0, &Settings::default());
            self.lane.take_settings(settings, endpoints::Health::default(), self.now, self.now);
        }
        let Some(place) = self.lane.launch(self.now) else { return false };
        assert!(place.due_at <= self.now, "never early");
        self.loading.push_back(place);
        assert!(self.loading.len() + self.on_the_wire.len() <= pace::CAP_MAX);
        true
    }

    /// As the deliverer does: what does not stand on disk any more is not sent.
    fn load(&mut self) {
        let Some(place) = self.loading.pop_front() else { return };
        let is_sent = |p: &Place| p.delivery_no == place.delivery_no;
        assert!(!self.on_the_wire.iter().any(is_sent), "one attempt of a delivery at a time");
        if self.is_open && self.disk.contains(&place) {
            self.on_the_wire.push_back(place);
        } else {
            self.lane.land(None, self.now);
            self.lane.release(place.delivery_no);
        }
    }

    fn finish(&mut self, retry_in: Option<i64>) {
        let Some(place) = self.on_the_wire.pop_front() else { return };
        let (class, load) = match retry_in {
            None => (Class::Ok, Load::Success),
            Some(_) => (Class::Refused, Load::Failure),
        };
        self.lane.land(Some(Sample { class, load, micros: 1, random: 0 }), self.now);
        assert!(self.disk.remove(&place));
        self.lane.settle(place.delivery_no);
        if let Some(wait) = retry_in {
            let place = Place { due_at: self.now.plus(wait), ..place };
            self.disk.insert(place);
            self.lane.hear(place);
        }
    }

    fn scan(&mut self) {
        let Some(first) = self.disk.first() else { return };
        let n_due = self.disk.iter().filter(|p| p.due_at <= self.now).count();
        let head = LaneHead {
            endpoint_no: ENDPOINT,
            first_due_at: first.due_at,
            n_due: i64::try_from(n_due).unwrap().min(LANE_COUNT_MAX),
            is_open: self.is_open,
            is_probed: false,
        };
        self.lane.compare(&head, true, self.now);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Commit { later, is_heard } => self.commit(later, is_heard),
            Step::ReadPage => self.read_page(),
            Step::TakePage => self.take_page(),
            Step::Launch => drop(self.launch()),
            Step::Load => self.load(),
            Step::Finish { retry_in } => self.finish(retry_in),
            Step::Scan => self.scan(),
            Step::Wait => self.now = self.now.plus(1),
            Step::Close => self.is_open = !self.is_open,
        }
        assert!(self.lane.page.len() <= PAGE_ROWS_MAX);
        assert!(self.lane.page.iter().is_sorted());
    }
}

proptest! {
    #[test]
    fn everything_owed_is_sent_one_at_a_time_and_never_early(
        backlog in 0_i64..200,
        steps in proptest::collection::vec(step(), 0..300),
    ) {
        let mut model = Model::new();
        for _ in 0..backlog {
            model.commit(0, false);
        }
        for step in steps {
            model.take(step);
        }
        // From here on all goes well. Each round is a scan, as one second is.
        model.is_open = true;
        for _ in 0..300 {
            model.now = model.now.plus(4);
            model.take_page();
            model.scan();
            model.read_page();
            model.take_page();
            while model.launch() {}
            while !(model.loading.is_empty() && model.on_the_wire.is_empty()) {
                model.load();
                model.finish(None);
            }
        }
        prop_assert!(model.disk.is_empty(), "{} are left", model.disk.len());
    }
}

/// The page names the delivery's former place and, heard of meanwhile, its new one. Were both
/// launched, the former would be found gone and let go of a delivery that is under way.
#[test]
fn a_page_read_before_a_retry_was_written_launches_it_once() {
    let mut model = Model::new();
    for step in [
        Step::Commit { later: 0, is_heard: true },
        Step::Launch,
        Step::Load,
        Step::Commit { later: 0, is_heard: false },
        Step::Scan,
        Step::ReadPage,
        Step::Finish { retry_in: Some(1) },
        Step::TakePage,
        Step::Wait,
    ] {
        model.take(step);
    }
    let launched = std::iter::from_fn(|| model.launch().then_some(())).count();
    assert_eq!(launched, 2, "one for each delivery");
}

/// What waits for the rate of its endpoint was held back; what falls due after that was not, nor what waited for
/// us to read the settings.
#[test]
fn only_what_a_lane_keeps_back_for_its_receiver_counts_as_held() {
    let mut lane = Lane::default();
    let at = |s| Timestamp::default().plus(seconds(s));
    let places = [(10, 1), (10, 2), (15, 3)];
    let places = places.map(|(s, delivery_no)| Place { due_at: at(s), delivery_no });
    for place in places {
        lane.hear(place);
    }
    lane.note_hold(at(10), false);
    assert!(lane.begin_settings(at(10), false));
    let one_a_second = Settings { rate_per_second: Some(1), burst: Some(1), ..Settings::default() };
    let settings = LaneSettings::of(PartnerId([1; 16]), 0, &one_a_second);
    lane.take_settings(settings, endpoints::Health::default(), at(9), at(10));
    let mut held = Vec::new();
    for now in [10, 11, 15].map(at) {
        let place = lane.launch(now).unwrap();
        held.push(lane.was_held_back(place));
        lane.note_hold(now.plus(1), false);
    }
    assert_eq!(held, [false, true, false]);
}

/// A scan that does not count can't tell that what was heard of meanwhile is all.
#[test]
fn a_place_that_was_heard_of_does_not_hide_the_backlog_from_a_scan_without_a_count() {
    for (is_counted, is_read) in [(false, true), (true, false)] {
        let now = Timestamp::default().plus(seconds(10));
        let mut lane = Lane::default();
        lane.hear(Place { due_at: now, delivery_no: 2 });
        let first_due_at = now.plus(-seconds(1));
        let head = LaneHead {
            endpoint_no: ENDPOINT,
            first_due_at,
            n_due: 1,
            is_open: true,
            is_probed: false,
        };
        lane.compare(&head, is_counted, now);
        assert_eq!(lane.begin_page().is_some(), is_read);
    }
}
