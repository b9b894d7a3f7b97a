//! Splitting an mbox file into its messages, as it streams by.
//!
//! The reader takes chunks of any size and hands messages out one by one, so that no more than one message
//! is in memory. Unpacking archives and storing messages is done in `app` and `tasks`.

use crate::parse::MESSAGE_BYTES_MAX;

/// Bytes of a line that starts a message. Longer lines are text.
const FROM_LINE_BYTES_MAX: usize = 1_000;

/// A message of an mbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Message(Vec<u8>),
    /// A message larger than the limit; its bytes were passed over.
    TooLarge {
        bytes: u64,
    },
}

/// A message, and the place in the stream behind it, from where a new splitter gives the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    pub entry: Entry,
    /// Bytes from where this splitter began.
    pub ends_at: u64,
}

/// Splits a stream of bytes at the lines that begin messages (RFC 4155, and the four dialects in use).
///
/// A line begins a message when it starts with `From `, ends in a year, and follows an empty line or is the
/// first: that keeps sentences that begin with "From" in their message. Lines quoted as `>From ` are
/// restored; the line break before a beginning belongs to the file, not to the message.
#[derive(Debug)]
pub struct Splitter {
    bytes_max: usize,
    /// Bytes before the line that is looked at.
    at: u64,
    /// The line that is not complete yet.
    line: Vec<u8>,
    message: Option<Vec<u8>>,
    message_bytes: u64,
    after_empty_line: bool,
    /// Whether the current line is so long that its start was already added.
    is_mid_line: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new(MESSAGE_BYTES_MAX)
    }
}

impl Splitter {
    /// A splitter that passes over messages larger than a number of bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            at: 0,
            line: Vec::new(),
            message: None,
            message_bytes: 0,
            after_empty_line: true,
            is_mid_line: false,
        }
    }

    /// Takes the next bytes and gives the messages that they complete.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Split> {
        let mut entries = Vec::new();
        for piece in chunk.split_inclusive(|&byte| byte == b'\n') {
            let is_complete = piece.ends_with(b"\n");
            if self.line.is_empty() && is_complete {
                entries.extend(self.end_of_piece(piece, true));
                continue;
            }
            self.line.extend_from_slice(piece);
            if is_complete || self.line.len() > FROM_LINE_BYTES_MAX {
                let line = std::mem::take(&mut self.line);
                entries.extend(self.end_of_piece(&line, is_complete));
            }
        }
        entries
    }

    /// Ends the stream and gives the last message.
    pub fn finish(mut self) -> Option<Split> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty()
            && let Some(entry) = self.end_of_piece(&line, true)
        {
            // A beginning without a message behind it ends the one before.
            return Some(entry);
        }
        self.take()
    }

    /// Takes up a line, or the start of one that is too long to begin a message.
    fn end_of_piece(&mut self, line: &[u8], is_complete: bool) -> Option<Split> {
        let starts_line = !std::mem::replace(&mut self.is_mid_line, !is_complete);
        if starts_line && self.after_empty_line && is_beginning(line) {
            let before = self.take();
            self.at += line.len() as u64;
            self.message = Some(Vec::new());
            self.message_bytes = 0;
            self.after_empty_line = false;
            return before;
        }
        self.at += line.len() as u64;
        self.after_empty_line = starts_line && matches!(line, b"\n" | b"\r\n");
        let line = if starts_line && is_quoted_beginning(line) { &line[1..] } else { line };
        self.message_bytes += line.len() as u64;
        if let Some(message) = &mut self.message
            && message.len() <= self.bytes_max
        {
            message.extend_from_slice(line);
        }
        None
    }

    fn take(&mut self) -> Option<Split> {
        let mut message = self.message.take()?;
        let split = |entry| Split { entry, ends_at: self.at };
        if message.len() > self.bytes_max {
            return Some(split(Entry::TooLarge { bytes: self.message_bytes }));
        }
        // The empty line before the next beginning.
        for ending in [&b"\r\n\r\n"[..], b"\n\n"] {
            if message.ends_with(ending) {
                message.truncate(message.len() - ending.len() / 2);
                break;
            }
        }
        (!message.is_empty()).then(|| split(Entry::Message(message)))
    }
}

/// Whether bytes look like the start of an mbox rather than of a single message.
pub fn is_mbox(start: &[u8]) -> bool {
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    is_beginning(line)
}

