//! Whose turn it is, and whether there is a slot: by the time that slots were held, not by requests.
//!
//! A lane is charged the microseconds that its attempts hold a slot, and so is its tenant; the tenant
//! charged least comes first, and of it the lane charged least. That is deficit round robin with a
//! quantum that goes to nothing: no rounds to turn, and a lane that hangs pays for hanging. Lanes that are
//! slow or failing wait in a queue of their own for a quarter of the slots. Source: webhooks.md 5.7.

use std::collections::{BTreeSet, HashMap, VecDeque};

use domain::id::PartnerId;
use domain::seconds;

/// Attempts under way at a time, over all endpoints: bounded by file descriptors and memory.
pub(super) const SLOTS: usize = 2048;
/// Of those for one tenant. It may hold more while as many are kept free for tenants that hold less, and
/// all of them while it is alone.
pub(super) const TENANT_SLOTS: usize = SLOTS / 4;
/// Of those at most for all lanes that are slow or failing.
pub(super) const SLOW_SLOTS: usize = SLOTS / 4;
/// Attempts under way at one scheme, host and port, which many endpoints may share; and of those at most
/// for lanes that are slow or failing, so that they do not stop their neighbours.
pub(super) const HOST_SLOTS: usize = 64;
pub(super) const HOST_SLOW_SLOTS: usize = HOST_SLOTS / 4;
/// The same while the database can't keep up.
const SLOW_SLOTS_FEW: usize = SLOW_SLOTS / 4;
/// While both queues wait, one turn of so many is a slow lane's.
const SLOW_TURN_EVERY: u32 = 4;
/// An attempt is charged at least this, in microseconds: what loading and writing cost besides.
const CHARGE_MIN: i64 = seconds(1) / 1000;
/// Nobody falls further behind than this, in microseconds, however long slots were held.
const DEBT_MAX: i64 = seconds(60);

/// What a lane has to do with others; unknown until its settings are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kin {
    pub(super) tenant: Option<PartnerId>,
    /// A digest of scheme, host and port. Hosts whose digests meet share their slots, which is harmless.
    pub(super) host: u64,
    pub(super) is_slow: bool,
}

/// A slot that is held, with what was charged for it in advance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    pub(super) kin: Kin,
    charged: i64,
}

/// See the module.
#[derive(Default)]
pub(super) struct Fair {
    quick: Queue,
    slow: Queue,
    n_in_flight: usize,
    n_slow: usize,
    tenants: HashMap<PartnerId, usize>,
    hosts: HashMap<u64, Host>,
    n_turns: u32,
    /// Slow lanes leave room for the others.
    gives_way: bool,
}

/// Lanes that wait, by tenant.
#[derive(Default)]
struct Queue {
    accounts: HashMap<Option<PartnerId>, Account>,
    /// Tenants with lanes that wait, by what they were charged.
    order: BTreeSet<(i64, Option<PartnerId>)>,
    /// The charge of whoever came last: who waited for nothing meanwhile is not owed the past.
    clock: i64,
}

#[derive(Default)]
struct Account {
    charged: i64,
    lanes: BTreeSet<(i64, i64)>,
    clock: i64,
}

#[derive(Default)]
struct Host {
    n_in_flight: usize,
    n_slow: usize,
    /// Lanes that found no slot here.
    waiting: VecDeque<(Kin, i64)>,
}

impl Fair {
    /// Lets a lane wait for its turn; `charged` is what it was charged so far.
    pub(super) fn wait(&mut self, kin: Kin, endpoint_no: i64, charged: &mut i64) {
        self.queue(kin.is_slow).add(kin.tenant, endpoint_no, charged);
    }

