//! `cargo xtask gen`: files that are made from the code and committed, so that a review sees them.
//!
//! What they say comes from the program itself; this command only writes down what it prints, or with
//! `--check` compares.

use anyhow::{Context, Result, bail};

use crate::{out, run};

/// A committed file and the `postroom` command that prints it.
struct Generated {
    path: &'static str,
    command: &'static [&'static str],
}

const FILES: [Generated; 2] = [
    Generated { path: "openapi/partner.json", command: &["openapi"] },
    Generated { path: "openapi/email.json", command: &["openapi", "--email"] },
];

/// Writes each file, or names the stale ones and fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let only_check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => bail!("this command takes `--check` or nothing, not `{}`", arguments.join(" ")),
    };
    let mut stale = Vec::new();
    for Generated { path, command } in FILES {
        let mut cargo = run::cargo(&["run", "--quiet", "--package", "postroom", "--"]);
        let fresh = run::output(cargo.args(command))?;
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let Some(line) = first_difference(&committed, &fresh) else { continue };
        if only_check {
            stale.push(format!("{path} is stale from line {line}"));
        } else {
            write(path, &fresh)?;
            out::line(&format!("wrote {path}"));
        }
    }
    if !stale.is_empty() {
        bail!("{}: run `cargo xtask gen` and commit the result", stale.join(", "));
    }
    Ok(())
}

fn write(path: &str, text: &str) -> Result<()> {
    if let Some(folder) = std::path::Path::new(path).parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making the folder of {path}"))?;
    }
    std::fs::write(path, text).with_context(|| format!("writing {path}"))
}

/// The first line, counted from 1, in which two texts differ.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let mut right_lines = right.split('\n');
    let same = left.split('\n').take_while(|line| right_lines.next() == Some(line)).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn a_difference_is_found_in_the_middle_at_the_end_and_in_the_last_newline() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a", "a\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
    }
}
