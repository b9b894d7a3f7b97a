//! Cards out of text.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::Date;
use domain::email::contact::{Anniversary, Labelled, Place, Profile};

use super::line::{Line, Unfolded, plain};
use super::{CARDS_MAX, CardProblem, IMPORT_BYTES_MAX, VcardProblem};

/// Lines of a card that are kept. Its pictures are one line each.
const LINES_MAX: usize = 2_000;

/// Reads every card of an import, each for itself: one that is no good leaves the others alone.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<Profile, CardProblem>>, VcardProblem> {
    if bytes.len() > IMPORT_BYTES_MAX {
        return Err(VcardProblem::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| VcardProblem::NotUtf8)?;
    let mut cards = Vec::new();
    let mut open: Option<Vec<Cow<'_, str>>> = None;
    for line in Unfolded::new(text.trim_start_matches('\u{feff}')) {
        match mark(&line) {
            Some(Mark::Begin) => {
                if open.replace(Vec::new()).is_some() {
                    cards.push(Err(CardProblem::Unended));
                }
                if cards.len() >= CARDS_MAX {
                    return Err(VcardProblem::TooManyCards);
                }
            }
            Some(Mark::End) => cards.extend(open.take().map(|lines| card(&lines))),
            None => {
                let lines = open.as_mut().filter(|lines| lines.len() < LINES_MAX);
                if let Some(lines) = lines.filter(|_| line.contains(':')) {
                    lines.push(line);
                }
            }
        }
    }
    if open.is_some() {
        cards.push(Err(CardProblem::Unended));
    }
    if cards.is_empty() { Err(VcardProblem::NoCard) } else { Ok(cards) }
}

/// Where a card begins or ends.
#[derive(Clone, Copy)]
enum Mark {
    Begin,
    End,
}

fn mark(line: &str) -> Option<Mark> {
    let word = line.trim_end();
    let may_be = word.len().checked_sub("vcard".len()).and_then(|start| word.get(start..));
    may_be.filter(|end| end.eq_ignore_ascii_case("vcard"))?;
    let line = Line::parse(line).filter(|line| line.value.trim().eq_ignore_ascii_case("vcard"))?;
    match line.name.as_str() {
        "begin" => Some(Mark::Begin),
        "end" => Some(Mark::End),
        _ => None,
    }
}

