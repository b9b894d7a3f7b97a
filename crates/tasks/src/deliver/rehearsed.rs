//! Receivers of the test world that are not there: what an attempt to them comes to is made up, and
//! nothing is sent (developer-experience.md rule 68).

use webhook::outcome::{ErrorKind, Outcome};

/// What the receivers' URLs begin with; the rest says what they do.
const HOOKS: &str = "https://example.com/hooks/";

/// The outcome at a magic URL of a test endpoint; `None` for every other endpoint.
pub(super) fn outcome(livemode: bool, url: &str) -> Option<Outcome> {
    let answered = |status| Outcome {
        status: Some(status),
        error: Some(ErrorKind::Status),
        ..Outcome::default()
    };
    match url.strip_prefix(HOOKS).filter(|_| !livemode)? {
        "500" => Some(answered(500)),
        "410" => Some(answered(410)),
        "timeout" => Some(Outcome { error: Some(ErrorKind::Timeout), ..Outcome::default() }),
        _ => None,
    }
}
