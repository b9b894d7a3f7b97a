//! What a scene costs, by whose threads did it: ours, the load's, the PostgreSQL server's.
//!
//! The load's threads are known by their names. From /proc, so on Linux only.

use std::fs;
use std::time::Instant;

use anyhow::Context as _;

use crate::meter::{family_of, machine, own, resident};

/// The beginning of the names of threads that make load or receive.
pub(super) const LOAD_THREADS: &str = "load";

/// Readings at one moment; times in microseconds.
pub(super) struct Moment {
    at: Instant,
    ours: f64,
    load: f64,
    server: Option<f64>,
    written: Option<u64>,
    machine: (f64, f64),
}

/// Between two moments.
pub(super) struct Cost {
    pub(super) seconds: f64,
    pub(super) ours: f64,
    pub(super) load: f64,
    pub(super) server: Option<f64>,
    /// Bytes that were given to the disk: by us, or where there is one by the server.
    pub(super) written: Option<u64>,
    /// Share of the machine that somebody else used, in percent.
    pub(super) others: f64,
}

impl Moment {
    pub(super) fn now(server_pid: Option<u32>) -> anyhow::Result<Self> {
        let (ours, load) = threads()?;
        let server = server_pid.map(family_of);
        let written = match &server {
            None => io("self", "write_bytes: "),
            // Of these the kernel counts whole folios, most of which were clean; and the server writes to sockets otherwise.
            Some((_, pids)) => {
                Some(pids.iter().filter_map(|pid| io(&pid.to_string(), "wchar: ")).sum())
            }
        };
        let server = server.map(|(micros, _)| micros);
        Ok(Self { at: Instant::now(), ours, load, server, written, machine: machine()? })
    }

    pub(super) fn until_now(&self, server_pid: Option<u32>) -> anyhow::Result<Cost> {
        let now = Self::now(server_pid)?;
        let (ours, load) = (now.ours - self.ours, now.load - self.load);
        let server = now.server.zip(self.server).map(|(now, then)| now - then);
        let busy = now.machine.0 - self.machine.0 - ours - load - server.unwrap_or_default();
        let all = (now.machine.1 - self.machine.1).max(1.0);
        Ok(Cost {
            seconds: (now.at - self.at).as_secs_f64(),
            ours,
            load,
            server,
            written: now.written.zip(self.written).map(|(now, then)| now.saturating_sub(then)),
            others: (busy / all * 100.0).max(0.0),
        })
    }
}

/// Processor time of our threads, also of those that ended, and of the load's.
fn threads() -> anyhow::Result<(f64, f64)> {
    let mut load = 0.0;
    for task in fs::read_dir("/proc/self/task").context("reading our threads")? {
        let folder = task?.path();
        // A thread can end while we look.
        let Ok(name) = fs::read_to_string(folder.join("comm")) else { continue };
        let Ok(stat) = fs::read_to_string(folder.join("schedstat")) else { continue };
        if name.starts_with(LOAD_THREADS) {
            let nanos: f64 = stat.split(' ').next().unwrap_or_default().parse().unwrap_or_default();
            load += nanos / 1000.0;
        }
    }
    Ok((own()? - load, load))
}

/// What the kernel counted of a process, in bytes.
fn io(pid: &str, name: &str) -> Option<u64> {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix(name))?.parse().ok()
}

/// Resident memory in MiB.
pub(super) fn resident_mib() -> anyhow::Result<f64> {
    Ok(resident()? as f64 / f64::from(1 << 20))
}
