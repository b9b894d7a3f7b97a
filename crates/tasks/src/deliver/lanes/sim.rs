//! Hours of deliveries in virtual time, from a seed: receivers that are quick, slow, hang or fail, a clock
//! that jumps, reads and writes that are lost.
//!
//! The world here is the database and the network; everything that decides is the code that also runs in
//! production. A seed that fails is added to [`SEEDS`].

mod scenes;
mod world;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use domain::endpoint::Settings;
use domain::id::PartnerId;
use storage::endpoints;
use storage::order::Page;
use storage::queue::LANE_COUNT_MAX;
use webhook::ladder::{Class, Ladder, Next, Spent};

use super::super::fair::{HOST_SLOTS, SLOTS, SLOW_SLOTS, TENANT_SLOTS};
use super::super::lane::settings::LaneSettings;
use super::super::pace::Load;
use super::*;

const SEEDS: std::ops::Range<u64> = 1..9;
const START: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
const MS: i64 = seconds(1) / 1000;
/// How long a read or a write takes.
const DISK: i64 = MS;
const SCAN_EVERY: i64 = seconds(1);
const TIMEOUT: i64 = seconds(15);

/// How a receiver behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    /// Answers after so many microseconds, half to one and a half times.
    Quick(i64),
    Hangs,
    Fails,
}

/// An endpoint and what it has seen.
struct Site {
    settings: LaneSettings,
    script: Script,
    in_flight: usize,
    in_flight_max: usize,
    n_attempts: usize,
    n_delivered: usize,
    /// From due to launched, in microseconds of real time, of first attempts.
    waits: Vec<i64>,
}

/// Something that will happen, in microseconds of real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Emit { endpoint_no: i64, every: i64, n: u32 },
    Page { endpoint_no: i64, limit: i64 },
    Settings { endpoint_no: i64 },
    Load { flight: usize },
    Answer { flight: usize },
    Written { flight: usize },
    Scan,
    Jump { micros: i64 },
    Script { endpoint_no: i64, quick: i64 },
}

#[derive(Clone, Copy)]
struct Flight {
    endpoint_no: i64,
    place: Place,
    ticket: Ticket,
    started: i64,
    outcome: (Class, Load),
}

struct Sim {
    lanes: Lanes,
    sites: HashMap<i64, Site>,
    /// What stands on disk, and how much of its ladder it used up.
    disk: HashMap<i64, BTreeSet<Place>>,
    spent: HashMap<i64, (Spent, i64)>,
    flights: Vec<Flight>,
    on_the_wire: BTreeSet<i64>,
    agenda: BinaryHeap<Reverse<(i64, u64, Due)>>,
    /// Real microseconds since the start, and by how much the clock is off.
    at: i64,
    clock_off: i64,
    /// One in so many reads and notices is lost; 0 for none.
    lose_one_in: u64,
    n_slots: usize,
    by_tenant: HashMap<PartnerId, usize>,
    by_host: HashMap<u64, usize>,
    /// The most attempts that were under way at one host.
    at_host_max: usize,
    n_slow: usize,
    next_no: i64,
    n_events: u64,
    random: u64,
}

