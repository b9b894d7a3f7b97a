//! Mail items on the wire (postal.md 4.6): letters and packages.
//!
//! The body that logs one is in `create`.

mod create;

use std::collections::BTreeMap;

use domain::mail::{self, MailItem, MailStatus};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub use create::{CreateMail, DimensionsBody, LATE_DAYS_MAX, MailCreate, PhotoBody, PhotoWithKind};

use super::actions::MailAction;
use super::shapes;

/// A letter or a package.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mail {
    /// Opaque; use it in paths.
    #[schema(examples("mail_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^mail$")]
    pub object: String,
    /// False in the test world.
    pub livemode: bool,
    /// Whose it is.
    pub customer_id: String,
    /// The customer in the partner's own system, as the partner named it.
    #[schema(required = true)]
    pub external_customer_id: Option<String>,
    /// The mailbox that it came to.
    #[schema(required = true)]
    pub mailbox_id: Option<String>,
    /// The mailroom that holds it.
    pub location_id: String,
    /// letter or package.
    #[serde(rename = "type")]
    #[schema(examples("package"))]
    pub kind: String,
    /// The finer kind that was sent, such as postcard or tube.
    #[schema(required = true)]
    pub subtype: Option<String>,
    /// arrived, scan_requested, scanned, forward_requested, forwarded, shred_requested, shredded,
    /// pickup_requested, pickup_scheduled, picked_up, returned_to_sender, missing or deleted.
    #[schema(examples("arrived"))]
    pub status: String,
    /// Pictures of the outside, in the order in which they were sent.
    pub photos: Vec<Photo>,
    /// The staff id that logged it, verbatim.
    #[schema(required = true)]
    pub performed_by: Option<String>,
    /// partner_api, operator or import.
    pub created_via: String,
    /// Who brought it; guessed from the tracking number where nobody said.
    #[schema(examples("ups"), required = true)]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[schema(required = true)]
    pub tracking_number: Option<String>,
    /// As read from the label.
    #[schema(required = true)]
    pub sender_name: Option<String>,
    /// The name on the label.
    #[schema(required = true)]
    pub addressed_to: Option<String>,
    /// none, certified, registered, insured, restricted, signature, cod or express.
    pub accountable: String,
    /// What a clerk noticed: check, government, legal_process, damaged and others.
    pub flags: Vec<String>,
    /// In grams; null until it was weighed.
    #[schema(required = true)]
    pub weight_g: Option<i64>,
    /// Null until it was measured.
    #[schema(required = true)]
    pub dimensions_mm: Option<Dimensions>,
    /// When it reached the mailroom.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The last day of free storage.
    #[schema(format = Date, required = true)]
    pub free_storage_until: Option<String>,
    /// The newest completed scan.
    #[schema(required = true)]
    pub scan: Option<ScanSummary>,
    /// What was asked for, newest first. Left out of an event whose payload would be too large.
    #[schema(required = false)]
    pub actions: Vec<MailAction>,
    /// What may be asked for now: scan, forward, shred, pickup.
    pub available_actions: Vec<String>,
    /// Things to know that are no error, such as possible_duplicate.
    pub warnings: Vec<String>,
    /// The partner's own id.
    #[schema(required = true)]
    pub external_mail_id: Option<String>,
    #[schema(schema_with = shapes::metadata)]
    pub metadata: BTreeMap<String, String>,
    /// When it was logged; UTC, to the millisecond.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it was deleted.
    #[schema(format = DateTime, required = true)]
    pub deleted_at: Option<String>,
}

/// A picture of a mail item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Photo {
    /// Opaque.
    pub id: String,
    /// front, back, label, contents, damage or proof.
    pub kind: String,
    /// A signed link that ends after some minutes; null until the picture is stored.
    #[schema(required = true)]
    pub url: Option<String>,
    /// A small version, for as long; null until it is stored.
    #[schema(required = true)]
    pub thumbnail_url: Option<String>,
    /// Of what is stored; null until then.
    #[schema(required = true)]
    pub content_type: Option<String>,
    /// pending, stored or failed.
    pub status: String,
}

/// The sides of a package, in millimetres.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Dimensions {
    /// 1 to 10000; the longest side.
    pub length: i64,
    /// 1 to 10000.
    pub width: i64,
    /// 1 to 10000.
    pub height: i64,
}

/// The newest completed scan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScanSummary {
    /// completed.
    pub status: String,
    /// How many there are.
    #[schema(required = true)]
    pub pages: Option<i64>,
    /// When the pages were ready.
    #[schema(format = DateTime, required = true)]
    pub completed_at: Option<String>,
    /// Only where the partner may read contents.
    #[schema(required = true)]
    pub document_url: Option<String>,
}

