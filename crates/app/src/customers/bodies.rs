//! The bodies that partners send, as inputs of the use-cases. They were checked where they were read.

use wire::partner::customers as wire;

use super::create::{MailboxChoice, NewCustomer};
use super::deactivate::Deactivation;
use super::update::CustomerChange;

impl From<wire::CreateCustomer> for NewCustomer {
    fn from(read: wire::CreateCustomer) -> Self {
        Self {
            email: read.email,
            name: read.name,
            external_customer_id: read.external_customer_id,
            phone: read.phone,
            prepay: read.prepay,
            paid_through: read.paid_through,
            first_name: read.first_name,
            last_name: read.last_name,
            business_name: read.business_name,
            service_type: read.service_type,
            location_id: read.location_id,
            mailbox: read.mailbox.map(Into::into).unwrap_or_default(),
            plan_id: read.plan_id,
            forwarding_address: read.forwarding_address,
            recipients: read.recipients,
            send_invite: read.send_invite,
            locale: read.locale,
            tags: read.tags,
            metadata: read.metadata,
        }
    }
}

impl From<wire::MailboxChoice> for MailboxChoice {
    fn from(read: wire::MailboxChoice) -> Self {
        Self {
            strategy: read.strategy,
            pmb_number: read.pmb_number,
            pool_id: read.pool_id,
            mailbox_id: read.mailbox_id,
        }
    }
}

impl From<wire::UpdateCustomer> for CustomerChange {
    fn from(read: wire::UpdateCustomer) -> Self {
        Self {
            external_customer_id: read.external_customer_id,
            name: read.name,
            email: read.email,
            phone: read.phone,
            business_name: read.business_name,
            prepay: read.prepay,
            paid_through: read.paid_through,
            plan_id: read.plan_id,
            metadata: read.metadata,
            tags: read.tags,
            locale: read.locale,
            notification_prefs: read.notification_prefs,
            forwarding_address: read.forwarding_address,
            mailbox: read.mailbox.map(Into::into),
        }
    }
}

impl From<wire::DeactivateCustomer> for Deactivation {
    fn from(read: wire::DeactivateCustomer) -> Self {
        Self {
            reason: read.reason,
            note: read.note,
            effective_at: read.effective_at,
            remail: read.remail,
            complete_open_actions: read.complete_open_actions,
        }
    }
}
