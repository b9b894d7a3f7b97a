//! The JSON of a filter (`domain::filter`): an object with one member, which names the dialect.
//!
//! `{"any": [{"exact": {"customer_id": "cus_1"}}, {"prefix": {"external_customer_id": "acme-"}}]}`

use domain::Field;
use domain::filter::{Attribute, DEPTH_MAX, Filter, TERMS_MAX, Term, VALUE_CHARS_MAX};
use serde_json::{Map, Value, json};

const DIALECT_RULE: &str =
    "a filter is an object with one member: exact, prefix, suffix, all, any or not";

/// Reads a filter; the problems are named by the path from `at`, such as `filter/any/0/exact`.
pub fn read(at: &str, value: &Value) -> Result<Filter, Vec<Field>> {
    let mut reader = Reader { problems: Vec::new(), n_terms: 0 };
    let read = reader.filter(at, value, 1);
    match read {
        Some(filter) if reader.problems.is_empty() => Ok(filter),
        Some(_) | None => Err(reader.problems),
    }
}

/// Reads a filter as [`text`] wrote it.
pub fn parse(text: &str) -> Option<Filter> {
    read("", &serde_json::from_str(text).ok()?).ok()
}

/// As it is stored.
pub fn text(filter: &Filter) -> String {
    shown(filter).to_string()
}

/// As callers send it.
pub fn shown(filter: &Filter) -> Value {
    let terms = |terms: &[Term]| {
        let members = terms.iter().map(|(name, value)| (name.to_string(), json!(value)));
        Value::Object(members.collect())
    };
    let filters = |filters: &[Filter]| filters.iter().map(shown).collect::<Value>();
    match filter {
        Filter::Exact(of) => json!({"exact": terms(of)}),
        Filter::Prefix(of) => json!({"prefix": terms(of)}),
        Filter::Suffix(of) => json!({"suffix": terms(of)}),
        Filter::All(of) => json!({"all": filters(of)}),
        Filter::Any(of) => json!({"any": filters(of)}),
        Filter::Not(of) => json!({"not": shown(of)}),
    }
}

struct Reader {
    problems: Vec<Field>,
    n_terms: usize,
}

impl Reader {
    fn refuse<T>(&mut self, at: &str, message: impl Into<String>) -> Option<T> {
        self.problems.push(Field::new(at, "invalid", message));
        None
    }

    fn filter(&mut self, at: &str, value: &Value, depth: usize) -> Option<Filter> {
        if depth > DEPTH_MAX {
            return self.refuse(at, format!("filters are at most {DEPTH_MAX} deep"));
        }
        let members = value.as_object().filter(|members| members.len() == 1);
        let Some((dialect, inner)) = members.and_then(|members| members.iter().next()) else {
            return self.refuse(at, DIALECT_RULE);
        };
        let inside = format!("{at}/{dialect}");
        match dialect.as_str() {
            "exact" => self.terms(&inside, inner).map(Filter::Exact),
            "prefix" => self.terms(&inside, inner).map(Filter::Prefix),
            "suffix" => self.terms(&inside, inner).map(Filter::Suffix),
            "all" => self.filters(&inside, inner, depth).map(Filter::All),
            "any" => self.filters(&inside, inner, depth).map(Filter::Any),
            "not" => self.filter(&inside, inner, depth + 1).map(|of| Filter::Not(Box::new(of))),
            _ => self.refuse(at, DIALECT_RULE),
        }
    }

    fn filters(&mut self, at: &str, value: &Value, depth: usize) -> Option<Vec<Filter>> {
        let Some(items) = value.as_array().filter(|items| (1..=TERMS_MAX).contains(&items.len()))
        else {
            return self.refuse(at, format!("a list of 1 to {TERMS_MAX} filters"));
        };
        let read = |(i, item)| self.filter(&format!("{at}/{i}"), item, depth + 1);
        items.iter().enumerate().map(read).collect()
    }

    fn terms(&mut self, at: &str, value: &Value) -> Option<Vec<Term>> {
        let Some(members) = value.as_object().filter(|members| !members.is_empty()) else {
            return self.refuse(at, "an object of attributes and what they are compared with");
        };
        self.n_terms += members.len();
        if self.n_terms > TERMS_MAX {
            return self.refuse(at, format!("a filter has at most {TERMS_MAX} comparisons"));
        }
        self.members(at, members)
    }

