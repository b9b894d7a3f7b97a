//! `cargo xtask fuzz`: samples of mail and of contacts, mutated for as long as asked.
//!
//! A test of `email` does it, with a few inputs in each run of the suite. This command only hands it numbers,
//! and has the system bound what the test may use.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{out, run};

/// The test that this command runs.
pub(crate) const TEST_FILE: &str = "crates/email/tests/it/fuzz.rs";
const TEST_NAME: &str = "fuzz::mutated_samples_keep_the_promises";

const SECONDS: &str = "POSTROOM_FUZZ_SECONDS";
const SECONDS_DEFAULT: u64 = 60;
/// Bytes of address space of the whole test. Its threads reserve a good part of it.
const MEMORY_BYTES_MAX: usize = 512 * 1_024 * 1_024;

/// Runs the fuzz test on new inputs, or on one that was kept.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut cargo =
        run::cargo(&["test", "--profile", "fuzz", "--package", "email", "--test", "it"]);
    if let [flag, file] = arguments
        && flag == "--input"
    {
        let file = std::fs::canonicalize(file).with_context(|| file.clone())?;
        cargo.env("POSTROOM_FUZZ_INPUT", file);
    } else {
        cargo.env(SECONDS, SECONDS_DEFAULT.to_string());
        let known = [("--seconds", SECONDS), ("--seed", "POSTROOM_FUZZ_SEED")];
        run::hand_numbers(&mut cargo, arguments, &known)?;
    }
    if run::works(Command::new("prlimit").arg("--version")) {
        let runner = format!("runner = ['prlimit', '--as={MEMORY_BYTES_MAX}', '--core=0']");
        cargo.args(["--config", &format!("target.'cfg(all())'.{runner}")]);
    } else {
        out::line("prlimit is not installed, so an input may use any memory");
    }
    run::succeed(cargo.args(["--", "--exact", TEST_NAME, "--nocapture"])).context(
        "an input that fails is the newest of target/tmp/fuzz-*; `cargo xtask fuzz --input FILE` reads it again",
    )
}
