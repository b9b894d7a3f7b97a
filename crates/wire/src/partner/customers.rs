//! Customers on the wire (postal.md 4.5): the object, the bodies of create, change and deactivate.

use std::collections::BTreeMap;

use domain::address::Address;
use domain::customer::{self, DeactivationReason, RecipientKind, ServiceType};
use domain::mailbox::Strategy;
use domain::{Date, Result, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::mailboxes::{self, Mailbox};
use super::shapes;
use crate::reader::{Fields, Patch};

/// Recipients that a customer may be created with.
pub const RECIPIENTS_MAX: usize = 20;

/// Who rents a mailbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Customer {
    #[schema(example = "cus_01kb3v7m2zq8e4x5n6p7r8s9ta")]
    pub id: String,
    #[schema(pattern = "^customer$")]
    pub object: String,
    /// False in the test world.
    pub livemode: bool,
    /// The partner's own id, unique per partner and mode.
    #[schema(example = "crm_customer_123", max_length = 255, required = true)]
    pub external_customer_id: Option<String>,
    #[schema(example = "jane@example.com")]
    pub email: String,
    #[schema(example = "Jane Smith")]
    pub name: String,
    /// E.164.
    #[schema(example = "+15555555555", required = true)]
    pub phone: Option<String>,
    #[schema(required = true)]
    pub business_name: Option<String>,
    /// business or residential.
    #[schema(required = true)]
    pub service_type: Option<String>,
    /// invited, active, suspended or deactivated.
    #[schema(example = "invited")]
    pub status: String,
    /// pending_form, pending_notary, pending_review, approved, rejected or mailbox_active.
    #[schema(example = "pending_form")]
    pub compliance_status: String,
    /// The partner's word that the mailbox is paid.
    pub prepay: bool,
    pub billing: Billing,
    /// The numbered box; null when there is none any more.
    #[schema(required = true)]
    pub mailbox: Option<Mailbox>,
    /// Where the customer takes up the invitation; only for keys with customers:write.
    #[schema(example = "https://mail.brand.example/invite/0f3a", required = true)]
    pub onboarding_url: Option<String>,
    #[schema(required = true)]
    pub locale: Option<String>,
    /// The partner's own pairs, echoed in events.
    #[schema(schema_with = shapes::metadata)]
    pub metadata: BTreeMap<String, String>,
    pub tags: Vec<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(format = DateTime, required = true)]
    pub invited_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub activated_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub verified_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub mailbox_active_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub deactivation_scheduled_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub deactivated_at: Option<String>,
    #[schema(required = true)]
    pub deactivation_reason: Option<String>,
    /// Until when mail for a former customer is held or sent on.
    #[schema(format = Date, required = true)]
    pub remail_until: Option<String>,
}

/// Through whom the mailbox is paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Billing {
    /// external_prepay, stripe_connect or operator_direct.
    pub mode: String,
    /// active, grace, past_due, suspended or none.
    pub status: String,
    pub prepay: bool,
    #[schema(format = Date, required = true)]
    pub paid_through: Option<String>,
    #[schema(required = true)]
    pub plan_id: Option<String>,
}

impl Customer {
    /// `billing_status` is computed for the moment of the answer; `onboarding_url` is only for those
    /// who may invite.
    pub fn new(
        c: &customer::Customer,
        billing_status: domain::billing::BillingStatus,
        mailbox: Option<Mailbox>,
        onboarding_url: Option<String>,
    ) -> Self {
        let at = |t: Option<Timestamp>| t.map(|t| t.to_string());
        Self {
            id: c.id.to_string(),
            object: "customer".to_owned(),
            livemode: c.livemode,
            external_customer_id: c.external_customer_id.clone(),
            email: c.email.clone(),
            name: c.name.clone(),
            phone: c.phone.clone(),
            business_name: c.business_name.clone(),
            service_type: c.service_type.map(|s| s.as_str().to_owned()),
            status: c.status.as_str().to_owned(),
            compliance_status: c.compliance_status.as_str().to_owned(),
            prepay: c.prepay,
            billing: Billing {
                mode: c.billing_mode.as_str().to_owned(),
                status: billing_status.as_str().to_owned(),
                prepay: c.prepay,
                paid_through: c.paid_through.map(|d| d.to_string()),
                plan_id: c.plan_id.clone(),
            },
            mailbox,
            onboarding_url,
            locale: c.locale.clone(),
            metadata: c.metadata.iter().cloned().collect(),
            tags: c.tags.clone(),
            created_at: c.created_at.to_string(),
            updated_at: c.updated_at.to_string(),
            invited_at: at(c.invited_at),
            activated_at: at(c.activated_at),
            verified_at: at(c.verified_at),
            mailbox_active_at: at(c.mailbox_active_at),
            deactivation_scheduled_at: at(c.deactivation_scheduled_at),
            deactivated_at: at(c.deactivated_at),
            deactivation_reason: c.deactivation_reason.map(|r| r.as_str().to_owned()),
            remail_until: c.remail_until.map(|d| d.to_string()),
        }
    }
}

