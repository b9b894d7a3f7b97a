//! A contact's profile as JSON text. The members are named as the API names them, but for lists whose values
//! have one name here.

use domain::Date;
use domain::email::contact::{Anniversary, Labelled, Place, Profile};
use serde_json::{Value, json};

use crate::{Error, Result};

pub(super) fn to_text(p: &Profile) -> String {
    let labelled = |list: &[Labelled]| -> Value {
        list.iter()
            .map(|l| json!({"label": l.label, "value": l.value, "is_primary": l.is_primary}))
            .collect()
    };
    let dates: Value =
        p.dates.iter().map(|d| json!({"label": d.label, "date": d.date.to_string()})).collect();
    json!({
        "preferred_name": p.preferred_name, "name_prefix": p.name_prefix, "given_name": p.given_name,
        "middle_name": p.middle_name, "family_name": p.family_name, "name_suffix": p.name_suffix,
        "company_name": p.company_name, "job_title": p.job_title,
        "birthday": p.birthday.map(|d| d.to_string()), "notes": p.notes, "emails": labelled(&p.emails),
        "phones": labelled(&p.phones), "websites": labelled(&p.websites), "dates": dates,
        "addresses": p.addresses.iter().map(place_value).collect::<Value>(),
        "custom_fields": labelled(&p.custom_fields),
    })
    .to_string()
}

pub(super) fn from_text(text: &str) -> Result<Profile> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| Error::Inconsistent(format!("the profile of a contact: {e}")))?;
    let text = |name| text_at(&value, name);
    let labelled = |name: &str| items(&value, name).map(labelled).collect();
    Ok(Profile {
        preferred_name: text("preferred_name"),
        name_prefix: text("name_prefix"),
        given_name: text("given_name"),
        middle_name: text("middle_name"),
        family_name: text("family_name"),
        name_suffix: text("name_suffix"),
        company_name: text("company_name"),
        job_title: text("job_title"),
        birthday: text("birthday").and_then(|t| Date::parse(&t)),
        notes: text("notes"),
        emails: labelled("emails"),
        phones: labelled("phones"),
        websites: labelled("websites"),
        dates: items(&value, "dates").filter_map(anniversary).collect(),
        addresses: items(&value, "addresses").map(place).collect(),
        custom_fields: labelled("custom_fields"),
    })
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn text_at(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn labelled(value: &Value) -> Labelled {
    Labelled {
        label: text_at(value, "label"),
        value: text_at(value, "value").unwrap_or_default(),
        is_primary: value["is_primary"].as_bool().unwrap_or(false),
    }
}

fn anniversary(value: &Value) -> Option<Anniversary> {
    let date = Date::parse(&text_at(value, "date")?)?;
    Some(Anniversary { label: text_at(value, "label"), date })
}

fn place_value(p: &Place) -> Value {
    json!({
        "label": p.label, "street": p.street, "city": p.city, "region": p.region, "postal": p.postal,
        "country": p.country,
    })
}

fn place(value: &Value) -> Place {
    let text = |name| text_at(value, name);
    Place {
        label: text("label"),
        street: text("street"),
        city: text("city"),
        region: text("region"),
        postal: text("postal"),
        country: text("country"),
    }
}
