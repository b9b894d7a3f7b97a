//! Postal addresses, and how a mailbox's address is written.
//!
//! USPS Publication 28 section 284 and DMM 602.1.3: street then `PMB` or `#` and the number, or the
//! designator on a line of its own; never Suite, Unit or Apt in its place.

use crate::Field;

/// Where something is or goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub name: Option<String>,
    pub company: Option<String>,
    pub line1: String,
    pub line2: Option<String>,
    pub city: String,
    pub state: String,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    pub phone: Option<String>,
}

impl Address {
    /// What is wrong with it, each field named under `at` ("forwarding_address"). United States
    /// addresses need a two-letter state and a ZIP or ZIP+4.
    pub fn problems(&self, at: &str) -> Vec<Field> {
        let mut found = Vec::new();
        let mut need = |name: &str, ok: bool, message: &str| {
            if !ok {
                found.push(Field::new(format!("{at}/{name}"), "invalid", message));
            }
        };
        let sized = |text: &str, max: usize| !text.trim().is_empty() && text.chars().count() <= max;
        need("line1", sized(&self.line1, 100), "line1 must have 1 to 100 characters");
        need("city", sized(&self.city, 80), "city must have 1 to 80 characters");
        let country =
            self.country.len() == 2 && self.country.bytes().all(|b| b.is_ascii_uppercase());
        need("country", country, "country must be an ISO 3166-1 alpha-2 code such as US");
        if self.country == "US" {
            let state = self.state.len() == 2 && self.state.bytes().all(|b| b.is_ascii_uppercase());
            need("state", state, "state must be a two-letter code such as TX");
            need(
                "postal_code",
                is_zip(&self.postal_code),
                "postal_code must be 12345 or 12345-6789",
            );
        } else {
            need(
                "postal_code",
                self.postal_code.len() <= 20,
                "postal_code has at most 20 characters",
            );
        }
        found
    }

    /// True when both name the same place, ignoring case and spacing.
    pub fn is_same_place(&self, other: &Self) -> bool {
        let key = |a: &Self| {
            let line2 = a.line2.clone().unwrap_or_default();
            let parts = [&a.line1, &line2, &a.city, &a.state, &zip5(&a.postal_code), &a.country];
            parts.map(|p| p.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
        };
        key(self) == key(other)
    }
}

/// The first five digits of a United States ZIP; other codes unchanged.
fn zip5(code: &str) -> String {
    if is_zip(code) { code.chars().take(5).collect() } else { code.to_owned() }
}

fn is_zip(code: &str) -> bool {
    let bytes = code.as_bytes();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    match bytes.len() {
        5 => digits(bytes),
        10 => digits(&bytes[..5]) && bytes[5] == b'-' && digits(&bytes[6..]),
        _ => false,
    }
}

crate::words! {
    /// The word before a mailbox number. `#` takes a space after it (DMM 602.1.3).
    pub enum Designator { Pmb = "PMB", Number = "#" }
}

/// A mailbox address as a sender should write it: the three-line form first, then the four-line one.
///
/// Where the site itself has a secondary element the number may not share its line, and the
/// designator must be `PMB` (Publication 28, section 284).
pub fn mailbox_lines(
    recipient: &str,
    site: &Address,
    designator: Designator,
    pmb: &str,
) -> (Vec<String>, Vec<Vec<String>>) {
    let secondary = site.line2.as_deref().filter(|l| !l.trim().is_empty());
    let city = format!("{}, {} {}", site.city, site.state, site.postal_code);
    let number = format!("{} {pmb}", if secondary.is_some() { "PMB" } else { designator.as_str() });
    let street = match secondary {
        Some(suite) => format!("{} {suite}", site.line1),
        None => site.line1.clone(),
    };
    let four = vec![recipient.to_owned(), number.clone(), street.clone(), city.clone()];
    if secondary.is_some() {
        return (four, Vec::new());
    }
    (vec![recipient.to_owned(), format!("{street} {number}"), city], vec![four])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(line2: Option<&str>) -> Address {
        Address {
            line1: "4521 Commerce Blvd".into(),
            line2: line2.map(Into::into),
            city: "Austin".into(),
            state: "TX".into(),
            postal_code: "78745-1234".into(),
            country: "US".into(),
            ..Address::default()
        }
    }

    #[test]
    fn a_plain_site_takes_the_number_on_the_street_line() {
        let (lines, others) = mailbox_lines("Jane Smith", &site(None), Designator::Pmb, "302");
        assert_eq!(lines, ["Jane Smith", "4521 Commerce Blvd PMB 302", "Austin, TX 78745-1234"]);
        assert_eq!(others[0][1], "PMB 302");
        let (lines, _) = mailbox_lines("Jane Smith", &site(None), Designator::Number, "302");
        assert_eq!(lines[1], "4521 Commerce Blvd # 302");
    }

    #[test]
    fn a_site_with_a_suite_keeps_the_number_on_its_own_line_as_pmb() {
        let (lines, others) = mailbox_lines("J", &site(Some("Ste 9")), Designator::Number, "302");
        assert_eq!(lines, ["J", "PMB 302", "4521 Commerce Blvd Ste 9", "Austin, TX 78745-1234"]);
        assert!(others.is_empty());
    }
}
