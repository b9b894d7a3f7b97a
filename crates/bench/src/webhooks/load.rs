//! Publishing as fast as it goes, and publishing by the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::stage::Stage;
use crate::meter::micros;

/// Publishers at once, where none waits for the clock.
const PUBLISHERS: u32 = 256;
/// Where arrivals by the clock begin; the same in every run.
const SEED: u64 = 0x5eed_0f0e_7e47_0001;
/// The share of a run by the clock that is not counted, so that connections are open.
const WARM_UP: f64 = 0.2;
/// How often a publisher that is too far ahead looks again.
const LOOK_EVERY: Duration = Duration::from_micros(500);

/// Publishes the events of these numbers one after another to all endpoints, at most `ahead` before
/// the receiver.
pub(super) async fn flat_out(
    stage: &Stage,
    numbers: std::ops::Range<u32>,
    ahead: u32,
) -> anyhow::Result<()> {
    let next = Arc::new(AtomicU32::new(numbers.start));
    let taken_before = stage.sink.n_taken();
    let mut publishers = JoinSet::new();
    for _ in 0..PUBLISHERS {
        let (stage, next, numbers) = (stage.clone(), Arc::clone(&next), numbers.clone());
        publishers.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= numbers.end {
                    return Ok(());
                }
                let taken = || stage.sink.n_taken() - taken_before;
                while (n - numbers.start) as usize >= taken() + ahead as usize {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                stage.publish(n, n as usize % stage.outlets.len()).await?;
            }
        });
    }
    for done in publishers.join_all().await {
        done.map_err(|error: storage::Error| error)?;
    }
    Ok(())
}

/// Arrivals by the clock: at random moments, whatever became of those before.
#[derive(Clone)]
pub(super) struct Arrivals {
    pub(super) first: u32,
    pub(super) per_second: f64,
    pub(super) length: Duration,
    /// The endpoints that get them, in turns at random.
    pub(super) endpoints: std::ops::Range<usize>,
}

/// What came of one arrival, in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Latency {
    /// From the moment at which it should have been published to the receiver's first byte.
    pub(super) from_intended: u32,
    /// From the answer that it is committed.
    pub(super) from_commit: u32,
}

/// Times of arrivals, noted as they are published.
pub(super) struct Noted {
    first: u32,
    plan: Arc<[(u32, usize)]>,
    committed: Arc<[AtomicU32]>,
    warm_up_ends: u32,
}

impl Arrivals {
    /// Publishes by the clock until the length is over and all are committed.
    pub(super) async fn run(self, stage: &Stage) -> anyhow::Result<Noted> {
        let start = micros(stage.sink.began().elapsed()) + 1000;
        let plan: Arc<[(u32, usize)]> = self.plan(start).into();
        let committed: Arc<[AtomicU32]> = plan.iter().map(|_| AtomicU32::new(0)).collect();
        let (done, mut ended) = tokio::sync::mpsc::unbounded_channel();
        let clock = Clock {
            stage: stage.clone(),
            plan: Arc::clone(&plan),
            committed: Arc::clone(&committed),
            first: self.first,
            runtime: Handle::current(),
        };
        // A timer of the runtime would be late by up to a millisecond.
        std::thread::Builder::new()
            .name("load-clock".to_owned())
            .spawn(move || clock.run(&done))?;
        for _ in 0..plan.len() {
            ended.recv().await.context("the clock stopped")??;
        }
        let warm_up_ends = start + micros(self.length.mul_f64(WARM_UP));
        Ok(Noted { first: self.first, plan, committed, warm_up_ends })
    }

    /// Moments and endpoints: a Poisson process with a fixed seed.
    fn plan(&self, start: u32) -> Vec<(u32, usize)> {
        let mut random = Random(SEED);
        let mut at = 0.0;
        let mut plan = Vec::new();
        loop {
            at -= (1.0 - random.unit()).ln() / self.per_second;
            if at >= self.length.as_secs_f64() {
                return plan;
            }
            let endpoint = self.endpoints.start + random.below(self.endpoints.len());
            plan.push((start + micros(Duration::from_secs_f64(at)), endpoint));
        }
    }
}

struct Clock {
    stage: Stage,
    plan: Arc<[(u32, usize)]>,
    committed: Arc<[AtomicU32]>,
    first: u32,
    runtime: Handle,
}

impl Clock {
    fn run(self, done: &tokio::sync::mpsc::UnboundedSender<storage::Result<()>>) {
        let began = self.stage.sink.began();
        for (i, (at, endpoint)) in self.plan.iter().copied().enumerate() {
            let wait = (began + Duration::from_micros(at.into())).duration_since(Instant::now());
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
            let (stage, committed) = (self.stage.clone(), Arc::clone(&self.committed));
            let (n, done) = (self.first + u32::try_from(i).unwrap_or(u32::MAX), done.clone());
            self.runtime.spawn(async move {
                let published = stage.publish(n, endpoint).await;
                committed[i].store(micros(began.elapsed()), Ordering::Release);
                // Nobody listens any more when another one has failed.
                let _ = done.send(published);
            });
        }
    }
}

impl Noted {
    /// The number after the last event.
    pub(super) fn next(&self) -> u32 {
        self.first + u32::try_from(self.plan.len()).unwrap_or(u32::MAX)
    }

    /// Waits until the events of all endpoints but `left_out` have come, and tells how long they took.
    pub(super) async fn latencies(
        &self,
        stage: &Stage,
        left_out: std::ops::Range<usize>,
        patience: Duration,
    ) -> anyhow::Result<Vec<Latency>> {
        let until = Instant::now() + patience;
        let mut latencies = Vec::with_capacity(self.plan.len());
        for (n, ((intended, endpoint), committed)) in
            (self.first..).zip(self.plan.iter().zip(self.committed.iter()))
        {
            if left_out.contains(endpoint) {
                continue;
            }
            let came = loop {
                if let Some(came) = stage.sink.came(n) {
                    break came;
                }
                ensure!(Instant::now() < until, "event {n} to endpoint {endpoint} never came");
                tokio::time::sleep(Duration::from_millis(1)).await;
            };
            if *intended >= self.warm_up_ends {
                let committed = committed.load(Ordering::Acquire);
                latencies.push(Latency {
                    from_intended: came.saturating_sub(*intended),
                    // The receiver can be faster than the publisher that waits for its answer.
                    from_commit: came.saturating_sub(committed),
                });
            }
        }
        stage.sink.check()?;
        Ok(latencies)
    }
}

/// A small generator with a fixed seed (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 up to and without 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap_or(0)
    }
}
