//! `cargo xtask test`: the test suite, once for each engine that this machine has.
//!
//! SQLite needs nothing and always runs. PostgreSQL runs where [`crate::postgres`] finds a server;
//! the tests learn of it through one variable, and where that is unset they use SQLite files.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::postgres::{Cluster, DATABASE_VARIABLE, NO_SERVER, Server};
use crate::{out, run};

/// The packages whose tests talk to a database. The others would only do the same again.
const DATABASE_PACKAGES: [&str; 4] = ["--package", "storage", "--package", "postroom"];

/// Runs the suite on every engine, even after one has failed, and says at the end what ran.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut report = Vec::new();
    let mut failed = false;

    let started = Instant::now();
    let sqlite = suite(arguments, &["--workspace"], None);
    failed |= sqlite.is_err();
    report.push(format!("SQLite: {}", outcome(&sqlite, started)));

    let started = Instant::now();
    report.push(match Server::find() {
        None => format!("PostgreSQL: not run, {NO_SERVER}"),
        Some(server) => {
            let postgres = server
                .start()
                .and_then(|cluster| suite(arguments, &DATABASE_PACKAGES, Some(&cluster)));
            failed |= postgres.is_err();
            format!("PostgreSQL {}: {}", server.version(), outcome(&postgres, started))
        }
    });

    out::line(&format!("\nEngines tested\n  {}", report.join("\n  ")));
    if failed {
        bail!("a test failed");
    }
    Ok(())
}

/// Runs `cargo test` on the packages that the caller names in `arguments`, else on `packages`.
fn suite(arguments: &[String], packages: &[&str], cluster: Option<&Cluster>) -> Result<()> {
    let mut command = run::cargo(&["test", "--no-fail-fast"]);
    if !names_packages(arguments) {
        command.args(packages);
    }
    command.args(arguments).env_remove(DATABASE_VARIABLE);
    if let Some(cluster) = cluster {
        command.env(DATABASE_VARIABLE, cluster.url());
    }
    run::succeed(&mut command)
}

fn names_packages(arguments: &[String]) -> bool {
    let ours = arguments.iter().take_while(|argument| *argument != "--");
    ours.into_iter().any(|argument| {
        let flag = argument.split('=').next().unwrap_or_default();
        matches!(flag, "--package" | "--workspace" | "--all") || flag.starts_with("-p")
    })
}

fn outcome(result: &Result<()>, started: Instant) -> String {
    let seconds = started.elapsed().as_secs();
    match result {
        Ok(()) => format!("passed in {seconds} s"),
        Err(error) => format!("FAILED after {seconds} s: {error:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::names_packages;

    #[test]
    fn a_package_is_named_before_the_dashes_only() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert!(names_packages(&words("-p storage some_test")));
        assert!(names_packages(&words("-pstorage")));
        assert!(names_packages(&words("--package=storage")));
        assert!(!names_packages(&words("some_test --test contract")));
        assert!(!names_packages(&words("some_test -- -p")));
    }
}
