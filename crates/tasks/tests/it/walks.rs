//! Random walks over the deliverer beside [`crate::model`]: after each settling the rows, the log and the
//! receivers say what the model says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use app::deliveries::recover::{RecoveryRequest, recover};
use app::deliveries::retry::retry;
use app::endpoints::pause::pause;
use app::endpoints::resume::{Backlog, resume};
use app::{Actor, OpCtx, Tx};
use domain::endpoint::{Order, Settings};
use domain::id::DeliveryId;
use domain::{Timestamp, hours, seconds};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use storage::{Row, args};

use crate::model::{LADDER, Model, State, Step};
use crate::receiver::Receiver;
use crate::support::{START, World, read, world};

/// Walks of one run, and how long they are.
const WALKS: u32 = 8;
const STEPS: std::ops::Range<usize> = 20..50;
/// A walk ends before an endpoint can be switched off.
const WALK_LIFE: i64 = hours(60);
const SITES_MAX: usize = 3;
/// Requests that are on their way when a process dies, at most, for each receiver.
const IN_FLIGHT: usize = 8;

fn a_step() -> impl Strategy<Value = Step> {
    let of = || 0..SITES_MAX;
    prop_oneof![
        2 => any::<bool>().prop_map(|in_order| Step::AddEndpoint { in_order }),
        8 => (1..4_usize).prop_map(|n| Step::Emit { n }),
        6 => (of(), any::<bool>()).prop_map(|(endpoint, well)| Step::Answer { endpoint, well }),
        2 => of().prop_map(|endpoint| Step::Pause { endpoint }),
        4 => (of(), any::<bool>()).prop_map(|(endpoint, all)| Step::Resume { endpoint, all }),
        4 => any::<usize>().prop_map(|delivery| Step::Retry { delivery }),
        2 => of().prop_map(|endpoint| Step::Recover { endpoint }),
        8 => prop_oneof![Just(30), Just(90), Just(900), Just(5000)]
            .prop_map(|seconds| Step::Wait { seconds }),
        8 => Just(Step::Settle),
        2 => Just(Step::Kill),
    ]
}

struct Walk {
    world: World,
    model: Model,
    /// Number and receiver of each endpoint.
    sites: Vec<(i64, Receiver)>,
    ids: BTreeMap<i64, DeliveryId>,
}

#[test]
fn g1_g3_g5_g8_g10_g11_no_walk_of_the_deliverer_leaves_its_model() {
    let config =
        ProptestConfig { cases: WALKS, failure_persistence: None, ..ProptestConfig::default() };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    TestRunner::new(config)
        .run(&vec(a_step(), STEPS), |steps| {
            runtime.block_on(take(&steps));
            Ok(())
        })
        .unwrap();
}

async fn take(steps: &[Step]) {
    let (model, sites) = (Model::default(), Vec::new());
    let mut walk = Walk { world: world().await, model, sites, ids: BTreeMap::new() };
    walk.add(false).await;
    for step in steps {
        walk.step(*step).await;
    }
    // In the end all goes well, and nothing stays owed.
    for site in 0..walk.sites.len() {
        walk.step(Step::Answer { endpoint: site, well: true }).await;
        walk.step(Step::Resume { endpoint: site, all: true }).await;
    }
    walk.world.advance(hours(2));
    walk.settle().await;
    assert_eq!(walk.world.owed().await, 0);
}

impl Walk {
    fn ctx(&self) -> OpCtx {
        OpCtx::new(&self.world.app, Arc::new(self.world.partner.clone()), true, Actor::System)
    }

    async fn id(&self, site: usize) -> String {
        self.world.find(self.sites[site].0).await.unwrap().id.to_string()
    }

