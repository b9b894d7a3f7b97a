//! Ending service, now or on a day to come (C6, C8, M4, postal.md 4.5.5).

use domain::address::Address;
use domain::compliance::{CrdState, FormStatus};
use domain::customer::{
    Customer, CustomerStatus, DeactivationReason, ForwardingAddress, INVITE_DAYS, REMAIL_MONTHS,
    RemailInstruction,
};
use domain::id::AddressId;
use domain::mailbox::{MailboxStatus, Move};
use domain::{Date, Error, ErrorCode, Field, Result, Timestamp, days, minutes};
use storage::compliance::CrdRecord;
use storage::customers::Departure;
use storage::{Tx, compliance, customers, mailboxes};

use super::view::view;
use super::{CustomerView, assign, change, get};
use crate::compliance::Case;
use crate::mail_actions::cancel;
use crate::{OpCtx, audit, usage};

/// How far ahead service may be told to end.
pub const AHEAD_DAYS_MAX: i64 = 90;

/// How far `effective_at` may lie behind: clocks differ, and a request takes its time.
const BEHIND_MAX: i64 = minutes(5);

/// How and when service ends.
#[derive(Clone, Debug)]
pub struct Deactivation {
    pub reason: DeactivationReason,
    pub note: Option<String>,
    /// Now, when absent.
    pub effective_at: Option<Timestamp>,
    pub remail: Option<(RemailInstruction, Option<Address>)>,
    /// False cancels the actions that nobody has begun.
    pub complete_open_actions: bool,
}

/// Ends service or notes when it ends. A customer who has left already is answered unchanged.
pub async fn deactivate(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &Deactivation,
) -> Result<CustomerView> {
    let mut customer = get::find_locked(tx, ctx, customer_id).await?;
    if customer.status == CustomerStatus::Deactivated {
        return view(tx, customer).await;
    }
    let at = effective_at(ctx, input)?;
    let departure = departure(&customer, input)?;
    customers::departure_put(tx, customer.id, &departure).await?;
    if at > ctx.now {
        customer.deactivation_scheduled_at = Some(at);
        change::store(tx, ctx, &mut customer).await?;
        let detail = [("at", &*at.to_string()), ("reason", departure.reason.as_str())];
        audit::record(tx, ctx, "customer.deactivate_later", customer.id, &detail).await?;
        return view(tx, customer).await;
    }
    leave(tx, ctx, customer, &departure).await
}

