//! Rules about the text of one file: its head, its length, and words that must not stay.
//!
//! Rules about how files hang together are in the modules beside this one.

/// The endings of files that people write here by hand; the last is `.ci/run`. Others, such as
/// snapshots and the messages that tests read, may hold whatever they like.
const HAND_WRITTEN: [&str; 10] =
    ["rs", "sql", "md", "toml", "html", "css", "js", "yml", "sh", "ci/run"];

/// Of those, the prose, which may speak of the words below.
const PROSE: &str = "md";

const RUST: &str = "rs";

/// Longer files hold more than one idea. Most have 80 to 300 lines.
const LINES_MAX: usize = 600;

/// Words that must not stay, each with what to do instead. They are cut in two so that this file may
/// stay.
const BANNED: [(&str, &str); 5] = [
    (concat!("TO", "DO"), "do it, or file an issue"),
    (concat!("FIX", "ME"), "fix it, or file an issue"),
    (concat!("#[", "ignore"), "a test that does not run proves nothing: mend it or delete it"),
    (concat!("#[", "should_panic"), "assert on the value that says what went wrong"),
    (concat!("dbg", "!("), "remove it, or say it with tracing"),
];

/// Where code may ask which engine it runs on: behind the seam, and where tests make databases.
const ENGINE_HOMES: [&str; 4] =
    ["crates/storage/src/engine/", "/tests/", "crates/testkit/", "crates/bench/"];

/// True for files that these rules speak of.
pub(super) fn reads(path: &str) -> bool {
    HAND_WRITTEN.contains(&ending(path)) && !path.contains(".min.")
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Problems in the text of the file at `path`, which is written from the root of the workspace.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let ending = ending(path);
    if ending == RUST {
        check_rust(path, text, &mut problems);
    }
    for (number, line) in (1..).zip(text.lines()) {
        if line.ends_with([' ', '\t']) {
            problems.push(format!("{path}:{number}: spaces at the end of the line"));
        }
        if ending == PROSE {
            continue;
        }
        for (word, instead) in BANNED {
            if line.contains(word) {
                problems.push(format!("{path}:{number}: `{word}`: {instead}"));
            }
        }
        if ending == RUST && chooses_engine(path, line) {
            problems.push(format!(
                "{path}:{number}: a choice by engine; it belongs in crates/storage/src/engine/"
            ));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        problems.push(format!("{path}: no newline at the end of the file"));
    }
    problems
}

fn check_rust(path: &str, text: &str, problems: &mut Vec<String>) {
    if !text.starts_with("//! ") {
        problems.push(format!(
            "{path}:1: no head; open with `//!`, what lives here, and what does not and where that is"
        ));
    }
    let n_lines = text.lines().count();
    if n_lines > LINES_MAX {
        problems.push(format!("{path}: {n_lines} lines, at most {LINES_MAX}; split it by idea"));
    }
}

/// True for a line that branches on the engine, as far as one line can tell.
fn chooses_engine(path: &str, line: &str) -> bool {
    let names_engine = line.contains("::Sqlite") || line.contains("::Postgres");
    let branches = ["=>", "matches!(", "if let ", "== ", "!= "];
    names_engine
        && !line.trim_start().starts_with("//")
        && branches.iter().any(|branch| line.contains(branch))
        && !ENGINE_HOMES.iter().any(|home| path.contains(home))
}

#[cfg(test)]
mod tests;