    async fn step(&mut self, step: Step) {
        let now = self.world.now();
        let at = |n: usize| n % self.sites.len();
        match step {
            Step::AddEndpoint { in_order } => self.add(in_order).await,
            Step::Emit { n } => self.emit(n).await,
            Step::Answer { endpoint, well } => {
                let site = at(endpoint);
                self.sites[site].1.usually(if well { "200 OK" } else { "404 Not Found" });
                self.model.sites[site].answers_well = well;
            }
            Step::Pause { endpoint } => {
                let (site, id) = (at(endpoint), self.id(at(endpoint)).await);
                let work = async move |tx: &Tx, ctx: &OpCtx| pause(tx, ctx, &id, None).await;
                self.world.app.act(&self.ctx(), work).await.unwrap();
                self.model.sites[site].is_paused = true;
            }
            Step::Resume { endpoint, all } => {
                let (site, id) = (at(endpoint), self.id(at(endpoint)).await);
                let wanted = if all { Backlog::All } else { Backlog::None };
                let work = async move |tx: &Tx, ctx: &OpCtx| resume(tx, ctx, &id, wanted).await;
                self.world.app.act(&self.ctx(), work).await.unwrap();
                self.model.resume(site, all);
            }
            Step::Retry { delivery } => self.retry(delivery, now).await,
            Step::Recover { endpoint } => self.recover(at(endpoint), now).await,
            Step::Wait { seconds: n } => {
                if now.micros() + seconds(n) < START.micros() + WALK_LIFE {
                    self.world.advance(seconds(n));
                }
            }
            Step::Settle => self.settle().await,
            Step::Kill => self.kill(now).await,
        }
    }

    async fn add(&mut self, in_order: bool) {
        if self.sites.len() == SITES_MAX {
            return;
        }
        let receiver = Receiver::start().await;
        let order = if in_order { Order::Key } else { Order::None };
        let retry_schedule = Some(LADDER.to_vec());
        let settings = Settings { order, retry_schedule, ..Settings::default() };
        let no = self.world.endpoint_with(&receiver, settings).await;
        self.sites.push((no, receiver));
        self.model.add_site(in_order);
    }

    /// Each event is owed once to each endpoint that there is (G2).
    async fn emit(&mut self, n: usize) {
        const NEW: &str = "select no, endpoint_no, id from deliveries where no > $1 order by no";
        let last = self.ids.last_key_value().map_or(0, |(no, _)| *no);
        self.world.emit(i64::try_from(n).unwrap()).await;
        let row = |r: &mut Row| Ok((r.next()?, r.next()?, r.next()?));
        let new: Vec<(i64, i64, DeliveryId)> =
            read(&self.world.app, async move |tx: &Tx| tx.all(NEW, args![last], row).await).await;
        let mut n_of: HashMap<usize, usize> = HashMap::new();
        for (no, endpoint_no, id) in new {
            let site = self.sites.iter().position(|(no, _)| *no == endpoint_no).unwrap();
            let nth = n_of.entry(site).or_default();
            self.model.owe(no, site, *nth, self.world.now());
            self.ids.insert(no, id);
            *nth += 1;
        }
        assert!((0..self.sites.len()).all(|site| n_of.get(&site) == Some(&n)), "{n_of:?}");
    }

    async fn retry(&mut self, delivery: usize, now: Timestamp) {
        if self.ids.is_empty() {
            return;
        }
        let (no, id) = self.ids.iter().nth(delivery % self.ids.len()).unwrap();
        let (no, id) = (*no, id.to_string());
        let work = async move |tx: &Tx, ctx: &OpCtx| retry(tx, ctx, &id).await;
        let outcome = self.world.app.act(&self.ctx(), work).await.ok();
        assert_eq!(outcome.map(|o| o.outcome.as_str()), self.model.retry(no, now), "{no}");
    }

    async fn recover(&mut self, site: usize, now: Timestamp) {
        if self.model.sites[site].is_paused {
            return;
        }
        let id = self.id(site).await;
        let request = RecoveryRequest { since: START, until: None, event_types: Vec::new() };
        let work = async move |tx: &Tx, ctx: &OpCtx| recover(tx, ctx, &id, &request).await;
        let view = self.world.app.act(&self.ctx(), work).await.unwrap();
        assert_eq!(view.recovery.extent.matched, self.model.recover(site, now));
        self.settle().await;
    }

