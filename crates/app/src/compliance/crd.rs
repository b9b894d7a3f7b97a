//! Keeping track of what staff entered in the USPS Customer Registration Database.
//!
//! The database has no interface for programs; people enter there and say here that they did.

use domain::Result;
use domain::compliance::CrdState;
use storage::Tx;
use storage::compliance::{self as rows, CrdRecord};

use super::must_be_staff;
use crate::customers::get;
use crate::{OpCtx, audit};

/// Records shown at once.
pub const RECORDS_MAX: i64 = 500;

/// Records what was done in the database for a customer.
pub async fn record(tx: &Tx, ctx: &OpCtx, customer_id: &str, to: CrdState) -> Result<CrdRecord> {
    must_be_staff(ctx)?;
    let customer = get::find_locked(tx, ctx, customer_id).await?;
    let found = rows::crd_find(tx, customer.id).await?;
    let from = found.as_ref().map_or(CrdState::NotRequired, |r| r.state);
    let form_id = match &found {
        Some(record) => record.form_id,
        None => rows::form_current(tx, customer.id).await?.id,
    };
    let record = CrdRecord {
        customer_id: customer.id,
        operator_id: customer.operator_id,
        form_id,
        state: from.after(to)?,
        updated_at: ctx.now,
    };
    rows::crd_put(tx, &record).await?;
    let detail = [("from", from.as_str()), ("to", to.as_str())];
    audit::record(tx, ctx, "crd.record", customer.id, &detail).await?;
    Ok(record)
}

/// The operator's work list of one state, the oldest first.
pub async fn list(tx: &Tx, ctx: &OpCtx, state: CrdState) -> Result<Vec<CrdRecord>> {
    must_be_staff(ctx)?;
    Ok(rows::crd_list(tx, ctx.scope.operator_id(), state, RECORDS_MAX).await?)
}
