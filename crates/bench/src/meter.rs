//! What a workload costs: time, processor time of this process and of the PostgreSQL server, memory.
//!
//! From /proc, so on Linux only.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::house::House;

/// The clock of /proc: 100 ticks a second on every Linux that we know.
const TICK_MICROS: f64 = 10_000.0;
const PAGE_BYTES: u64 = 4096;

/// The columns of the table, in the order of [`Measured::row`].
pub(crate) const COLUMNS: [&str; 10] = [
    "workload",
    "engine",
    "per second",
    "p50 ms",
    "p99 ms",
    "cpu us",
    "server cpu us",
    "rss MiB",
    "others %",
    "count",
];

/// A row of the table.
pub(crate) struct Measured {
    pub(crate) workload: String,
    pub(crate) engine: &'static str,
    pub(crate) n: usize,
    pub(crate) took: Duration,
    /// In microseconds, in any order.
    pub(crate) latencies: Vec<u32>,
    pub(crate) cost: Cost,
}

/// Processor time between two moments, in microseconds; and memory at the second.
pub(crate) struct Cost {
    own: f64,
    server: Option<f64>,
    /// Share of the machine that neither of them used and that was not idle.
    others: f64,
    rss_bytes: u64,
}

impl Measured {
    pub(crate) fn row(&self) -> Value {
        let per = |micros: f64| format!("{:.1}", micros / self.n.max(1) as f64);
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let place = sorted.len().saturating_sub(1) * percent / 100;
            let micros = sorted.get(place).copied().unwrap_or_default();
            format!("{:.2}", f64::from(micros) / 1000.0)
        };
        json!({
            "workload": self.workload,
            "engine": self.engine,
            "per second": (self.n as f64 / self.took.as_secs_f64()).round(),
            "p50 ms": at(50),
            "p99 ms": at(99),
            "cpu us": per(self.cost.own),
            "server cpu us": self.cost.server.map(per),
            "rss MiB": self.cost.rss_bytes >> 20,
            "others %": (self.cost.others * 100.0).round(),
            "count": self.n,
        })
    }
}

/// A measurement that has begun.
pub(crate) struct Meter {
    began: Instant,
    server_pid: Option<u32>,
    at: Reading,
}

struct Reading {
    own: f64,
    server: Option<f64>,
    machine_busy: f64,
    machine_all: f64,
}

impl Meter {
    pub(crate) fn start(house: &House) -> anyhow::Result<Self> {
        let server_pid = house.server_pid;
        Ok(Self { at: read(server_pid)?, began: Instant::now(), server_pid })
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn stop(&self) -> anyhow::Result<Cost> {
        let (a, b) = (&self.at, read(self.server_pid)?);
        let own = b.own - a.own;
        let server = b.server.zip(a.server).map(|(b, a)| b - a);
        let others = b.machine_busy - a.machine_busy - own - server.unwrap_or_default();
        let all = (b.machine_all - a.machine_all).max(1.0);
        let others = (others / all).max(0.0);
        Ok(Cost { own, server, others, rss_bytes: resident()? })
    }
}

/// Bytes of resident memory.
pub(crate) fn resident() -> anyhow::Result<u64> {
    let pages = fs::read_to_string("/proc/self/statm").context("reading our memory")?;
    let pages: u64 = pages.split(' ').nth(1).context("statm has columns")?.parse()?;
    Ok(pages * PAGE_BYTES)
}

fn read(server_pid: Option<u32>) -> anyhow::Result<Reading> {
    let (machine_busy, machine_all) = machine()?;
    Ok(Reading { own: own()?, server: server_pid.map(family), machine_busy, machine_all })
}

/// Processor time of this process, in microseconds.
pub(crate) fn own() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("reading our processor time")?;
    Ok(used(&stat))
}

/// How long the machine's processors were busy, and all there was, in microseconds.
pub(crate) fn machine() -> anyhow::Result<(f64, f64)> {
    let machine = fs::read_to_string("/proc/stat").context("reading the machine's time")?;
    let line = machine.lines().next().context("/proc/stat has lines")?;
    let ticks: Vec<f64> =
        line.split_whitespace().skip(1).take(8).filter_map(|t| t.parse().ok()).collect();
    let all: f64 = ticks.iter().sum();
    // The fourth and fifth columns are idleness, with and without a disk that is waited for.
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    Ok(((all - idle) * TICK_MICROS, all * TICK_MICROS))
}

fn family(pid: u32) -> f64 {
    family_of(pid).0
}

/// What a process, its children that live, and those that have ended used, in microseconds; and which
/// of them live.
pub(crate) fn family_of(pid: u32) -> (f64, Vec<u32>) {
    let (mut sum, mut pids) = (0.0, Vec::new());
    let Ok(processes) = fs::read_dir("/proc") else { return (sum, pids) };
    let stats =
        processes.filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    for stat in stats {
        let Some(own) = stat.split(' ').next().and_then(|own| own.parse().ok()) else { continue };
        if parent_in(&stat) == Some(pid) {
            sum += used(&stat);
        } else if own == pid {
            sum += used(&stat) + fields(&stat).skip(13).take(2).sum::<f64>() * TICK_MICROS;
        } else {
            continue;
        }
        pids.push(own);
    }
    (sum, pids)
}

/// The process that started another.
pub(crate) fn parent(pid: u32) -> Option<u32> {
    parent_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parent_in(stat: &str) -> Option<u32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// User and system time of a line of /proc/PID/stat.
fn used(stat: &str) -> f64 {
    fields(stat).skip(11).take(2).sum::<f64>() * TICK_MICROS
}

/// The columns after the name, which may hold spaces; the state, which is a letter, counts as 0.
fn fields(stat: &str) -> impl Iterator<Item = f64> {
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    rest.split(' ').map(|field| field.parse().unwrap_or_default())
}

/// Microseconds as the table keeps them; an hour fits.
pub(crate) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