/// What an event about an action says of the mail item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailSummary {
    /// Use it in paths.
    #[schema(examples("mail_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^mail$")]
    pub object: String,
    /// letter or package.
    #[serde(rename = "type")]
    #[schema(examples("letter"))]
    pub kind: String,
    /// As of the mail object.
    #[schema(examples("scan_requested"))]
    pub status: String,
    /// The carrier's number.
    #[schema(required = true)]
    pub tracking_number: Option<String>,
    /// The partner's own id.
    #[schema(required = true)]
    pub external_mail_id: Option<String>,
}

/// What stands beside a mail item when it is shown.
pub struct MailParts<'a> {
    pub item: &'a MailItem,
    pub external_customer_id: Option<String>,
    pub status: MailStatus,
    pub photos: Vec<Photo>,
    pub actions: Vec<MailAction>,
    pub available_actions: Vec<String>,
    pub warnings: Vec<String>,
    pub document_url: Option<String>,
}

impl Photo {
    /// `url` and `thumbnail_url` are signed links to what is stored.
    pub fn new(p: &mail::Photo, url: Option<String>, thumbnail_url: Option<String>) -> Self {
        Self {
            id: p.id.to_string(),
            kind: p.kind.as_str().to_owned(),
            url,
            thumbnail_url,
            content_type: p.content_type.clone(),
            status: p.status.as_str().to_owned(),
        }
    }
}

impl Mail {
    pub fn new(parts: MailParts<'_>) -> Self {
        let m = parts.item;
        let scan = parts.actions.iter().find(|a| a.kind == "scan" && a.status == "completed");
        let scan = scan.map(|a| ScanSummary {
            status: a.status.clone(),
            pages: a.scan.get("pages").and_then(Value::as_i64),
            completed_at: a.completed_at.clone(),
            document_url: parts.document_url.clone(),
        });
        Self {
            id: m.id.to_string(),
            object: "mail".to_owned(),
            livemode: m.livemode,
            customer_id: m.customer_id.to_string(),
            external_customer_id: parts.external_customer_id,
            mailbox_id: m.mailbox_id.map(|id| id.to_string()),
            location_id: m.location_id.to_string(),
            kind: m.kind.as_str().to_owned(),
            subtype: m.subtype.clone(),
            status: parts.status.as_str().to_owned(),
            photos: parts.photos,
            performed_by: m.performed_by.clone(),
            created_via: m.created_via.as_str().to_owned(),
            carrier: m.carrier.clone(),
            tracking_number: m.tracking_number.clone(),
            sender_name: m.sender_name.clone(),
            addressed_to: m.addressed_to.clone(),
            accountable: m.accountable.as_str().to_owned(),
            flags: m.flags.iter().map(|f| f.as_str().to_owned()).collect(),
            weight_g: m.weight_g,
            dimensions_mm: m.dimensions_mm.map(|(length, width, height)| Dimensions {
                length,
                width,
                height,
            }),
            received_at: m.received_at.to_string(),
            free_storage_until: m.free_storage_until.map(|d| d.to_string()),
            scan,
            actions: parts.actions,
            available_actions: parts.available_actions,
            warnings: parts.warnings,
            external_mail_id: m.external_mail_id.clone(),
            metadata: m.metadata.iter().cloned().collect(),
            created_at: m.created_at.to_string(),
            updated_at: m.updated_at.to_string(),
            deleted_at: m.deleted_at.map(|t| t.to_string()),
        }
    }

    /// The few members that events about an action carry.
    pub fn summary(m: &MailItem, status: MailStatus) -> MailSummary {
        MailSummary {
            id: m.id.to_string(),
            object: "mail".to_owned(),
            kind: m.kind.as_str().to_owned(),
            status: status.as_str().to_owned(),
            tracking_number: m.tracking_number.clone(),
            external_mail_id: m.external_mail_id.clone(),
        }
    }
}

/// A page of mail, newest first.
#[derive(Serialize, ToSchema)]
pub struct MailList {
    /// Says what kind of object this is.
    #[schema(pattern = "^list$")]
    pub object: String,
    /// At most 100 mail items.
    pub data: Vec<Mail>,
    /// True when another page follows.
    pub has_more: bool,
    /// Send it as `cursor` for the next page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The list that this is a page of.
    pub url: String,
}

/// What deleting answers, the first time and again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailDeleted {
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^mail$")]
    pub object: String,
    pub deleted: bool,
}

impl MailDeleted {
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), object: "mail".to_owned(), deleted: true }
    }
}