/// A page of customers, newest first.
#[derive(Serialize, ToSchema)]
pub struct CustomerList {
    #[schema(pattern = "^list$")]
    pub object: String,
    pub data: Vec<Customer>,
    pub has_more: bool,
    /// Send it as `cursor` for the next page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    pub url: String,
}

/// An invitation. Only email and name are needed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateCustomer::read takes")]
pub struct CustomerCreate {
    #[schema(format = Email, max_length = 254, example = "jane@example.com")]
    email: String,
    #[schema(min_length = 1, max_length = 200, example = "Jane Smith")]
    name: String,
    /// The partner's own id; a second customer with it is refused.
    #[schema(min_length = 1, max_length = 255, example = "crm_customer_123")]
    external_customer_id: Option<String>,
    /// Spaces, dashes, dots and parentheses are removed; ten bare digits are a US number.
    #[schema(max_length = 40, example = "+15555555555")]
    phone: Option<String>,
    /// True says that the mailbox is paid outside; mail can't be logged for a customer who is not.
    #[schema(default = false, example = true)]
    prepay: Option<bool>,
    /// The last paid day; today or later. Without it prepay is open-ended.
    #[schema(format = Date)]
    paid_through: Option<String>,
    #[schema(max_length = 100)]
    first_name: Option<String>,
    #[schema(max_length = 100)]
    last_name: Option<String>,
    #[schema(max_length = 200)]
    business_name: Option<String>,
    /// business or residential: item 3 of Form 1583.
    #[schema(max_length = 40, example = "business")]
    service_type: Option<String>,
    /// One of the partner's locations; default is the partner's own default.
    #[schema(max_length = 64)]
    location_id: Option<String>,
    mailbox: Option<MailboxChoiceBody>,
    #[schema(max_length = 100)]
    plan_id: Option<String>,
    /// Becomes the default address of forwards.
    forwarding_address: Option<mailboxes::AddressBody>,
    #[schema(max_items = 20)]
    recipients: Option<Vec<RecipientBody>>,
    /// False when the partner sends onboarding_url itself.
    #[schema(default = true)]
    send_invite: Option<bool>,
    #[schema(max_length = 35, example = "en-US")]
    locale: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
}

/// Which number the customer gets. A pmb_number or a mailbox_id implies the strategy reserved.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what MailboxChoice::read takes")]
pub struct MailboxChoiceBody {
    /// sequential, first_free, random, reserved or pool; default is the pool's own.
    #[schema(max_length = 40, example = "first_free")]
    strategy: Option<String>,
    #[schema(max_length = 18, example = "302")]
    pmb_number: Option<String>,
    #[schema(max_length = 64)]
    pool_id: Option<String>,
    #[schema(max_length = 64)]
    mailbox_id: Option<String>,
}

/// Somebody who may receive mail at the mailbox, once authorised by a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateCustomer::read takes")]
pub struct RecipientBody {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// person, business, alias or minor; default person.
    #[schema(max_length = 40, example = "person")]
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

/// The fields that a CRM owns. Absent leaves a field as it is; null clears it where that is possible.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what UpdateCustomer::read takes")]
pub struct CustomerUpdate {
    #[schema(min_length = 1, max_length = 255)]
    external_customer_id: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    #[schema(max_length = 40)]
    phone: Option<String>,
    #[schema(max_length = 200)]
    business_name: Option<String>,
    /// False starts a grace of seven days, after which service is suspended.
    prepay: Option<bool>,
    #[schema(format = Date)]
    paid_through: Option<String>,
    #[schema(max_length = 100)]
    plan_id: Option<String>,
    #[schema(schema_with = shapes::metadata_merge)]
    metadata: Option<BTreeMap<String, Option<String>>>,
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    #[schema(max_length = 35)]
    locale: Option<String>,
    #[schema(schema_with = shapes::switches)]
    notification_prefs: Option<BTreeMap<String, bool>>,
    /// Becomes the default address of forwards.
    forwarding_address: Option<mailboxes::AddressBody>,
    /// Another number, while the mailbox is not open yet.
    mailbox: Option<MailboxChoiceBody>,
}

/// A read [`CustomerUpdate`].
#[derive(Clone, Debug, Default)]
pub struct UpdateCustomer {
    pub external_customer_id: Patch<String>,
    pub name: Patch<String>,
    pub email: Patch<String>,
    pub phone: Patch<String>,
    pub business_name: Patch<String>,
    pub prepay: Option<bool>,
    pub paid_through: Patch<Date>,
    pub plan_id: Patch<String>,
    pub metadata: Patch<Vec<(String, Option<String>)>>,
    pub tags: Patch<Vec<String>>,
    pub locale: Patch<String>,
    pub notification_prefs: Patch<Vec<(String, bool)>>,
    pub forwarding_address: Patch<Address>,
    pub mailbox: Option<MailboxChoice>,
}

/// Members of a customer that exist and that no partner may write.
const NOT_WRITABLE: &[&str] = &[
    "id",
    "object",
    "livemode",
    "status",
    "compliance_status",
    "billing",
    "onboarding_url",
    "service_type",
    "location_id",
    "first_name",
    "last_name",
    "recipients",
    "send_invite",
    "created_at",
    "updated_at",
    "invited_at",
    "activated_at",
    "verified_at",
    "mailbox_active_at",
    "deactivation_scheduled_at",
    "deactivated_at",
    "deactivation_reason",
    "remail_until",
];

impl UpdateCustomer {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let read = Self {
            external_customer_id: f.patch_text("external_customer_id", 1..=255),
            name: f.patch_text("name", 1..=200),
            email: f.patch_email("email"),
            phone: f.patch_phone("phone"),
            business_name: f.patch_text("business_name", 0..=200),
            prepay: f.opt_bool("prepay"),
            paid_through: f.patch_date("paid_through"),
            plan_id: f.patch_text("plan_id", 1..=100),
            metadata: f.patch_metadata("metadata"),
            tags: f.patch_tags("tags"),
            locale: f.patch_text("locale", 2..=35),
            notification_prefs: f.patch_switches("notification_prefs"),
            forwarding_address: f.patch_address("forwarding_address"),
            mailbox: f.opt_object("mailbox", MailboxChoice::read),
        };
        for (name, cleared) in [("name", &read.name), ("email", &read.email)] {
            if *cleared == Patch::Clear {
                f.problem(name, "required", format!("{name} can't be cleared"));
            }
        }
        f.not_writable(NOT_WRITABLE);
        f.finish()?;
        Ok(read)
    }
}