    /// The lane whose turn it is; `None` when none waits, or none that waits may have a slot.
    pub(super) fn next(&mut self) -> Option<i64> {
        if self.n_in_flight >= SLOTS {
            return None;
        }
        self.n_turns = self.n_turns.wrapping_add(1);
        let may_be_slow = self.n_slow < self.slow_slots();
        let is_slow_first = self.n_turns.is_multiple_of(SLOW_TURN_EVERY);
        let is_roomy = self.n_in_flight < SLOTS - TENANT_SLOTS;
        let beyond_share = is_roomy || self.is_one_alone();
        let Self { quick, slow, tenants, .. } = self;
        if is_slow_first
            && may_be_slow
            && let Some(lane) = slow.next(tenants, beyond_share)
        {
            return Some(lane);
        }
        let lane = quick.next(tenants, beyond_share);
        lane.or_else(|| may_be_slow.then(|| slow.next(tenants, beyond_share)).flatten())
    }

    /// Lets slow lanes have fewer slots from now on, or as many as ever.
    pub(super) fn give_way(&mut self, gives_way: bool) {
        self.gives_way = gives_way;
    }

    fn slow_slots(&self) -> usize {
        if self.gives_way { SLOW_SLOTS_FEW } else { SLOW_SLOTS }
    }

    /// One tenant holds all slots that are held, and no other waits.
    fn is_one_alone(&self) -> bool {
        let holding = self.tenants.keys().copied().map(Some);
        let waiting = self.quick.order.iter().chain(&self.slow.order).map(|(_, tenant)| *tenant);
        let mut all = holding.chain(waiting);
        let first = all.next();
        all.all(|tenant| Some(tenant) == first)
    }

    /// Takes a slot for a lane whose turn it is; without one the lane waits here for its host.
    pub(super) fn take(
        &mut self,
        kin: Kin,
        endpoint_no: i64,
        estimate: i64,
        charged: &mut i64,
    ) -> Option<Ticket> {
        if kin.is_slow && self.n_slow >= self.slow_slots() {
            self.slow.add(kin.tenant, endpoint_no, charged);
            return None;
        }
        let host = self.hosts.entry(kin.host).or_default();
        if !host.has_room(kin.is_slow) {
            host.waiting.push_back((kin, endpoint_no));
            return None;
        }
        host.n_in_flight += 1;
        host.n_slow += usize::from(kin.is_slow);
        self.n_in_flight += 1;
        self.n_slow += usize::from(kin.is_slow);
        if let Some(tenant) = kin.tenant {
            *self.tenants.entry(tenant).or_default() += 1;
        }
        let ticket = Ticket { kin, charged: estimate.max(CHARGE_MIN) };
        *charged += ticket.charged;
        self.queue(kin.is_slow).charge(kin.tenant, ticket.charged);
        Some(ticket)
    }

    /// Gives a slot back that was held for so many microseconds.
    pub(super) fn release(&mut self, ticket: Ticket, held: i64, charged: &mut i64) {
        let kin = ticket.kin;
        self.n_in_flight -= 1;
        self.n_slow -= usize::from(kin.is_slow);
        if let Some(tenant) = kin.tenant
            && let Some(n) = self.tenants.get_mut(&tenant)
        {
            *n -= 1;
            if *n == 0 {
                self.tenants.remove(&tenant);
            }
        }
        if let Some(host) = self.hosts.get_mut(&kin.host) {
            host.n_in_flight -= 1;
            host.n_slow -= usize::from(kin.is_slow);
        }
        let rest = held.max(CHARGE_MIN) - ticket.charged;
        *charged += rest;
        self.queue(kin.is_slow).charge(kin.tenant, rest);
        self.let_next_in(kin.host);
    }

    /// Gives a turn to a lane that waits for a host with room. Called after each slot given back and
    /// each turn of such a lane, so that one that wants no slot any more passes its turn on.
    pub(super) fn let_next_in(&mut self, host: u64) {
        let Some(entry) = self.hosts.get_mut(&host) else { return };
        let place = entry.waiting.iter().position(|(kin, _)| entry.has_room(kin.is_slow));
        let next = place.and_then(|at| entry.waiting.remove(at));
        if entry.n_in_flight == 0 && entry.waiting.is_empty() {
            self.hosts.remove(&host);
        }
        if let Some((kin, endpoint_no)) = next {
            self.wait(kin, endpoint_no, &mut 0);
        }
    }

