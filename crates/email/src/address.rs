//! An e-mail address as we take it, keep it and compare it.
//!
//! The grammar is strict, because what passes here is written into header fields and envelopes. Lists of
//! addresses in a header field are read in `address_list`.

use std::fmt;

/// Bytes of the part before the `@` (RFC 5321 4.5.3.1.1).
pub const LOCAL_BYTES_MAX: usize = 64;
/// Bytes of a whole address (RFC 5321 4.5.3.1.3, less the angle brackets).
pub const ADDRESS_BYTES_MAX: usize = 254;
/// Bytes of one label of a domain (RFC 1035 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// An address `local@domain`, in the spelling it came in.
///
/// Invariant: matches the grammar of [`Address::parse`], so it holds no control character, no space and
/// no angle bracket outside a quoted local part, and never begins or ends a header field.
/// Equality is by spelling; compare [`Address::canonical`] to ask whether two are the same mailbox (PR-18).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    at: usize,
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    #[error("the address is empty")]
    Empty,
    #[error("the address is longer than 254 bytes")]
    TooLong,
    #[error("the address has no @")]
    NoAt,
    #[error("the part before the @ is empty or longer than 64 bytes")]
    LocalLength,
    #[error("the part before the @ holds a character that is not allowed there")]
    LocalCharacter,
    #[error("the domain is empty, or has an empty or too long label")]
    DomainLength,
    #[error("the domain holds a character that is not allowed there")]
    DomainCharacter,
    #[error("the domain is an address literal, which is not taken; give a domain name")]
    DomainLiteral,
}

impl Address {
    /// Reads one bare address, without display name, brackets or spaces around it.
    ///
    /// Letters beyond ASCII are taken in both parts (RFC 6531). Address literals and comments are not.
    pub fn parse(text: &str) -> Result<Self, AddressProblem> {
        if text.is_empty() {
            return Err(AddressProblem::Empty);
        }
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(AddressProblem::TooLong);
        }
        let at = end_of_local(text)?;
        check_domain(&text[at + 1..])?;
        Ok(Self { text: text.to_owned(), at })
    }

    /// The address in its own spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form that two spellings of one mailbox share: lower-cased, nothing folded (PR-18, PR-19).
    pub fn canonical(&self) -> String {
        self.text.to_lowercase()
    }

    /// The part before the `@`, with its quotes where it is quoted.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Whether the message that names it needs SMTPUTF8 on its way.
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An address and the name shown with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: Address,
}

impl Mailbox {
    /// Whether the name pretends to be another address (engine 5.3): it holds an `@` and is not the address.
    pub fn is_display_spoof(&self) -> bool {
        let Some(name) = &self.name else { return false };
        name.contains(['@', '＠']) && name.trim().to_lowercase() != self.address.canonical()
    }
}

/// The place of the `@` that ends the local part.
fn end_of_local(text: &str) -> Result<usize, AddressProblem> {
    let at = if text.starts_with('"') {
        end_of_quoted(text)?
    } else {
        let at = text.find('@').ok_or(AddressProblem::NoAt)?;
        let local = &text[..at];
        if !local.is_empty() && !local.split('.').all(is_atom) {
            return Err(AddressProblem::LocalCharacter);
        }
        at
    };
    if at == 0 || at > LOCAL_BYTES_MAX {
        return Err(AddressProblem::LocalLength);
    }
    Ok(at)
}

/// The place of the `@` after a quoted local part.
fn end_of_quoted(text: &str) -> Result<usize, AddressProblem> {
    let mut is_escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        if letter.is_control() || is_invisible(letter) {
            return Err(AddressProblem::LocalCharacter);
        }
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => {
                return match text[place + 1..].chars().next() {
                    Some('@') => Ok(place + 1),
                    Some(_) => Err(AddressProblem::LocalCharacter),
                    None => Err(AddressProblem::NoAt),
                };
            }
            _ => {}
        }
    }
    Err(AddressProblem::LocalCharacter)
}

fn is_atom(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_atom_letter)
}

