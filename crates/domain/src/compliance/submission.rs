//! What an applicant must have given before a form can be signed (V2; rules ).

use super::{ADDRESS_ID_TYPES, Document, DocumentRole, DocumentStatus, FormData, PHOTO_ID_TYPES};
use crate::address::Address;
use crate::customer::ServiceType;
use crate::{Date, Field};

/// Everything that stands between a form and its submission (V2), all at once.
///
/// `site` is the mailroom's own address, which cannot be anybody's home.
pub fn submission_problems(
    form: &FormData,
    documents: &[Document],
    site: &Address,
    today: Date,
) -> Vec<Field> {
    let mut found = form_problems(form, site);
    let find = |role| documents.iter().rev().find(|d| d.role == role && is_live(d));
    let (photo, address) = (find(DocumentRole::PhotoId), find(DocumentRole::AddressId));
    found.extend(document_problems(photo, "identity/photo_id", PHOTO_ID_TYPES, today));
    found.extend(document_problems(address, "identity/address_id", ADDRESS_ID_TYPES, today));
    if let (Some(photo), Some(address)) = (photo, address) {
        // A licence may serve in either role; its two sides may not serve in both.
        if photo.sha256 == address.sha256 || photo.kind == address.kind {
            found.push(Field::new(
                "identity/address_id",
                "same_document_twice",
                "one document cannot prove both identity and address; upload another one",
            ));
        }
        let differs =
            |home: &Address| address.address.as_ref().is_some_and(|a| !a.is_same_place(home));
        if form.home.as_ref().is_some_and(differs) {
            found.push(Field::new(
                "form/home",
                "address_mismatch",
                "the home address must be the one on the address document",
            ));
        }
    }
    if form.court_protected && find(DocumentRole::CourtOrder).is_none() {
        found.push(Field::new(
            "identity/court_order",
            "court_order_missing",
            "attach the court order",
        ));
    }
    found
}

fn is_live(document: &Document) -> bool {
    matches!(document.status, DocumentStatus::Uploaded | DocumentStatus::Accepted)
}

fn form_problems(form: &FormData, site: &Address) -> Vec<Field> {
    let mut found = Vec::new();
    let mut need = |at: &str, ok: bool, message: &str| {
        if !ok {
            found.push(Field::new(at, "form_incomplete", message));
        }
    };
    need(
        "form/service_type",
        form.service_type.is_some(),
        "choose business or residential (item 3)",
    );
    need("form/last_name", !form.last_name.trim().is_empty(), "the last name is missing (item 4a)");
    need(
        "form/first_name",
        !form.first_name.trim().is_empty(),
        "the first name is missing (item 4b)",
    );
    need("form/home", form.home.is_some(), "the home address is missing (items 4f to 4j)");
    if form.service_type == Some(ServiceType::Business) {
        let complete = form.business.as_ref().is_some_and(|b| {
            !b.name.is_empty() && !b.place_of_registration.is_empty() && b.address.is_some()
        });
        need(
            "form/business",
            complete,
            "name, address and place of registration are needed (item 7)",
        );
    }
    if let Some(home) = &form.home {
        found.extend(home.problems("form/home"));
        let bare = |a: &Address| Address { line2: None, ..a.clone() };
        if bare(home).is_same_place(&bare(site)) {
            let message = "the mailroom's address cannot be the home address";
            found.push(Field::new("form/home", "address_is_cmra", message));
        }
    }
    found
}

