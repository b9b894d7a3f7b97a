//! `cargo xtask test`: the test suite, once for each engine that this machine has.
//!
//! SQLite needs nothing and always runs. PostgreSQL runs where [`crate::postgres`] finds a server;
//! the tests learn of it through one variable, and where that is unset they use SQLite files.

use std::fmt;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::postgres::{DATABASE_VARIABLE, NO_SERVER, Server};
use crate::{out, run};

/// The packages whose tests talk to a database. The others would only do the same again.
const DATABASE_PACKAGES: [&str; 8] =
    ["--package", "storage", "--package", "app", "--package", "tasks", "--package", "postroom"];

/// Runs the suite on every engine, even after one has failed, and says at the end what ran.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut report = Report::default();
    report.engine("SQLite", |count| suite(arguments, &["--workspace"], None, count));
    match Server::find() {
        Some(server) => report.engine(&format!("PostgreSQL {}", server.version()), |count| {
            let cluster = server.start()?;
            suite(arguments, &DATABASE_PACKAGES, Some(cluster.url()), count)
        }),
        None => report.lines.push(format!("PostgreSQL: not run, {NO_SERVER}")),
    }
    out::line(&format!("\nEngines tested\n  {}\n", report.lines.join("\n  ")));
    out::line(&report.total.to_string());
    if report.failed {
        bail!("the suite failed");
    }
    Ok(())
}

/// Runs `cargo test` on the packages that the caller names in `arguments`, else on `packages`, and adds
/// the tests that ran to `count`, also where it fails.
fn suite(
    arguments: &[String],
    packages: &[&str],
    database: Option<&str>,
    count: &mut Count,
) -> Result<()> {
    let mut command = run::cargo(&["test", "--no-fail-fast"]);
    if !names_packages(arguments) {
        command.args(packages);
    }
    command.args(arguments).env_remove(DATABASE_VARIABLE);
    if let Some(database) = database {
        command.env(DATABASE_VARIABLE, database);
    }
    run::each_line(&mut command, |line| {
        out::line(line);
        count.add(Count::read(line).unwrap_or_default());
    })
}

/// What has been run so far, and what came of it.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    total: Count,
    failed: bool,
}

impl Report {
    fn engine(&mut self, name: &str, suite: impl FnOnce(&mut Count) -> Result<()>) {
        let started = Instant::now();
        let mut count = Count::default();
        let result = suite(&mut count);
        let seconds = started.elapsed().as_secs();
        let trouble = result.as_ref().err().map(|error| format!(": {error:#}"));
        self.lines.push(format!("{name}: {count} in {seconds} s{}", trouble.unwrap_or_default()));
        self.total.add(count);
        self.failed |= result.is_err();
    }
}

/// How many tests ran. Those that a filter left out are in neither number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    n_passed: u32,
    n_failed: u32,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.n_passed += other.n_passed;
        self.n_failed += other.n_failed;
    }

    /// Reads the line that ends each test executable: `test result: ok. 3 passed; 0 failed; …`.
    fn read(line: &str) -> Option<Self> {
        let (_, result) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut parts = result.split("; ");
        let n_passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
        let n_failed = parts.next()?.strip_suffix(" failed")?.parse().ok()?;
        Some(Self { n_passed, n_failed })
    }
}

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.n_passed, self.n_failed)
    }
}

fn names_packages(arguments: &[String]) -> bool {
    let ours = arguments.iter().take_while(|argument| *argument != "--");
    ours.into_iter().any(|argument| {
        let flag = argument.split('=').next().unwrap_or_default();
        matches!(flag, "--package" | "--workspace" | "--all") || flag.starts_with("-p")
    })
}

#[cfg(test)]
mod tests {
    use super::{Count, names_packages};

    #[test]
    fn a_package_is_named_before_the_dashes_only() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert!(names_packages(&words("-p storage some_test")));
        assert!(names_packages(&words("-pstorage")));
        assert!(names_packages(&words("--package=storage")));
        assert!(!names_packages(&words("some_test --test contract")));
        assert!(!names_packages(&words("some_test -- -p")));
    }

    #[test]
    fn the_closing_line_of_an_executable_is_counted_and_no_other() {
        let closing =
            "test result: FAILED. 14 passed; 2 failed; 0 ignored; 0 measured; 3 filtered out";
        assert_eq!(Count::read(closing), Some(Count { n_passed: 14, n_failed: 2 }));
        assert_eq!(Count::read("test the_result ... ok"), None);
    }
}
