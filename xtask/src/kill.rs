//! `cargo xtask kill`: the crash test, for as many rounds as asked.
//!
//! The test is one of the suite, where it runs for a few rounds. This command only hands it numbers.

use anyhow::Result;

use crate::run;

/// The test that this command runs.
pub(crate) const TEST_FILE: &str = "crates/postroom/tests/kill/main.rs";

/// Runs the crash test on SQLite, or on the database that `cargo xtask pg` names.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut cargo = run::cargo(&["test", "--package", "postroom", "--test", "kill"]);
    let known = [("--rounds", "POSTROOM_KILL_ROUNDS"), ("--seed", "POSTROOM_KILL_SEED")];
    run::hand_numbers(&mut cargo, arguments, &known)?;
    run::succeed(cargo.args(["--", "--nocapture"]))
}