fn document_problems(
    document: Option<&Document>,
    at: &str,
    types: &[&str],
    today: Date,
) -> Option<Field> {
    let Some(document) = document else {
        return Some(Field::new(at, "form_incomplete", "this document is missing"));
    };
    if !types.contains(&document.kind.as_str()) {
        let message = format!("this type is not accepted here; accepted are {}", types.join(", "));
        return Some(Field::new(at, "id_wrong_type", message));
    }
    if document.expires_on.is_some_and(|day| day < today) {
        return Some(Field::new(
            at,
            "id_expired",
            "this document has expired; upload a current one",
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::compliance::{Business, DocumentStatus};
    use crate::id::{CustomerId, DocumentId};

    const TODAY: &str = "2026-11-20";

    fn place(line1: &str) -> Address {
        Address {
            line1: line1.into(),
            city: "Austin".into(),
            state: "TX".into(),
            postal_code: "78745".into(),
            country: "US".into(),
            ..Address::default()
        }
    }

    fn document(role: DocumentRole, kind: &str, image: u8) -> Document {
        Document {
            id: DocumentId([image; 16]),
            customer_id: CustomerId([0; 16]),
            role,
            kind: kind.into(),
            issuing_entity: None,
            number_last4: None,
            expires_on: Date::parse("2027-01-01"),
            name_on_document: None,
            address: Some(place("12 Home St")),
            sha256: vec![image; 32],
            status: DocumentStatus::Uploaded,
            created_at: Timestamp::from_micros(0),
        }
    }

    fn applicant() -> (FormData, Vec<Document>) {
        let form = FormData {
            service_type: Some(ServiceType::Residential),
            last_name: "Smith".into(),
            first_name: "Jane".into(),
            home: Some(place("12 Home St")),
            ..FormData::default()
        };
        let documents = vec![
            document(DocumentRole::PhotoId, "passport", 1),
            document(DocumentRole::AddressId, "current_lease", 2),
        ];
        (form, documents)
    }

    fn codes(change: impl FnOnce(&mut FormData, &mut Vec<Document>)) -> Vec<&'static str> {
        let (mut form, mut documents) = applicant();
        change(&mut form, &mut documents);
        let today = Date::parse(TODAY).unwrap();
        let found = submission_problems(&form, &documents, &place("4521 Commerce Blvd"), today);
        found.iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_complete_form_has_no_problem() {
        assert!(codes(|_, _| {}).is_empty());
    }

    #[test]
    fn one_document_cannot_prove_identity_and_address() {
        let twice = ["same_document_twice"];
        assert_eq!(codes(|_, d| d[1].sha256 = d[0].sha256.clone()), twice);
        let both_sides = |_: &mut FormData, d: &mut Vec<Document>| {
            d[0].kind = "drivers_license".into();
            d[1].kind = "drivers_license".into();
        };
        assert_eq!(codes(both_sides), twice);
    }

    #[test]
    fn documents_must_be_there_current_and_of_an_accepted_type() {
        assert_eq!(codes(|_, d| d.clear()), ["form_incomplete", "form_incomplete"]);
        assert_eq!(codes(|_, d| d[0].expires_on = Date::parse("2026-11-19")), ["id_expired"]);
        assert_eq!(codes(|_, d| d[1].kind = "utility_bill".into()), ["id_wrong_type"]);
        assert_eq!(codes(|_, d| d[0].status = DocumentStatus::Rejected), ["form_incomplete"]);
    }

    #[test]
    fn the_home_address_is_the_one_on_the_document_and_not_the_mailroom() {
        assert_eq!(codes(|f, _| f.home = Some(place("9 Other St"))), ["address_mismatch"]);
        let at_the_mailroom = |f: &mut FormData, d: &mut Vec<Document>| {
            let home = Address { line2: Some("PMB 302".into()), ..place("4521 Commerce Blvd") };
            d[1].address = Some(home.clone());
            f.home = Some(home);
        };
        assert_eq!(codes(at_the_mailroom), ["address_is_cmra"]);
    }

    #[test]
    fn a_business_states_its_registration_and_a_protected_person_attaches_the_order() {
        let business = |f: &mut FormData, _: &mut Vec<Document>| {
            f.service_type = Some(ServiceType::Business);
            f.business = Some(Business { name: "Acme".into(), ..Business::default() });
        };
        assert_eq!(codes(business), ["form_incomplete"]);
        assert_eq!(codes(|f, _| f.court_protected = true), ["court_order_missing"]);
    }
}
