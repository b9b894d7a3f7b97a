//! A mail item with what is shown beside it, and what may be asked for now.

use domain::action::{Action, ActionKind, must_not_conflict};
use domain::customer::{Customer, CustomerStatus};
use domain::mail::{Custody, MailFlag, MailItem, MailStatus, MailType, Photo, status};
use domain::partner::{Location, Service};
use domain::{Error, Result, Timestamp};
use storage::{Tx, actions, mail, tenancy};

use super::claim::must_be_claimed;

/// See the module.
#[derive(Clone, Debug)]
pub struct MailView {
    pub item: MailItem,
    pub customer: Customer,
    pub location: Location,
    pub photos: Vec<Photo>,
    /// Newest first.
    pub actions: Vec<Action>,
    /// Things to know that are no error.
    pub warnings: Vec<String>,
}

/// Loads what is shown beside an item of this customer.
pub async fn view(tx: &Tx, item: MailItem, customer: Customer) -> Result<MailView> {
    let location = tenancy::location_find(tx, item.location_id).await?;
    let location =
        location.ok_or_else(|| Error::internal("loading a location", "a row is missing"))?;
    let photos = mail::photo_list(tx, item.id).await?;
    let actions = actions::of_mail(tx, item.id).await?;
    Ok(MailView { item, customer, location, photos, actions, warnings: Vec::new() })
}

impl MailView {
    pub fn status(&self) -> MailStatus {
        status(&self.item, &self.actions)
    }

    /// The kinds of action that would be accepted now, costs and addresses aside.
    pub fn available_actions(&self, now: Timestamp) -> Vec<ActionKind> {
        ActionKind::ALL.iter().copied().filter(|kind| self.would_take(*kind, now)).collect()
    }

    /// A4: who left may still have mail forwarded, collected or destroyed within the remail window.
    pub(crate) fn is_served(&self, kind: ActionKind, now: Timestamp) -> bool {
        let today = now.date_in(&self.location.timezone);
        match self.customer.status {
            CustomerStatus::Invited | CustomerStatus::Active | CustomerStatus::Suspended => true,
            CustomerStatus::Deactivated => {
                kind != ActionKind::Scan && self.customer.remail_until.is_some_and(|d| today <= d)
            }
        }
    }

    fn would_take(&self, kind: ActionKind, now: Timestamp) -> bool {
        let in_house = self.item.custody == Custody::InHouse && self.item.deleted_at.is_none();
        let service = match (kind, self.item.kind) {
            (ActionKind::Scan, _) => Service::Scan,
            (ActionKind::Forward, _) => Service::Forward,
            (ActionKind::Shred, MailType::Letter) => Service::Shred,
            (ActionKind::Shred, MailType::Package) => Service::Destruction,
            (ActionKind::Pickup, _) => Service::Pickup,
        };
        let kept = kind == ActionKind::Shred && self.item.flags.contains(&MailFlag::LegalHold);
        let approved =
            kind == ActionKind::Shred || self.customer.compliance_status.allows_release();
        in_house
            && must_be_claimed(self).is_ok()
            && !kept
            && self.is_served(kind, now)
            && approved
            && self.location.offers(service)
            && must_not_conflict(kind, false, &self.actions).is_ok()
    }
}
