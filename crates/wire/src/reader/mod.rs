//! Reading request bodies, so that every problem comes back at once.
//!
//! A getter notes what is wrong and goes on with a harmless value; `finish` answers with all of it.
//! Members that no getter asked for are unknown, and refused with the nearest name that exists; where the
//! reader is lenient, they are ignored.
//! Here are the plain values; lists, maps and nested objects are in `compound`, formats in `format`.

mod compound;
mod format;

use std::ops::RangeInclusive;

use domain::{Date, Error, ErrorCode, Field, Result, Timestamp};
use serde_json::{Map, Value};

pub use compound::{
    METADATA_NAME_CHARS_MAX, METADATA_PAIRS_MAX, METADATA_VALUE_CHARS_MAX, SWITCHES_MAX,
    TAG_CHARS_MAX, TAGS_MAX,
};
pub use format::{email, nearest, phone};

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
    is_lenient: bool,
}

const EMAIL_RULE: &str = "an e-mail address of at most 254 characters";
const PHONE_RULE: &str = "a phone number such as +15555555555";
const DATE_RULE: &str = "a date such as 2026-11-21";
const INSTANT_RULE: &str = "an RFC 3339 time such as 2026-11-21T15:04:05Z";

impl Fields {
    /// A body, which must be an object.
    pub fn new(body: Value) -> Result<Self> {
        match body {
            Value::Object(members) => Ok(Self::at(members, "")),
            _ => Err(Error::refused(ErrorCode::InvalidJson, "the body must be a JSON object")),
        }
    }

    /// The same for a body of the e-mail API, which ignores members that it does not know.
    pub fn lenient(body: Value) -> Result<Self> {
        Ok(Self { is_lenient: true, ..Self::new(body)? })
    }

    fn at(members: Map<String, Value>, at: &str) -> Self {
        let at = at.to_owned();
        Self { members, known: Vec::new(), problems: Vec::new(), at, is_lenient: false }
    }

    /// A member of any kind, read elsewhere; `None` where it is absent or null.
    pub fn opt_value(&mut self, name: &'static str) -> Option<Value> {
        self.given(name)
    }

    /// Notes a problem that the caller found.
    pub fn problem(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.problems.push(Field::new(format!("{}{name}", self.at), code, message));
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.members.remove(name)
    }

    /// A member that is neither absent nor null.
    fn given(&mut self, name: &'static str) -> Option<Value> {
        self.take(name).filter(|v| !v.is_null())
    }

    fn required(&mut self, name: &'static str) -> Option<Value> {
        let value = self.given(name);
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
        let value = self.given(name)?;
        self.check_text(name, value, &chars)
    }

    pub fn patch_text(
        &mut self,
        name: &'static str,
        chars: RangeInclusive<usize>,
    ) -> Patch<String> {
        self.patch(name, |fields, value| fields.check_text(name, value, &chars))
    }

    /// Text that may have several lines, of at most this many characters.
    pub fn opt_prose(&mut self, name: &'static str, chars_max: usize) -> Option<String> {
        let value = self.given(name)?;
        let text = self.check_length(name, value, &(0..=chars_max))?;
        self.refuse_controls(name, text, &['\n', '\r', '\t'])
    }

    /// The same for text that must be there.
    pub fn prose(&mut self, name: &'static str, chars_max: usize) -> String {
        let value = self.required(name);
        value.and_then(|v| self.check_prose(name, v, chars_max)).unwrap_or_default()
    }

    pub fn patch_prose(&mut self, name: &'static str, chars_max: usize) -> Patch<String> {
        self.patch(name, |f, value| f.check_prose(name, value, chars_max))
    }

    fn check_prose(&mut self, name: &str, value: Value, chars_max: usize) -> Option<String> {
        let text = self.check_length(name, value, &(1..=chars_max))?;
        self.refuse_controls(name, text, &['\n', '\r', '\t'])
    }

    fn check_text(
        &mut self,
        name: &str,
        value: Value,
        chars: &RangeInclusive<usize>,
    ) -> Option<String> {
        let text = self.check_length(name, value, chars)?;
        self.refuse_controls(name, text, &[])
    }