/// `atext` of RFC 5322 3.2.3 and RFC 6532, less what can't be seen.
fn is_atom_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(letter)
        || is_plain_beyond_ascii(letter)
}

fn check_domain(domain: &str) -> Result<(), AddressProblem> {
    if domain.starts_with('[') {
        return Err(AddressProblem::DomainLiteral);
    }
    for label in domain.split('.') {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            return Err(AddressProblem::DomainLength);
        }
        // An underscore is no host name, but machines that send mail have it.
        let is_plain = label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || is_plain_beyond_ascii(c));
        if !is_plain || label.starts_with('-') || label.ends_with('-') {
            return Err(AddressProblem::DomainCharacter);
        }
    }
    Ok(())
}

fn is_plain_beyond_ascii(letter: char) -> bool {
    !letter.is_ascii() && !letter.is_control() && !letter.is_whitespace() && !is_invisible(letter)
}

/// Characters without a shape of their own, by which two addresses could look alike: zero-width ones,
/// those that turn the direction of writing, tags and the byte order mark.
pub(crate) fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressProblem, Mailbox};

    #[test]
    fn an_address_keeps_its_spelling_and_has_a_lower_cased_form() {
        let address = Address::parse("Ann.Lee+Tag@Partner.Example").unwrap();
        assert_eq!(address.as_str(), "Ann.Lee+Tag@Partner.Example");
        assert_eq!(address.canonical(), "ann.lee+tag@partner.example");
        assert_eq!((address.local(), address.domain()), ("Ann.Lee+Tag", "Partner.Example"));
    }

    #[test]
    fn a_quoted_local_part_stays_quoted() {
        let address = Address::parse(r#""a@evil <x> \" b"@c.example"#).unwrap();
        assert_eq!(address.local(), r#""a@evil <x> \" b""#);
        assert_eq!(address.domain(), "c.example");
    }

    #[test]
    fn letters_beyond_ascii_are_taken_but_none_that_cannot_be_seen() {
        assert!(Address::parse("jörg@bücher.example").is_ok());
        assert!(Address::parse("jo\u{200b}rg@a.example").is_err());
        assert!(Address::parse("joerg@a\u{202e}.example").is_err());
    }

    #[test]
    fn what_could_forge_a_field_or_a_command_is_refused() {
        for text in [
            "a@b.example\r\nBcc: c@d.example",
            "a\n@b.example",
            "a@b.example>",
            "<a@b.example>",
            "a b@c.example",
            "a@b.example ",
            "\"a\r\n\"@b.example",
            "\"a\0\"@b.example",
            "a@b@c.example",
            "a,b@c.example",
            "a@b..example",
            "a..b@c.example",
            ".a@c.example",
            "a@-c.example",
            "a(comment)@c.example",
            "\"a\"b@c.example",
            "\"a@c.example",
            "\"a\\\"@c.example",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn each_problem_is_named() {
        let problem = |text: &str| Address::parse(text).unwrap_err();
        assert_eq!(problem(""), AddressProblem::Empty);
        assert_eq!(problem("nobody"), AddressProblem::NoAt);
        assert_eq!(problem("@b.example"), AddressProblem::LocalLength);
        assert_eq!(problem(&format!("{}@b.example", "a".repeat(65))), AddressProblem::LocalLength);
        assert_eq!(problem(&format!("a@{}", "b.".repeat(130))), AddressProblem::TooLong);
        assert_eq!(problem("a@"), AddressProblem::DomainLength);
        assert_eq!(problem("a@b_?.example"), AddressProblem::DomainCharacter);
        assert_eq!(problem("a@[127.0.0.1]"), AddressProblem::DomainLiteral);
    }

    #[test]
    fn a_name_that_shows_another_address_is_a_spoof() {
        let mailbox = |name: &str| Mailbox {
            name: Some(name.to_owned()),
            address: Address::parse("a@b.example").unwrap(),
        };
        assert!(mailbox("ceo@bank.example").is_display_spoof());
        assert!(!mailbox("A@b.example").is_display_spoof());
        assert!(!mailbox("Ann").is_display_spoof());
    }
}
