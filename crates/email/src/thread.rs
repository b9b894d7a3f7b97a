//! What ties a message to others: the ids to look up and to keep, and the bare subject.
//!
//! Looking up, joining and merging threads is done over rows, in `app` and `storage` (engine 4.4).

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::message_id::{self, IDS_MAX};

/// Ids that the References field of a reply names at most: the first and the last 19 (engine 4.4).
pub const REFERENCES_MAX: usize = 20;
/// Bytes of a subject that are normalised.
const SUBJECT_BYTES_MAX: usize = 1_024;

/// A message id as it is kept and looked up: the first 16 bytes of its SHA-256.
pub type IdHash = [u8; 16];

/// The hash of a message id with its brackets, as it stands.
pub fn id_hash(message_id: &str) -> IdHash {
    let digest = Sha256::digest(message_id.as_bytes());
    let mut hash = IdHash::default();
    hash.copy_from_slice(&digest[..16]);
    hash
}

/// The ids that a message refers to, nearest first: In-Reply-To, then References from the newest to the
/// oldest, without repetitions, at most [`IDS_MAX`].
pub fn referenced<'a>(in_reply_to: &'a [String], references: &'a [String]) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let nearest_first = in_reply_to.iter().chain(references.iter().rev());
    let ids = nearest_first.map(String::as_str).filter(|id| seen.insert(*id));
    let mut ids: Vec<&str> = ids.collect();
    if ids.len() > IDS_MAX {
        // The last one is the root of the conversation.
        let root = ids.pop();
        ids.truncate(IDS_MAX - 1);
        ids.extend(root);
    }
    ids
}

/// The References of an answer: those of the parent and the parent itself, the first and the last 19.
pub fn references_of_reply(parent_id: &str, parent_references: &[String]) -> Vec<String> {
    let mut ids: Vec<String> =
        parent_references.iter().filter(|id| *id != parent_id).cloned().collect();
    ids.push(parent_id.to_owned());
    message_id::first_and_last(ids, REFERENCES_MAX)
}

/// Words before a colon that say "answer" or "forwarded", in the languages that mail clients write.
const PREFIXES: [&str; 19] = [
    "re", "fwd", "fw", "aw", "wg", "sv", "vs", "vb", "tr", "rv", "antw", "res", "enc", "odp",
    "ynt", "回复", "转发", "答复", "返信",
];

/// A subject without what clients add to it: `Re:` and its like, `[list]` tags, a trailing `(fwd)`; blanks
/// collapsed, NFKC, lower case (RFC 5256 2.1 with common languages). Equal for messages of one conversation.
pub fn base_subject(subject: &str) -> String {
    let start = &subject[..subject.floor_char_boundary(SUBJECT_BYTES_MAX)];
    let plain: String = start.nfkc().collect::<String>().to_lowercase();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = plain.as_str();
    loop {
        let shorter = without_prefix(rest.trim());
        let shorter = shorter.strip_suffix("(fwd)").unwrap_or(shorter).trim();
        if shorter.len() == rest.len() {
            return rest.to_owned();
        }
        rest = shorter;
    }
}

/// A subject without one prefix or one tag at its start. A tag that is all there is stays.
fn without_prefix(subject: &str) -> &str {
    if let Some((_, after)) = subject.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return if after.trim().is_empty() { subject } else { after };
    }
    match subject.split_once(':') {
        Some((word, after)) if is_prefix(word) => after,
        _ => subject,
    }
}

/// `re`, and also `re[2]`, `re(2)` and `re 2`.
fn is_prefix(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^* ".contains(c));
    PREFIXES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::{IDS_MAX, REFERENCES_MAX, base_subject, id_hash, referenced, references_of_reply};

    fn ids(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|n| format!("<{n}@x>")).collect()
    }

    #[test]
    fn the_parent_comes_first_then_references_newest_first() {
        let parent = vec!["<p@x>".to_owned()];
        let references = vec!["<root@x>".to_owned(), "<mid@x>".to_owned(), "<p@x>".to_owned()];
        assert_eq!(referenced(&parent, &references), ["<p@x>", "<mid@x>", "<root@x>"]);
        let many = ids(0..500);
        let found = referenced(&[], &many);
        assert_eq!((found.len(), found[0], found[IDS_MAX - 1]), (IDS_MAX, "<499@x>", "<0@x>"));
    }

    #[test]
    fn a_reply_names_the_first_and_the_last_nineteen() {
        assert_eq!(references_of_reply("<p@x>", &[]), ["<p@x>"]);
        let references = references_of_reply("<p@x>", &ids(0..50));
        assert_eq!(references.len(), REFERENCES_MAX);
        assert_eq!((references[0].as_str(), references[1].as_str()), ("<0@x>", "<32@x>"));
        assert_eq!(references[19], "<p@x>");
    }

    #[test]
    fn hashes_differ_by_spelling() {
        assert_ne!(id_hash("<a@x>"), id_hash("<A@x>"));
        assert_eq!(id_hash("<a@x>"), id_hash("<a@x>"));
    }

    #[test]
    fn subjects_lose_what_clients_add() {
        for subject in [
            "Order 881",
            "Re: Order  881",
            "RE: AW: order 881",
            "Fwd: Re[2]: [shop] Order 881 (fwd)",
            "[shop] re: [shop] Order 881",
            "回复：Order 881",
            "Antw: WG: Sv: ORDER 881 ",
        ] {
            assert_eq!(base_subject(subject), "order 881", "{subject}");
        }
        assert_eq!(base_subject("[shop]"), "[shop]");
        assert_eq!(base_subject("Re:"), "");
        assert_eq!(base_subject("Report: numbers"), "report: numbers");
        assert_eq!(base_subject(&"re:".repeat(300)), "");
    }
}
