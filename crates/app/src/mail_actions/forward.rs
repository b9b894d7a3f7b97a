//! Asking for an item to be sent on (F1).

use domain::action::ActionKind;
use domain::address::Address;
use domain::compliance::Requirement;
use domain::id::{AddressId, MailId};
use domain::partner::Service;
use domain::{Error, ErrorCode, Field, Result, days};
use storage::{Tx, compliance, customers, mail};
use wire::partner::actions::ForwardRequest;

use super::ActionView;
use super::request::{Request, open, store};
use crate::OpCtx;
use crate::mail::MailView;

/// When a forward is due, in microseconds from its request.
const DUE_AFTER: i64 = days(2);
/// Days after which a transfer address that is not on the form must be.
const FORM_DAYS: i64 = 30;

pub async fn request(
    tx: &Tx,
    ctx: &OpCtx,
    mail_id: &str,
    input: &ForwardRequest,
) -> Result<ActionView> {
    let view = open(tx, ctx, mail_id, ActionKind::Forward, input.after_scan).await?;
    let (address, on_form) = choose(tx, &view, input).await?;
    if address.is_same_place(&view.location.address) {
        return Err(Error::refused(
            ErrorCode::AddressUndeliverable,
            "the address is the mailroom itself; mail is already there",
        )
        .param("address"));
    }
    must_go_together(tx, ctx, &view, &input.consolidate_with).await?;
    let mut warnings = vec!["price_on_weighing".to_owned()];
    if !on_form {
        warnings.push("transfer_address_not_on_form_1583".to_owned());
        let due = ctx.now.plus(days(FORM_DAYS));
        compliance::requirement_put(tx, view.customer.id, Requirement::TransferAddress, due)
            .await?;
    }
    let request = Request {
        kind: ActionKind::Forward,
        service: Service::Forward,
        after_scan: input.after_scan,
        free: false,
        options: input.to_options(&address),
        result: "{}".to_owned(),
        not_before: None,
        due_at: Some(ctx.now.plus(DUE_AFTER)),
        warnings,
    };
    store(tx, ctx, view, request).await
}

/// The address in the request, a saved one, or the customer's default; and whether it stands on the form.
async fn choose(tx: &Tx, view: &MailView, input: &ForwardRequest) -> Result<(Address, bool)> {
    if let Some(address) = &input.address {
        return Ok((address.clone(), false));
    }
    let id = match input.address_id.as_deref() {
        Some(text) => Some(AddressId::parse(text).ok_or_else(unknown_address)?),
        None => view.customer.default_address_id,
    };
    let Some(id) = id else {
        return Err(Error::refused(
            ErrorCode::ForwardingAddressRequired,
            "there is no address to forward to, and the customer has no default",
        )
        .param("address")
        .fix("send address, or PATCH the customer with a forwarding_address"));
    };
    let saved =
        customers::address_find(tx, &view.customer, id).await?.ok_or_else(unknown_address)?;
    Ok((saved.address, saved.is_on_form))
}

fn unknown_address() -> Error {
    Error::invalid(vec![Field::new("address_id", "unknown", "this customer has no such address")])
}

/// All items of a consolidation are the same customer's, at the same location, and in the house.
async fn must_go_together(tx: &Tx, ctx: &OpCtx, view: &MailView, others: &[String]) -> Result<()> {
    for (i, text) in others.iter().enumerate() {
        let found = match MailId::parse(text) {
            Some(id) => mail::find(tx, &ctx.scope, id).await?,
            None => None,
        };
        let fits = found.is_some_and(|m| {
            m.customer_id == view.customer.id
                && m.location_id == view.item.location_id
                && m.custody == domain::mail::Custody::InHouse
                && m.deleted_at.is_none()
        });
        if !fits {
            let message = "must be another mail item of this customer that is at the same location";
            let field = Field::new(format!("consolidate_with/{i}"), "invalid", message);
            return Err(Error::invalid(vec![field]));
        }
    }
    Ok(())
}
