//! Small structures kept as JSON text in one column: addresses, lists of words, pairs.
//!
//! What we filter on is a column of its own, so these texts are opaque to the engines.

use domain::address::Address;
use domain::compliance::{Business, Check, FormData, Verdict};
use domain::customer::ServiceType;
use domain::event::EventType;
use domain::partner::{OrderForm, PartnerSettings};
use domain::usage::CountMethod;
use domain::{Date, id::LocationId};
use serde_json::{Map, Value, json};

use crate::{Error, Result};

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|e| Error::Inconsistent(format!("stored JSON: {e}")))
}

fn text_at(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
}

pub(crate) fn texts_to(list: &[String]) -> String {
    json!(list).to_string()
}

pub(crate) fn texts_from(text: &str) -> Result<Vec<String>> {
    let value = parse(text)?;
    let items = value.as_array().cloned().unwrap_or_default();
    Ok(items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect())
}

/// A comma list of words; a word that is gone from the vocabulary is an error.
pub(crate) fn words_from<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let words = text.split(',').filter(|w| !w.is_empty());
    words.map(|w| read(w).ok_or_else(|| Error::Inconsistent(format!("unknown word {w}")))).collect()
}

pub(crate) fn words_to<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(",")
}

/// Numbers in the form that `words_from` reads.
pub(crate) fn numbers_to(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

pub(crate) fn pairs_to(pairs: &[(String, String)]) -> String {
    Value::Object(pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect()).to_string()
}

pub(crate) fn pairs_from(text: &str) -> Result<Vec<(String, String)>> {
    let value = parse(text)?;
    let map = value.as_object().cloned().unwrap_or_default();
    Ok(map.into_iter().filter_map(|(k, v)| v.as_str().map(|v| (k.clone(), v.to_owned()))).collect())
}

pub(crate) fn switches_to(pairs: &[(String, bool)]) -> String {
    Value::Object(pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect()).to_string()
}

pub(crate) fn switches_from(text: &str) -> Result<Vec<(String, bool)>> {
    let value = parse(text)?;
    let map = value.as_object().cloned().unwrap_or_default();
    Ok(map.into_iter().filter_map(|(k, v)| v.as_bool().map(|v| (k.clone(), v))).collect())
}

fn address_value(a: &Address) -> Value {
    json!({
        "name": a.name, "company": a.company, "line1": a.line1, "line2": a.line2, "city": a.city,
        "state": a.state, "postal_code": a.postal_code, "country": a.country, "phone": a.phone,
    })
}

fn address_of(value: &Value) -> Address {
    let need = |name| text_at(value, name).unwrap_or_default();
    Address {
        name: text_at(value, "name"),
        company: text_at(value, "company"),
        line1: need("line1"),
        line2: text_at(value, "line2"),
        city: need("city"),
        state: need("state"),
        postal_code: need("postal_code"),
        country: need("country"),
        phone: text_at(value, "phone"),
    }
}

pub(crate) fn address_to(address: &Address) -> String {
    address_value(address).to_string()
}

pub(crate) fn address_from(text: &str) -> Result<Address> {
    Ok(address_of(&parse(text)?))
}

pub(crate) fn form_to(form: &FormData) -> String {
    let business = form.business.as_ref().map(|b| {
        json!({
            "name": b.name, "kind": b.kind, "address": b.address.as_ref().map(address_value),
            "phone": b.phone, "place_of_registration": b.place_of_registration,
        })
    });
    json!({
        "service_type": form.service_type.map(ServiceType::as_str),
        "last_name": form.last_name, "first_name": form.first_name,
        "middle_initial": form.middle_initial, "phone": form.phone, "email": form.email,
        "home": form.home.as_ref().map(address_value), "court_protected": form.court_protected,
        "transfer": form.transfer.as_ref().map(address_value), "business": business,
    })
    .to_string()
}

pub(crate) fn form_from(text: &str) -> Result<FormData> {
    let value = parse(text)?;
    let inner = |name| value.get(name).filter(|v| v.is_object());
    let business = inner("business").map(|b| Business {
        name: text_at(b, "name").unwrap_or_default(),
        kind: text_at(b, "kind").unwrap_or_default(),
        address: b.get("address").filter(|v| v.is_object()).map(address_of),
        phone: text_at(b, "phone"),
        place_of_registration: text_at(b, "place_of_registration").unwrap_or_default(),
    });
    Ok(FormData {
        service_type: text_at(&value, "service_type").and_then(|t| ServiceType::parse(&t)),
        last_name: text_at(&value, "last_name").unwrap_or_default(),
        first_name: text_at(&value, "first_name").unwrap_or_default(),
        middle_initial: text_at(&value, "middle_initial"),
        phone: text_at(&value, "phone"),
        email: text_at(&value, "email"),
        home: inner("home").map(address_of),
        court_protected: value.get("court_protected").and_then(Value::as_bool).unwrap_or(false),
        transfer: inner("transfer").map(address_of),
        business,
    })
}

pub(crate) fn checklist_to(list: &[Check]) -> String {
    let line = |c: &Check| json!({"rule": c.rule, "verdict": c.verdict.as_str(), "note": c.note});
    Value::Array(list.iter().map(line).collect()).to_string()
}

pub(crate) fn checklist_from(text: &str) -> Result<Vec<Check>> {
    let line = |value: &Value| {
        let verdict = text_at(value, "verdict").and_then(|t| Verdict::parse(&t));
        Ok(Check {
            rule: text_at(value, "rule").unwrap_or_default(),
            verdict: verdict
                .ok_or_else(|| Error::Inconsistent("a check without a verdict".to_owned()))?,
            note: text_at(value, "note"),
        })
    };
    parse(text)?.as_array().into_iter().flatten().map(line).collect()
}

pub(crate) fn settings_to(s: &PartnerSettings) -> String {
    json!({
        "default_location": s.default_location.map(|l| l.to_string()), "share_scans": s.share_scans,
        "require_idempotency_key": s.require_idempotency_key,
        "delete_window_hours": s.delete_window_hours,
        "auto_activate_on_approval": s.auto_activate_on_approval, "strict_form_lock": s.strict_form_lock,
        "rate_per_10s": s.rate_per_10s, "rate_burst": s.rate_burst,
        "count_suspended": s.count_suspended, "portal_url": s.portal_url,
        "optional_events": s.optional_events.iter().map(|t| t.as_str()).collect::<Vec<_>>(),
        "payload_quota_bytes": s.payload_quota_bytes,
    })
    .to_string()
}

/// Settings that a row does not name have their defaults, so that a new one needs no migration.
pub(crate) fn settings_from(text: &str) -> Result<PartnerSettings> {
    let value = parse(text)?;
    let flag = |name: &str, default| value.get(name).and_then(Value::as_bool).unwrap_or(default);
    let number = |name: &str, default| value.get(name).and_then(Value::as_i64).unwrap_or(default);
    let d = PartnerSettings::default();
    Ok(PartnerSettings {
        default_location: text_at(&value, "default_location").and_then(|t| LocationId::parse(&t)),
        share_scans: flag("share_scans", d.share_scans),
        require_idempotency_key: flag("require_idempotency_key", d.require_idempotency_key),
        delete_window_hours: number("delete_window_hours", d.delete_window_hours),
        auto_activate_on_approval: flag("auto_activate_on_approval", d.auto_activate_on_approval),
        strict_form_lock: flag("strict_form_lock", d.strict_form_lock),
        rate_per_10s: number("rate_per_10s", d.rate_per_10s),
        rate_burst: number("rate_burst", d.rate_burst),
        count_suspended: flag("count_suspended", d.count_suspended),
        portal_url: text_at(&value, "portal_url"),
        optional_events: value["optional_events"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|word| EventType::parse(word.as_str()?))
            .collect(),
        payload_quota_bytes: value.get("payload_quota_bytes").and_then(Value::as_i64),
    })
}

pub(crate) fn order_form_to(form: &OrderForm) -> String {
    json!({
        "currency": form.currency, "unit_price_minor": form.unit_price_minor,
        "monthly_minimum_minor": form.monthly_minimum_minor, "count_method": form.count_method.as_str(),
        "timezone": form.timezone, "show_price_in_api": form.show_price_in_api,
        "starts_on": form.starts_on.map(|d| d.to_string()),
    })
    .to_string()
}

pub(crate) fn order_form_from(text: &str) -> Result<OrderForm> {
    let value = parse(text)?;
    let method = text_at(&value, "count_method").and_then(|t| CountMethod::parse(&t));
    Ok(OrderForm {
        currency: text_at(&value, "currency").unwrap_or_else(|| "USD".to_owned()),
        unit_price_minor: value.get("unit_price_minor").and_then(Value::as_i64),
        monthly_minimum_minor: value.get("monthly_minimum_minor").and_then(Value::as_i64),
        count_method: method.unwrap_or(CountMethod::DistinctActive),
        timezone: text_at(&value, "timezone").unwrap_or_else(|| "UTC".to_owned()),
        show_price_in_api: value.get("show_price_in_api").and_then(Value::as_bool).unwrap_or(false),
        starts_on: text_at(&value, "starts_on").and_then(|t| Date::parse(&t)),
    })
}

/// A JSON object from named texts, for audit details.
pub fn details(pairs: &[(&str, &str)]) -> String {
    Value::Object(pairs.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect::<Map<_, _>>())
        .to_string()
}
