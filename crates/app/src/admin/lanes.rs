//! Which endpoints keep the install busy.

use domain::Result;
use storage::Tx;
use storage::lane_costs::{self, Named};

use super::StaffCtx;

/// The endpoints of the operator's partners that cost most in the last minute, the costliest first; at most
/// [`lane_costs::LANES_MAX`].
pub async fn list(tx: &Tx, ctx: &StaffCtx) -> Result<Vec<Named>> {
    Ok(lane_costs::list(tx, ctx.operator_id, ctx.app.clock.now()).await?)
}
