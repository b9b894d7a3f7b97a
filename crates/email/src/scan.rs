//! Which bytes of a message are its parts: one linear pass, bounded.
//!
//! The pass keeps offsets and looks at content fields only. The header is read in `header`, values in `field`, bodies
//! in `parse`. A nested message is one opaque part, so depth comes from multiparts alone.

use std::ops::Range;

use memchr::memmem;

use crate::field::{self, Content};
use crate::header::{FIELDS_MAX, Field, Header, field_in, folded_end, is_blank, line_at};
use crate::transfer::Transfer;

/// Multiparts inside one another (engine 5.1). What is deeper stays opaque.
pub(crate) const DEPTH_MAX: usize = 64;
/// Parts of a message, multiparts among them (engine 5.1). What follows them is not looked at.
pub(crate) const PARTS_MAX: usize = 1_000;
/// Bytes of the headers of all parts together. Where they are used up the message is looked at no further.
pub(crate) const PART_HEADERS_BYTES_MAX: usize = 1_024 * 1_024;
/// Lines that begin like a delimiter of an open multipart and are compared with each. What follows the last
/// of them is not looked at.
pub(crate) const DELIMITER_LIKE_LINES_MAX: usize = 100_000;
/// Bytes of a boundary; the standard allows 70 (RFC 2046 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 200;
/// Bytes of the boundaries' common start by which delimiters are looked for.
const COMMON_START_BYTES_MAX: usize = 32;

/// A part of a message.
#[derive(Debug)]
pub(crate) struct Entity {
    /// The multipart that holds it, by its place in [`Structure::entities`].
    pub(crate) parent: Option<usize>,
    pub(crate) kind: Content,
    pub(crate) disposition: Option<Content>,
    pub(crate) content_id: Option<String>,
    pub(crate) transfer: Transfer,
    pub(crate) body: Range<usize>,
    pub(crate) is_multipart: bool,
}

/// All parts in the order of the bytes.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) entities: Vec<Entity>,
    /// Whether a limit left some of the message opaque.
    pub(crate) is_truncated: bool,
}

impl Structure {
    pub(crate) fn read(raw: &[u8], header: &Header<'_>) -> Self {
        let mut scan = Scan {
            raw,
            found: Self { entities: Vec::new(), is_truncated: false },
            open: Vec::new(),
            leaf: None,
            header_room: PART_HEADERS_BYTES_MAX,
            looks_left: DELIMITER_LIKE_LINES_MAX,
            delimiters: memmem::Finder::new(b"\n--").into_owned(),
        };
        scan.enter(&header.fields, header.body_at);
        scan.run(header.body_at);
        scan.close(0, raw.len());
        scan.found
    }
}

/// A multipart whose end was not seen yet.
struct Open {
    entity: usize,
    boundary: Vec<u8>,
    has_parts: bool,
}

struct Scan<'a> {
    raw: &'a [u8],
    found: Structure,
    open: Vec<Open>,
    /// The part whose body is being passed over.
    leaf: Option<usize>,
    /// Bytes of headers that may still be read, and lines that may still be compared.
    header_room: usize,
    looks_left: usize,
    /// Finds lines that begin as all delimiters of the open multiparts do.
    delimiters: memmem::Finder<'static>,
}

impl<'a> Scan<'a> {
    /// Passes over the bytes from one delimiter line to the next.
    fn run(&mut self, start: usize) {
        let mut at = start;
        while !self.open.is_empty() {
            let Some(line) = self.next_delimiter_like(at) else { return };
            if self.looks_left == 0 {
                self.found.is_truncated = true;
                return;
            }
            self.looks_left -= 1;
            at = line.end;
            let Some((depth, is_close)) = delimiter(self.raw, &line, &self.open) else { continue };
            let keeps = if is_close { depth } else { depth + 1 };
            self.close(keeps, line.start);
            if is_close {
                continue;
            }
            if self.found.entities.len() >= PARTS_MAX || self.header_room == 0 {
                self.found.is_truncated = true;
                return;
            }
            self.open[depth].has_parts = true;
            let (fields, body_at) = self.part_header(line.end);
            at = body_at;
            self.enter(&fields, body_at);
        }
    }

