//! The bodies that tell what arrived, as inputs of the use-cases. They were checked where they were read.

use wire::partner::mail::CreateMail;

use super::create::NewMail;
use super::photos::PhotoUrl;

impl NewMail {
    /// What a body says, with its photos as [`super::photos::vet`] found them.
    pub fn of(read: CreateMail, photos: Vec<PhotoUrl>) -> Self {
        Self {
            customer_id: read.customer_id,
            kind: read.kind,
            subtype: read.subtype.map(ToOwned::to_owned),
            photos,
            performed_by: read.performed_by,
            tracking_number: read.tracking_number,
            carrier: read.carrier,
            sender_name: read.sender_name,
            addressed_to: read.addressed_to,
            recipient_id: read.recipient_id,
            received_at: read.received_at,
            weight_g: read.weight_g,
            dimensions_mm: read.dimensions_mm,
            accountable: read.accountable,
            flags: read.flags,
            external_mail_id: read.external_mail_id,
            metadata: read.metadata,
            location_id: read.location_id,
        }
    }
}
