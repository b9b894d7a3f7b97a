//! `cargo xtask kill`: the crash test, for as many rounds as asked.
//!
//! The test is one of the suite, where it runs for a few rounds. This command only hands it numbers.

use anyhow::{Context, Result, bail};

use crate::run;

/// The test that this command runs.
pub(crate) const TEST_FILE: &str = "crates/postroom/tests/kill/main.rs";

/// Runs the crash test on SQLite, or on the database that `cargo xtask pg` names.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut cargo = run::cargo(&["test", "--package", "postroom", "--test", "kill"]);
    let mut words = arguments.iter();
    while let Some(flag) = words.next() {
        let variable = match flag.as_str() {
            "--rounds" => "POSTROOM_KILL_ROUNDS",
            "--seed" => "POSTROOM_KILL_SEED",
            _ => bail!("this command takes `--rounds N` and `--seed S`, not `{flag}`"),
        };
        let value = words.next().with_context(|| format!("`{flag}` needs a number"))?;
        value.parse::<u64>().with_context(|| format!("`{flag}` needs a number, not `{value}`"))?;
        cargo.env(variable, value);
    }
    run::succeed(cargo.args(["--", "--nocapture"]))
}
