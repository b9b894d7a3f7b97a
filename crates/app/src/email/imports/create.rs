//! A new job: one at a time for a mailbox, some a day for an organization.

use domain::email::import::{Import, ImportStatus, JOBS_MAX, Place, QUOTA_SPAN};
use domain::id::ImportId;
use domain::{Error, ErrorCode, Fact, Field, Result, seconds};
use email::Address;
use storage::Tx;
use storage::email::imports as rows;
use wire::email::imports::NewImport;

use crate::email::mailbox;
use crate::{OpCtx, audit};

pub async fn create(tx: &Tx, ctx: &OpCtx, address: &str, new: &NewImport) -> Result<Import> {
    let owner = mailbox(tx, ctx, address).await?;
    if rows::is_in_flight(tx, owner.mailbox_id).await? {
        let message = "another import of this mailbox is not over; wait for it, or cancel it";
        return Err(Error::refused(ErrorCode::ImportInFlight, message));
    }
    must_be_within_quota(tx, ctx).await?;
    let ids = ctx.app.ids.as_ref();
    let job = Import {
        no: ids.number(ctx.now),
        id: ImportId::new(ids, ctx.now),
        partner_id: ctx.scope.partner_id(),
        mailbox_id: owner.mailbox_id,
        status: ImportStatus::PendingUpload,
        format: new.format,
        addresses: new.addresses.as_deref().map(canonical).transpose()?,
        mark_as_read: new.mark_as_read,
        upload: None,
        upload_size: None,
        processed: 0,
        place: Place::default(),
        imported: 0,
        duplicates: 0,
        failed: 0,
        rejected: 0,
        error: None,
        created_at: ctx.now,
        updated_at: ctx.now,
        started_at: None,
        finished_at: None,
    };
    rows::insert(tx, &job).await?;
    audit::record(tx, ctx, "import.create", job.id, &[]).await?;
    Ok(job)
}

async fn must_be_within_quota(tx: &Tx, ctx: &OpCtx) -> Result<()> {
    let since = ctx.now.plus(-QUOTA_SPAN);
    let begun = rows::begun_since(tx, &ctx.scope, since, JOBS_MAX).await?;
    let Some(oldest) = begun.get(usize::try_from(JOBS_MAX - 1).unwrap_or(usize::MAX)) else {
        return Ok(());
    };
    // Never 0, so that whoever waits so long is not too early.
    let wait = (oldest.plus(QUOTA_SPAN).micros() - ctx.now.micros()) / seconds(1) + 1;
    let message = format!("an organization begins at most {JOBS_MAX} imports in 24 hours");
    Err(Error::refused(ErrorCode::ImportQuotaExceeded, message)
        .fact("retry_after_seconds", Fact::Number(wait))
        .retry_after(u32::try_from(wait).unwrap_or(u32::MAX)))
}

fn canonical(addresses: &[String]) -> Result<Vec<String>> {
    let read = |(place, text): (usize, &String)| {
        Address::parse(text).map(|address| address.canonical().clone()).map_err(|problem| {
            let at = format!("original_addresses/{place}");
            Error::invalid(vec![Field::new(at, "invalid", problem.to_string())])
        })
    };
    addresses.iter().enumerate().map(read).collect()
}