fn card(lines: &[Cow<'_, str>]) -> Result<Profile, CardProblem> {
    let lines: Vec<Line<'_>> = lines.iter().filter_map(|line| Line::parse(line)).collect();
    let version = lines.iter().find(|line| line.name == "version").map(|line| line.value.trim());
    if !matches!(version, None | Some("3.0" | "4.0")) {
        return Err(CardProblem::Version);
    }
    let groups = group_labels(&lines);
    let mut card = Profile::default();
    for line in &lines {
        take(line, &groups, &mut card);
    }
    card.emails = once(card.emails, str::to_lowercase);
    card.phones = once(card.phones, str::to_owned);
    card.websites = once(card.websites, str::to_owned);
    keep_one_primary(&mut card.emails);
    keep_one_primary(&mut card.phones);
    if card.name().is_none() { Err(CardProblem::Nameless) } else { Ok(card) }
}

/// The labels that Apple and Google write on a line of their own: `item1.X-ABLabel:Lab`.
fn group_labels(lines: &[Line<'_>]) -> HashMap<String, String> {
    let labels = lines.iter().filter(|line| line.name == "x-ablabel" && !line.group.is_empty());
    let named = labels.filter_map(|line| {
        let label = line.text()?;
        let label =
            label.strip_prefix("_$!<").and_then(|l| l.strip_suffix(">!$_")).unwrap_or(&label);
        Some((line.group.clone(), label.trim().to_owned())).filter(|(_, label)| !label.is_empty())
    });
    named.collect()
}

fn take(line: &Line<'_>, groups: &HashMap<String, String>, card: &mut Profile) {
    match line.name.as_str() {
        "fn" => set(&mut card.preferred_name, line.text()),
        "n" => name(line, card),
        "org" => set(&mut card.company_name, line.components().into_iter().flatten().next()),
        "title" => set(&mut card.job_title, line.text()),
        "bday" => match line.text().and_then(|text| day(&text)) {
            Some(day) => card.birthday = card.birthday.or(Some(day)),
            None => card.custom_fields.extend(custom("birthday", line)),
        },
        "note" => note(line, card),
        "email" => card.emails.extend(email(line, groups)),
        "tel" => phone(line, groups, card),
        "url" => card
            .websites
            .extend(labelled(line, groups).map(|site| Labelled { is_primary: false, ..site })),
        "anniversary" | "x-abdate" | "x-anniversary" => date(line, groups, card),
        "adr" => card.addresses.extend(address(line, groups)),
        "x-custom" => card.custom_fields.extend(line.text().map(|value| Labelled {
            label: line.parameter("x-label").and_then(plain),
            value,
            is_primary: false,
        })),
        // Pictures, revisions, categories: nothing of a contact as we keep it.
        _ => {}
    }
}

/// The first of several wins: later ones are other languages or older spellings.
fn set(place: &mut Option<String>, value: Option<String>) {
    if place.is_none() {
        *place = value;
    }
}

fn name(line: &Line<'_>, card: &mut Profile) {
    let mut parts = line.components().into_iter();
    set(&mut card.family_name, parts.next().flatten());
    set(&mut card.given_name, parts.next().flatten());
    set(&mut card.middle_name, parts.next().flatten());
    set(&mut card.name_prefix, parts.next().flatten());
    set(&mut card.name_suffix, parts.next().flatten());
}

fn note(line: &Line<'_>, card: &mut Profile) {
    let Some(text) = line.prose() else { return };
    match &mut card.notes {
        Some(notes) => {
            notes.push('\n');
            notes.push_str(&text);
        }
        None => card.notes = Some(text),
    }
}

/// Words of a type that say how to reach, not where.
const NO_LABELS: [&str; 7] = ["pref", "internet", "voice", "x400", "uri", "text", "postal"];

fn label(line: &Line<'_>, groups: &HashMap<String, String>) -> Option<String> {
    let of_group = groups.get(&line.group).cloned();
    let of_type = || {
        line.types()
            .into_iter()
            .find(|word| !word.is_empty() && !NO_LABELS.contains(&word.as_str()))
            .and_then(|word| plain(&word))
    };
    of_group.or_else(of_type)
}

fn labelled(line: &Line<'_>, groups: &HashMap<String, String>) -> Option<Labelled> {
    let value = line.text()?;
    let is_primary =
        line.parameter("pref").is_some() || line.types().iter().any(|word| word == "pref");
    Some(Labelled { label: label(line, groups), value, is_primary })
}

/// An address, which some write as a link.
fn email(line: &Line<'_>, groups: &HashMap<String, String>) -> Option<Labelled> {
    let written = labelled(line, groups)?;
    let value = written.value.rsplit("mailto:").next().unwrap_or_default().trim().to_owned();
    (!value.is_empty()).then_some(Labelled { value, ..written })
}

fn phone(line: &Line<'_>, groups: &HashMap<String, String>, card: &mut Profile) {
    let Some(mut phone) = labelled(line, groups) else { return };
    match e164(&phone.value) {
        Some(number) => {
            phone.value = number;
            card.phones.push(phone);
        }
        None => card.custom_fields.extend(custom("phone", line)),
    }
}

/// Digits of an international number (E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// `+` and digits, out of a number with blanks and marks; `None` without its country.
fn e164(text: &str) -> Option<String> {
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let text = text.split([';', ',']).next().unwrap_or_default();
    let plain: String = text.chars().filter(|c| !" -.()/\u{a0}".contains(*c)).collect();
    let digits = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"))?;
    let is_number = PHONE_DIGITS.contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    is_number.then(|| format!("+{digits}"))
}

fn date(line: &Line<'_>, groups: &HashMap<String, String>, card: &mut Profile) {
    let is_anniversary = line.name != "x-abdate";
    let named = label(line, groups);
    let named = named.or_else(|| is_anniversary.then(|| "anniversary".to_owned()));
    match line.text().and_then(|text| day(&text)) {
        Some(date) => card.dates.push(Anniversary { label: named, date }),
        None => card.custom_fields.extend(custom("date", line)),
    }
}

/// A day out of `19850412`, `1985-04-12` and either with a time behind it.
fn day(text: &str) -> Option<Date> {
    let text = text.split(['T', ' ']).next()?;
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('-') {
        return None;
    }
    Date::parse(&format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

fn custom(label: &str, line: &Line<'_>) -> Option<Labelled> {
    let value = line.text()?;
    Some(Labelled { label: Some(label.to_owned()), value, is_primary: false })
}

/// Post office box, extension, street, place, region, code, country (RFC 6350 6.3.1).
fn address(line: &Line<'_>, groups: &HashMap<String, String>) -> Option<Place> {
    let mut parts = line.components();
    parts.resize(7, None);
    let mut parts = parts.into_iter();
    let lines: Vec<String> = parts.by_ref().take(3).flatten().collect();
    let address = Place {
        label: label(line, groups),
        street: (!lines.is_empty()).then(|| lines.join(" ")),
        city: parts.next().flatten(),
        region: parts.next().flatten(),
        postal: parts.next().flatten(),
        country: parts.next().flatten(),
    };
    let label = address.label.clone();
    (address != Place { label, ..Place::default() }).then_some(address)
}

/// A list in which each value stands once: other programs write an address again for each of its uses.
fn once(list: Vec<Labelled>, key: fn(&str) -> String) -> Vec<Labelled> {
    let mut places = HashMap::with_capacity(list.len());
    let mut kept: Vec<Labelled> = Vec::with_capacity(list.len());
    for one in list {
        let place = *places.entry(key(&one.value)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(known) => known.is_primary |= one.is_primary,
            None => kept.push(one),
        }
    }
    kept
}

fn keep_one_primary(values: &mut [Labelled]) {
    let mut is_taken = false;
    for value in values {
        value.is_primary &= !is_taken;
        is_taken |= value.is_primary;
    }
}
