//! The identities that a caller sees.

use domain::Result;
use domain::email::Identity;
use domain::email::identity::IDENTITIES_MAX;
use storage::Tx;
use storage::email::identities as rows;

use crate::OpCtx;
use crate::email::sees;

/// All of them, newest first: an organization has at most [`IDENTITIES_MAX`].
pub async fn list(tx: &Tx, ctx: &OpCtx) -> Result<Vec<Identity>> {
    let mut seen = Vec::new();
    for identity in rows::list(tx, &ctx.scope, IDENTITIES_MAX).await? {
        if sees(tx, ctx, &identity).await? {
            seen.push(identity);
        }
    }
    Ok(seen)
}