impl Sim {
    fn new(seed: u64) -> Self {
        let mut sim = Self {
            lanes: Lanes::default(),
            sites: HashMap::new(),
            disk: HashMap::new(),
            spent: HashMap::new(),
            flights: Vec::new(),
            on_the_wire: BTreeSet::new(),
            agenda: BinaryHeap::new(),
            at: 0,
            clock_off: 0,
            lose_one_in: 0,
            n_slots: 0,
            by_tenant: HashMap::new(),
            by_host: HashMap::new(),
            at_host_max: 0,
            n_slow: 0,
            next_no: 0,
            n_events: 0,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        sim.after(0, Due::Scan);
        sim
    }

    /// The generator of Steele, Lea and Flood (`SplitMix64`).
    fn draw(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn now(&self) -> Timestamp {
        START.plus(self.at + self.clock_off)
    }

    fn after(&mut self, wait: i64, due: Due) {
        self.n_events += 1;
        self.agenda.push(Reverse((self.at + wait, self.n_events, due)));
    }

    /// Adds an endpoint of a tenant on a host of its own.
    fn site(&mut self, tenant: u8, script: Script) -> i64 {
        self.site_at(self.sites.len() as u64 + 1, tenant, script)
    }

    fn site_at(&mut self, host: u64, tenant: u8, script: Script) -> i64 {
        let no = i64::try_from(self.sites.len()).unwrap() + 1;
        let settings = LaneSettings::of(PartnerId([tenant; 16]), host, &Settings::default());
        let site = Site {
            settings,
            script,
            in_flight: 0,
            in_flight_max: 0,
            n_attempts: 0,
            n_delivered: 0,
            waits: Vec::new(),
        };
        self.sites.insert(no, site);
        no
    }

    fn owe(&mut self, endpoint_no: i64) {
        self.next_no += 1;
        let place = Place { due_at: self.now(), delivery_no: self.next_no };
        self.disk.entry(endpoint_no).or_default().insert(place);
        self.spent.insert(place.delivery_no, (Spent::default(), self.at));
        if !self.is_lost() {
            self.lanes.touch(endpoint_no).hear(place);
        }
    }

    fn is_lost(&mut self) -> bool {
        self.lose_one_in > 0 && self.draw(self.lose_one_in) == 0
    }

    fn owed(&self) -> usize {
        self.disk.values().map(BTreeSet::len).sum()
    }

    /// Lets so many microseconds pass.
    fn run(&mut self, micros: i64) {
        let end = self.at + micros;
        loop {
            self.lanes.ring(self.now());
            while let Some(turn) = self.lanes.turn(self.now()) {
                self.take_turn(&turn);
            }
            let alarm = self
                .lanes
                .first_alarm()
                .map(|at| self.at + (at.micros() - self.now().micros()).max(1));
            let next = self.agenda.peek().map(|Reverse((at, ..))| *at);
            let Some(at) = alarm.into_iter().chain(next).min() else { break };
            if at > end {
                break;
            }
            self.at = at;
            while let Some(Reverse((due_at, _, due))) = self.agenda.peek().copied()
                && due_at <= at
            {
                self.agenda.pop();
                self.happen(due);
            }
        }
        self.at = end;
    }

    fn take_turn(&mut self, turn: &Turn) {
        let endpoint_no = turn.endpoint_no;
        if let Some(limit) = turn.page {
            self.after(DISK, Due::Page { endpoint_no, limit });
        }
        if turn.wants_settings {
            self.after(DISK, Due::Settings { endpoint_no });
        }
        let Some(Started { place, ticket, .. }) = turn.launch else { return };
        assert!(place.due_at <= self.now(), "G8: {place:?} is early");
        self.count_slot(ticket);
        let outcome = (Class::Ok, Load::Success);
        let started = self.at;
        self.flights.push(Flight { endpoint_no, place, ticket, started, outcome });
        self.after(DISK, Due::Load { flight: self.flights.len() - 1 });
    }

    /// Every cap, at every launch.
    fn count_slot(&mut self, ticket: Ticket) {
        let tenant = ticket.kin.tenant.expect("the settings are read before");
        let of_tenant = self.by_tenant.entry(tenant).or_default();
        *of_tenant += 1;
        let is_alone = self.by_tenant.values().filter(|n| **n > 0).count() == 1;
        let is_within = self.by_tenant[&tenant] <= TENANT_SLOTS;
        let is_due = self.lanes.fair.has_below_share(ticket.kin.is_slow);
        assert!(is_within || is_alone || !is_due, "a tenant's share");
        let of_host = self.by_host.entry(ticket.kin.host).or_default();
        *of_host += 1;
        assert!(*of_host <= HOST_SLOTS, "a host's share");
        self.at_host_max = self.at_host_max.max(*of_host);
        self.n_slots += 1;
        assert!(self.n_slots <= SLOTS);
        let is_roomy = self.n_slots <= SLOTS - TENANT_SLOTS;
        assert!(is_within || is_alone || is_roomy, "the share of tenants that hold little");
        self.n_slow += usize::from(ticket.kin.is_slow);
        assert!(self.n_slow <= SLOW_SLOTS, "the share of slow lanes");
    }

    fn free_slot(&mut self, ticket: Ticket) {
        let tenant = ticket.kin.tenant.expect("the settings are read before");
        *self.by_tenant.get_mut(&tenant).unwrap() -= 1;
        *self.by_host.get_mut(&ticket.kin.host).unwrap() -= 1;
        self.n_slots -= 1;
        self.n_slow -= usize::from(ticket.kin.is_slow);
    }
}
