//! The tags and the text of HTML, one after another, in linear time.
//!
//! Comments, declarations and the contents of scripts and styles are passed over. What the tags mean is in
//! `html`.

use crate::field;

/// A piece of HTML.
#[derive(Debug)]
pub(crate) enum Token<'a> {
    Text(&'a str),
    /// A tag that opens; `is_closed` when it ends in `/>`.
    Open {
        name: String,
        attributes: &'a str,
        is_closed: bool,
    },
    Close {
        name: String,
    },
}

impl Token<'_> {
    /// The value of an attribute with its entities decoded; `None` for text and closing tags.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<String> {
        let Token::Open { attributes, .. } = self else { return None };
        let mut rest = *attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                return None;
            }
            let end =
                rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
            let (name, tail) = rest.split_at(end);
            let tail = tail.trim_ascii_start();
            let (value, after) = match tail.strip_prefix('=') {
                Some(tail) => attribute_value(tail.trim_ascii_start()),
                None => ("", tail),
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(decoded(value));
            }
            rest = after;
        }
    }
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len()))
}

/// Entities of an attribute decoded. A value is a link or a few words, so it is not looked at beyond this.
const ATTRIBUTE_BYTES_MAX: usize = 4_096;

fn decoded(value: &str) -> String {
    let value = &value[..value.floor_char_boundary(ATTRIBUTE_BYTES_MAX)];
    let mut text = String::new();
    for (place, piece) in value.split('&').enumerate() {
        if place == 0 {
            text.push_str(piece);
            continue;
        }
        match piece
            .split_once(';')
            .and_then(|(name, after)| Some((field::entity(&format!("&{name};"))?, after)))
        {
            Some((letter, after)) => {
                text.push(letter);
                text.push_str(after);
            }
            None => {
                text.push('&');
                text.push_str(piece);
            }
        }
    }
    text
}

/// Elements whose content is no text of the page.
const RAW: [&str; 9] =
    ["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "template"];

/// The pieces of some HTML.
pub(crate) struct Tokens<'a> {
    rest: &'a str,
    /// Whether a quote without an end was met; from then on a tag ends at the first `>`, because looking
    /// for that end again and again would make the pass quadratic.
    has_open_quote: bool,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self { rest: html, has_open_quote: false }
    }

    /// Passes over a text up to and with a mark, or to the end where there is none.
    fn skip_past(&mut self, mark: &str) {
        self.rest = self.rest.split_once(mark).map_or("", |(_, after)| after);
    }

    /// Passes over the content of a raw element.
    fn skip_raw(&mut self, name: &str) {
        while let Some(place) = self.rest.find("</") {
            self.rest = &self.rest[place..];
            let inside = &self.rest[2..];
            if inside.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
                return;
            }
            self.rest = inside;
        }
        self.rest = "";
    }

    /// The bytes of a tag, without its brackets. `None` when it never ends, which ends the page.
    fn tag(&mut self) -> Option<&'a str> {
        let body = &self.rest[1..];
        let quoted = if self.has_open_quote { None } else { end_of_tag(body) };
        self.has_open_quote |= quoted.is_none();
        let Some(end) = quoted.or_else(|| body.find('>')) else {
            self.rest = "";
            return None;
        };
        self.rest = &body[end + 1..];
        Some(&body[..end])
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if !self.rest.starts_with('<') {
                if self.rest.is_empty() {
                    return None;
                }
                let (text, rest) =
                    self.rest.split_at(self.rest.find('<').unwrap_or(self.rest.len()));
                self.rest = rest;
                return Some(Token::Text(text));
            }
            let after = &self.rest[1..];
            if let Some(comment) = after.strip_prefix("!--") {
                self.rest = comment;
                self.skip_past("-->");
            } else if after.starts_with(['!', '?']) {
                self.skip_past(">");
            } else if after.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let tag = self.tag()?;
                let end =
                    tag.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(tag.len());
                let (name, attributes) = tag.split_at(end);
                let name = name.to_ascii_lowercase();
                if RAW.contains(&name.as_str()) {
                    self.skip_raw(&name);
                }
                return Some(Token::Open { name, attributes, is_closed: tag.ends_with('/') });
            } else if after
                .strip_prefix('/')
                .is_some_and(|t| t.starts_with(|c: char| c.is_ascii_alphabetic()))
            {
                self.rest = after;
                let tag = self.tag()?;
                let end = tag.find(|c: char| c.is_ascii_whitespace()).unwrap_or(tag.len());
                return Some(Token::Close { name: tag[..end].to_ascii_lowercase() });
            } else {
                let (text, rest) = self.rest.split_at(1);
                self.rest = rest;
                return Some(Token::Text(text));
            }
        }
    }
}

/// Where a tag ends: the first `>` outside the quotes of a value.
fn end_of_tag(body: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = 0;
    for (place, byte) in body.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'>') => return Some(place),
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (_, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    None
}
