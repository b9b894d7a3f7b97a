//! `cargo xtask timings`: how long a person waits for the compiler.
//!
//! The budget on two cores is 180 s for a clean debug build, and for a check 4 s after a change in a
//! leaf and 25 s after a change in `domain`. Other work on the machine makes every figure worse.

use std::fs::File;
use std::path::Path;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};

use crate::{out, run};

/// A build folder of its own: the usual one stays as it is.
const TARGET: &str = "target/timings";

/// What is touched before each check: a leaf of the import graph, its middle, its root.
const TOUCHED: [&str; 3] =
    ["crates/partner_api/src/lib.rs", "crates/app/src/lib.rs", "crates/domain/src/lib.rs"];

/// Prints one line for each measurement.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    run::no_arguments(arguments)?;
    remove()?;
    let result = measure();
    remove()?;
    result
}

fn measure() -> Result<()> {
    timed("clean debug build", "build")?;
    timed("first check", "check")?;
    for path in TOUCHED {
        let file = File::options().append(true).open(path).with_context(|| path.to_owned())?;
        file.set_modified(now()).with_context(|| format!("touching {path}"))?;
        timed(&format!("check after touching {path}"), "check")?;
    }
    Ok(())
}

fn timed(what: &str, command: &str) -> Result<()> {
    let started = Instant::now();
    run::succeed(run::cargo(&[command, "--workspace", "--quiet"]).env("CARGO_TARGET_DIR", TARGET))?;
    out::line(&format!("{:8.1} s  {what}", started.elapsed().as_secs_f64()));
    Ok(())
}

fn remove() -> Result<()> {
    if Path::new(TARGET).exists() {
        std::fs::remove_dir_all(TARGET).with_context(|| format!("removing {TARGET}"))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo compares file times with the real clock")]
fn now() -> SystemTime {
    SystemTime::now()
}