    /// The process dies while receivers keep it waiting, so that nothing is written.
    async fn kill(&mut self, now: Timestamp) {
        let Some(no) = self.model.next(now) else { return };
        let receiver = &self.sites[self.model.deliveries[&no].site].1;
        let n_before = receiver.requests().len();
        self.sites.iter().for_each(|(_, receiver)| receiver.shut(true));
        let tasks = self.world.restarted().await;
        let settling = tokio::spawn(async move { tasks.settle().await });
        receiver.has_received(n_before + 1).await;
        settling.abort();
        assert!(settling.await.unwrap_err().is_cancelled());
        self.sites.iter().for_each(|(_, receiver)| receiver.shut(false));
        self.model.n_kills += 1;
    }

    async fn settle(&mut self) {
        self.world.restarted().await.settle().await.unwrap();
        self.model.settle(self.world.now());
        self.compare_rows().await;
        self.compare_receivers();
    }

    /// What stands in the queue, what is given up, and what the log tells.
    async fn compare_rows(&mut self) {
        const READY: &str = "select delivery_no, due_at, tries from ready";
        const DEAD: &str = "select delivery_no from dead order by delivery_no";
        const ATTEMPTS: &str = "select count(*) from attempts";
        let rows = async |tx: &Tx| {
            let owed = |r: &mut Row| Ok((r.next()?, (r.next()?, r.next()?)));
            let ready: Vec<(i64, (Timestamp, i64))> = tx.all(READY, args![], owed).await?;
            let dead: Vec<i64> = tx.all(DEAD, args![], Row::next).await?;
            Ok((ready, dead, tx.one(ATTEMPTS, args![], Row::next).await?))
        };
        let (ready, dead, n_attempts): (Vec<_>, _, i64) = read(&self.world.app, rows).await;
        let mut ready: BTreeMap<i64, (Timestamp, i64)> = ready.into_iter().collect();
        let mut expected_dead = Vec::new();
        for (no, delivery) in &mut self.model.deliveries {
            let found = ready.remove(no);
            match &mut delivery.state {
                State::Owed { due, tries } => {
                    let (due_at, n_tries) = found.unwrap_or_else(|| panic!("{no} is lost"));
                    assert!(
                        due.0 <= due_at && due_at <= due.1,
                        "{no} is due {due_at}, not {due:?}"
                    );
                    assert_eq!(n_tries, *tries, "{no}");
                    *due = (due_at, due_at);
                }
                State::Dead => expected_dead.push(*no),
                State::Delivered => {}
            }
        }
        assert!(ready.is_empty(), "owed beyond the model: {ready:?}");
        assert_eq!(dead, expected_dead);
        let expected: usize = self.model.sites.iter().map(|site| site.n_attempts).sum();
        assert_eq!(n_attempts, i64::try_from(expected).unwrap(), "the log");
    }

    fn compare_receivers(&self) {
        for (site, (_, receiver)) in self.sites.iter().enumerate() {
            let requests = receiver.requests();
            let n_written = self.model.sites[site].n_attempts;
            let n_most = n_written + self.model.n_kills * IN_FLIGHT;
            assert!((n_written..=n_most).contains(&requests.len()), "{}", requests.len());
            let seen: BTreeSet<&str> =
                requests.iter().map(|r| r.header("X-Innbocks-Delivery-Id")).collect();
            let mut bodies: HashMap<&str, &[u8]> = HashMap::new();
            for request in &requests {
                let first = bodies.entry(request.header("webhook-id")).or_insert(&request.body);
                assert_eq!(*first, request.body, "the bytes of an event never change");
            }
            for (no, delivery) in &self.model.deliveries {
                if delivery.site == site && delivery.state == State::Delivered {
                    assert!(seen.contains(self.ids[no].to_string().as_str()), "{no} never came");
                }
            }
        }
    }
}
