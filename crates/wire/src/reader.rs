//! Reading request bodies, so that every problem comes back at once.
//!
//! A getter notes what is wrong and goes on with a harmless value; `finish` answers with all of it.
//! Members that no getter asked for are unknown, and refused with the nearest name that exists.

use std::ops::RangeInclusive;

use domain::address::Address;
use domain::{Date, Error, ErrorCode, Field, Result, Timestamp};
use serde_json::{Map, Value};

/// Pairs of metadata, characters of a name, characters of a value.
pub const METADATA_PAIRS_MAX: usize = 50;
pub const METADATA_NAME_CHARS_MAX: usize = 40;
pub const METADATA_VALUE_CHARS_MAX: usize = 500;
/// Tags on one thing, characters of a tag.
pub const TAGS_MAX: usize = 50;
pub const TAG_CHARS_MAX: usize = 50;

/// A member of a PATCH body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: leave it as it is.
    #[default]
    Keep,
    /// `null`: clear it.
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    /// The new value over an old one.
    pub fn over(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// The members of one JSON object.
pub struct Fields {
    members: Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<Field>,
    /// Where this object is: empty for the body itself, `mailbox/` inside a member.
    at: String,
}

impl Fields {
    /// A body, which must be an object.
    pub fn new(body: Value) -> Result<Self> {
        match body {
            Value::Object(members) => Ok(Self::at(members, "")),
            _ => Err(Error::refused(ErrorCode::InvalidJson, "the body must be a JSON object")),
        }
    }

    fn at(members: Map<String, Value>, at: &str) -> Self {
        Self { members, known: Vec::new(), problems: Vec::new(), at: at.to_owned() }
    }

    /// Notes a problem that the caller found.
    pub fn problem(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.problems.push(Field::new(format!("{}{name}", self.at), code, message));
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.members.remove(name)
    }

    fn required(&mut self, name: &'static str) -> Option<Value> {
        let value = self.take(name).filter(|v| !v.is_null());
        if value.is_none() {
            self.problem(name, "required", format!("{name} is required"));
        }
        value
    }

    /// Text of this many characters after trimming; control characters are refused.
    pub fn text(&mut self, name: &'static str, chars: RangeInclusive<usize>) -> String {
        let value = self.required(name);
        value.and_then(|v| self.check_text(name, v, &chars)).unwrap_or_default()
    }

    pub fn opt_text(&mut self, name: &'static str, chars: RangeInclusive<usize>) -> Option<String> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        self.check_text(name, value, &chars)
    }

    pub fn patch_text(
        &mut self,
        name: &'static str,
        chars: RangeInclusive<usize>,
    ) -> Patch<String> {
        self.patch(name, |fields, value| fields.check_text(name, value, &chars))
    }

    fn check_text(
        &mut self,
        name: &str,
        value: Value,
        chars: &RangeInclusive<usize>,
    ) -> Option<String> {
        let Value::String(text) = value else {
            self.problem(name, "invalid", format!("{name} must be a string"));
            return None;
        };
        let text = text.trim();
        let count = text.chars().count();
        if !chars.contains(&count) {
            let code = if count < *chars.start() { "too_short" } else { "too_long" };
            self.problem(
                name,
                code,
                format!("{name} must have {} to {} characters", chars.start(), chars.end()),
            );
            return None;
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            self.problem(name, "invalid", format!("{name} must not hold control characters"));
            return None;
        }
        Some(text.to_owned())
    }

    /// A member of a PATCH body, read by `read` when it is neither absent nor null.
    pub fn patch<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, Value) -> Option<T>,
    ) -> Patch<T> {
        match self.take(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            // What could not be read is noted, and the request is refused as a whole.
            Some(value) => read(self, value).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// A parsed text: `rule` says what it must be.
    pub fn opt_parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Option<T> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        self.check_parsed(name, &value, parse, rule)
    }

    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Option<T> {
        let value = self.required(name)?;
        self.check_parsed(name, &value, parse, rule)
    }

    fn check_parsed<T>(
        &mut self,
        name: &str,
        value: &Value,
        parse: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Option<T> {
        let parsed = value.as_str().map(str::trim).and_then(parse);
        if parsed.is_none() {
            self.problem(name, "invalid", format!("{name} must be {rule}"));
        }
        parsed
    }

    pub fn email(&mut self, name: &'static str) -> String {
        self.parsed(name, email, "an e-mail address of at most 254 characters").unwrap_or_default()
    }

    pub fn patch_email(&mut self, name: &'static str) -> Patch<String> {
        self.patch(name, |f, v| {
            f.check_parsed(name, &v, email, "an e-mail address of at most 254 characters")
        })
    }

    pub fn opt_phone(&mut self, name: &'static str) -> Option<String> {
        self.opt_parsed(name, phone, "a phone number such as +15555555555")
    }

    pub fn patch_phone(&mut self, name: &'static str) -> Patch<String> {
        self.patch(name, |f, v| {
            f.check_parsed(name, &v, phone, "a phone number such as +15555555555")
        })
    }

    pub fn opt_date(&mut self, name: &'static str) -> Option<Date> {
        self.opt_parsed(name, Date::parse, "a date such as 2026-11-21")
    }

    pub fn patch_date(&mut self, name: &'static str) -> Patch<Date> {
        self.patch(name, |f, v| f.check_parsed(name, &v, Date::parse, "a date such as 2026-11-21"))
    }

    pub fn opt_instant(&mut self, name: &'static str) -> Option<Timestamp> {
        self.opt_parsed(name, Timestamp::parse, "an RFC 3339 time such as 2026-11-21T15:04:05Z")
    }

    pub fn opt_bool(&mut self, name: &'static str) -> Option<bool> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        if value.as_bool().is_none() {
            self.problem(name, "invalid", format!("{name} must be true or false"));
        }
        value.as_bool()
    }

    pub fn bool(&mut self, name: &'static str, default: bool) -> bool {
        self.opt_bool(name).unwrap_or(default)
    }

    pub fn opt_integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        let number = value.as_i64().filter(|n| range.contains(n));
        if number.is_none() {
            let rule =
                format!("{name} must be a whole number from {} to {}", range.start(), range.end());
            self.problem(name, "invalid", rule);
        }
        number
    }

    /// A list of at most `max` items, each read by `read`, which notes its own problems under
    /// `name/index`.
    pub fn opt_list<T>(
        &mut self,
        name: &'static str,
        max: usize,
        mut read: impl FnMut(&mut Self, &str, Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        let Value::Array(items) = value else {
            self.problem(name, "invalid", format!("{name} must be a list"));
            return None;
        };
        if items.len() > max {
            self.problem(name, "too_many", format!("{name} has at most {max} items"));
            return None;
        }
        let items = items.into_iter().enumerate();
        Some(items.filter_map(|(i, item)| read(self, &format!("{name}/{i}"), item)).collect())
    }

    /// Reads an item of a list as text.
    pub fn item_text(
        &mut self,
        at: &str,
        value: Value,
        chars: RangeInclusive<usize>,
    ) -> Option<String> {
        self.check_text(at, value, &chars)
    }

    pub fn opt_tags(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.opt_list(name, TAGS_MAX, |f, at, item| f.item_text(at, item, 1..=TAG_CHARS_MAX))
    }

    /// Metadata: strings under names; `null` removes a name, which only PATCH may do.
    pub fn opt_metadata(&mut self, name: &'static str) -> Option<Vec<(String, Option<String>)>> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        let Value::Object(pairs) = value else {
            self.problem(name, "invalid", format!("{name} must be an object of strings"));
            return None;
        };
        if pairs.len() > METADATA_PAIRS_MAX {
            self.problem(
                name,
                "too_many",
                format!("{name} has at most {METADATA_PAIRS_MAX} pairs"),
            );
            return None;
        }
        let mut read = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let at = format!("{name}/{key}");
            if key.is_empty() || key.chars().count() > METADATA_NAME_CHARS_MAX {
                self.problem(
                    &at,
                    "invalid",
                    format!("a name has 1 to {METADATA_NAME_CHARS_MAX} characters"),
                );
            }
            match value {
                Value::Null => read.push((key, None)),
                value => {
                    let text = self.check_text(&at, value, &(0..=METADATA_VALUE_CHARS_MAX));
                    read.extend(text.map(|t| (key, Some(t))));
                }
            }
        }
        Some(read)
    }

    pub fn patch_metadata(&mut self, name: &'static str) -> Patch<Vec<(String, Option<String>)>> {
        if self.members.get(name).is_none_or(Value::is_null) {
            return self.patch(name, |_, _| None);
        }
        self.opt_metadata(name).map_or(Patch::Keep, Patch::Set)
    }

    pub fn patch_tags(&mut self, name: &'static str) -> Patch<Vec<String>> {
        if self.members.get(name).is_none_or(Value::is_null) {
            return self.patch(name, |_, _| None);
        }
        self.opt_tags(name).map_or(Patch::Keep, Patch::Set)
    }

    /// An object of switches, such as `{"email": true}`.
    pub fn patch_switches(&mut self, name: &'static str) -> Patch<Vec<(String, bool)>> {
        self.patch(name, |f, value| {
            let pairs = value.as_object().filter(|map| map.len() <= METADATA_PAIRS_MAX);
            let read = pairs
                .map(|map| map.iter().map(|(k, v)| v.as_bool().map(|b| (k.clone(), b))).collect());
            let read: Option<Vec<(String, bool)>> = read.flatten();
            if read.is_none() {
                f.problem(name, "invalid", format!("{name} must be an object of true and false"));
            }
            read
        })
    }

    /// A nested object, read by `read`; its problems are noted under its name.
    pub fn opt_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        self.check_object(name, value, read)
    }

    /// Reads a value that must be an object.
    pub fn check_object<T>(
        &mut self,
        name: &str,
        value: Value,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let Value::Object(members) = value else {
            self.problem(name, "invalid", format!("{name} must be an object"));
            return None;
        };
        let mut inner = Self::at(members, &format!("{}{name}/", self.at));
        let read = read(&mut inner);
        inner.note_unknown();
        self.problems.append(&mut inner.problems);
        Some(read)
    }

    /// A postal address; what is wrong with it is noted.
    pub fn opt_address(&mut self, name: &'static str) -> Option<Address> {
        let value = self.take(name).filter(|v| !v.is_null())?;
        self.check_address(name, value)
    }

    pub fn patch_address(&mut self, name: &'static str) -> Patch<Address> {
        self.patch(name, |f, v| f.check_address(name, v))
    }

    fn check_address(&mut self, name: &str, value: Value) -> Option<Address> {
        let address = self.check_object(name, value, |a| Address {
            name: a.opt_text("name", 0..=100),
            company: a.opt_text("company", 0..=100),
            line1: a.text("line1", 1..=100),
            line2: a.opt_text("line2", 0..=100),
            city: a.text("city", 1..=80),
            state: a.opt_text("state", 0..=80).unwrap_or_default().to_uppercase(),
            postal_code: a.opt_text("postal_code", 0..=20).unwrap_or_default(),
            country: a.opt_text("country", 2..=2).unwrap_or_else(|| "US".to_owned()).to_uppercase(),
            phone: a.opt_phone("phone"),
        })?;
        let at = format!("{}{name}", self.at);
        let known: Vec<String> = self.problems.iter().map(|p| p.param.clone()).collect();
        let fresh = address.problems(&at).into_iter().filter(|p| !known.contains(&p.param));
        self.problems.extend(fresh);
        Some(address)
    }

    /// Marks members that exist but may not be written here.
    pub fn not_writable(&mut self, names: &[&'static str]) {
        for name in names {
            if self.members.remove(*name).is_some() {
                let message = format!("{name} can't be changed here");
                self.problem(name, ErrorCode::FieldNotWritable.as_str(), message);
            }
        }
    }

    fn note_unknown(&mut self) {
        let names: Vec<String> = self.members.keys().cloned().collect();
        for name in names {
            let message = match nearest(&name, &self.known) {
                Some(near) => format!("there is no field {name}; did you mean {near}?"),
                None => format!("there is no field {name}"),
            };
            self.problem(&name, ErrorCode::UnknownField.as_str(), message);
        }
    }

    /// Answers with every problem that was noted, or with nothing.
    pub fn finish(mut self) -> Result<()> {
        self.note_unknown();
        if self.problems.is_empty() {
            return Ok(());
        }
        let all = |code: ErrorCode| self.problems.iter().all(|p| p.code == code.as_str());
        let code =
            [ErrorCode::UnknownField, ErrorCode::FieldNotWritable].into_iter().find(|c| all(*c));
        let mut error = Error::invalid(std::mem::take(&mut self.problems));
        if let (Some(own), Error::Refused { code, fix, .. }) = (code, &mut error) {
            *code = own;
            *fix = Some(format!("this call takes {}", self.known.join(", ")));
        }
        Err(error)
    }
}

