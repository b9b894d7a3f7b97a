//! Inviting a customer: the body and its reading.

use std::collections::BTreeMap;

use domain::address::Address;
use domain::customer::{RecipientKind, ServiceType};
use domain::mailbox::Strategy;
use domain::{Date, Result};
use serde_json::Value;
use utoipa::ToSchema;

use crate::partner::{mailboxes, shapes};
use crate::reader::Fields;

/// Recipients that a customer may be created with.
pub const RECIPIENTS_MAX: usize = 20;

/// An invitation. Only email and name are needed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateCustomer::read takes")]
pub struct CustomerCreate {
    /// Where the invitation goes. Kept as written, compared without case.
    #[schema(format = Email, max_length = 254, examples("jane@example.com"))]
    email: String,
    /// 1 to 200 characters after trimming.
    #[schema(min_length = 1, max_length = 200, examples("Jane Smith"))]
    name: String,
    /// The partner's own id; a second customer with it is refused.
    #[schema(min_length = 1, max_length = 255, examples("crm_customer_123"))]
    external_customer_id: Option<String>,
    /// Spaces, dashes, dots and parentheses are removed; ten bare digits are a US number.
    #[schema(max_length = 40, examples("+15555555555"))]
    phone: Option<String>,
    /// True says that the mailbox is paid outside; mail can't be logged for a customer who is not.
    #[schema(default = false, example = true)]
    prepay: Option<bool>,
    /// The last paid day; today or later. Without it prepay is open-ended.
    #[schema(format = Date)]
    paid_through: Option<String>,
    /// For the draft of the form; split from the name when it is left out.
    #[schema(max_length = 100)]
    first_name: Option<String>,
    /// For the draft of the form; split from the name when it is left out.
    #[schema(max_length = 100)]
    last_name: Option<String>,
    /// The company that the mailbox is for.
    #[schema(max_length = 200)]
    business_name: Option<String>,
    /// business or residential: item 3 of Form 1583.
    #[schema(max_length = 40, examples("business"))]
    service_type: Option<String>,
    /// One of the partner's locations; default is the partner's own default.
    #[schema(max_length = 64)]
    location_id: Option<String>,
    /// Which number the customer gets; default is the next of the partner's pool.
    mailbox: Option<MailboxChoiceBody>,
    /// The partner's own plan; kept and given back, never priced here.
    #[schema(max_length = 100)]
    plan_id: Option<String>,
    /// Becomes the default address of forwards.
    forwarding_address: Option<mailboxes::AddressBody>,
    /// Others whose mail may come to the mailbox; each is pending until a form names them.
    #[schema(max_items = 20)]
    recipients: Option<Vec<RecipientBody>>,
    /// False when the partner sends onboarding_url itself. This version sends no e-mail, so pass
    /// onboarding_url on in either case.
    #[schema(default = true)]
    send_invite: Option<bool>,
    /// BCP 47 language tag in which the customer is written to.
    #[schema(max_length = 35, examples("en-US"))]
    locale: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
    /// Short words for filtering; at most 50 of 50 characters.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
}

/// Which number the customer gets. A pmb_number or a mailbox_id implies the strategy reserved.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what MailboxChoice::read takes")]
pub struct MailboxChoiceBody {
    /// sequential, first_free, random, reserved or pool; default is the pool's own.
    #[schema(max_length = 40, examples("first_free"))]
    strategy: Option<String>,
    /// This number at the customer's location.
    #[schema(max_length = 18, examples("302"))]
    pmb_number: Option<String>,
    /// Draw from this pool; default is the one granted to the partner.
    #[schema(max_length = 64)]
    pool_id: Option<String>,
    /// This very mailbox.
    #[schema(max_length = 64)]
    mailbox_id: Option<String>,
}

/// Somebody who may receive mail at the mailbox, once authorised by a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateCustomer::read takes")]
pub struct RecipientBody {
    /// As on their mail.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// person, business, alias or minor; default person.
    #[schema(max_length = 40, examples("person"))]
    kind: Option<String>,
}