    fn check_length(
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
            let rule = format!("{name} must have {} to {} characters", chars.start(), chars.end());
            self.problem(name, code, rule);
            return None;
        }
        Some(text.to_owned())
    }

    // A line feed in a name would later end a header of an e-mail.
    fn refuse_controls(&mut self, name: &str, text: String, spared: &[char]) -> Option<String> {
        if text.chars().any(|c| c.is_control() && !spared.contains(&c)) {
            self.problem(name, "invalid", format!("{name} must not hold control characters"));
            return None;
        }
        Some(text)
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
        let value = self.given(name)?;
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

    pub fn patch_parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Patch<T> {
        self.patch(name, |f, v| f.check_parsed(name, &v, parse, rule))
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
        self.parsed(name, email, EMAIL_RULE).unwrap_or_default()
    }

    pub fn patch_email(&mut self, name: &'static str) -> Patch<String> {
        self.patch_parsed(name, email, EMAIL_RULE)
    }

    pub fn opt_phone(&mut self, name: &'static str) -> Option<String> {
        self.opt_parsed(name, phone, PHONE_RULE)
    }

    pub fn patch_phone(&mut self, name: &'static str) -> Patch<String> {
        self.patch_parsed(name, phone, PHONE_RULE)
    }

    pub fn opt_date(&mut self, name: &'static str) -> Option<Date> {
        self.opt_parsed(name, Date::parse, DATE_RULE)
    }

    pub fn patch_date(&mut self, name: &'static str) -> Patch<Date> {
        self.patch_parsed(name, Date::parse, DATE_RULE)
    }

    pub fn opt_instant(&mut self, name: &'static str) -> Option<Timestamp> {
        self.opt_parsed(name, Timestamp::parse, INSTANT_RULE)
    }

    pub fn instant(&mut self, name: &'static str) -> Option<Timestamp> {
        self.parsed(name, Timestamp::parse, INSTANT_RULE)
    }

    pub fn opt_bool(&mut self, name: &'static str) -> Option<bool> {
        let value = self.given(name)?;
        if value.as_bool().is_none() {
            self.problem(name, "invalid", format!("{name} must be true or false"));
        }
        value.as_bool()
    }

    pub fn bool(&mut self, name: &'static str, default: bool) -> bool {
        self.opt_bool(name).unwrap_or(default)
    }

    pub fn opt_integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.given(name)?;
        self.check_integer(name, &value, &range)
    }

    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.required(name)?;
        self.check_integer(name, &value, &range)
    }

    pub fn patch_integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Patch<i64> {
        self.patch(name, |f, v| f.check_integer(name, &v, &range))
    }

    pub(super) fn check_integer(
        &mut self,
        name: &str,
        value: &Value,
        range: &RangeInclusive<i64>,
    ) -> Option<i64> {
        let number = value.as_i64().filter(|n| range.contains(n));
        if number.is_none() {
            let rule =
                format!("{name} must be a whole number from {} to {}", range.start(), range.end());
            self.problem(name, "invalid", rule);
        }
        number
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
        if self.is_lenient {
            return;
        }
        let names: Vec<String> = self.members.keys().cloned().collect();
        for name in names {
            let message = match nearest(&name, &self.known) {
                Some(near) => format!("there is no field {name}; did you mean {near}?"),
                None => format!("there is no field {name}; there are {}", self.known.join(", ")),
            };
            self.problem(&name, ErrorCode::UnknownField.as_str(), message);
        }
    }

    /// Answers with every problem that was noted, or with nothing.
    ///
    /// The code is `unknown_field` or `field_not_writable` when nothing else is wrong.
    pub fn finish(mut self) -> Result<()> {
        let typo = self.members.keys().find_map(|name| nearest(name, &self.known));
        self.note_unknown();
        if self.problems.is_empty() {
            return Ok(());
        }
        let all = |code: ErrorCode| self.problems.iter().all(|p| p.code == code.as_str());
        let own = [ErrorCode::UnknownField, ErrorCode::FieldNotWritable].into_iter();
        let own = own.clone().find(|c| all(*c));
        let mut error = Error::invalid(std::mem::take(&mut self.problems));
        if let (Some(own), Error::Refused { code, fix, .. }) = (own, &mut error) {
            *code = own;
            *fix = Some(match typo {
                Some(near) => format!("did you mean {near}?"),
                None => format!("this call takes {}", self.known.join(", ")),
            });
        }
        Err(error)
    }
}

#[cfg(test)]
mod tests;
