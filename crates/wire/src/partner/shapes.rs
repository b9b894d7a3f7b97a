//! Schemas of maps, which a field's type alone leaves without bounds.

use domain::endpoint::{HEADER_NAME_CHARS_MAX, HEADER_VALUE_CHARS_MAX, HEADERS_MAX};
use domain::event::Audience;
use domain::filter::{Attribute, TERMS_MAX, VALUE_CHARS_MAX};
use serde_json::json;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type,
};

use crate::reader::{
    METADATA_NAME_CHARS_MAX, METADATA_PAIRS_MAX, METADATA_VALUE_CHARS_MAX, SWITCHES_MAX,
};

/// The partner's own pairs, as they are shown.
pub(crate) fn metadata() -> Object {
    pairs(&[Type::String]).build()
}

/// The same where they are set; left out, there are none.
pub(crate) fn metadata_set() -> Object {
    pairs(&[Type::String]).schema_type(types(&[Type::Object, Type::Null])).build()
}

/// The same where they are changed.
pub(crate) fn metadata_merge() -> Object {
    pairs(&[Type::String, Type::Null])
        .schema_type(types(&[Type::Object, Type::Null]))
        .description(Some(
            "Merged into what is there: null as a value removes its name, null for the whole clears it. \
             At most 50 pairs; names have 40 characters, values 500.",
        ))
        .build()
}

/// Channels switched on or off.
pub(crate) fn switches() -> Object {
    ObjectBuilder::new()
        .schema_type(types(&[Type::Object, Type::Null]))
        .description(Some("Channels switched on or off, such as email. At most 50."))
        .max_properties(Some(SWITCHES_MAX))
        .property_names(Some(name()))
        .additional_properties(Some(ObjectBuilder::new().schema_type(Type::Boolean)))
        .build()
}

/// Headers of one's own, which each request to an endpoint carries.
pub(crate) fn headers() -> Object {
    let text = |max| {
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(max))
    };
    ObjectBuilder::new()
        .schema_type(types(&[Type::Object, Type::Null]))
        .description(Some(
            "All headers that each request carries, such as Authorization; null is none. Their values are not \
             shown again. At most 20, of 8 KiB together; names have 64 letters, digits and dashes.",
        ))
        .max_properties(Some(HEADERS_MAX))
        .property_names(Some(text(HEADER_NAME_CHARS_MAX).pattern(Some("^[A-Za-z0-9-]+$"))))
        .additional_properties(Some(text(HEADER_VALUE_CHARS_MAX)))
        .build()
}

/// A filter of an endpoint (`domain::filter`).
pub(crate) fn filter() -> Object {
    let value = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(VALUE_CHARS_MAX))
    };
    let object = |max| {
        let object = ObjectBuilder::new().schema_type(Type::Object);
        object.min_properties(Some(1)).max_properties(Some(max))
    };
    let terms = || {
        let known = Attribute::ALL.iter().filter(|a| a.is_told_to(Audience::Partner));
        let terms = known.fold(object(TERMS_MAX), |terms, a| terms.property(a.as_str(), value()));
        terms.additional_properties(Some(AdditionalProperties::FreeForm(false)))
    };
    let list =
        || ArrayBuilder::new().items(object(1)).min_items(Some(1)).max_items(Some(TERMS_MAX));
    object(1)
        .schema_type(types(&[Type::Object, Type::Null]))
        .description(Some(
            "Which events of the types; null is all of them. One member: exact, prefix or suffix has attributes of the \
             event and what each must be, begin or end with; all and any have a list of filters, not has one. \
             At most 32 comparisons, filters inside filters at most 4 deep.",
        ))
        .property("exact", terms())
        .property("prefix", terms())
        .property("suffix", terms())
        .property("all", list())
        .property("any", list())
        .property("not", object(1))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        .examples([json!({"prefix": {"external_customer_id": "acme-"}})])
        .build()
}

fn pairs(of: &[Type]) -> ObjectBuilder {
    let value =
        ObjectBuilder::new().schema_type(types(of)).max_length(Some(METADATA_VALUE_CHARS_MAX));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(
            "The partner's own pairs, given back as they were sent and in every event. \
             At most 50; names have 40 characters, values 500.",
        ))
        .max_properties(Some(METADATA_PAIRS_MAX))
        .property_names(Some(name()))
        .additional_properties(Some(value))
}

fn name() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(METADATA_NAME_CHARS_MAX))
}

fn types(of: &[Type]) -> SchemaType {
    match of {
        [one] => SchemaType::Type(one.clone()),
        many => SchemaType::Array(many.to_vec()),
    }
}
