//! The `Idempotency-Key` header and the fingerprint of a request (developer-experience.md 30 to 33).

use std::fmt::Write as _;

use app::Idempotency;
use axum::http::{HeaderMap, Method, Uri};
use domain::{Error, ErrorCode, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Characters of a key.
pub(crate) const KEY_CHARS_MAX: usize = 255;

/// The key of a request and its fingerprint; `None` when the caller sent none and need not.
pub(crate) fn read(
    headers: &HeaderMap,
    method: &Method,
    uri: &Uri,
    body: &Value,
    required: bool,
) -> Result<Option<Idempotency>> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let Some(first) = sent.next() else {
        if required {
            return Err(Error::refused(
                ErrorCode::IdempotencyKeyRequired,
                "this partner requires an Idempotency-Key on every write",
            )
            .fix("send a key that is unique to this change, for example crm_customer_123_create"));
        }
        return Ok(None);
    };
    let key = first.to_str().ok().map(unquoted).filter(|key| is_key(key) && sent.next().is_none());
    let Some(key) = key else {
        return Err(Error::refused(
            ErrorCode::IdempotencyKeyInvalid,
            "Idempotency-Key must be one value of 1 to 255 visible ASCII characters",
        ));
    };
    Ok(Some(Idempotency {
        key: key.to_owned(),
        fingerprint: fingerprint(method, uri, body),
        path: format!("{method} {}", uri.path()),
    }))
}

/// The IETF draft quotes the key, the seed does not; both mean the same.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

fn is_key(key: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

fn fingerprint(method: &Method, uri: &Uri, body: &Value) -> [u8; 32] {
    let mut query: Vec<&str> = uri.query().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    let mut text = format!("{method} {}?{}\n", uri.path(), query.join("&"));
    canonical(body, &mut text);
    Sha256::digest(text.as_bytes()).into()
}

/// Writes JSON with sorted members and no spaces, so that neither order nor layout matters
/// (in the spirit of RFC 8785; numbers keep their own spelling).
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in members {
                let _ = write!(out, "{}:", Value::String(name.clone()));
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let _ = write!(out, "{value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keyed(key: &str) -> Result<Option<Idempotency>> {
        let headers =
            HeaderMap::from_iter([("idempotency-key".parse().unwrap(), key.parse().unwrap())]);
        read(&headers, &Method::POST, &Uri::from_static("/api/v1/mail"), &json!({}), false)
    }

    #[test]
    fn bare_and_quoted_keys_are_the_same_key() {
        assert_eq!(keyed("crm_1").unwrap().unwrap().key, "crm_1");
        assert_eq!(keyed("\"crm_1\"").unwrap().unwrap().key, "crm_1");
    }

    #[test]
    fn empty_long_and_spaced_keys_are_refused() {
        for key in ["", "\"\"", "a b", &"k".repeat(256)] {
            assert_eq!(keyed(key).unwrap_err().code(), ErrorCode::IdempotencyKeyInvalid, "{key}");
        }
    }

    #[test]
    fn layout_and_order_do_not_change_a_fingerprint_and_content_does() {
        let of = |body: Value| fingerprint(&Method::POST, &Uri::from_static("/x?b=2&a=1"), &body);
        assert_eq!(
            of(json!({"a": 1, "b": [1, {"c": 2}]})),
            of(json!({"b": [1, {"c": 2}], "a": 1}))
        );
        assert_ne!(of(json!({"a": 1})), of(json!({"a": 2})));
        let swapped = fingerprint(&Method::POST, &Uri::from_static("/x?a=1&b=2"), &json!({}));
        assert_eq!(of(json!({})), swapped);
    }
}