    fn members(&mut self, at: &str, members: &Map<String, Value>) -> Option<Vec<Term>> {
        let mut terms = Vec::with_capacity(members.len());
        for (name, value) in members {
            let text =
                value.as_str().filter(|t| (1..=VALUE_CHARS_MAX).contains(&t.chars().count()));
            match (Attribute::parse(name), text) {
                (Some(attribute), Some(text)) => terms.push((attribute, text.to_owned())),
                (Some(_), None) => {
                    let rule = format!("a text of 1 to {VALUE_CHARS_MAX} characters");
                    return self.refuse(&format!("{at}/{name}"), rule);
                }
                (None, _) => {
                    let known: Vec<&str> = Attribute::ALL.iter().map(|a| a.as_str()).collect();
                    let rule =
                        format!("events have no such attribute; these are: {}", known.join(", "));
                    return self.refuse(at, rule);
                }
            }
        }
        Some(terms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filters() -> impl Strategy<Value = Filter> {
        let terms = proptest::collection::btree_map(
            (0..Attribute::ALL.len()).prop_map(|i| Attribute::ALL[i]),
            "[ -~\u{e0}-\u{ff}]{1,9}",
            1..3,
        );
        let leaf = (0..3_usize, terms).prop_map(|(dialect, terms)| {
            let mut terms: Vec<Term> = terms.into_iter().collect();
            terms.sort_by_key(|(name, _)| name.as_str());
            let dialects: [fn(Vec<Term>) -> Filter; 3] =
                [Filter::Exact, Filter::Prefix, Filter::Suffix];
            dialects[dialect](terms)
        });
        leaf.prop_recursive(3, 12, 3, |inner| {
            let list = proptest::collection::vec(inner.clone(), 1..3);
            prop_oneof![
                list.clone().prop_map(Filter::All),
                list.prop_map(Filter::Any),
                inner.prop_map(|of| Filter::Not(Box::new(of))),
            ]
        })
    }

    fn anything() -> impl Strategy<Value = Value> {
        let names =
            prop_oneof!["exact", "prefix", "all", "any", "not", "type", "customer_id", ".{0,3}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            ".{0,9}".prop_map(Value::from)
        ];
        leaf.prop_recursive(8, 64, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(names.clone(), inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_as_it_was(filter in filters()) {
            prop_assert_eq!(parse(&text(&filter)), Some(filter));
        }

        #[test]
        fn anything_is_read_or_refused_with_a_reason(value in anything()) {
            match read("filter", &value) {
                Ok(filter) => prop_assert_eq!(shown(&filter), value),
                Err(problems) => prop_assert!(!problems.is_empty()),
            }
        }
    }

    #[test]
    fn case_7_what_is_unknown_too_deep_or_too_much_is_refused_by_its_path() {
        let exact = json!({"exact": {"type": "mail.arrived"}});
        let mut deep = exact.clone();
        for _ in 0..DEPTH_MAX {
            deep = json!({"not": deep});
        }
        let many: Value =
            (0..=TERMS_MAX / 2).map(|_| json!({"exact": {"type": "a", "mail_id": "b"}})).collect();
        for (value, at) in [
            (json!("mail.arrived"), "filter"),
            (json!({}), "filter"),
            (json!({"like": {"type": "mail"}}), "filter"),
            (json!({"exact": {"type": "a"}, "prefix": {"type": "a"}}), "filter"),
            (json!({"exact": {}}), "filter/exact"),
            (json!({"exact": {"colour": "red"}}), "filter/exact"),
            (json!({"exact": {"type": 7}}), "filter/exact/type"),
            (json!({"prefix": {"type": ""}}), "filter/prefix/type"),
            (json!({"suffix": {"type": "x".repeat(VALUE_CHARS_MAX + 1)}}), "filter/suffix/type"),
            (json!({"all": []}), "filter/all"),
            (json!({"any": [exact, 7]}), "filter/any/1"),
            (deep, "filter/not/not/not/not"),
            (json!({"any": many}), "filter/any/16/exact"),
        ] {
            let problems = read("filter", &value).unwrap_err();
            assert_eq!(problems[0].param, at, "{value}");
        }
    }
}
