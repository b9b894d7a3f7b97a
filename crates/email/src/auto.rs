//! Whether a machine wrote a message, by the facts in its header (RFC 3834, engine 5.6).
//!
//! The facts are told as they stand; what follows from them (no answer without leave, no loop) is decided
//! in `app`. A null envelope sender is the transport's to know.

use crate::header::Header;

/// What a header says of automatic sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auto {
    /// Auto-Submitted with anything but `no`, or a client's own word for it.
    pub is_auto_submitted: bool,
    /// The message answers another by itself: `auto-replied`, or an out-of-office notice.
    pub is_auto_reply: bool,
    /// Sent to many: a list, or Precedence bulk, list or junk.
    pub is_bulk: bool,
    /// A report of delivery (RFC 3464).
    pub is_dsn: bool,
    /// A complaint of a receiver (RFC 5965).
    pub is_feedback_report: bool,
    /// The sender asks for no automatic answer: X-Auto-Response-Suppress.
    pub suppresses_replies: bool,
}

impl Auto {
    /// Whether an automatic answer should wait for leave.
    pub fn is_automatic(&self) -> bool {
        self.is_auto_submitted
            || self.is_auto_reply
            || self.is_bulk
            || self.is_dsn
            || self.is_feedback_report
            || self.suppresses_replies
    }

    pub(crate) fn read(header: &Header<'_>) -> Self {
        let word = |name: &str| header.first(name).map(first_word).unwrap_or_default();
        let submitted = word("auto-submitted");
        let precedence = word("precedence");
        let reply_by_client = header.first("x-autoreply").is_some()
            || header.first("x-autorespond").is_some()
            || precedence == "auto_reply";
        let is_auto_reply = submitted == "auto-replied" || reply_by_client;
        let kind = header.first("content-type").and_then(crate::field::content).unwrap_or_default();
        let report = kind.parameter("report-type").unwrap_or_default().to_ascii_lowercase();
        let is_report = kind.word == "multipart/report";
        Self {
            is_auto_submitted: !matches!(submitted.as_str(), "" | "no") || is_auto_reply,
            is_auto_reply,
            is_bulk: matches!(precedence.as_str(), "bulk" | "list" | "junk")
                || header.first("list-id").is_some()
                || header.first("list-unsubscribe").is_some(),
            is_dsn: is_report && report == "delivery-status",
            is_feedback_report: is_report && report == "feedback-report",
            suppresses_replies: !matches!(word("x-auto-response-suppress").as_str(), "" | "none"),
        }
    }
}

/// The first word of a value in lower case, without the parameters that may follow it.
fn first_word(value: &[u8]) -> String {
    let end =
        value.iter().position(|b| matches!(b, b';' | b',' | b' ' | b'\t' | b'\r' | b'\n' | b'('));
    let word = &value[..end.unwrap_or(value.len()).min(64)];
    String::from_utf8_lossy(word).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::Auto;
    use crate::header::Header;

    fn auto(header: &str) -> Auto {
        Auto::read(&Header::read(header.as_bytes()).unwrap())
    }

    #[test]
    fn the_words_of_rfc_3834_are_told() {
        assert!(auto("Auto-Submitted: auto-generated; x=y\n").is_auto_submitted);
        assert!(auto("Auto-Submitted: auto-replied\n").is_auto_reply);
        assert!(!auto("Auto-Submitted: No\n").is_automatic());
        assert!(auto("Precedence: Bulk\n").is_bulk);
        assert!(auto("List-Id: <l.example>\n").is_bulk);
        assert!(auto("X-Auto-Response-Suppress: All\n").suppresses_replies);
        assert!(!auto("Subject: hello\n").is_automatic());
    }

    #[test]
    fn reports_are_told_by_their_type() {
        let dsn = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n";
        assert!(auto(dsn).is_dsn);
        let arf = "Content-Type: multipart/report; report-type=\"feedback-report\"; boundary=b\n";
        assert!(auto(arf).is_feedback_report);
    }
}