/// Ends the service of a customer whose day has come; nothing happens before it, or twice.
pub async fn deactivate_scheduled(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<CustomerView> {
    let customer = get::find_locked(tx, ctx, customer_id).await?;
    let is_due = customer.deactivation_scheduled_at.is_some_and(|at| at <= ctx.now);
    if !is_due || customer.status == CustomerStatus::Deactivated {
        return view(tx, customer).await;
    }
    let departure = customers::departure_find(tx, customer.id).await?;
    let departure =
        departure.ok_or_else(|| Error::internal("ending a service", "nothing says how it ends"))?;
    leave(tx, ctx, customer, &departure).await
}

/// Ends an invitation that nobody took up (C8), unless mail waits for its customer.
pub(crate) async fn withdraw_invite(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
) -> Result<CustomerView> {
    let customer = get::find_locked(tx, ctx, customer_id).await?;
    let is_stale = customer.status == CustomerStatus::Invited
        && customer.invited_at.is_some_and(|at| at.plus(days(INVITE_DAYS)) <= ctx.now);
    let n_held = match customer.mailbox_id {
        Some(id) => customers::mail_held(tx, customer.id, id).await?,
        None => 0,
    };
    if !is_stale || n_held > 0 {
        return view(tx, customer).await;
    }
    let departure = Departure {
        reason: DeactivationReason::Other,
        note: None,
        instruction: None,
        address: None,
        complete_open_actions: false,
    };
    customers::departure_put(tx, customer.id, &departure).await?;
    leave(tx, ctx, customer, &departure).await
}

fn effective_at(ctx: &OpCtx, input: &Deactivation) -> Result<Timestamp> {
    let at = input.effective_at.unwrap_or(ctx.now);
    if ctx.now.plus(-BEHIND_MAX) <= at && at <= ctx.now.plus(days(AHEAD_DAYS_MAX)) {
        return Ok(at);
    }
    let message = format!("effective_at must lie between now and {AHEAD_DAYS_MAX} days from now");
    Err(Error::invalid(vec![Field::new("effective_at", "invalid", message)]))
}

fn departure(customer: &Customer, input: &Deactivation) -> Result<Departure> {
    let (instruction, address) = match &input.remail {
        None => (None, None),
        // Only the customer's own written consent allows destruction, and none is on file.
        Some((RemailInstruction::DestroyByWrittenConsent, address)) => {
            (Some(RemailInstruction::PendingConsent), address.clone())
        }
        Some((instruction, address)) => (Some(*instruction), address.clone()),
    };
    let is_lost = address.is_none() && customer.default_address_id.is_none();
    if instruction == Some(RemailInstruction::Forward) && is_lost {
        return Err(Error::refused(
            ErrorCode::ForwardingAddressRequired,
            "forwarding needs an address, and the customer has none",
        )
        .param("remail/address")
        .fix("send remail.address, or choose hold_for_pickup"));
    }
    Ok(Departure {
        reason: input.reason,
        note: input.note.clone(),
        instruction,
        address,
        complete_open_actions: input.complete_open_actions,
    })
}

/// Ends service at once for a customer whose row is locked.
pub(crate) async fn leave(
    tx: &Tx,
    ctx: &OpCtx,
    customer: Customer,
    departure: &Departure,
) -> Result<CustomerView> {
    let mut case = Case::of(tx, customer).await?;
    let today = case.today(ctx);
    let customer = &mut case.customer;
    customer.status = customer.status.deactivate()?;
    customer.status_reason = None;
    customer.deactivated_at = Some(ctx.now);
    customer.deactivation_scheduled_at = None;
    customer.deactivation_reason = Some(departure.reason);
    customer.invite_token = None;
    if let Some(address) = &departure.address {
        customer.default_address_id = Some(save_address(tx, ctx, customer, address).await?);
    }
    if !departure.complete_open_actions {
        cancel::end_unstarted(tx, ctx, customer.id, "customer_deactivated").await?;
    }
    close_mailbox(tx, ctx, customer, departure, today).await?;
    change::store(tx, ctx, customer).await?;
    close_form(tx, ctx, &mut case, today).await?;
    usage::closed(tx, ctx, &case.customer, ctx.now).await?;
    let detail = [("reason", departure.reason.as_str())];
    audit::record(tx, ctx, "customer.deactivate", case.customer.id, &detail).await?;
    view(tx, case.customer).await
}

async fn save_address(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &Customer,
    address: &Address,
) -> Result<AddressId> {
    let saved = ForwardingAddress {
        id: AddressId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        customer_id: customer.id,
        address: address.clone(),
        is_on_form: false,
        created_at: ctx.now,
    };
    customers::address_insert(tx, &saved).await?;
    Ok(saved.id)
}

/// Begins the remail window of an open mailbox, or frees a reserved number.
async fn close_mailbox(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &mut Customer,
    departure: &Departure,
    today: Date,
) -> Result<()> {
    let Some(id) = customer.mailbox_id else { return Ok(()) };
    let found = mailboxes::find(tx, id).await?;
    let mut mailbox = found.ok_or_else(|| Error::internal("closing a mailbox", "no such row"))?;
    if mailbox.status == MailboxStatus::Reserved {
        return assign::release(tx, ctx, customer, mailbox).await;
    }
    let was = mailbox.status;
    mailbox.status = was.after(Move::Close)?;
    mailbox.closed_on = Some(today);
    mailbox.remail_until = Some(today.plus_months(REMAIL_MONTHS));
    if !mailboxes::update(tx, was, &mailbox).await? {
        return Err(Error::internal("closing a mailbox", "it moved meanwhile"));
    }
    mailboxes::unassign(tx, mailbox.id, customer.id, ctx.now).await?;
    customer.remail_until = mailbox.remail_until;
    customer.remail_instruction =
        departure.instruction.or(Some(match customer.default_address_id {
            Some(_) => RemailInstruction::Forward,
            None => RemailInstruction::HoldForPickup,
        }));
    Ok(())
}

/// Dates item 1b and leaves the end to be recorded in the registration database.
async fn close_form(tx: &Tx, ctx: &OpCtx, case: &mut Case, today: Date) -> Result<()> {
    case.form.closed_on = Some(today);
    case.form.status = match case.form.status {
        status @ (FormStatus::Rejected | FormStatus::Superseded) => status,
        FormStatus::Draft
        | FormStatus::Signed
        | FormStatus::Witnessed
        | FormStatus::Submitted
        | FormStatus::Approved
        | FormStatus::Closed => FormStatus::Closed,
    };
    compliance::form_update(tx, &case.form).await?;
    compliance::requirements_clear(tx, case.customer.id).await?;
    let Some(record) = compliance::crd_find(tx, case.customer.id).await? else { return Ok(()) };
    let ended = CrdRecord { state: CrdState::TerminatedToRecord, updated_at: ctx.now, ..record };
    Ok(compliance::crd_put(tx, &ended).await?)
}
