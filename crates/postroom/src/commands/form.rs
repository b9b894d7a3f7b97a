//! Form 1583 as it is handed in at the command line: a JSON file and images.
//!
//! What must be on it is judged where it is submitted, in `domain::compliance`.

use anyhow::bail;
use app::compliance::submit::{Signing, Submission};
use app::compliance::{NewDocument, StoredImage, documents};
use app::{App, snapshot};
use bytes::Bytes;
use domain::Date;
use domain::address::Address;
use domain::compliance::{Business, DocumentRole, FormData};
use domain::customer::ServiceType;
use serde_json::{Value, json};
use wire::reader::Fields;

/// A form that is taken as it stands, with a passport and a lease, and can be filled in anew.
pub(crate) const EXAMPLE: &str = r#"{
  "service_type": "residential",
  "first_name": "Jane", "last_name": "Smith",
  "phone": "+15555555555", "email": "jane@example.com",
  "home": {"line1": "12 Home St", "city": "Austin", "state": "TX", "postal_code": "78745"},
  "photo_id": {"type": "passport", "issuing_entity": "United States", "number": "X1234567",
    "expires_on": "2035-05-01", "name_on_document": "Jane Smith"},
  "address_id": {"type": "current_lease", "name_on_document": "Jane Smith",
    "address": {"line1": "12 Home St", "city": "Austin", "state": "TX", "postal_code": "78745"}}
}
"#;

/// A form with what is said of its documents.
pub(crate) struct ReadForm {
    pub(crate) data: FormData,
    papers: Vec<Paper>,
}

/// What is said of one document; its image is a file of its own.
pub(crate) struct Paper {
    role: DocumentRole,
    kind: String,
    issuing_entity: Option<String>,
    number: Option<String>,
    expires_on: Option<Date>,
    name_on_document: Option<String>,
    address: Option<Address>,
}

/// Reads a form; everything that is wrong with its shape is told at once.
pub(crate) fn read(form: Value) -> domain::Result<ReadForm> {
    let mut f = Fields::new(form)?;
    let data = FormData {
        service_type: f.opt_parsed("service_type", ServiceType::parse, "business or residential"),
        last_name: f.opt_text("last_name", 1..=100).unwrap_or_default(),
        first_name: f.opt_text("first_name", 1..=100).unwrap_or_default(),
        middle_initial: f.opt_text("middle_initial", 1..=1),
        phone: f.opt_phone("phone"),
        email: f.opt_text("email", 3..=254),
        home: f.opt_address("home"),
        court_protected: f.bool("court_protected", false),
        transfer: f.opt_address("transfer"),
        business: f.opt_object("business", business),
    };
    let mut papers = Vec::new();
    for role in DocumentRole::ALL {
        papers.extend(f.opt_object(role.as_str(), |d| paper(*role, d)));
    }
    f.finish()?;
    Ok(ReadForm { data, papers })
}

/// Reads what is said of one document.
pub(crate) fn read_paper(role: DocumentRole, said: Value) -> domain::Result<Paper> {
    let mut f = Fields::new(said)?;
    let read = paper(role, &mut f);
    f.finish()?;
    Ok(read)
}

/// A form in the shape in which it is read; what is empty is left out.
pub(crate) fn shown(data: &FormData) -> Value {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let place = |address: &Option<Address>| {
        address.as_ref().map(|a| snapshot::value(&wire::partner::mailboxes::Address::from(a)))
    };
    let business = data.business.as_ref().map(|b| {
        json!({
            "name": b.name,
            "type": text(&b.kind),
            "address": place(&b.address),
            "phone": b.phone,
            "place_of_registration": text(&b.place_of_registration),
        })
    });
    json!({
        "service_type": data.service_type.map(ServiceType::as_str),
        "first_name": text(&data.first_name),
        "middle_initial": data.middle_initial,
        "last_name": text(&data.last_name),
        "phone": data.phone,
        "email": data.email,
        "home": place(&data.home),
        "court_protected": data.court_protected,
        "transfer": place(&data.transfer),
        "business": business,
    })
}

fn business(b: &mut Fields) -> Business {
    Business {
        name: b.text("name", 1..=200),
        kind: b.opt_text("type", 1..=100).unwrap_or_default(),
        address: b.opt_address("address"),
        phone: b.opt_phone("phone"),
        place_of_registration: b.opt_text("place_of_registration", 1..=100).unwrap_or_default(),
    }
}

fn paper(role: DocumentRole, d: &mut Fields) -> Paper {
    Paper {
        role,
        kind: d.text("type", 1..=60),
        issuing_entity: d.opt_text("issuing_entity", 1..=100),
        number: d.opt_text("number", 1..=60),
        expires_on: d.opt_date("expires_on"),
        name_on_document: d.opt_text("name_on_document", 1..=200),
        address: d.opt_address("address"),
    }
}

impl Paper {
    pub(crate) fn with_image(self, image: StoredImage) -> NewDocument {
        NewDocument {
            role: self.role,
            kind: self.kind,
            issuing_entity: self.issuing_entity,
            number: self.number,
            expires_on: self.expires_on,
            name_on_document: self.name_on_document,
            address: self.address,
            image,
        }
    }
}

impl ReadForm {
    /// Stores the images and puts everything together. An image needs its document described in
    /// the form; a description without an image counts as a document that was uploaded before.
    pub(crate) async fn submission(
        self,
        app: &App,
        images: Vec<(DocumentRole, Bytes)>,
        signing: Signing,
    ) -> anyhow::Result<Submission> {
        let mut papers = self.papers;
        let mut added = Vec::new();
        for (role, image) in images {
            let Some(at) = papers.iter().position(|p| p.role == role) else {
                bail!("the form says nothing of the {role}; say its type with {role}.type");
            };
            let image = documents::store_image(app, image).await?;
            added.push(papers.swap_remove(at).with_image(image));
        }
        Ok(Submission { form: self.data, documents: added, signing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_unknown_or_misread_members_is_refused_as_a_whole() {
        let form = json!({"frist_name": "Jane", "photo_id": {"expires_on": "soon"}});
        let Err(domain::Error::Refused { fields, .. }) = read(form) else {
            unreachable!("it must be refused")
        };
        let mut params: Vec<&str> = fields.iter().map(|f| f.param.as_str()).collect();
        params.sort_unstable();
        assert_eq!(params, ["frist_name", "photo_id/expires_on", "photo_id/type"]);
    }

    #[test]
    fn a_form_is_shown_as_it_is_read() {
        let place =
            json!({"line1": "1 Main St", "city": "Denver", "state": "CO", "postal_code": "80202"});
        let business = json!({"name": "Acme LLC", "address": place, "place_of_registration": "CO"});
        let whole = json!({"service_type": "business", "first_name": "Jane", "last_name": "Smith",
            "middle_initial": "Q", "phone": "5555555555", "email": "jane@example.com", "home": place,
            "court_protected": true, "transfer": place, "business": business});
        for form in [whole, json!({})] {
            let data = read(form).unwrap().data;
            assert_eq!(read(shown(&data)).unwrap().data, data);
        }
    }
}