    /// The next line from an offset on that begins as a delimiter would.
    fn next_delimiter_like(&self, at: usize) -> Option<Range<usize>> {
        let rest = self.raw.get(at..)?;
        let is_line_start = at == 0 || self.raw.get(at - 1) == Some(&b'\n');
        if is_line_start && rest.starts_with(&self.delimiters.needle()[1..]) {
            return line_at(self.raw, at);
        }
        line_at(self.raw, at + self.delimiters.find(rest)? + 1)
    }

    /// Looks for what the delimiters of all open multiparts begin with: of one multipart its whole delimiter,
    /// so that a body of nothing but dashes costs one search.
    fn look_for_delimiters(&mut self) {
        let Some((first, others)) = self.open.split_first() else { return };
        let mut common = &first.boundary[..first.boundary.len().min(COMMON_START_BYTES_MAX)];
        for other in others {
            let n_same = common.iter().zip(&other.boundary).take_while(|(a, b)| a == b).count();
            common = &common[..n_same];
        }
        self.delimiters = memmem::Finder::new(&[b"\n--", common].concat()).into_owned();
    }

    /// The content fields of a part, and where its body begins. The header also ends before a delimiter, and
    /// where the room for headers does.
    fn part_header(&mut self, start: usize) -> (Vec<Field<'a>>, usize) {
        let raw = self.raw;
        let end_max = start.saturating_add(self.header_room);
        let mut fields = Vec::new();
        let mut at = start;
        while let Some(line) = line_at(raw, at).filter(|line| line.start < end_max) {
            if is_blank(&raw[line.clone()]) {
                at = line.end;
                break;
            }
            if delimiter(raw, &line, &self.open).is_some() {
                break;
            }
            at = folded_end(raw, line.end, end_max);
            let field = field_in(&raw[line.start..at]);
            let is_content =
                |f: &Field<'_>| f.name.len() > 8 && f.name[..8].eq_ignore_ascii_case(b"content-");
            if fields.len() < FIELDS_MAX {
                fields.extend(field.filter(is_content));
            }
        }
        self.header_room = self.header_room.saturating_sub(at - start);
        (fields, at)
    }

    /// Takes up the part whose header was just read.
    fn enter(&mut self, fields: &[Field<'_>], body_at: usize) {
        let parent = self.open.last().map(|open| open.entity);
        let value = |name: &str| {
            let named = fields.iter().find(|f| f.name.eq_ignore_ascii_case(name.as_bytes()));
            named.map(|field| field.value)
        };
        let kind =
            value("content-type").and_then(field::content).filter(|kind| kind.word.contains('/'));
        let mut kind = kind.unwrap_or_else(|| self.default_kind(parent));
        let is_multipart = kind.word.starts_with("multipart/");
        let boundary = kind.parameter("boundary").map(|text| text.trim_end().as_bytes().to_vec());
        let boundary = boundary.filter(|b| !b.is_empty() && b.len() <= BOUNDARY_BYTES_MAX);

        if is_multipart && boundary.is_none() {
            kind = plain();
        }

        let place = self.found.entities.len();
        let too_deep = self.open.len() >= DEPTH_MAX;
        self.found.is_truncated |= is_multipart && too_deep;
        let is_opened = is_multipart && boundary.is_some() && !too_deep;
        self.found.entities.push(Entity {
            parent,
            kind,
            disposition: value("content-disposition").and_then(field::content),
            content_id: value("content-id").and_then(content_id),
            transfer: value("content-transfer-encoding").map_or(Transfer::Plain, Transfer::named),
            body: body_at..self.raw.len(),
            is_multipart: is_opened,
        });
        match boundary {
            Some(boundary) if is_opened => {
                self.open.push(Open { entity: place, boundary, has_parts: false });
                self.leaf = None;
                self.look_for_delimiters();
            }
            _ => self.leaf = Some(place),
        }
    }

    /// Ends what is open beyond a depth, and the part being read, before the line at `end`.
    fn close(&mut self, keeps: usize, end: usize) {
        let end = before_break(self.raw, end);
        if let Some(leaf) = self.leaf.take() {
            let body = &mut self.found.entities[leaf].body;
            body.end = end.max(body.start);
        }
        while self.open.len() > keeps {
            let Some(open) = self.open.pop() else { return };
            let entity = &mut self.found.entities[open.entity];
            entity.body.end = end.max(entity.body.start);
            // A multipart without a single delimiter is shown as the text that it is.
            if !open.has_parts {
                entity.is_multipart = false;
                entity.kind = plain();
            }
        }
        self.look_for_delimiters();
    }

    /// What a part without a type is (RFC 2045 5.2, RFC 2046 5.1.5).
    fn default_kind(&self, parent: Option<usize>) -> Content {
        match parent {
            Some(at) if self.found.entities[at].kind.word == "multipart/digest" => {
                Content::bare("message/rfc822")
            }
            _ => plain(),
        }
    }
}

fn plain() -> Content {
    Content::bare("text/plain")
}

/// The depth of the multipart whose delimiter a line is, and whether it closes it. The innermost wins.
fn delimiter(raw: &[u8], line: &Range<usize>, open: &[Open]) -> Option<(usize, bool)> {
    let text = raw[line.clone()].strip_prefix(b"--")?.trim_ascii_end();
    if text.len() > BOUNDARY_BYTES_MAX + 2 {
        return None;
    }
    let closed = text.strip_suffix(b"--");
    open.iter().enumerate().rev().find_map(|(depth, open)| {
        if text == open.boundary {
            Some((depth, false))
        } else if closed == Some(&open.boundary) {
            Some((depth, true))
        } else {
            None
        }
    })
}

/// The offset of the line break before an offset: it belongs to the delimiter (RFC 2046 5.1.1).
fn before_break(raw: &[u8], end: usize) -> usize {
    match raw.get(..end) {
        _ if end == raw.len() => end,
        Some([.., b'\r', b'\n']) => end - 2,
        Some([.., b'\n']) => end - 1,
        _ => end,
    }
}

/// Bytes of a content id.
const CONTENT_ID_BYTES_MAX: usize = 255;

/// The id without its brackets.
fn content_id(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let text = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    let is_plain = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    (!text.is_empty() && text.len() <= CONTENT_ID_BYTES_MAX && is_plain).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Header, Structure};