/// An address in the spirit of RFC 5321: one `@`, a local part, a domain with a dot or a literal.
pub fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |t: &str| t.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let labels = domain.split('.').all(|l| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    let good = text.len() <= 254 && (1..=64).contains(&local.len()) && !local.contains('@');
    (good && plain(local) && labels && domain.contains('.')).then(|| text.to_owned())
}

/// E.164 after removing spaces, dashes, dots and parentheses; ten bare digits are a US number.
pub fn phone(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !" -.()".contains(*c)).collect();
    let digits = kept.strip_prefix('+').unwrap_or(&kept);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (kept.starts_with('+'), digits.len()) {
        (true, 8..=15) if !digits.starts_with('0') => Some(kept),
        (false, 10) => Some(format!("+1{digits}")),
        (false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    }
}

/// The known name that is at most two edits away.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|k| (distance(name, k), *k)).min()?;
    (near.0 <= 2).then_some(near.1)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_problem_comes_back_at_once() {
        let mut f = Fields::new(json!({"email": "nobody", "name": "", "prepay": "yes"})).unwrap();
        (f.email("email"), f.text("name", 1..=200), f.bool("prepay", false));
        let Error::Refused { code, fields, .. } = f.finish().unwrap_err() else {
            panic!("a refusal")
        };
        assert_eq!(code, ErrorCode::ValidationFailed);
        assert_eq!(
            fields.iter().map(|f| f.param.as_str()).collect::<Vec<_>>(),
            ["email", "name", "prepay"]
        );
    }

    #[test]
    fn a_typo_is_refused_with_the_nearest_name() {
        let mut f = Fields::new(json!({"prepai": true})).unwrap();
        f.bool("prepay", false);
        let Error::Refused { code, fields, .. } = f.finish().unwrap_err() else {
            panic!("a refusal")
        };
        assert_eq!(code, ErrorCode::UnknownField);
        assert!(fields[0].message.contains("did you mean prepay?"));
    }

    #[test]
    fn phones_become_e164() {
        assert_eq!(phone("(555) 555-5555").as_deref(), Some("+15555555555"));
        assert_eq!(phone("+49 30 901820").as_deref(), Some("+4930901820"));
        assert_eq!(phone("12"), None);
        assert_eq!(phone("call me"), None);
    }

    #[test]
    fn addresses_are_checked_in_place() {
        let body = json!({"forwarding_address": {"line1": "1 Main St", "city": "Austin", "state": "Texas", "postal_code": "x"}});
        let mut f = Fields::new(body).unwrap();
        f.opt_address("forwarding_address");
        let Error::Refused { fields, .. } = f.finish().unwrap_err() else { panic!("a refusal") };
        let params: Vec<_> = fields.iter().map(|f| f.param.as_str()).collect();
        assert_eq!(params, ["forwarding_address/state", "forwarding_address/postal_code"]);
    }
}
