//! Trace context: which trace a caller's request belongs to, so that one search finds both sides.
//!
//! It is kept with the events that the request causes and sent on with each of their deliveries. `tracestate` is
//! not kept. Source: W3C Trace Context, 3.2 and 4; webhooks.md 5.19.

use std::fmt;

use crate::Ids;

/// Characters of a `traceparent` of version 00.
const CHARS: usize = 55;
/// The flags that a sender may set: sampled, and a trace id that was drawn at random.
const FLAGS_KNOWN: u8 = 0b11;

/// A valid `traceparent`: one span of a trace.
///
/// Invariant: neither trace nor span is zero, and only known flags are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
}

impl TraceParent {
    /// Reads a header of any version; what a later one adds behind the flags is left out. `None` for what is not
    /// valid, which is to be treated as if it had not been sent.
    pub fn parse(text: &str) -> Option<Self> {
        let (known, more) = text.split_at_checked(CHARS)?;
        let mut parts = known.split('-');
        let mut part = |chars: usize| parts.next().filter(|part| is_hex(part, chars));
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let is_whole = match version {
            "ff" => false,
            "00" => more.is_empty(),
            _ => more.is_empty() || more.starts_with('-'),
        };
        let trace = u128::from_str_radix(trace, 16).ok().filter(|id| is_whole && *id != 0)?;
        let span = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()? & FLAGS_KNOWN;
        Some(Self { trace, span, flags })
    }

    /// A new span of the same trace.
    #[must_use]
    pub fn child(self, ids: &dyn Ids) -> Self {
        let mut bytes = [0; 8];
        ids.fill(&mut bytes);
        Self { span: u64::from_be_bytes(bytes).max(1), ..self }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, span, flags } = self;
        write!(f, "00-{trace:032x}-{span:016x}-{flags:02x}")
    }
}

fn is_hex(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    struct Fixed(u8);
    impl Ids for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn a_valid_one_is_kept_and_a_later_version_is_read_as_far_as_it_is_known() {
        let sent = TraceParent::parse(SENT).unwrap();
        assert_eq!(sent.to_string(), SENT);
        let later = format!("cc{}-more", &SENT[2..]);
        assert_eq!(TraceParent::parse(&later), Some(sent));
        let flagged = TraceParent::parse(&SENT.replace("-01", "-ff")).unwrap();
        assert_eq!(flagged.to_string(), SENT.replace("-01", "-03"));
    }

    #[test]
    fn a_child_is_another_span_of_the_same_trace_and_never_zero() {
        let sent = TraceParent::parse(SENT).unwrap();
        let child = sent.child(&Fixed(7)).to_string();
        assert_eq!(child, SENT.replace("00f067aa0ba902b7", "0707070707070707"));
        assert!(TraceParent::parse(&sent.child(&Fixed(0)).to_string()).is_some());
    }

    #[test]
    fn anything_else_is_ignored() {
        for text in [
            String::new(),
            SENT.to_uppercase(),
            SENT[1..].to_owned(),
            format!("{SENT}-more"),
            format!("ff{}", &SENT[2..]),
            format!("cc{}more", &SENT[2..]),
            format!("0x{}", &SENT[2..]),
            SENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            SENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            SENT.replace("4736-", "473g-"),
            SENT.replace("4bf9", "+bf9"),
            SENT.replace('-', "_"),
            "é".repeat(40),
        ] {
            assert_eq!(TraceParent::parse(&text), None, "{text}");
        }
    }
}
