//! Customers on the wire (postal.md 4.5): who rents a mailbox.
//!
//! The bodies of create, change and deactivate are in a file each.

mod create;
mod deactivate;
mod update;

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::customer;
use serde::Serialize;
use utoipa::ToSchema;

pub use create::{
    CreateCustomer, CustomerCreate, MailboxChoice, MailboxChoiceBody, RECIPIENTS_MAX, RecipientBody,
};
pub use deactivate::{CustomerDeactivate, DeactivateCustomer, RemailBody};
pub use update::{CustomerUpdate, UpdateCustomer};

use super::mailboxes::Mailbox;
use super::shapes;

/// Who rents a mailbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Customer {
    /// Opaque; use it in paths.
    #[schema(examples("cus_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^customer$")]
    pub object: String,
    /// False in the test world.
    pub livemode: bool,
    /// The partner's own id, unique per partner and mode.
    #[schema(examples("crm_customer_123"), max_length = 255, required = true)]
    pub external_customer_id: Option<String>,
    /// Kept as written, compared without case.
    #[schema(examples("jane@example.com"))]
    pub email: String,
    /// Who rents the mailbox, as on the label.
    #[schema(examples("Jane Smith"))]
    pub name: String,
    /// E.164.
    #[schema(examples("+15555555555"), required = true)]
    pub phone: Option<String>,
    /// The company that the mailbox is for.
    #[schema(required = true)]
    pub business_name: Option<String>,
    /// business or residential.
    #[schema(required = true)]
    pub service_type: Option<String>,
    /// invited, active, suspended or deactivated.
    #[schema(examples("invited"))]
    pub status: String,
    /// pending_form, pending_notary, pending_review, approved, rejected or mailbox_active.
    #[schema(examples("pending_form"))]
    pub compliance_status: String,
    /// The partner's word that the mailbox is paid.
    pub prepay: bool,
    /// Whether and through whom the mailbox is paid.
    pub billing: Billing,
    /// The numbered box; null when there is none any more.
    #[schema(required = true)]
    pub mailbox: Option<Mailbox>,
    /// Where the customer takes up the invitation; only for keys with customers:write.
    #[schema(examples("https://mail.brand.example/invite/0f3a"), required = true)]
    pub onboarding_url: Option<String>,
    /// BCP 47 language tag in which the customer is written to.
    #[schema(required = true)]
    pub locale: Option<String>,
    /// The partner's own pairs, echoed in events.
    #[schema(schema_with = shapes::metadata)]
    pub metadata: BTreeMap<String, String>,
    /// Short words for filtering; at most 50 of 50 characters.
    pub tags: Vec<String>,
    /// When it was made; UTC, to the millisecond.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When the invitation was made.
    #[schema(format = DateTime, required = true)]
    pub invited_at: Option<String>,
    /// When the customer took up the account.
    #[schema(format = DateTime, required = true)]
    pub activated_at: Option<String>,
    /// When a reviewer approved the form.
    #[schema(format = DateTime, required = true)]
    pub verified_at: Option<String>,
    /// When mail could first be received.
    #[schema(format = DateTime, required = true)]
    pub mailbox_active_at: Option<String>,
    /// When service will end, once that is set.
    #[schema(format = DateTime, required = true)]
    pub deactivation_scheduled_at: Option<String>,
    /// When service ended.
    #[schema(format = DateTime, required = true)]
    pub deactivated_at: Option<String>,
    /// customer_request, nonpayment, fraud, compliance, moved or other; null while service goes on.
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
    /// The partner's word that the mailbox is paid.
    pub prepay: bool,
    /// The last paid day; null is open-ended.
    #[schema(format = Date, required = true)]
    pub paid_through: Option<String>,
    /// The partner's own plan; kept and given back, never priced here.
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
    /// Says what kind of object this is.
    #[schema(pattern = "^list$")]
    pub object: String,
    /// At most 100 customers.
    pub data: Vec<Customer>,
    /// True when another page follows.
    pub has_more: bool,
    /// Send it as `cursor` for the next page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The list that this is a page of.
    pub url: String,
}
