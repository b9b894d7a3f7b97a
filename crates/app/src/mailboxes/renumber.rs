//! Moving a customer whose mailbox is open to another number (M8).

use domain::compliance::{CURE_DAYS, CrdState, Requirement};
use domain::customer::REMAIL_MONTHS;
use domain::mailbox::{MailboxStatus, Move};
use domain::{Error, ErrorCode, Result, days};
use storage::compliance::CrdRecord;
use storage::{Tx, compliance, mailboxes};

use crate::compliance::{Case, must_be_staff};
use crate::customers::create::{MailboxChoice, choose_site, reserve};
use crate::customers::view::view;
use crate::customers::{CustomerView, change};
use crate::{OpCtx, audit};

/// Opens another number for the customer. Mail to the old one is re-mailed for six months, and the
/// form is to be revised, because the number stands on it (item 2b).
pub async fn renumber(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    choice: &MailboxChoice,
) -> Result<CustomerView> {
    must_be_staff(ctx)?;
    let mut case = Case::open(tx, ctx, customer_id).await?;
    let today = case.today(ctx);
    let found = match case.customer.mailbox_id {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    let mut old = found.filter(|m| m.status == MailboxStatus::Active).ok_or_else(|| {
        Error::refused(ErrorCode::MailboxNotActive, "only an open mailbox is moved")
            .fix("choose another number by changing the customer's mailbox")
    })?;
    let at = case.customer.location_id.to_string();
    let site = choose_site(tx, ctx, Some(&at)).await?;
    let mut new = reserve(tx, ctx, &site, choice, case.customer.id).await?;
    new.status = new.status.after(Move::Open)?;
    new.opened_on = Some(today);
    new.reserved_until = None;
    old.status = old.status.after(Move::Close)?;
    old.closed_on = Some(today);
    old.remail_until = Some(today.plus_months(REMAIL_MONTHS));
    if !mailboxes::update(tx, MailboxStatus::Reserved, &new).await?
        || !mailboxes::update(tx, MailboxStatus::Active, &old).await?
    {
        return Err(Error::internal("moving a mailbox", "it moved meanwhile"));
    }
    let id = case.customer.id;
    mailboxes::unassign(tx, old.id, id, ctx.now).await?;
    let no = ctx.app.ids.number(ctx.app.clock.now());
    mailboxes::assign(tx, no, new.id, id, ctx.now, "mailbox.renumber").await?;
    let due_at = ctx.now.plus(days(CURE_DAYS));
    compliance::requirement_put(tx, id, Requirement::Revision, due_at).await?;
    if let Some(record) = compliance::crd_find(tx, id).await? {
        let again = CrdRecord { state: CrdState::ToEnter, updated_at: ctx.now, ..record };
        compliance::crd_put(tx, &again).await?;
    }
    case.customer.mailbox_id = Some(new.id);
    change::store(tx, ctx, &mut case.customer).await?;
    let detail = [("from", &*old.number.to_string()), ("to", &*new.number.to_string())];
    audit::record(tx, ctx, "mailbox.renumber", id, &detail).await?;
    view(tx, case.customer).await
}
