//! Reading values that have parts: lists, tags, metadata, nested objects, addresses.

use std::ops::RangeInclusive;

use domain::address::Address;
use serde_json::Value;

use super::{Fields, Patch};

/// Pairs of metadata, characters of a name, characters of a value.
pub const METADATA_PAIRS_MAX: usize = 50;
pub const METADATA_NAME_CHARS_MAX: usize = 40;
pub const METADATA_VALUE_CHARS_MAX: usize = 500;
/// Tags on one thing, characters of a tag.
pub const TAGS_MAX: usize = 50;
pub const TAG_CHARS_MAX: usize = 50;
/// Switches in one object.
pub const SWITCHES_MAX: usize = 50;

/// Pairs of metadata; a value of `None` removes its name.
pub(crate) type MetadataPairs = Vec<(String, Option<String>)>;

impl Fields {
    /// A list of at most `max` items, each read by `read`, which notes its own problems under
    /// `name/index`.
    pub fn opt_list<T>(
        &mut self,
        name: &'static str,
        max: usize,
        mut read: impl FnMut(&mut Self, &str, Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.given(name)?;
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

    /// Reads an item of a list as a text that `parse` understands; `rule` says what it must be.
    pub fn item_parsed<T>(
        &mut self,
        at: &str,
        value: &Value,
        parse: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Option<T> {
        self.check_parsed(at, value, parse, rule)
    }

    /// A list of at most `max` whole numbers.
    pub fn opt_integers(
        &mut self,
        name: &'static str,
        max: usize,
        range: RangeInclusive<i64>,
    ) -> Option<Vec<i64>> {
        self.opt_list(name, max, |f, at, item| f.check_integer(at, &item, &range))
    }

    pub fn patch_integers(
        &mut self,
        name: &'static str,
        max: usize,
        range: RangeInclusive<i64>,
    ) -> Patch<Vec<i64>> {
        self.patch_by(name, |f| f.opt_integers(name, max, range))
    }

    /// An object of at most `max` texts, which are judged elsewhere.
    pub fn opt_texts(&mut self, name: &'static str, max: usize) -> Option<Vec<(String, String)>> {
        let value = self.given(name)?;
        let pairs = value.as_object().filter(|map| map.len() <= max);
        let read: Option<Vec<(String, String)>> = pairs.and_then(|map| {
            map.iter().map(|(k, v)| v.as_str().map(|v| (k.clone(), v.to_owned()))).collect()
        });
        if read.is_none() {
            let rule = format!("{name} must be an object of at most {max} strings");
            self.problem(name, "invalid", rule);
        }
        read
    }

    pub fn patch_texts(&mut self, name: &'static str, max: usize) -> Patch<Vec<(String, String)>> {
        self.patch_by(name, |f| f.opt_texts(name, max))
    }

    pub fn opt_tags(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.opt_list(name, TAGS_MAX, |f, at, item| f.item_text(at, item, 1..=TAG_CHARS_MAX))
    }

    pub fn patch_tags(&mut self, name: &'static str) -> Patch<Vec<String>> {
        self.patch_by(name, |f| f.opt_tags(name))
    }

    /// Metadata: strings under names; `null` removes a name, which only PATCH may do.
    pub fn opt_metadata(&mut self, name: &'static str) -> Option<MetadataPairs> {
        let value = self.given(name)?;
        let Value::Object(pairs) = value else {
            self.problem(name, "invalid", format!("{name} must be an object of strings"));
            return None;
        };
        if pairs.len() > METADATA_PAIRS_MAX {
            let rule = format!("{name} has at most {METADATA_PAIRS_MAX} pairs");
            self.problem(name, "too_many", rule);
            return None;
        }
        let mut read = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let at = format!("{name}/{key}");
            if key.is_empty() || key.chars().count() > METADATA_NAME_CHARS_MAX {
                let rule = format!("a name has 1 to {METADATA_NAME_CHARS_MAX} characters");
                self.problem(name, "invalid", rule);
                continue;
            }
            if value.is_null() {
                read.push((key, None));
                continue;
            }
            let text = self.check_text(&at, value, &(0..=METADATA_VALUE_CHARS_MAX));
            read.extend(text.map(|t| (key, Some(t))));
        }
        Some(read)
    }

    pub fn patch_metadata(&mut self, name: &'static str) -> Patch<MetadataPairs> {
        self.patch_by(name, |f| f.opt_metadata(name))
    }

    /// Tells absent and null apart before a getter that does not.
    /// A member of a PATCH body that a getter for a given one reads.
    pub(crate) fn patch_by<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Patch<T> {
        if self.members.get(name).is_none_or(Value::is_null) {
            return self.patch(name, |_, _| None);
        }
        read(self).map_or(Patch::Keep, Patch::Set)
    }

    /// An object of switches, such as `{"email": true}`.
    pub fn patch_switches(&mut self, name: &'static str) -> Patch<Vec<(String, bool)>> {
        self.patch(name, |f, value| {
            let named = |k: &String| (1..=METADATA_NAME_CHARS_MAX).contains(&k.chars().count());
            let pairs = value.as_object().filter(|map| map.len() <= SWITCHES_MAX);
            let pairs = pairs.filter(|map| map.keys().all(named));
            let read: Option<Vec<(String, bool)>> = pairs.and_then(|map| {
                map.iter().map(|(k, v)| v.as_bool().map(|on| (k.clone(), on))).collect()
            });
            if read.is_none() {
                let rule = format!(
                    "{name} must be an object of at most {SWITCHES_MAX} names with true or false"
                );
                f.problem(name, "invalid", rule);
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
        let value = self.given(name)?;
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
        inner.is_lenient = self.is_lenient;
        let read = read(&mut inner);
        inner.note_unknown();
        self.problems.append(&mut inner.problems);
        Some(read)
    }

    /// A postal address; what is wrong with it is noted.
    pub fn opt_address(&mut self, name: &'static str) -> Option<Address> {
        let value = self.given(name)?;
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
}