/// How service ends. Every field is optional.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what DeactivateCustomer::read takes")]
pub struct CustomerDeactivate {
    /// customer_request, nonpayment, fraud, compliance, moved or other.
    #[schema(default = "other", max_length = 40)]
    reason: Option<String>,
    #[schema(max_length = 500)]
    note: Option<String>,
    /// From now to 90 days ahead; service goes on until then.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    remail: Option<RemailBody>,
    /// False cancels actions that were not started.
    #[schema(default = true)]
    complete_open_actions: Option<bool>,
}

/// What happens to mail that still comes in the six months after service.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what DeactivateCustomer::read takes")]
pub struct RemailBody {
    /// forward, hold_for_pickup or destroy_by_written_consent.
    #[schema(max_length = 40, example = "forward")]
    instruction: String,
    address: Option<mailboxes::AddressBody>,
}

/// A read [`CustomerDeactivate`].
#[derive(Clone, Debug)]
pub struct DeactivateCustomer {
    pub reason: DeactivationReason,
    pub note: Option<String>,
    pub effective_at: Option<Timestamp>,
    pub remail: Option<(customer::RemailInstruction, Option<Address>)>,
    pub complete_open_actions: bool,
}

impl DeactivateCustomer {
    pub fn read(body: Value) -> Result<Self> {
        use customer::RemailInstruction as Remail;
        let mut f = Fields::new(body)?;
        let reasons = "customer_request, nonpayment, fraud, compliance, moved or other";
        let instructions = "forward, hold_for_pickup or destroy_by_written_consent";
        let asked = |text: &str| Remail::parse(text).filter(|r| *r != Remail::PendingConsent);
        let reason = f.opt_parsed("reason", DeactivationReason::parse, reasons);
        let read = Self {
            reason: reason.unwrap_or(DeactivationReason::Other),
            note: f.opt_prose("note", 500),
            effective_at: f.opt_instant("effective_at"),
            remail: f
                .opt_object("remail", |r| {
                    let instruction = r.parsed("instruction", asked, instructions);
                    (instruction, r.opt_address("address"))
                })
                .and_then(|(instruction, address)| instruction.map(|i| (i, address))),
            complete_open_actions: f.bool("complete_open_actions", true),
        };
        f.finish()?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Error, ErrorCode};
    use serde_json::json;

    #[test]
    fn the_body_of_the_seed_is_read() {
        let body = json!({"external_customer_id": "crm_customer_123", "email": "jane@example.com",
            "name": "Jane Smith", "phone": "+15555555555", "prepay": true});
        let read = CreateCustomer::read(body, Date::parse("2026-11-20").unwrap()).unwrap();
        assert_eq!(read.phone.as_deref(), Some("+15555555555"));
        assert!(read.prepay && read.send_invite && read.mailbox.is_none());
    }

    #[test]
    fn a_field_that_is_not_the_partners_is_refused_by_name() {
        let error = UpdateCustomer::read(json!({"status": "active"})).unwrap_err();
        assert_eq!(error.code(), ErrorCode::FieldNotWritable);
        let Error::Refused { fields, .. } = error else { panic!("a refusal") };
        assert_eq!(fields[0].param, "status");
    }

    #[test]
    fn an_unknown_remail_instruction_is_refused() {
        let error = DeactivateCustomer::read(json!({"remail": {"instruction": "pending_consent"}}));
        assert_eq!(error.unwrap_err().code(), ErrorCode::ValidationFailed);
    }
}
