//! Scan, forward, shred and pickup: the shared machine and the conflict rules (postal.md 3.5 to 3.9).

use crate::error_code::ErrorCode;
use crate::id::{ActionId, CustomerId, LedgerId, MailId};
use crate::{Error, Result, Timestamp};

crate::words! {
    pub enum ActionKind { Scan = "scan", Forward = "forward", Shred = "shred", Pickup = "pickup" }
}

impl ActionKind {
    /// A disposition ends the item's stay; one may be open at a time (rule A1).
    pub const fn is_disposition(self) -> bool {
        !matches!(self, Self::Scan)
    }
}

crate::words! {
    pub enum ActionStatus {
        Requested = "requested",
        Scheduled = "scheduled",
        InProgress = "in_progress",
        Completed = "completed",
        Cancelled = "cancelled",
        Rejected = "rejected",
    }
}

impl ActionStatus {
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Scheduled | Self::InProgress)
    }
}

crate::words! {
    /// Why an operator refuses to carry an action out (rule A9).
    pub enum RejectReason {
        Unsafe = "unsafe",
        Unreadable = "unreadable",
        NotFound = "not_found",
        AddressUndeliverable = "address_undeliverable",
        RestrictedItem = "restricted_item",
        IdRequired = "id_required",
        ExceedsLimits = "exceeds_limits",
        PriceRefused = "price_refused",
        Other = "other",
    }
}

/// Who asked for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    /// `partner_api`, `operator`, `customer`, `system`.
    pub kind: String,
    pub id: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Action {
    pub id: ActionId,
    pub mail_id: MailId,
    pub customer_id: CustomerId,
    pub kind: ActionKind,
    pub status: ActionStatus,
    pub requested_by: Requester,
    /// What the requester chose, as JSON.
    pub options: String,
    /// What came of it, as JSON: shipment, scan, pickup.
    pub result: String,
    /// The open scan that must end first.
    pub depends_on: Option<ActionId>,
    /// The first moment at which a shred may be carried out.
    pub not_before: Option<Timestamp>,
    pub due_at: Option<Timestamp>,
    pub performed_by: Option<String>,
    pub reason_code: Option<RejectReason>,
    pub reason_text: Option<String>,
    pub charge_minor: Option<i64>,
    pub hold_id: Option<LedgerId>,
    pub warnings: Vec<String>,
    pub requested_at: Timestamp,
    pub scheduled_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub version: i64,
}

/// A step of an action's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionStep {
    Schedule,
    /// P6: nobody came; a pickup waits for a new time.
    Unschedule,
    Start,
    Complete,
    /// By the requester's side.
    Cancel,
    /// By the operator's side; also allowed once work has begun (rule A8).
    CancelByOperator,
    Reject,
}

impl ActionStatus {
    pub fn after(self, kind: ActionKind, step: ActionStep) -> Result<Self> {
        use ActionStatus::{Cancelled, Completed, InProgress, Rejected, Requested, Scheduled};
        match (step, self) {
            // A pickup may be rescheduled (P3); a scan is never scheduled.
            (ActionStep::Schedule, Requested) if kind != ActionKind::Scan => Ok(Scheduled),
            (ActionStep::Schedule, Scheduled) if kind == ActionKind::Pickup => Ok(Scheduled),
            (ActionStep::Unschedule, Scheduled) if kind == ActionKind::Pickup => Ok(Requested),
            // A pickup is handed over only inside a window that was set.
            (ActionStep::Start, Requested) if kind != ActionKind::Pickup => Ok(InProgress),
            (ActionStep::Start, Scheduled) => Ok(InProgress),
            (ActionStep::Complete, InProgress) => Ok(Completed),
            (ActionStep::Cancel | ActionStep::CancelByOperator, Requested | Scheduled)
            | (ActionStep::CancelByOperator, InProgress) => Ok(Cancelled),
            (ActionStep::Reject, Requested | Scheduled | InProgress) => Ok(Rejected),
            _ => Err(Error::refused(
                ErrorCode::ActionConflict,
                format!("the {kind} is {self}, which does not allow this step"),
            )
            .fix(self.way_on(kind))),
        }
    }

    /// What can be done with an action, where something else was tried.
    const fn way_on(self, kind: ActionKind) -> &'static str {
        match (self, kind) {
            (Self::Requested, ActionKind::Forward | ActionKind::Shred) => {
                "schedule it, start it, cancel it or reject it"
            }
            (Self::Requested, ActionKind::Pickup) => "schedule it, cancel it or reject it",
            (Self::Requested, ActionKind::Scan) | (Self::Scheduled, _) => {
                "start it, cancel it or reject it"
            }
            (Self::InProgress, _) => "complete it, or have the operator cancel or reject it",
            (Self::Completed, _) => "it is done; ask for new work where more is wanted",
            (Self::Cancelled | Self::Rejected, _) => "it has ended; ask for it again",
        }
    }
}

/// Refuses a request that does not go with what is already open on the item (A1, A2, H1).
///
/// Returns the open scan that the new action must wait for, when it was sent with `after_scan`.
pub fn must_not_conflict(
    kind: ActionKind,
    after_scan: bool,
    actions: &[Action],
) -> Result<Option<ActionId>> {
    let open = || actions.iter().filter(|a| a.status.is_open());
    let conflict = |with: &Action| {
        Error::refused(
            ErrorCode::ActionConflict,
            format!("{} {} is {} on this mail item", with.kind, with.id, with.status),
        )
        .fix(format!("wait until {} ends, or have it cancelled", with.id))
    };
    if let Some(same) = open().find(|a| a.kind == kind) {
        return Err(conflict(same));
    }
    let scan = open().find(|a| a.kind == ActionKind::Scan);
    let disposition = open().find(|a| a.kind.is_disposition());
    match (kind.is_disposition(), scan, disposition) {
        (_, _, Some(other)) => Err(conflict(other)),
        (true, Some(scan), None) if after_scan => Ok(Some(scan.id)),
        (true, Some(scan), None) => {
            Err(conflict(scan).fix("send after_scan: true to queue this behind the scan"))
        }
        (true, None, None) | (false, _, None) => Ok(None),
    }
}
