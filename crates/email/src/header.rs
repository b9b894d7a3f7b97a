//! The fields of a header: where each begins and ends, bounded. Their values are read in `field`.

use std::ops::Range;

/// Fields of the header (engine 5.1).
pub(crate) const FIELDS_MAX: usize = 1_000;
/// Bytes of the header (engine 5.1).
pub(crate) const HEADER_BYTES_MAX: usize = 256 * 1_024;

/// A field of a header: its name, and its value as folded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// The fields of the header and where the body begins.
pub(crate) struct Header<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) body_at: usize,
}

/// Why a header is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderProblem {
    TooManyFields,
    TooManyBytes,
}

impl<'a> Header<'a> {
    /// Reads the header of a whole message. Lines that are no field and continue none are skipped.
    pub(crate) fn read(raw: &'a [u8]) -> Result<Self, HeaderProblem> {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut at = 0;
        while let Some(line) = line_at(raw, at) {
            let next = line.end;
            if is_blank(&raw[line.clone()]) {
                return Ok(Self { fields, body_at: next });
            }
            if fields.len() == FIELDS_MAX {
                return Err(HeaderProblem::TooManyFields);
            }
            at = folded_end(raw, next, HEADER_BYTES_MAX + 1);
            if at > HEADER_BYTES_MAX {
                return Err(HeaderProblem::TooManyBytes);
            }
            fields.extend(field_in(&raw[line.start..at]));
        }
        Ok(Self { fields, body_at: raw.len() })
    }

    /// The value of the first field of a name.
    pub(crate) fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    pub(crate) fn all<'n>(
        &self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a [u8]> + use<'_, 'a, 'n> {
        let named = self.fields.iter().filter(|f| f.name.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|field| field.value)
    }
}

/// The line at an offset with its break; `None` at the end.
pub(crate) fn line_at(raw: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
    let end = memchr::memchr(b'\n', rest).map_or(raw.len(), |place| at + place + 1);
    Some(at..end)
}

/// Where a field ends that may go on in lines which begin with a blank; at most one line beyond `end_max`.
pub(crate) fn folded_end(raw: &[u8], mut at: usize, end_max: usize) -> usize {
    while let Some(line) = line_at(raw, at).filter(|line| line.start < end_max) {
        if !matches!(raw[at], b' ' | b'\t') || is_blank(&raw[line.clone()]) {
            break;
        }
        at = line.end;
    }
    at
}

pub(crate) fn field_in(bytes: &[u8]) -> Option<Field<'_>> {
    let colon = memchr::memchr(b':', bytes)?;
    // Blanks before the colon are an obsolete spelling of the same name (RFC 5322 4.5).
    let name = bytes[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| Field { name, value: bytes[colon + 1..].trim_ascii() })
}

/// Whether a line ends a header. One of blanks only does not: it continues a field (RFC 5322 4.2).
pub(crate) fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n" | b"\r\r\n")
}

#[cfg(test)]
mod tests {
    use super::{Header, HeaderProblem};

    #[test]
    fn a_header_beyond_its_limits_is_refused() {
        let problem = |raw: String| Header::read(raw.as_bytes()).err();
        assert_eq!(problem("A: b\n".repeat(1_001)), Some(HeaderProblem::TooManyFields));
        assert_eq!(
            problem(format!("A: {}\n", "b".repeat(300_000))),
            Some(HeaderProblem::TooManyBytes)
        );
        assert_eq!(problem(format!("{}\n{}", "A: b\n".repeat(1_000), "C: d\n".repeat(9))), None);
    }
}
