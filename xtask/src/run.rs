//! Starting other programs: cargo, mostly.
//!
//! What is started, and what its result means, is said by the commands.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// Variables that cargo sets for the program it runs and that describe that program's package.
/// Handed on to another cargo, they would make build scripts that watch them run anew each time.
const PACKAGE_VARIABLES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// The cargo that runs us, with these arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        let described = name.to_string_lossy();
        if PACKAGE_VARIABLES.iter().any(|prefix| described.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Hands the number behind each flag to a program, in the variable that is known for the flag.
pub(crate) fn hand_numbers(
    command: &mut Command,
    arguments: &[String],
    known: &[(&str, &str)],
) -> Result<()> {
    let mut words = arguments.iter();
    while let Some(flag) = words.next() {
        let Some((_, variable)) = known.iter().find(|(name, _)| name == flag) else {
            let names: Vec<String> = known.iter().map(|(name, _)| format!("`{name} N`")).collect();
            bail!("this command takes {}, not `{flag}`", names.join(" and "));
        };
        let value = words.next().with_context(|| format!("`{flag}` needs a number"))?;
        value.parse::<u64>().with_context(|| format!("`{flag}` needs a number, not `{value}`"))?;
        command.env(variable, value);
    }
    Ok(())
}

/// Runs a program to its end with our own input and output. Fails unless it succeeds.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let said = words(command);
    let status = command.status().with_context(|| format!("starting `{said}`"))?;
    ensure!(status.success(), "`{said}` ended with {status}");
    Ok(())
}

/// Runs a program to its end and returns what it printed; its complaints go to our error output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let said = words(command);
    let done = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting `{said}`"))?;
    ensure!(done.status.success(), "`{said}` ended with {}", done.status);
    String::from_utf8(done.stdout).with_context(|| format!("reading what `{said}` printed"))
}

/// Runs a program to its end and hands on each line that it prints, as soon as it is printed.
pub(crate) fn each_line(command: &mut Command, mut take: impl FnMut(&str)) -> Result<()> {
    let said = words(command);
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("starting `{said}`"))?;
    let printed = child.stdout.take().context("the output of a child is piped")?;
    for line in BufReader::new(printed).split(b'\n') {
        let line = line.with_context(|| format!("reading what `{said}` prints"))?;
        take(&String::from_utf8_lossy(&line));
    }
    let status = child.wait().with_context(|| format!("waiting for `{said}`"))?;
    ensure!(status.success(), "`{said}` ended with {status}");
    Ok(())
}

/// True where the program can be started and says that all is well; it prints nothing.
pub(crate) fn works(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Refuses arguments on behalf of a command that takes none.
pub(crate) fn no_arguments(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "this command takes no arguments, not `{}`", arguments.join(" "));
    Ok(())
}

fn words(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}
