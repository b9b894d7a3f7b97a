//! Asking for the contents to be scanned (SC1, SC6).

use domain::action::{ActionKind, ActionStatus};
use domain::mail::MailType;
use domain::partner::Service;
use domain::{Error, ErrorCode, Result, days, hours};
use storage::Tx;
use wire::partner::actions::ScanRequest;

use super::ActionView;
use super::request::{Request, open, store};
use crate::OpCtx;

/// A scan that is repeated within this time is free of charge, in microseconds.
const FREE_RESCAN: i64 = days(7);

pub async fn request(
    tx: &Tx,
    ctx: &OpCtx,
    mail_id: &str,
    input: &ScanRequest,
) -> Result<ActionView> {
    let view = open(tx, ctx, mail_id, ActionKind::Scan, false).await?;
    if view.item.kind == MailType::Package && !input.contents_photo {
        return Err(Error::refused(ErrorCode::ServiceNotOffered, "a package is not scanned")
            .fix("send contents_photo: true to have its contents photographed"));
    }
    let done = |a: &&domain::action::Action| {
        a.kind == ActionKind::Scan && a.status == ActionStatus::Completed
    };
    let scanned_at = view.actions.iter().find(done).and_then(|a| a.completed_at);
    if scanned_at.is_some() && !input.rescan {
        return Err(Error::refused(ErrorCode::AlreadyScanned, "this mail item was scanned")
            .fix("send rescan: true to have it scanned again"));
    }
    let request = Request {
        kind: ActionKind::Scan,
        service: Service::Scan,
        after_scan: false,
        free: scanned_at.is_some_and(|at| ctx.now < at.plus(FREE_RESCAN)),
        options: input.to_options(),
        result: "{}".to_owned(),
        not_before: None,
        due_at: Some(ctx.now.plus(hours(view.location.scan_due_hours))),
        warnings: Vec::new(),
    };
    store(tx, ctx, view, request).await
}
