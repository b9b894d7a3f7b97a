//! `GET /api/v1/me`: who a key is. What "test connection" buttons call.

use axum::extract::State;

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer, entrance};

/// Read the key's own identity
///
/// Key, partner, mode, scopes and limits of whoever calls. Needs no scope.
#[utoipa::path(
    get, path = "/me", operation_id = "getMe", tag = "Account",
    responses((status = 200, description = "The key that was sent.", body = wire::partner::me::Me))
)]
pub(crate) async fn handler(State(_): State<PartnerApi>, call: Call) -> Handled {
    call.no_query()?;
    let caller = call.caller();
    let (key, partner) = (&caller.key, &caller.ctx.partner);
    let me = wire::partner::me::Me::new(key, partner, entrance::API_VERSION);
    Ok(answer::respond(&answer::ok(&me, None)))
}
