//! Lines of a vCard: unfolding, parameters, escapes; and the same the other way round.

use std::borrow::Cow;

/// Bytes of a line that is written, without its break (RFC 6350 3.2).
const LINE_BYTES_MAX: usize = 75;

/// Parameters of a line that are read.
const PARAMETERS_MAX: usize = 100;
/// Parts of a value that are read. An address has the most, seven.
const COMPONENTS_MAX: usize = 16;

/// `group.NAME;PARAM=a,b:value`, with names in lower case and the value as escaped.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) group: String,
    pub(super) name: String,
    parameters: Vec<(String, String)>,
    pub(super) value: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for a line without a colon.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let colon = outside_quotes(text, ':')?;
        let (head, value) = (&text[..colon], &text[colon + 1..]);
        let mut pieces = split_outside_quotes(head, ';', PARAMETERS_MAX + 1).into_iter();
        let name = pieces.next()?.trim().to_ascii_lowercase();
        let (group, name) = match name.split_once('.') {
            Some((group, name)) => (group.to_owned(), name.to_owned()),
            None => (String::new(), name),
        };
        let parameters = pieces.map(|piece| match piece.split_once('=') {
            Some((name, value)) => (name.trim().to_ascii_lowercase(), parameter_value(value)),
            // `TEL;HOME:` is how 2.1 wrote a type, and some still do.
            None => ("type".to_owned(), parameter_value(piece)),
        });
        Some(Self { group, name, parameters: parameters.collect(), value })
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All types, in lower case; they come in one parameter or in several.
    pub(super) fn types(&self) -> Vec<String> {
        let types = self.parameters.iter().filter(|(name, _)| name == "type");
        let words = types.flat_map(|(_, value)| value.split(',')).take(PARAMETERS_MAX);
        let around = |letter: char| letter == '"' || letter.is_whitespace();
        words.map(|word| word.trim_matches(around).to_ascii_lowercase()).collect()
    }

    /// The value with its escapes undone, on one line; `None` when nothing is left.
    pub(super) fn text(&self) -> Option<String> {
        plain(&unescape(self.value))
    }

    /// The same with its line breaks.
    pub(super) fn prose(&self) -> Option<String> {
        kept(&unescape(self.value))
    }

    /// The parts of a value that has several, such as a name.
    pub(super) fn components(&self) -> Vec<Option<String>> {
        let mut parts = Vec::new();
        let mut start = 0;
        let mut is_escaped = false;
        for (place, byte) in self.value.bytes().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b';' => {
                    parts.push(plain(&unescape(&self.value[start..place])));
                    start = place + 1;
                    if parts.len() == COMPONENTS_MAX {
                        return parts;
                    }
                }
                _ => {}
            }
        }
        parts.push(plain(&unescape(&self.value[start..])));
        parts
    }
}

/// The lines of a text, with those that were folded joined again.
pub(super) struct Unfolded<'a> {
    rest: std::iter::Peekable<std::str::Split<'a, char>>,
}

impl<'a> Unfolded<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.split('\n').peekable() }
    }
}

impl<'a> Iterator for Unfolded<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let without_break = |line: &'a str| line.strip_suffix('\r').unwrap_or(line);
        let mut line = Cow::Borrowed(without_break(self.rest.next()?));
        while let Some(more) = self.rest.next_if(|next| next.starts_with([' ', '\t'])) {
            line.to_mut().push_str(&without_break(more)[1..]);
        }
        Some(line)
    }
}

fn outside_quotes(text: &str, mark: char) -> Option<usize> {
    let mut is_quoted = false;
    text.char_indices().find_map(|(place, letter)| {
        is_quoted ^= letter == '"';
        (letter == mark && !is_quoted).then_some(place)
    })
}

/// The pieces between marks, at most `max`; what follows them is left out.
fn split_outside_quotes(text: &str, mark: char, max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest.filter(|_| pieces.len() < max) {
        let end = outside_quotes(text, mark);
        pieces.push(&text[..end.unwrap_or(text.len())]);
        rest = end.map(|place| &text[place + 1..]);
    }
    pieces
}

/// Without quotes, and with the escapes of RFC 6868 undone.
fn parameter_value(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let mut value = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let rest = letters.as_str();
        let undone = match letter {
            '^' if rest.starts_with('n') => Some('\n'),
            '^' if rest.starts_with('^') => Some('^'),
            '^' if rest.starts_with('\'') => Some('"'),
            _ => None,
        };
        if undone.is_some() {
            letters.next();
        }
        value.extend(undone.or(Some(letter).filter(|&letter| is_kept(letter))));
    }
    value
}

/// Whether a character may stand in a line: of those that control, only the tab (RFC 6350 3.3).
fn is_kept(letter: char) -> bool {
    letter == '\t' || !letter.is_control()
}

/// One line without control characters, as the API takes it; `None` when nothing is left.
pub(super) fn plain(text: &str) -> Option<String> {
    kept(&text.replace(char::is_control, " "))
}

fn kept(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn unescape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => value.push('\n'),
                Some(escaped) if is_kept(escaped) => value.push(escaped),
                Some(_) | None => {}
            },
            _ if is_kept(letter) => value.push(letter),
            _ => {}
        }
    }
    value
}

/// A value as it stands in a line: nothing in it can end the line or its component.
pub(super) fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ',' | ';' => {
                value.push('\\');
                value.push(letter);
            }
            '\n' => value.push_str("\\n"),
            _ if is_kept(letter) => value.push(letter),
            _ => {}
        }
    }
    value
}

/// A parameter's value in quotes (RFC 6868).
pub(super) fn quoted(text: &str) -> String {
    let mut value = String::from("\"");
    for letter in text.chars() {
        match letter {
            '^' => value.push_str("^^"),
            '"' => value.push_str("^'"),
            '\n' => value.push_str("^n"),
            _ if is_kept(letter) => value.push(letter),
            _ => {}
        }
    }
    value.push('"');
    value
}

/// Adds a line, folded between characters.
pub(super) fn push(output: &mut String, line: &str) {
    let mut rest = line;
    let mut room = LINE_BYTES_MAX;
    while rest.len() > room {
        let (start, end) = rest.split_at(rest.floor_char_boundary(room));
        output.push_str(start);
        output.push_str("\r\n ");
        rest = end;
        // The blank that marks a folded line counts.
        room = LINE_BYTES_MAX - 1;
    }
    output.push_str(rest);
    output.push_str("\r\n");
}
