//! Asking to collect an item: the body and its reading.

use std::collections::BTreeMap;

use domain::{Date, Result, Timestamp};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Window;
use super::common::{Common, with};
use crate::partner::shapes;
use crate::reader::Fields;

/// A request to collect the item. With a window or a date inside opening hours it is scheduled at once.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what PickupRequest::read takes")]
pub struct PickupBody {
    /// When; inside opening hours it is scheduled at once.
    window: Option<Window>,
    /// A day, instead of a window: any time of its opening hours.
    #[schema(format = Date)]
    date: Option<String>,
    /// Who comes; default is the customer.
    pickup_person: Option<PickupPerson>,
    /// For the counter; spaces, dashes and parentheses are removed.
    #[schema(max_length = 40)]
    contact_phone: Option<String>,
    /// For the clerk; shown beside the work.
    #[schema(max_length = 1000)]
    notes: Option<String>,
    /// standard or expedited.
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    /// The partner's own user on whose word this is asked; kept for the audit.
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// Who comes: the customer, the person authorised on the form, or a recipient.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what PickupRequest::read takes")]
pub struct PickupPerson {
    /// As on the photo identification that the counter checks.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// An authorised recipient, instead of a name.
    #[schema(max_length = 64)]
    recipient_id: Option<String>,
}

/// A read [`PickupBody`].
#[derive(Clone, Debug, Default)]
pub struct PickupRequest {
    pub common: Common,
    pub window: Option<(Timestamp, Timestamp)>,
    pub date: Option<Date>,
    pub person_name: Option<String>,
    pub recipient_id: Option<String>,
    pub contact_phone: Option<String>,
}

impl PickupRequest {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let window = f.opt_object("window", |w| {
            let (start, end) = (w.instant("start"), w.instant("end"));
            let window = start.zip(end);
            if window.is_some_and(|(start, end)| start >= end) {
                w.problem("end", "invalid", "end must be after start");
            }
            window
        });
        let person = f.opt_object("pickup_person", |p| {
            (p.opt_text("name", 1..=200), p.opt_text("recipient_id", 1..=64))
        });
        let (person_name, recipient_id) = person.unwrap_or_default();
        let read = Self {
            common: Common::read(&mut f),
            window: window.flatten(),
            date: f.opt_date("date"),
            person_name,
            recipient_id,
            contact_phone: f.opt_phone("contact_phone"),
        };
        if read.window.is_some() && read.date.is_some() {
            f.problem("date", "invalid", "send window or date, not both");
        }
        f.finish()?;
        Ok(read)
    }

    /// The options as the action keeps them.
    pub fn to_options(&self) -> String {
        let window =
            self.window.map(|(a, b)| json!({"start": a.to_string(), "end": b.to_string()}));
        let person = (self.person_name.is_some() || self.recipient_id.is_some())
            .then(|| json!({"name": self.person_name, "recipient_id": self.recipient_id}));
        with(
            &self.common,
            json!({
                "window": window, "date": self.date.map(|d| d.to_string()), "pickup_person": person,
                "contact_phone": self.contact_phone,
            }),
        )
    }
}
