//! Text out of cards: vCard 4.0.

use super::line::{escaped, push, quoted};
use super::{Card, Labelled};

/// Writes several cards one after another.
pub fn write_all<'a>(cards: impl IntoIterator<Item = &'a Card>) -> String {
    cards.into_iter().map(write).collect()
}

/// Writes a card as vCard 4.0, lines ended by CRLF and folded at 75 bytes. Values are escaped, so none of
/// them can begin a line.
pub fn write(card: &Card) -> String {
    let mut output = String::from("BEGIN:VCARD\r\nVERSION:4.0\r\n");
    let mut lines = Lines { output: &mut output, n_groups: 0 };
    lines.plain("FN", Some(&card.formatted_name().unwrap_or_default()));
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
    lines.plain("BDAY", card.birthday.as_deref().map(|day| day.replace('-', "")).as_deref());
    for email in &card.emails {
        lines.labelled("EMAIL", email, &escaped(&email.value));
    }
    for phone in &card.phones {
        lines.labelled("TEL;VALUE=uri", phone, &format!("tel:{}", escaped(&phone.value)));
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
        let labelled = Labelled { label: address.label.clone(), ..Labelled::default() };
        lines.labelled("ADR", &labelled, &components(&parts));
    }
    for website in &card.websites {
        lines.labelled("URL", website, &escaped(&website.value));
    }
    for date in &card.dates {
        if date.label.as_deref() == Some("anniversary") {
            lines.line("ANNIVERSARY", &escaped(&date.value.replace('-', "")));
        } else {
            lines.labelled("X-ABDATE", date, &escaped(&date.value.replace('-', "")));
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

    fn labelled(&mut self, name: &str, labelled: &Labelled, value: &str) {
        let mut head = name.to_owned();
        if labelled.is_primary {
            head.push_str(";PREF=1");
        }
        match labelled.label.as_deref() {
            None => self.line(&head, value),
            Some(label) if TYPES.contains(&label) => {
                self.line(&format!("{head};TYPE={label}"), value);
            }
            Some(label) => {
                self.n_groups += 1;
                let group = format!("item{}", self.n_groups);
                self.line(&format!("{group}.{head}"), value);
                self.line(&format!("{group}.X-ABLabel"), &escaped(label));
            }
        }
    }
}
