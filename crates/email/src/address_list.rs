//! Reading the lists of addresses in From, To, Cc and Reply-To.
//!
//! One pass over the bytes (RFC 5322 3.4 with its obsolete forms): comments, quoted strings, groups and
//! routes are understood, encoded words in names are decoded by `field`. An entry whose address does not
//! match the grammar of [`Address`] is left out.

use crate::address::{Address, Mailbox};
use crate::field;

/// Mailboxes kept of one field (engine 5.1).
pub(crate) const MAILBOXES_MAX: usize = 2_000;
/// Bytes of a display name that are decoded.
const NAME_BYTES_MAX: usize = 1_024;

/// The mailboxes of a field's value, in order, at most [`MAILBOXES_MAX`].
pub(crate) fn read(value: &[u8]) -> Vec<Mailbox> {
    let text = String::from_utf8_lossy(value);
    let mut found = Vec::new();
    let mut entry = Entry::default();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted(&mut letters, &mut entry),
            '(' => entry.comment.push_str(&comment(&mut letters)),
            '<' => entry.angle = Some(angle(&mut letters)),
            // A semicolon ends a group, a comma an entry, a colon the name of a group.
            ',' | ';' => entry.finish(&mut found),
            ':' => entry = Entry::default(),
            _ => entry.push(letter),
        }
        if found.len() >= MAILBOXES_MAX {
            return found;
        }
    }
    entry.finish(&mut found);
    found
}

/// What was read of one entry so far.
#[derive(Default)]
struct Entry {
    /// Words outside quotes and brackets: the name, or the address where there are no brackets.
    bare: String,
    /// The same with quotes kept, for an address with a quoted local part and no brackets.
    spelled: String,
    comment: String,
    angle: Option<String>,
}

impl Entry {
    fn push(&mut self, letter: char) {
        let letter = if letter.is_whitespace() { ' ' } else { letter };
        self.bare.push(letter);
        self.spelled.push(letter);
    }

    fn finish(&mut self, found: &mut Vec<Mailbox>) {
        let entry = std::mem::take(self);
        let (address, name) = match entry.angle {
            Some(angle) => (without_route(&angle).to_owned(), entry.bare),
            None => (without_spaces(&entry.spelled), String::new()),
        };
        let Ok(address) = Address::parse(&address) else { return };
        let name = if name.trim().is_empty() { entry.comment } else { name };
        found.push(Mailbox { name: shown(&name), address });
    }
}

/// A quoted string: its content joins the name, its spelling stays.
fn quoted(letters: &mut std::str::Chars<'_>, entry: &mut Entry) {
    entry.spelled.push('"');
    while let Some(letter) = letters.next() {
        entry.spelled.push(letter);
        match letter {
            '\\' => {
                if let Some(escaped) = letters.next() {
                    entry.bare.push(escaped);
                    entry.spelled.push(escaped);
                }
            }
            '"' => return,
            _ => entry.bare.push(letter),
        }
    }
}

/// A comment with those inside it, as one text.
fn comment(letters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    let mut depth = 1_usize;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            _ => text.push(letter),
        }
    }
    text
}

/// What stands between angle brackets, without spaces and comments outside quotes.
fn angle(letters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '>' if !is_quoted => break,
            '(' if !is_quoted => drop(comment(letters)),
            '"' => {
                is_quoted = !is_quoted;
                text.push('"');
            }
            '\\' if is_quoted => {
                text.push('\\');
                text.extend(letters.next());
            }
            _ if letter.is_whitespace() && !is_quoted => {}
            _ => text.push(letter),
        }
    }
    text
}

/// `@a,@b:c@d` names a route and the address after the colon.
fn without_route(angle: &str) -> &str {
    if angle.starts_with('@') {
        angle.split_once(':').map_or(angle, |(_, rest)| rest)
    } else {
        angle
    }
}

/// Spaces around `.` and `@` are allowed in the obsolete form; others make the address invalid.
fn without_spaces(text: &str) -> String {
    let text = text.trim();
    if !text.contains(' ') || text.contains('"') {
        return text.to_owned();
    }
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let mut joined = String::new();
    for word in words {
        let touches = joined.ends_with(['.', '@']) || word.starts_with(['.', '@']);
        if !joined.is_empty() && !touches {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

fn shown(name: &str) -> Option<String> {
    let end = name.floor_char_boundary(NAME_BYTES_MAX);
    let name = field::text(&name.as_bytes()[..end]);
    let blank = |letter: char| letter.is_whitespace() || letter.is_control();
    let words: Vec<&str> = name.split(blank).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{MAILBOXES_MAX, read};

    fn shown(value: &str) -> Vec<(String, String)> {
        let mailboxes = read(value.as_bytes());
        mailboxes
            .into_iter()
            .map(|m| (m.name.unwrap_or_default(), m.address.as_str().to_owned()))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, address)| ((*name).into(), (*address).into())).collect()
    }

    #[test]
    fn names_comments_groups_and_routes_are_understood() {
        let value = "Ann Lee <Ann@A.example>, \"Doe, \\\"Joe\\\"\" <joe@b.example>,\r\n\
            bob@c.example (Bob (the builder)), Team: x@d.example, <y@d.example>;, \
            <@relay.example,@other.example:z@e.example>";
        assert_eq!(
            shown(value),
            pairs(&[
                ("Ann Lee", "Ann@A.example"),
                ("Doe, \"Joe\"", "joe@b.example"),
                ("Bob the builder", "bob@c.example"),
                ("", "x@d.example"),
                ("", "y@d.example"),
                ("", "z@e.example"),
            ])
        );
    }

    #[test]
    fn encoded_names_are_decoded_also_inside_quotes() {
        let value = "=?utf-8?q?J=C3=B6rg?= =?iso-8859-1?q?_M=FCller?= <j@a.example>, \
            \"=?utf-8?B?w4lyaWM=?=\" <e@a.example>";
        assert_eq!(shown(value), pairs(&[("Jörg Müller", "j@a.example"), ("Éric", "e@a.example")]));
    }

    #[test]
    fn a_name_is_one_line_of_words() {
        let value = "=?utf-8?q?Ann=0D=0ABcc=3A_x=07=C2=85Lee=00?= <a@b.example>";
        assert_eq!(shown(value), pairs(&[("Ann Bcc: x Lee", "a@b.example")]));
    }

    #[test]
    fn a_quoted_local_part_keeps_its_quotes() {
        let value = "\"a b\"@c.example, <\"x>y\"@c.example>";
        assert_eq!(shown(value), pairs(&[("", "\"a b\"@c.example"), ("", "\"x>y\"@c.example")]));
    }

    #[test]
    fn an_address_in_the_name_is_not_the_address() {
        assert_eq!(
            shown("\"ceo@bank.example\" <x@evil.example>"),
            pairs(&[("ceo@bank.example", "x@evil.example")])
        );
        assert_eq!(
            shown("ceo@bank.example <x@evil.example>"),
            pairs(&[("ceo@bank.example", "x@evil.example")])
        );
    }

    #[test]
    fn what_is_no_address_is_left_out() {
        assert_eq!(shown("undisclosed-recipients:;"), vec![]);
        assert_eq!(shown("root, a@b.example, x y@c.example, <>"), pairs(&[("", "a@b.example")]));
        assert_eq!(shown("a . b @ c . example"), pairs(&[("", "a.b@c.example")]));
    }

    #[test]
    fn a_field_keeps_at_most_two_thousand() {
        assert_eq!(read("a@b.example,".repeat(3_000).as_bytes()).len(), MAILBOXES_MAX);
    }
}
