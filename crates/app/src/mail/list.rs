//! Listing a customer's mail, newest first.

use domain::id::MailId;
use domain::mail::{MailFlag, MailStatus};
use domain::{Result, Timestamp};
use storage::{Tx, mail};

pub use storage::mail::MailFilter;

use super::MailView;
use super::view::view;
use crate::OpCtx;
use crate::customers::get::find;

/// Rows that one step looks at where a status or a flag is asked for, and steps of one request.
const SCAN_ROWS: i64 = 200;
const SCAN_STEPS_MAX: usize = 5;

/// What can't be a column's condition: it is derived, or one of a list.
#[derive(Clone, Debug, Default)]
pub struct Narrowing {
    pub filter: MailFilter,
    pub statuses: Vec<MailStatus>,
    pub flags: Vec<MailFlag>,
    pub has_open_action: Option<bool>,
}

/// A page and the position after it; a narrowed page can be short and still have a next one.
pub struct MailPage {
    pub mail: Vec<MailView>,
    pub next: Option<(Timestamp, MailId)>,
}

/// At most `limit` items of a customer after a position.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    narrowing: &Narrowing,
    after: Option<(Timestamp, MailId)>,
    limit: usize,
) -> Result<MailPage> {
    let customer = find(tx, ctx, customer_id).await?;
    let mut page = MailPage { mail: Vec::new(), next: None };
    let mut position = after;
    for _ in 0..SCAN_STEPS_MAX {
        let rows = mail::list(tx, customer.id, &narrowing.filter, position, SCAN_ROWS).await?;
        let is_last = rows.len() < usize::try_from(SCAN_ROWS).unwrap_or(usize::MAX);
        for item in rows {
            let here = (item.received_at, item.id);
            let view = view(tx, item, customer.clone()).await?;
            if narrowing.takes(&view) {
                if page.mail.len() == limit {
                    page.next = position;
                    return Ok(page);
                }
                page.mail.push(view);
            }
            position = Some(here);
        }
        if is_last {
            return Ok(page);
        }
    }
    page.next = position;
    Ok(page)
}

impl Narrowing {
    fn takes(&self, view: &MailView) -> bool {
        let open = || view.actions.iter().any(|a| a.status.is_open());
        (self.statuses.is_empty() || self.statuses.contains(&view.status()))
            && self.flags.iter().all(|flag| view.item.flags.contains(flag))
            && self.has_open_action.is_none_or(|wanted| wanted == open())
    }
}