    fn kinds(raw: &str) -> Vec<(String, String)> {
        let header = Header::read(raw.as_bytes()).unwrap();
        let structure = Structure::read(raw.as_bytes(), &header);
        let shown = structure
            .entities
            .iter()
            .map(|e| (e.kind.word.clone(), raw[e.body.clone()].to_owned()));
        shown.collect()
    }

    #[test]
    fn parts_end_before_the_break_that_belongs_to_the_delimiter() {
        let raw = "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n\
            --b\r\nContent-Type: text/html\r\n\r\n<p>two\r\n\r\n--b--\r\nepilogue\r\n";
        let parts = kinds(raw);
        assert_eq!(parts[1], ("text/plain".to_owned(), "one".to_owned()));
        assert_eq!(parts[2], ("text/html".to_owned(), "<p>two\r\n".to_owned()));
        assert_eq!(parts.len(), 3);
    }

    #[test]
    fn a_boundary_that_begins_with_another_is_told_apart() {
        let raw = "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\
            Content-Type: multipart/alternative; boundary=\"bb\"\n\n--bb\n\ninner\n--bb--\n--b\n\nouter\n--b--\n";
        let parts = kinds(raw);
        assert_eq!(parts[2].1, "inner");
        assert_eq!(parts[3].1, "outer");
    }

    #[test]
    fn a_missing_end_and_a_missing_blank_line_lose_nothing() {
        let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nlast";
        let parts = kinds(raw);
        assert_eq!(parts[1], ("text/html".to_owned(), String::new()));
        assert_eq!(parts[2], ("text/plain".to_owned(), "last".to_owned()));
    }

    #[test]
    fn a_multipart_without_delimiters_is_text() {
        let parts = kinds("Content-Type: multipart/mixed; boundary=b\n\njust text\n");
        assert_eq!(parts, [("text/plain".to_owned(), "just text\n".to_owned())]);
    }

    #[test]
    fn a_nested_message_is_one_part() {
        let raw =
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\nhello\n--b--\n";
        assert_eq!(kinds(raw)[1], ("message/rfc822".to_owned(), "Subject: x\n\nhello".to_owned()));
    }
}
