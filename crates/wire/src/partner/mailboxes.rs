//! A mailbox as partners see it (postal.md 4.5.7).

use domain::address::mailbox_lines;
use domain::mailbox::{self, MailboxStatus};
use domain::partner::Location;
use serde::Serialize;
use utoipa::ToSchema;

/// The customer's numbered box and how its address is written.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mailbox {
    /// Opaque.
    #[schema(examples("mbx_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^mailbox$")]
    pub object: String,
    /// Who rents it; null when nobody does.
    #[schema(required = true)]
    pub customer_id: Option<String>,
    /// available, reserved, active, remail, quarantine, blocked or retired.
    #[schema(examples("reserved"))]
    pub status: String,
    /// The number on the box and on the form.
    #[schema(examples("302"))]
    pub pmb_number: String,
    /// The word before the number: PMB or #.
    pub designator: String,
    /// True once mail may be sent here. Do not show the address as live before.
    pub usable: bool,
    /// The mailroom where it is.
    pub location: MailboxLocation,
    /// As single fields.
    pub address: Address,
    /// The address as a sender should write it, one line an item.
    pub formatted_address: Vec<String>,
    /// Other forms that the Postal Service accepts.
    pub formatted_alternatives: Vec<Vec<String>>,
    /// When the customer got the number.
    #[schema(format = DateTime, required = true)]
    pub assigned_at: Option<String>,
    /// When the number is given up unless the form is approved; null once it is open.
    #[schema(format = DateTime, required = true)]
    pub reserved_until: Option<String>,
    /// Item 1a of Form 1583.
    #[schema(format = Date, required = true)]
    pub opened_on: Option<String>,
    /// Item 1b of Form 1583.
    #[schema(format = Date, required = true)]
    pub closed_on: Option<String>,
    /// Until when mail for a former customer is held or sent on.
    #[schema(format = Date, required = true)]
    pub remail_until: Option<String>,
}

/// The site of a mailbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxLocation {
    /// The mailroom.
    #[schema(examples("loc_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// As the operator calls it.
    pub name: String,
    /// IANA zone name.
    #[schema(examples("America/Chicago"))]
    pub timezone: String,
}

/// A postal address. `name`, `company` and `phone` stand only where they are known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Address {
    /// First line of the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub name: Option<String>,
    /// Second line of the label, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub company: Option<String>,
    /// House number and street.
    pub line1: String,
    /// Mailbox number, suite or unit.
    #[schema(required = true)]
    pub line2: Option<String>,
    /// The place, without state or code.
    pub city: String,
    /// Two letters in the United States.
    pub state: String,
    /// ZIP or ZIP+4 in the United States.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[schema(examples("US"))]
    pub country: String,
    /// For the carrier; E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub phone: Option<String>,
}

/// A postal address to send to.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what Fields::opt_address takes")]
pub struct AddressBody {
    /// First line of the label; default is the customer.
    #[schema(max_length = 100, examples("Jane Smith"))]
    name: Option<String>,
    /// Second line of the label.
    #[schema(max_length = 100)]
    company: Option<String>,
    /// House number and street.
    #[schema(min_length = 1, max_length = 100, examples("1 Main St"))]
    line1: String,
    /// Suite or unit.
    #[schema(max_length = 100)]
    line2: Option<String>,
    /// The place, without state or code.
    #[schema(min_length = 1, max_length = 80, examples("Denver"))]
    city: String,
    /// Two letters in the United States, where it is needed.
    #[schema(max_length = 80, examples("CO"))]
    state: Option<String>,
    /// 12345 or 12345-6789 in the United States, where it is needed.
    #[schema(max_length = 20, examples("80202"))]
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(min_length = 2, max_length = 2, default = "US", examples("US"))]
    country: Option<String>,
    /// Spaces, dashes, dots and parentheses are removed; ten bare digits are a US number.
    #[schema(max_length = 40, examples("+15555555555"))]
    phone: Option<String>,
}

impl From<&domain::address::Address> for Address {
    fn from(a: &domain::address::Address) -> Self {
        Self {
            name: a.name.clone(),
            company: a.company.clone(),
            line1: a.line1.clone(),
            line2: a.line2.clone(),
            city: a.city.clone(),
            state: a.state.clone(),
            postal_code: a.postal_code.clone(),
            country: a.country.clone(),
            phone: a.phone.clone(),
        }
    }
}

impl Mailbox {
    /// `recipient` is the name on the first line.
    pub fn new(mailbox: &mailbox::Mailbox, location: &Location, recipient: &str) -> Self {
        let number = mailbox.number.to_string();
        let (formatted_address, formatted_alternatives) =
            mailbox_lines(recipient, &location.address, location.designator, &number);
        let has_suite = location.address.line2.as_deref().is_some_and(|l| !l.trim().is_empty());
        let designator = if has_suite { "PMB" } else { location.designator.as_str() };
        let mut address = Address::from(&location.address);
        address.line2 = Some(format!("{designator} {number}"));
        if let Some(suite) = location.address.line2.as_deref().filter(|_| has_suite) {
            address.line1 = format!("{} {suite}", location.address.line1);
        }
        Self {
            id: mailbox.id.to_string(),
            object: "mailbox".to_owned(),
            customer_id: mailbox.customer_id.map(|id| id.to_string()),
            status: mailbox.status.as_str().to_owned(),
            pmb_number: number,
            designator: designator.to_owned(),
            usable: mailbox.status == MailboxStatus::Active,
            location: MailboxLocation {
                id: location.id.to_string(),
                name: location.name.clone(),
                timezone: location.timezone.clone(),
            },
            address,
            formatted_address,
            formatted_alternatives,
            assigned_at: mailbox.assigned_at.map(|t| t.to_string()),
            reserved_until: mailbox.reserved_until.map(|t| t.to_string()),
            opened_on: mailbox.opened_on.map(|d| d.to_string()),
            closed_on: mailbox.closed_on.map(|d| d.to_string()),
            remail_until: mailbox.remail_until.map(|d| d.to_string()),
        }
    }
}