    /// True while an attempt at this host is under way.
    pub(super) fn is_at(&self, host: u64) -> bool {
        self.hosts.get(&host).is_some_and(|host| host.n_in_flight > 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.quick.order.is_empty() && self.slow.order.is_empty()
    }

    /// Forgets tenants of which nothing needs to be remembered, and lets in whom a lane that went to
    /// another host has passed over.
    pub(super) fn forget_idle(&mut self) {
        self.quick.forget_idle();
        self.slow.forget_idle();
        let hosts: Vec<u64> = self.hosts.keys().copied().collect();
        for host in hosts {
            self.let_next_in(host);
        }
    }

    /// True while a tenant waits that holds less than its share.
    #[cfg(test)]
    pub(super) fn has_below_share(&self, is_slow: bool) -> bool {
        let is_below = |tenant| self.tenants.get(&tenant).is_none_or(|n| *n < TENANT_SLOTS);
        let queue = if is_slow { &self.slow } else { &self.quick };
        queue.order.iter().any(|(_, tenant)| tenant.is_none_or(is_below))
    }

    fn queue(&mut self, is_slow: bool) -> &mut Queue {
        if is_slow { &mut self.slow } else { &mut self.quick }
    }
}

impl Host {
    fn has_room(&self, is_slow: bool) -> bool {
        self.n_in_flight < HOST_SLOTS && !(is_slow && self.n_slow >= HOST_SLOW_SLOTS)
    }
}

impl Queue {
    fn add(&mut self, tenant: Option<PartnerId>, endpoint_no: i64, charged: &mut i64) {
        let account = self.accounts.entry(tenant).or_default();
        *charged = (*charged).clamp(account.clock, account.clock + DEBT_MAX);
        let was_idle = account.lanes.is_empty();
        account.lanes.insert((*charged, endpoint_no));
        if was_idle {
            account.charged = account.charged.clamp(self.clock, self.clock + DEBT_MAX);
            self.order.insert((account.charged, tenant));
        }
    }

    /// Takes the lane whose turn it is: of the tenant charged least that holds less than its share, or
    /// else, where that is allowed, of the one charged least.
    fn next(&mut self, in_flight: &HashMap<PartnerId, usize>, beyond_share: bool) -> Option<i64> {
        let is_below = |(_, tenant): &&(i64, Option<PartnerId>)| {
            tenant.is_none_or(|tenant| in_flight.get(&tenant).is_none_or(|n| *n < TENANT_SLOTS))
        };
        let below = self.order.iter().find(is_below);
        let key = *below.or_else(|| self.order.first().filter(|_| beyond_share))?;
        let account = self.accounts.get_mut(&key.1)?;
        let (charged, endpoint_no) = account.lanes.pop_first()?;
        account.clock = account.clock.max(charged);
        self.clock = self.clock.max(key.0);
        if account.lanes.is_empty() {
            self.order.remove(&key);
        }
        Some(endpoint_no)
    }

    fn charge(&mut self, tenant: Option<PartnerId>, micros: i64) {
        let account = self.accounts.entry(tenant).or_default();
        let charged = (account.charged + micros).min(self.clock + DEBT_MAX);
        if !account.lanes.is_empty() {
            self.order.remove(&(account.charged, tenant));
            self.order.insert((charged, tenant));
        }
        account.charged = charged;
    }

    fn forget_idle(&mut self) {
        self.accounts.retain(|_, a| !a.lanes.is_empty() || a.charged > self.clock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_lanes_get_fewer_slots_while_the_database_cannot_keep_up() {
        let mut fair = Fair::default();
        let mut n_taken = |gives_way: bool, hosts: std::ops::Range<u64>| {
            fair.give_way(gives_way);
            let slow = |host| Kin { tenant: None, host, is_slow: true };
            hosts.filter(|host| fair.take(slow(*host), 1, 1, &mut 0).is_some()).count()
        };
        assert_eq!(n_taken(true, 0..1000), SLOW_SLOTS_FEW);
        assert_eq!(n_taken(false, 1000..2000), SLOW_SLOTS - SLOW_SLOTS_FEW);
        assert_eq!(n_taken(true, 2000..3000), 0);
    }
}
