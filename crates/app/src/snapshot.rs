//! What events show of things: the same shapes as the API's answers, at commit time.

use domain::days;
use serde_json::{Value, json};

use crate::OpCtx;
use crate::customers::CustomerView;

/// How long links inside an event's payload are good, in microseconds.
pub const LINK_LIFE: i64 = days(1);

pub fn customer(ctx: &OpCtx, view: &CustomerView) -> Value {
    let _ = ctx;
    json!({"id": view.customer.id.to_string(), "object": "customer"})
}
