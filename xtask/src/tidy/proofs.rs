//! What the delivery engine guarantees is shown by tests, and each test says in its name what it shows.
//!
//! The guarantees G1 to G11 and the cases 1 to 50 are those of webhooks.md, 5.0 and 4.1; docs/testing.md says where
//! their tests stand. A name begins with the numbers: `g5_case_23_case_24_three_failures_…`; before them may be that of a
//! scenario of postal.md, `s3_case_4_…`.

use std::collections::BTreeSet;

const GUARANTEES: u32 = 11;
const CASES: u32 = 50;

/// Where tests stand, and where their names count the cases of another list.
const HERE: &str = "crates/";
const ELSEWHERE: &str = "crates/email/";

/// The numbers in the names of the functions of the file at `path`.
pub(super) fn shown(path: &str, text: &str) -> BTreeSet<String> {
    if path.strip_suffix(".rs").is_none() || !path.starts_with(HERE) || path.starts_with(ELSEWHERE)
    {
        return BTreeSet::new();
    }
    let names = text.lines().filter_map(|line| line.split_once("fn ")?.1.split_once('('));
    names.flat_map(|(name, _)| numbers(name)).collect()
}

/// What a name begins with, as `g5` and `case_23`.
fn numbers(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = name.split('_');
    while let Some(word) = words.next() {
        let number = if word == "case" { words.next() } else { word.strip_prefix(['g', 's']) };
        let Some(number) = number.and_then(|n| n.parse::<u32>().ok()) else { break };
        found.push(if word == "case" { format!("case_{number}") } else { word.to_owned() });
    }
    found
}

/// Names what no test shows.
pub(super) fn check(shown: &BTreeSet<String>) -> Vec<String> {
    let guarantees = (1..=GUARANTEES).map(|n| format!("g{n}"));
    guarantees
        .chain((1..=CASES).map(|n| format!("case_{n}")))
        .filter(|number| !shown.contains(number))
        .map(|number| format!("no test is named {number}_…: see docs/testing.md"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_where_a_name_begins() {
        let text = "async fn g5_case_23_case_24_it_holds() {\nfn s3_case_9() {}\n// fn g7\nfn in_case_8_of() {}\n";
        let expected = ["case_23", "case_24", "case_9", "g5", "s3"].map(str::to_owned);
        assert_eq!(shown("crates/tasks/tests/it/a.rs", text), expected.into());
        assert!(shown("crates/email/src/text.rs", text).is_empty());
        assert!(shown("xtask/src/tidy/proofs.rs", text).is_empty());
    }

    #[test]
    fn what_no_test_shows_is_named() {
        let all = (1..=11).map(|n| format!("g{n}")).chain((1..=50).map(|n| format!("case_{n}")));
        let mut all: BTreeSet<String> = all.collect();
        assert_eq!(check(&all), [""; 0]);
        all.remove("case_38");
        assert_eq!(check(&all), ["no test is named case_38_…: see docs/testing.md"]);
    }
}
