//! Changing the fields of a customer that a CRM owns: the body and its reading.

use std::collections::BTreeMap;

use domain::address::Address;
use domain::{Date, Result};
use serde_json::Value;
use utoipa::ToSchema;

use super::{MailboxChoice, MailboxChoiceBody};
use crate::partner::{mailboxes, shapes};
use crate::reader::{Fields, Patch};

/// The fields that a CRM owns. Absent leaves a field as it is; null clears it where that is possible.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what UpdateCustomer::read takes")]
pub struct CustomerUpdate {
    /// The partner's own id; null takes it away.
    #[schema(min_length = 1, max_length = 255)]
    external_customer_id: Option<String>,
    /// Stands on Form 1583: a change after approval asks for a new revision.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Stands on Form 1583: a change after approval asks for a new revision.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
    /// Stands on Form 1583: a change after approval asks for a new revision.
    #[schema(max_length = 40)]
    phone: Option<String>,
    /// Stands on Form 1583: a change after approval asks for a new revision.
    #[schema(max_length = 200)]
    business_name: Option<String>,
    /// False starts a grace of seven days, after which service is suspended.
    prepay: Option<bool>,
    /// The last paid day; null is open-ended.
    #[schema(format = Date)]
    paid_through: Option<String>,
    /// The partner's own plan; kept and given back, never priced here.
    #[schema(max_length = 100)]
    plan_id: Option<String>,
    #[schema(schema_with = shapes::metadata_merge)]
    metadata: Option<BTreeMap<String, Option<String>>>,
    /// Short words for filtering; at most 50 of 50 characters.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// BCP 47 language tag in which the customer is written to.
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Error, ErrorCode};
    use serde_json::json;

    #[test]
    fn a_field_that_is_not_the_partners_is_refused_by_name() {
        let error = UpdateCustomer::read(json!({"status": "active"})).unwrap_err();
        assert_eq!(error.code(), ErrorCode::FieldNotWritable);
        let Error::Refused { fields, .. } = error else { panic!("a refusal") };
        assert_eq!(fields[0].param, "status");
    }
}
