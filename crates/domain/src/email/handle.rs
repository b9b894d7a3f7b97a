//! Handles: the names of identities, one namespace for the whole install (email-api.md 5.3).

use std::ops::RangeInclusive;

/// Characters of a handle.
pub const HANDLE_CHARS: RangeInclusive<usize> = 3..=63;

/// Names that would let an agent pass for the house itself (email-api.md Q29).
pub const RESERVED: &[&str] =
    &["abuse", "admin", "mailer-daemon", "no-reply", "noreply", "postmaster", "root", "simulator"];

/// Why a text is no handle; each says what would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleProblem {
    #[error("a handle has {} to {} characters", HANDLE_CHARS.start(), HANDLE_CHARS.end())]
    Length,
    #[error("a handle is made of a-z, 0-9 and single dashes between them")]
    Shape,
    #[error("this handle is reserved; choose another")]
    Reserved,
}

/// The handle that a person meant: without a leading `@`, in lower case.
pub fn normalise(text: &str) -> String {
    text.strip_prefix('@').unwrap_or(text).to_lowercase()
}

/// Judges a handle that [`normalise`] made.
pub fn check(handle: &str) -> Result<(), HandleProblem> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !handle.chars().all(known)
        || handle.starts_with('-')
        || handle.ends_with('-')
        || handle.contains("--")
    {
        return Err(HandleProblem::Shape);
    }
    if !HANDLE_CHARS.contains(&handle.len()) {
        return Err(HandleProblem::Length);
    }
    if RESERVED.contains(&handle) { Err(HandleProblem::Reserved) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_lower_case_words_with_single_dashes() {
        assert_eq!(normalise("@Support-Bot"), "support-bot");
        for good in ["abc", "support-bot", "a1-b2-c3", &"x".repeat(63)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "-abc", "abc-", "a--b", "a_b", "a b", "é-bot", "a.b"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(check("ab"), Err(HandleProblem::Length));
        assert_eq!(check(&"x".repeat(64)), Err(HandleProblem::Length));
        assert_eq!(check("postmaster"), Err(HandleProblem::Reserved));
    }
}
