//! The commands of the house: `cargo xtask COMMAND`.
//!
//! This file holds the table of commands and picks a row; each command is a module of its own. What
//! a machine must have installed first is the business of `.ci/run`, not of these commands.

mod check;
mod contract;
mod fuzz;
mod generated;
mod kill;
mod out;
mod postgres;
mod run;
mod suite;
mod tidy;
mod timings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

/// One row of the table of commands.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    /// A file that the command works on; where it is absent the command is not offered.
    needs: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: [Command; 9] = [
    Command {
        name: "test",
        arguments: "[CARGO TEST ARGUMENTS]",
        about: "every test: on SQLite, and on PostgreSQL where its server is installed",
        needs: "Cargo.toml",
        run: suite::run,
    },
    Command {
        name: "check",
        arguments: "",
        about: "format, tidy, clippy with warnings denied, generated files, cargo-deny",
        needs: "Cargo.toml",
        run: check::run,
    },
    Command {
        name: "gen",
        arguments: "[--check]",
        about: "write the generated files anew, or only report the stale ones",
        needs: "Cargo.toml",
        run: generated::run,
    },
    Command {
        name: "tidy",
        arguments: "",
        about: "the rules of the house that no compiler knows",
        needs: "Cargo.toml",
        run: tidy::run,
    },
    Command {
        name: "timings",
        arguments: "",
        about: "seconds of a clean debug build, and of a check after touching a file",
        needs: "Cargo.toml",
        run: timings::run,
    },
    Command {
        name: "kill",
        arguments: "--rounds N [--seed S]",
        about: "kill the real binary under load N times, and look for what was lost",
        needs: kill::TEST_FILE,
        run: kill::run,
    },
    Command {
        name: "fuzz",
        arguments: "[--seconds N] [--seed S]",
        about: "read mutated mail and contacts, and look for what breaks a promise",
        needs: fuzz::TEST_FILE,
        run: fuzz::run,
    },
    Command {
        name: "contract",
        arguments: "[--seed S]",
        about: "let schemathesis look for calls that break the OpenAPI document",
        needs: "openapi/partner.json",
        run: contract::run,
    },
    Command {
        name: "pg",
        arguments: "-- COMMAND [ARGUMENTS]",
        about: "run COMMAND beside a throwaway PostgreSQL named by POSTROOM_TEST_DATABASE",
        needs: "Cargo.toml",
        run: postgres::run,
    },
];

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::complaint(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<()> {
    // Every path in these commands is written from the root of the workspace.
    std::env::set_current_dir(root()?).context("entering the workspace")?;
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match offered().find(|command| command.name == name) {
        Some(command) => (command.run)(&rest),
        None if matches!(name.as_str(), "" | "help" | "--help" | "-h") => {
            out::line(&help());
            Ok(())
        }
        None => bail!("there is no command `{name}`\n\n{}", help()),
    }
}

fn offered() -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(|command| Path::new(command.needs).exists())
}

fn help() -> String {
    let row = |command: &Command| {
        let usage = format!("{} {}", command.name, command.arguments);
        format!("\n  {usage:<32} {}", command.about)
    };
    format!("cargo xtask COMMAND\n{}", offered().map(row).collect::<String>())
}

/// The root of the workspace. Cargo names it for whatever it runs, so a checkout can be moved after
/// it was built.
fn root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .context("CARGO_MANIFEST_DIR is not set: start this program as `cargo xtask`")?;
    let root = Path::new(&package).parent().context("the package xtask stands in no folder")?;
    Ok(root.to_path_buf())
}
