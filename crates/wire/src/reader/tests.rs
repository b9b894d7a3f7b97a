//! What a body's problems look like from outside.

use super::*;
use serde_json::json;

fn refused(f: Fields) -> (ErrorCode, Option<String>, Vec<Field>) {
    let Error::Refused { code, fields, fix, .. } = f.finish().unwrap_err() else {
        panic!("a refusal")
    };
    (code, fix, fields)
}

fn params(fields: &[Field]) -> Vec<(&str, &str)> {
    fields.iter().map(|f| (f.param.as_str(), f.code)).collect()
}

#[test]
fn every_problem_comes_back_at_once() {
    let mut f = Fields::new(json!({"email": "nobody", "name": "", "prepay": "yes"})).unwrap();
    let _ =
        (f.email("email"), f.text("name", 1..=200), f.bool("prepay", false), f.text("code", 1..=2));
    let (code, _, fields) = refused(f);
    assert_eq!(code, ErrorCode::ValidationFailed);
    let expected =
        [("email", "invalid"), ("name", "too_short"), ("prepay", "invalid"), ("code", "required")];
    assert_eq!(params(&fields), expected);
}

#[test]
fn a_typo_is_refused_with_the_nearest_name() {
    let mut f = Fields::new(json!({"prepai": true})).unwrap();
    f.bool("prepay", false);
    let (code, fix, fields) = refused(f);
    assert_eq!(code, ErrorCode::UnknownField);
    assert_eq!(fix.unwrap(), "did you mean prepay?");
    assert!(fields[0].message.contains("did you mean prepay?"));
}

#[test]
fn a_foreign_name_is_refused_with_the_names_that_exist() {
    let mut f = Fields::new(json!({"colour": "red"})).unwrap();
    let _ = (f.bool("prepay", false), f.opt_date("paid_through"));
    let (code, fix, _) = refused(f);
    assert_eq!(code, ErrorCode::UnknownField);
    assert_eq!(fix.unwrap(), "this call takes prepay, paid_through");
}

#[test]
fn a_typo_beside_a_bad_value_is_a_failed_validation_that_names_both() {
    let mut f = Fields::new(json!({"prepai": true, "name": 7})).unwrap();
    let _ = (f.bool("prepay", false), f.text("name", 1..=9));
    let (code, _, fields) = refused(f);
    assert_eq!(code, ErrorCode::ValidationFailed);
    assert_eq!(params(&fields), [("name", "invalid"), ("prepai", "unknown_field")]);
}

#[test]
fn a_field_of_the_server_is_not_writable() {
    let mut f = Fields::new(json!({"status": "active"})).unwrap();
    f.not_writable(&["status"]);
    let (code, _, fields) = refused(f);
    assert_eq!(code, ErrorCode::FieldNotWritable);
    assert_eq!(params(&fields), [("status", "field_not_writable")]);
}

#[test]
fn a_body_that_is_no_object_is_not_json_for_us() {
    for body in [json!([]), json!("text"), json!(null), json!(1)] {
        let error = Fields::new(body).err().unwrap();
        assert_eq!(error.code(), ErrorCode::InvalidJson);
    }
}

#[test]
fn absent_null_and_a_value_are_three_things() {
    let mut f = Fields::new(json!({"a": null, "b": " x "})).unwrap();
    assert_eq!(f.patch_text("a", 1..=9), Patch::Clear);
    assert_eq!(f.patch_text("b", 1..=9), Patch::Set("x".to_owned()));
    assert_eq!(f.patch_text("c", 1..=9), Patch::Keep);
    f.finish().unwrap();
    assert_eq!(Patch::Keep.over(Some(1)), Some(1));
    assert_eq!(Patch::Clear.over(Some(1)), None);
    assert_eq!(Patch::Set(2).over(Some(1)), Some(2));
}

#[test]
fn a_name_has_one_line_and_a_note_may_have_several() {
    let mut f = Fields::new(json!({"name": "a\nBcc: b", "note": "a\nb"})).unwrap();
    f.text("name", 1..=200);
    assert_eq!(f.opt_prose("note", 500).as_deref(), Some("a\nb"));
    assert_eq!(params(&refused(f).2), [("name", "invalid")]);
}

#[test]
fn metadata_is_bounded_and_null_removes() {
    let mut f = Fields::new(json!({"metadata": {"a": "1", "b": null}})).unwrap();
    let read = f.patch_metadata("metadata");
    assert_eq!(read, Patch::Set(vec![("a".into(), Some("1".into())), ("b".into(), None)]));
    f.finish().unwrap();
    let long = "x".repeat(METADATA_VALUE_CHARS_MAX + 1);
    let body = json!({"metadata": {"a": 1, "b": long, "x".repeat(41): "1"}});
    let mut f = Fields::new(body).unwrap();
    f.opt_metadata("metadata");
    let expected = [("metadata/a", "invalid"), ("metadata/b", "too_long"), ("metadata", "invalid")];
    assert_eq!(params(&refused(f).2), expected);
}

#[test]
fn addresses_are_checked_in_place() {
    let body = json!({"forwarding_address":
        {"line1": "1 Main St", "city": "Austin", "state": "Texas", "postal_code": "x", "zip": "1"}});
    let mut f = Fields::new(body).unwrap();
    f.opt_address("forwarding_address");
    let expected = [
        ("forwarding_address/zip", "unknown_field"),
        ("forwarding_address/state", "invalid"),
        ("forwarding_address/postal_code", "invalid"),
    ];
    assert_eq!(params(&refused(f).2), expected);
}

#[test]
fn items_of_a_list_are_named_by_their_place() {
    let mut f = Fields::new(json!({"tags": ["ok", "", 3]})).unwrap();
    f.opt_tags("tags");
    assert_eq!(params(&refused(f).2), [("tags/1", "too_short"), ("tags/2", "invalid")]);
}