/// `From sender Wed Jul  1 09:30:15 2026`, with or without a zone behind the time or the year.
fn is_beginning(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    if line.len() > FROM_LINE_BYTES_MAX {
        return false;
    }
    let mut last_words = rest.split(u8::is_ascii_whitespace).rev().filter(|word| !word.is_empty());
    let has_year = last_words.by_ref().take(3).any(|word| is_digits(word, 4..=4));
    has_year && rest.split(u8::is_ascii_whitespace).any(is_time)
}

/// `09:30` or `09:30:15`.
fn is_time(word: &[u8]) -> bool {
    let mut fields = word.split(|&byte| byte == b':');
    let n_fields = fields.clone().take(4).count();
    matches!(n_fields, 2 | 3) && fields.all(|field| is_digits(field, 1..=2))
}

fn is_digits(word: &[u8], length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

/// `>From `, also `>>From `: one mark was added when the message was written (the "mboxrd" dialect).
fn is_quoted_beginning(line: &[u8]) -> bool {
    let marks = line.iter().take_while(|&&byte| byte == b'>').count();
    marks > 0 && line[marks..].starts_with(b"From ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Entry, Split, Splitter, is_mbox};

    const FILE: &str = "From ann@a.example Wed Jul  1 09:30:15 2026\nSubject: one\n\nFrom here on\n\n\
        From the shop:\n>From Bob\n\nFrom bob@b.example Thu Jul 2 09:30:15 2026 +0200\nSubject: two\n\nbye\n";

    fn splits(file: &[u8], chunk: usize, bytes_max: usize) -> Vec<Split> {
        let mut splitter = Splitter::new(bytes_max);
        let mut splits: Vec<Split> = file.chunks(chunk).flat_map(|c| splitter.push(c)).collect();
        splits.extend(splitter.finish());
        splits
    }

    fn split(file: &[u8], chunk: usize, bytes_max: usize) -> Vec<Entry> {
        splits(file, chunk, bytes_max).into_iter().map(|split| split.entry).collect()
    }

    fn texts(entries: &[Entry]) -> Vec<String> {
        let shown = entries.iter().map(|entry| match entry {
            Entry::Message(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Entry::TooLarge { bytes } => format!("too large: {bytes}"),
        });
        shown.collect()
    }

    #[test]
    fn messages_are_split_and_sentences_that_begin_with_from_are_kept() {
        let expected =
            ["Subject: one\n\nFrom here on\n\nFrom the shop:\nFrom Bob\n", "Subject: two\n\nbye\n"];
        for chunk in 1..FILE.len() {
            assert_eq!(texts(&split(FILE.as_bytes(), chunk, 1_000)), expected, "chunks of {chunk}");
        }
        let wire = FILE.replace('\n', "\r\n");
        assert_eq!(texts(&split(wire.as_bytes(), 7, 1_000))[1], "Subject: two\r\n\r\nbye\r\n");
    }

    #[test]
    fn a_message_beyond_the_limit_is_passed_over_and_the_next_is_read() {
        let file = format!(
            "From a@b Wed Jul 1 09:30:15 2026\n{}\nFrom a@b Wed Jul 1 09:30:15 2026\nSubject: x\n\n",
            "long line\n".repeat(100)
        );
        assert_eq!(texts(&split(file.as_bytes(), 64, 100)), ["too large: 1001", "Subject: x\n"]);
    }

    #[test]
    fn what_is_no_mbox_gives_nothing() {
        assert_eq!(split(b"Subject: x\n\nhello\n", 5, 100), []);
        assert_eq!(split(b"", 5, 100), []);
        assert!(is_mbox(FILE.as_bytes()));
        assert!(!is_mbox(b"From: a@b.example\n\nx"));
        assert!(!is_mbox(b"From here to there\n"));
    }

    proptest! {
        #[test]
        fn the_size_of_chunks_changes_nothing(file in "(From a@b Wed Jul 1 09:30:15 2026\n|>From x|\n|a|\r\n){0,40}", chunk in 1_usize..60) {
            prop_assert_eq!(splits(file.as_bytes(), chunk, 50), splits(file.as_bytes(), file.len().max(1), 50));
        }

        #[test]
        fn behind_any_message_a_new_splitter_gives_the_rest(file in "(From a@b Wed Jul 1 09:30:15 2026\n|>From x|\n|a|\r\n){0,40}") {
            let all = splits(file.as_bytes(), 7, 50);
            for (n, one) in all.iter().enumerate() {
                let rest = split(&file.as_bytes()[usize::try_from(one.ends_at).unwrap()..], 7, 50);
                let expected: Vec<Entry> = all[n + 1..].iter().map(|split| split.entry.clone()).collect();
                prop_assert_eq!(rest, expected);
            }
        }
    }
}
