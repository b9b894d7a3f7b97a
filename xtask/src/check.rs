//! `cargo xtask check`: everything that can be said about the code without running it.
//!
//! The rules themselves are in rustfmt.toml, clippy.toml, Cargo.toml, deny.toml and [`crate::tidy`].

use anyhow::{Result, bail};

use crate::{generated, out, run, tidy};

/// One step: its name and what it does.
type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 5] = [
    ("format", || {
        run::succeed(&mut run::cargo(&["fmt", "--all", "--check"]))?;
        run::succeed(&mut run::cargo(&["fmt", "--check", "--manifest-path", SDK_DRIVER]))
    }),
    ("tidy", || tidy::run(&[])),
    ("clippy", || {
        let everything = ["clippy", "--workspace", "--all-targets", "--all-features"];
        let arguments = [&everything[..], &["--", "-D", "warnings"]].concat();
        run::succeed(&mut run::cargo(&arguments))
    }),
    ("generated files", || generated::run(&["--check".to_owned()])),
    ("dependencies", dependencies),
];

/// A project of its own, outside the workspace: it needs the client that it drives a server with.
const SDK_DRIVER: &str = "crates/postroom/tests/sdk/rust/Cargo.toml";

/// Takes every step, even after one has failed, so that one run names all there is to mend.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    run::no_arguments(arguments)?;
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        out::line(&format!("check: {name}"));
        if let Err(error) = step() {
            out::line(&format!("{error:#}"));
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("check failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Licences, bans and sources. Advisories are left out: they need a database from the network, and
/// an old commit would turn red by itself.
fn dependencies() -> Result<()> {
    if !run::works(&mut run::cargo(&["deny", "--version"])) {
        out::line("cargo-deny is not installed, so this step is left out");
        return Ok(());
    }
    run::succeed(&mut run::cargo(&["deny", "check", "bans", "licenses", "sources"]))
}
