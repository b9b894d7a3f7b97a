//! The one place where these commands print.
//!
//! What a command did goes to standard output, why it failed to standard error. Neither is a log: a
//! person or a CI run reads it at once.

/// Prints a line, or a few, of what was done or found.
#[expect(clippy::print_stdout, reason = "a command line tool speaks to the person who called it")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints why the command failed.
#[expect(clippy::print_stderr, reason = "a command line tool speaks to the person who called it")]
pub(crate) fn complaint(text: &str) {
    eprintln!("error: {text}");
}
