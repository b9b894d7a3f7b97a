//! One identity.

use domain::Result;
use domain::email::Identity;
use storage::Tx;

use crate::OpCtx;
use crate::email::visible;

/// An identity by its handle; a leading `@` is put right.
pub async fn get(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<Identity> {
    visible(tx, ctx, handle).await
}
