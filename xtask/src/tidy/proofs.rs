//! What the delivery engine guarantees and what the e-mail API promises is shown by tests, and each test says in its name
//! what it shows.
//!
//! The guarantees G1 to G11 and the cases 1 to 50 are those of webhooks.md, 5.0 and 4.1, the other families the rules of
//! email-api.md and the lines of its section 16; docs/testing.md says where their tests stand. A name begins with the
//! numbers: `g5_case_23_case_24_three_failures_…`, `check_08_m1_to_m6_a_list_…`.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// What numbers begin with, and which there are.
const FAMILIES: &[(&str, RangeInclusive<u32>)] = &[
    ("g", 1..=11),
    ("case_", 1..=50),
    ("v", 1..=11),
    ("m", 1..=16),
    ("i", 1..=8),
    ("c", 1..=10),
    ("k", 1..=7),
    ("a", 0..=7),
    ("ws", 1..=5),
    ("rp", 1..=5),
    ("sk", 1..=5),
    ("h", 1..=4),
    ("e", 1..=7),
    ("b", 1..=6),
    ("pr", 1..=34),
    ("dl", 1..=6),
    ("r", 1..=9),
    ("check_", 1..=16),
    // 17 is M-1 to M-16 and C-1 to C-10.
    ("check_", 18..=36),
    ("check_", 40..=40),
];

/// Where tests stand, and where their names count the cases of another list.
const HERE: &str = "crates/";
const ELSEWHERE: &str = "crates/email/";

/// The numbers in the names of the functions of the file at `path`.
pub(super) fn shown(path: &str, text: &str) -> BTreeSet<String> {
    if path.strip_suffix(".rs").is_none() || !path.starts_with(HERE) {
        return BTreeSet::new();
    }
    let names = text.lines().filter_map(|line| line.split_once("fn ")?.1.split_once('('));
    let numbers = names.flat_map(|(name, _)| numbers(name));
    numbers.filter(|n| !(path.starts_with(ELSEWHERE) && n.starts_with("case_"))).collect()
}

/// What a name begins with, as `g5` and `case_23`; `m1_to_m3` is all three. What is nothing but a number is no sentence.
fn numbers(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = name.split('_');
    let mut last: Option<(String, u32)> = None;
    while let Some(word) = words.next() {
        let from = last.take().filter(|_| word == "to");
        let word = if from.is_some() { words.next().unwrap_or_default() } else { word };
        let number = match word {
            "case" | "check" => words.next().map(|digits| (format!("{word}_"), digits)),
            _ => word.find(|c: char| c.is_ascii_digit()).map(|at| {
                let (family, digits) = word.split_at(at);
                (family.to_owned(), digits)
            }),
        };
        let Some((family, digits)) = number else { return found };
        let Ok(n) = digits.parse() else { return found };
        match from {
            Some((of, first)) if of == family => {
                found.extend((first + 1..n).map(|between| label(&family, between)));
            }
            _ => {}
        }
        found.push(format!("{family}{digits}"));
        last = Some((family, n));
    }
    Vec::new()
}

/// A number as names have it: lines of the checklist have two digits.
fn label(family: &str, n: u32) -> String {
    if family == "check_" { format!("{family}{n:02}") } else { format!("{family}{n}") }
}

/// Names what no test shows.
pub(super) fn check(shown: &BTreeSet<String>) -> Vec<String> {
    let all = FAMILIES.iter().flat_map(|(family, range)| range.clone().map(|n| label(family, n)));
    all.filter(|number| !shown.contains(number))
        .map(|number| format!("no test is named {number}_…: see docs/testing.md"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[&str]) -> BTreeSet<String> {
        numbers.iter().map(|&number| number.to_owned()).collect()
    }

    #[test]
    fn numbers_are_read_from_where_a_name_begins() {
        let text = "async fn g5_case_23_case_24_it_holds() {\nfn s3_case_9_so() {}\n// fn g7\nfn in_case_8_of() {}\n\
            fn check_08_m1_to_m3_e7_to_all() {}\nfn v4() {}\nfn check_7_x() {}\n";
        let others = ["check_08", "check_7", "e7", "g5", "m1", "m2", "m3", "s3"];
        let cases = ["case_23", "case_24", "case_9"];
        let all = set(&[&others[..], &cases].concat());
        assert_eq!(shown("crates/tasks/tests/it/a.rs", text), all);
        assert_eq!(shown("crates/email/src/text.rs", text), set(&others));
        assert!(shown("xtask/src/tidy/proofs.rs", text).is_empty());
    }

    #[test]
    fn what_no_test_shows_is_named() {
        let named = |missing: &[String]| -> BTreeSet<String> {
            let words = missing.iter().filter_map(|line| line.split(' ').nth(4));
            words.map(|word| word.trim_end_matches("_…:").to_owned()).collect()
        };
        let mut all = named(&check(&BTreeSet::new()));
        assert!(all.contains("a0") && all.contains("check_09") && !all.contains("check_17"));
        assert_eq!(check(&all), [""; 0]);
        all.remove("case_38");
        assert_eq!(check(&all), ["no test is named case_38_…: see docs/testing.md"]);
    }
}
