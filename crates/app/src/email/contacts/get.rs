//! One contact.

use domain::Result;
use storage::Tx;

use super::{View, view, visible};
use crate::OpCtx;

pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<View> {
    let contact = visible(tx, ctx, id).await?;
    view(tx, contact).await
}
