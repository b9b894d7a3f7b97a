//! A letter or a package: where it is, what was done with it, and the status that follows (postal.md 3.4).

use crate::action::{Action, ActionKind, ActionStatus};
use crate::error_code::ErrorCode;
use crate::id::{
    CustomerId, KeyId, LocationId, MailId, MailboxId, OperatorId, PartnerId, PhotoId, RecipientId,
};
use crate::{Date, Error, Result, Timestamp};

crate::words! {
    pub enum MailType { Letter = "letter", Package = "package" }
}

/// The canonical type and the subtype behind a word that a partner may send.
pub fn fold_type(text: &str) -> Option<(MailType, Option<&'static str>)> {
    Some(match text {
        "letter" | "mail" => (MailType::Letter, None),
        "envelope" => (MailType::Letter, Some("envelope")),
        "flat" => (MailType::Letter, Some("flat")),
        "postcard" => (MailType::Letter, Some("postcard")),
        "magazine" => (MailType::Letter, Some("magazine")),
        "catalog" => (MailType::Letter, Some("catalog")),
        "package" | "parcel" => (MailType::Package, None),
        "box" => (MailType::Package, Some("box")),
        "poly_mailer" => (MailType::Package, Some("poly_mailer")),
        "tube" => (MailType::Package, Some("tube")),
        _ => return None,
    })
}

crate::words! {
    /// Who holds the item.
    pub enum Custody {
        InHouse = "in_house",
        InTransit = "in_transit",
        Released = "released",
        Destroyed = "destroyed",
        Returned = "returned",
        Missing = "missing",
    }
}

crate::words! {
    pub enum Content { Sealed = "sealed", Opened = "opened" }
}

crate::words! {
    /// Derived from custody, content and open actions; never stored.
    pub enum MailStatus {
        Deleted = "deleted",
        Shredded = "shredded",
        Forwarded = "forwarded",
        PickedUp = "picked_up",
        ReturnedToSender = "returned_to_sender",
        Missing = "missing",
        PickupScheduled = "pickup_scheduled",
        PickupRequested = "pickup_requested",
        ForwardRequested = "forward_requested",
        ShredRequested = "shred_requested",
        ScanRequested = "scan_requested",
        Scanned = "scanned",
        Arrived = "arrived",
    }
}

crate::words! {
    pub enum CreatedVia { PartnerApi = "partner_api", Operator = "operator", Import = "import" }
}

crate::words! {
    /// Mail that somebody had to sign for, or that is tracked by law.
    pub enum Accountable {
        None = "none",
        Certified = "certified",
        Registered = "registered",
        Insured = "insured",
        Restricted = "restricted",
        Signature = "signature",
        Cod = "cod",
        Express = "express",
    }
}

crate::words! {
    /// What a clerk noticed about an item.
    pub enum MailFlag {
        LegalProcess = "legal_process",
        Check = "check",
        Government = "government",
        Tax = "tax",
        Perishable = "perishable",
        Damaged = "damaged",
        Oversize = "oversize",
        HazmatSuspect = "hazmat_suspect",
        ReturnToSender = "return_to_sender",
        UnauthorisedName = "unauthorised_name",
        /// A forwarded parcel that came back (F8).
        ReturnedForward = "returned_forward",
        /// The customer says that it is somebody else's (L7).
        NotMine = "not_mine",
        /// Kept from destruction by order of the operator.
        LegalHold = "legal_hold",
    }
}

impl MailFlag {
    /// True when destroying the item needs `confirm_sensitive` (H1).
    pub const fn is_sensitive(self) -> bool {
        matches!(self, Self::LegalProcess | Self::Check | Self::Government)
    }
}

