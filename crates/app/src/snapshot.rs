//! What answers and events show of things, at commit time. The shapes are `wire`'s.

use domain::billing::{BillingStatus, prepay_status};
use domain::customer::Customer;
use domain::days;
use serde_json::{Value, json};

use crate::OpCtx;
use crate::customers::CustomerView;

/// How long links inside an event's payload are good, in microseconds.
pub const LINK_LIFE: i64 = days(1);

/// A customer as it is shown. The invitation is only for those who may invite.
pub fn customer(
    ctx: &OpCtx,
    view: &CustomerView,
    with_invitation: bool,
) -> wire::partner::customers::Customer {
    let c = &view.customer;
    let mailbox = view.mailbox.as_ref().map(|(mailbox, location)| {
        wire::partner::mailboxes::Mailbox::new(mailbox, location, &c.name)
    });
    let url = if with_invitation { view.onboarding_url(ctx) } else { None };
    wire::partner::customers::Customer::new(c, billing_status(ctx, c), mailbox, url)
}

/// The billing status at the context's time: grace and suspension come with the day, not with a write.
pub fn billing_status(ctx: &OpCtx, c: &Customer) -> BillingStatus {
    match c.billing_status {
        BillingStatus::PastDue => BillingStatus::PastDue,
        BillingStatus::Active
        | BillingStatus::Grace
        | BillingStatus::Suspended
        | BillingStatus::None => {
            let zone = &ctx.partner.order_form.timezone;
            prepay_status(c.prepay, c.paid_through, c.billing_lapsed_at, ctx.now, zone)
        }
    }
}

/// A shape of `wire` as a value; those have string keys and can't fail.
pub fn value(shape: &impl serde::Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or_else(|_| json!({}))
}