/// A read [`CustomerCreate`].
#[derive(Clone, Debug)]
pub struct CreateCustomer {
    pub email: String,
    pub name: String,
    pub external_customer_id: Option<String>,
    pub phone: Option<String>,
    pub prepay: bool,
    pub paid_through: Option<Date>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub business_name: Option<String>,
    pub service_type: Option<ServiceType>,
    pub location_id: Option<String>,
    pub mailbox: Option<MailboxChoice>,
    pub plan_id: Option<String>,
    pub forwarding_address: Option<Address>,
    pub recipients: Vec<(String, RecipientKind)>,
    pub send_invite: bool,
    pub locale: Option<String>,
    pub metadata: Vec<(String, String)>,
    pub tags: Vec<String>,
}

/// A read [`MailboxChoiceBody`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxChoice {
    pub strategy: Option<Strategy>,
    pub pmb_number: Option<String>,
    pub pool_id: Option<String>,
    pub mailbox_id: Option<String>,
}

const SERVICE_TYPES: &str = "business or residential";
const ID_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

impl CreateCustomer {
    /// `today` is the tenant's day: service can't be paid through a day that is over.
    pub fn read(body: Value, today: Date) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let read = Self {
            email: f.email("email"),
            name: f.text("name", 1..=200),
            external_customer_id: f.opt_text("external_customer_id", 1..=255),
            phone: f.opt_phone("phone"),
            prepay: f.bool("prepay", false),
            paid_through: f.opt_date("paid_through"),
            first_name: f.opt_text("first_name", 0..=100),
            last_name: f.opt_text("last_name", 0..=100),
            business_name: f.opt_text("business_name", 0..=200),
            service_type: f.opt_parsed("service_type", ServiceType::parse, SERVICE_TYPES),
            location_id: f.opt_text("location_id", ID_CHARS),
            mailbox: f.opt_object("mailbox", MailboxChoice::read),
            plan_id: f.opt_text("plan_id", 1..=100),
            forwarding_address: f.opt_address("forwarding_address"),
            recipients: recipients(&mut f),
            send_invite: f.bool("send_invite", true),
            locale: f.opt_text("locale", 2..=35),
            metadata: set_pairs(f.opt_metadata("metadata")),
            tags: f.opt_tags("tags").unwrap_or_default(),
        };
        if read.paid_through.is_some_and(|day| day < today) {
            f.problem("paid_through", "invalid", "paid_through must be today or later");
        }
        f.finish()?;
        Ok(read)
    }
}

impl MailboxChoice {
    pub(crate) fn read(f: &mut Fields) -> Self {
        let strategies = "sequential, first_free, random, reserved or pool";
        Self {
            strategy: f.opt_parsed("strategy", Strategy::parse, strategies),
            pmb_number: f.opt_text("pmb_number", 1..=18),
            pool_id: f.opt_text("pool_id", ID_CHARS),
            mailbox_id: f.opt_text("mailbox_id", ID_CHARS),
        }
    }
}

fn recipients(f: &mut Fields) -> Vec<(String, RecipientKind)> {
    let kinds = "person, business, alias or minor";
    let list = f.opt_list("recipients", RECIPIENTS_MAX, |f, at, item| {
        f.check_object(at, item, |r| {
            let name = r.text("name", 1..=200);
            (
                name,
                r.opt_parsed("kind", RecipientKind::parse, kinds).unwrap_or(RecipientKind::Person),
            )
        })
    });
    list.unwrap_or_default()
}

/// Pairs of a new thing: there is nothing to remove, so a null is dropped.
fn set_pairs(pairs: Option<Vec<(String, Option<String>)>>) -> Vec<(String, String)> {
    pairs.into_iter().flatten().filter_map(|(k, v)| v.map(|v| (k, v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_body_of_the_seed_is_read() {
        let body = json!({"external_customer_id": "crm_customer_123", "email": "jane@example.com",
            "name": "Jane Smith", "phone": "+15555555555", "prepay": true});
        let read = CreateCustomer::read(body, Date::parse("2026-11-20").unwrap()).unwrap();
        assert_eq!(read.phone.as_deref(), Some("+15555555555"));
        assert!(read.prepay && read.send_invite && read.mailbox.is_none());
    }
}
