//! One file with one fault each, and the faultless file beside it.

use super::{BANNED, LINES_MAX, check, reads};

const HEAD: &str = "//! What lives here.\n";
const ENGINE: &str = "Engine::Sqlite";

fn only_problem(path: &str, text: &str) -> String {
    let mut problems = check(path, text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn a_file_with_a_head_and_plain_lines_passes() {
    assert!(check("crates/app/src/lib.rs", &format!("{HEAD}\npub mod mail;\n")).is_empty());
    assert!(check("docs/empty.md", "").is_empty());
}

#[test]
fn a_rust_file_without_a_head_is_named() {
    assert!(only_problem("a.rs", "pub mod mail;\n").starts_with("a.rs:1: no head"));
}

#[test]
fn a_file_is_too_long_from_the_first_line_over_the_limit() {
    let body = |n_lines| format!("{HEAD}{}", "//\n".repeat(n_lines - 1));
    assert!(check("a.rs", &body(LINES_MAX)).is_empty());
    assert!(only_problem("a.rs", &body(LINES_MAX + 1)).contains("601 lines"));
}

#[test]
fn a_banned_word_is_found_in_code_and_free_in_prose() {
    for (word, _) in BANNED {
        let problem = only_problem("a.rs", &format!("{HEAD}\n    {word} later\n"));
        assert!(problem.starts_with("a.rs:3: "), "{problem}");
        assert!(check("a.md", &format!("no {word} here\n")).is_empty());
    }
}

#[test]
fn spaces_at_the_end_of_a_line_and_a_missing_last_newline_are_named() {
    assert_eq!(only_problem("a.md", "one \ntwo\n"), "a.md:1: spaces at the end of the line");
    assert_eq!(only_problem("a.md", "one"), "a.md: no newline at the end of the file");
}

#[test]
fn only_the_seam_may_choose_by_engine() {
    let choice = format!("{HEAD}fn f(e: Engine) {{\n    match e {{ {ENGINE} => 1 }}\n}}\n");
    assert!(only_problem("crates/app/src/mail.rs", &choice).contains("a choice by engine"));
    assert!(check("crates/storage/src/engine/sqlite.rs", &choice).is_empty());
    let made = format!("{HEAD}const E: Engine = {ENGINE};\n");
    assert!(check("crates/app/src/mail.rs", &made).is_empty());
}

#[test]
fn foreign_and_recorded_files_are_not_read() {
    assert!(reads("crates/dashboard/assets/site.css"));
    assert!(!reads("crates/dashboard/assets/htmx.min.js"));
    assert!(!reads("crates/email/tests/corpus/0001.eml"));
}