#[derive(Clone, Debug)]
pub struct MailItem {
    pub id: MailId,
    pub operator_id: OperatorId,
    pub partner_id: PartnerId,
    pub livemode: bool,
    pub customer_id: CustomerId,
    pub mailbox_id: Option<MailboxId>,
    pub location_id: LocationId,
    pub kind: MailType,
    pub subtype: Option<String>,
    pub custody: Custody,
    pub content: Content,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub sender_name: Option<String>,
    pub addressed_to: Option<String>,
    pub recipient_id: Option<RecipientId>,
    pub accountable: Accountable,
    pub flags: Vec<MailFlag>,
    pub weight_g: Option<i64>,
    /// Length, width, height in millimetres.
    pub dimensions_mm: Option<(i64, i64, i64)>,
    pub received_at: Timestamp,
    pub free_storage_until: Option<Date>,
    pub created_via: CreatedVia,
    pub created_by_key: Option<KeyId>,
    /// The staff id that the partner sent, kept verbatim.
    pub performed_by: Option<String>,
    pub external_mail_id: Option<String>,
    pub metadata: Vec<(String, String)>,
    pub deleted_at: Option<Timestamp>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

crate::words! {
    pub enum PhotoKind {
        Front = "front",
        Back = "back",
        Label = "label",
        Contents = "contents",
        Damage = "damage",
        Proof = "proof",
    }
}

crate::words! {
    /// Whether a picture named by URL has been fetched.
    pub enum PhotoStatus { Pending = "pending", Stored = "stored", Failed = "failed" }
}

#[derive(Clone, Debug)]
pub struct Photo {
    pub id: PhotoId,
    pub mail_id: MailId,
    pub kind: PhotoKind,
    pub status: PhotoStatus,
    pub source_url: Option<String>,
    /// Key in the blob store, once stored.
    pub blob: Option<String>,
    pub thumbnail: Option<String>,
    pub content_type: Option<String>,
    pub failure: Option<String>,
}

/// The status that follows from the item and its actions; the first rule that matches wins.
pub fn status(item: &MailItem, actions: &[Action]) -> MailStatus {
    if item.deleted_at.is_some() {
        return MailStatus::Deleted;
    }
    match item.custody {
        Custody::Destroyed => return MailStatus::Shredded,
        Custody::InTransit => return MailStatus::Forwarded,
        Custody::Released => return MailStatus::PickedUp,
        Custody::Returned => return MailStatus::ReturnedToSender,
        Custody::Missing => return MailStatus::Missing,
        Custody::InHouse => {}
    }
    let open = |kind| actions.iter().find(|a| a.kind == kind && a.status.is_open());
    if let Some(pickup) = open(ActionKind::Pickup) {
        return match pickup.status {
            ActionStatus::Scheduled | ActionStatus::InProgress => MailStatus::PickupScheduled,
            _ => MailStatus::PickupRequested,
        };
    }
    let by_kind = [
        (ActionKind::Forward, MailStatus::ForwardRequested),
        (ActionKind::Shred, MailStatus::ShredRequested),
        (ActionKind::Scan, MailStatus::ScanRequested),
    ];
    if let Some((_, status)) = by_kind.into_iter().find(|(kind, _)| open(*kind).is_some()) {
        return status;
    }
    let scanned =
        actions.iter().any(|a| a.kind == ActionKind::Scan && a.status == ActionStatus::Completed);
    if scanned { MailStatus::Scanned } else { MailStatus::Arrived }
}

impl MailItem {
    /// Refuses work on an item that is gone (rule A3).
    pub fn must_be_actionable(&self, status: MailStatus) -> Result<()> {
        if self.custody == Custody::InHouse && self.deleted_at.is_none() {
            return Ok(());
        }
        Err(Error::refused(ErrorCode::MailNotActionable, format!("mail item is {status}"))
            .fix("only what is in the mailroom can be worked on; what is missing is found first"))
    }
}

/// Guesses the carrier from the pattern of a tracking number.
pub fn carrier_of(tracking: &str) -> Option<&'static str> {
    let text: String = tracking.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        18 if text.starts_with("1Z") => Some("ups"),
        20 | 22 | 26 if digits && text.starts_with('9') => Some("usps"),
        13 if text.ends_with("US") => Some("usps"),
        12 | 15 if digits => Some("fedex"),
        10 if digits => Some("dhl"),
        _ if text.starts_with("TBA") => Some("amazon"),
        19 if text.starts_with("1Z") => Some("ups"),
        _ => None,
    }
}

/// Most photos on one item.
pub const PHOTOS_MAX: usize = 20;
