//! Asking for an item to be sent on (F1).

use domain::action::ActionKind;
use domain::address::Address;
use domain::compliance::Requirement;
use domain::id::{ActionId, AddressId};
use domain::partner::Service;
use domain::{Error, ErrorCode, Field, Result, days};
use storage::{Tx, compliance, customers};
use wire::partner::actions::ForwardRequest;

use super::ActionView;
use super::consolidation::{following, gather};
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
    must_be_deliverable(&view, &address, input)?;
    let others = gather(tx, ctx, &view, &input.consolidate_with, input.after_scan).await?;
    let mut warnings = vec!["price_on_weighing".to_owned()];
    if !on_form {
        warnings.push("transfer_address_not_on_form_1583".to_owned());
        let due = ctx.now.plus(days(FORM_DAYS));
        compliance::requirement_put(tx, view.customer.id, Requirement::TransferAddress, due)
            .await?;
    }
    let request = |input: &ForwardRequest, lead: Option<ActionId>| Request {
        kind: ActionKind::Forward,
        service: Service::Forward,
        after_scan: input.after_scan,
        free: lead.is_some(),
        options: input.to_options(&address),
        result: lead.map_or_else(|| "{}".to_owned(), following),
        not_before: None,
        due_at: Some(ctx.now.plus(DUE_AFTER)),
        warnings: warnings.clone(),
    };
    let lead = store(tx, ctx, view, request(input, None)).await?;
    let alone = ForwardRequest { consolidate_with: Vec::new(), ..input.clone() };
    for other in others {
        store(tx, ctx, other, request(&alone, Some(lead.action.id))).await?;
    }
    Ok(lead)
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

/// The address can be delivered to, is another place, and has what its border asks for.
fn must_be_deliverable(view: &MailView, address: &Address, input: &ForwardRequest) -> Result<()> {
    let refuse = |message: &str| Error::refused(ErrorCode::AddressUndeliverable, message);
    if let Some(problem) = address.problems("address").first() {
        return Err(refuse(&problem.message).param(&problem.param));
    }
    if address.is_same_place(&view.location.address) {
        return Err(
            refuse("the address is the mailroom itself; mail is already there").param("address")
        );
    }
    if address.country != view.location.address.country && input.customs.is_none() {
        let message = "a parcel that crosses a border needs a customs declaration";
        return Err(Error::invalid(vec![Field::new("customs", "required", message)]));
    }
    // Only a Post Office may accept outgoing Registered Mail (postal.md F1).
    if input.service_level.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("registered")) {
        let message = "registered mail is handed in at a Post Office only; choose another service";
        return Err(Error::invalid(vec![Field::new("service_level", "invalid", message)]));
    }
    Ok(())
}
