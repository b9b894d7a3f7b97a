//! Text out of cards: vCard 4.0.

use domain::Date;
use domain::email::contact::{Labelled, Profile};

use super::line::{escaped, push, quoted};

/// Writes several cards one after another.
pub fn write_all<'a>(cards: impl IntoIterator<Item = &'a Profile>) -> String {
    cards.into_iter().map(write).collect()
}

/// Writes a card as vCard 4.0, lines ended by CRLF and folded at 75 bytes. Values are escaped, so none of
/// them can begin a line.
pub fn write(card: &Profile) -> String {
    let mut output = String::from("BEGIN:VCARD\r\nVERSION:4.0\r\n");
    let mut lines = Lines { output: &mut output, n_groups: 0 };
    lines.plain("FN", Some(&card.name().unwrap_or_default()));
    let name = [
        &card.family_name,
        &card.given_name,
        &card.middle_name,
        &card.name_prefix,
        &card.name_suffix,
    ];
    if name.iter().any(|part| part.is_some()) {
        lines.line("N", &components(&name));
    }
    lines.plain("ORG", card.company_name.as_deref());
    lines.plain("TITLE", card.job_title.as_deref());
    lines.plain("BDAY", card.birthday.map(digits).as_deref());
    for email in &card.emails {
        let name = format!("EMAIL{}", pref(email));
        lines.labelled(&name, email.label.as_deref(), &escaped(&email.value));
    }
    for phone in &card.phones {
        let name = format!("TEL;VALUE=uri{}", pref(phone));
        lines.labelled(&name, phone.label.as_deref(), &format!("tel:{}", escaped(&phone.value)));
    }
    for address in &card.addresses {
        let parts = [
            &None,
            &None,
            &address.street,
            &address.city,
            &address.region,
            &address.postal,
            &address.country,
        ];
        lines.labelled("ADR", address.label.as_deref(), &components(&parts));
    }
    for website in &card.websites {
        lines.labelled("URL", website.label.as_deref(), &escaped(&website.value));
    }
    for date in &card.dates {
        if date.label.as_deref() == Some("anniversary") {
            lines.line("ANNIVERSARY", &digits(date.date));
        } else {
            lines.labelled("X-ABDATE", date.label.as_deref(), &digits(date.date));
        }
    }
    lines.plain("NOTE", card.notes.as_deref());
    for field in &card.custom_fields {
        let label = field.label.as_deref().map(|label| format!(";X-LABEL={}", quoted(label)));
        lines.line(&format!("X-CUSTOM{}", label.unwrap_or_default()), &escaped(&field.value));
    }
    output.push_str("END:VCARD\r\n");
    output
}

/// `YYYYMMDD`, as all readers know it.
fn digits(date: Date) -> String {
    date.to_string().replace('-', "")
}

fn pref(one: &Labelled) -> &'static str {
    if one.is_primary { ";PREF=1" } else { "" }
}

fn components(parts: &[&Option<String>]) -> String {
    let parts = parts.iter().map(|part| escaped(part.as_deref().unwrap_or_default()));
    parts.collect::<Vec<_>>().join(";")
}

struct Lines<'a> {
    output: &'a mut String,
    n_groups: usize,
}

/// Labels that the standard has a type for; others stand on a line of their own.
const TYPES: [&str; 5] = ["home", "work", "cell", "fax", "pager"];

impl Lines<'_> {
    fn line(&mut self, name: &str, value: &str) {
        push(self.output, &format!("{name}:{value}"));
    }

    fn plain(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(name, &escaped(value));
        }
    }

    fn labelled(&mut self, name: &str, label: Option<&str>, value: &str) {
        match label {
            None => self.line(name, value),
            Some(label) if TYPES.contains(&label) => {
                self.line(&format!("{name};TYPE={label}"), value);
            }
            Some(label) => {
                self.n_groups += 1;
                let group = format!("item{}", self.n_groups);
                self.line(&format!("{group}.{name}"), value);
                self.line(&format!("{group}.X-ABLabel"), &escaped(label));
            }
        }
    }
}
