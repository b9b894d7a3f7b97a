//! Asking for an item to be destroyed (H1).

use domain::action::ActionKind;
use domain::mail::{Accountable, MailFlag, MailType};
use domain::partner::Service;
use domain::{Error, ErrorCode, Result, days, hours};
use storage::Tx;
use wire::partner::actions::ShredRequest;

use super::ActionView;
use super::request::{Request, open, store};
use crate::OpCtx;
use crate::mail::MailView;

/// When a shred is due, after the first moment at which it may be carried out.
const DUE_AFTER: i64 = days(3);

pub async fn request(
    tx: &Tx,
    ctx: &OpCtx,
    mail_id: &str,
    input: &ShredRequest,
) -> Result<ActionView> {
    let view = open(tx, ctx, mail_id, ActionKind::Shred, input.after_scan).await?;
    must_not_be_held(ctx, &view)?;
    let sensitive = view.item.accountable != Accountable::None
        || view.item.flags.iter().any(|flag| flag.is_sensitive());
    if sensitive && !input.confirm_sensitive {
        return Err(Error::refused(
            ErrorCode::ConfirmationRequired,
            "this mail item is a check, government mail, legal process or was signed for",
        )
        .fix("send confirm_sensitive: true to have it destroyed all the same"));
    }
    let not_before = ctx.now.plus(hours(view.location.shred_hold_hours));
    let request = Request {
        kind: ActionKind::Shred,
        service: match view.item.kind {
            MailType::Letter => Service::Shred,
            MailType::Package => Service::Destruction,
        },
        after_scan: input.after_scan,
        free: false,
        options: input.to_options(),
        result: "{}".to_owned(),
        not_before: Some(not_before),
        due_at: Some(not_before.plus(DUE_AFTER)),
        warnings: Vec::new(),
    };
    store(tx, ctx, view, request).await
}

/// Refuses to destroy what a legal hold keeps. Asked again before the work begins and before it is
/// recorded, because a hold may be set while a request waits.
pub(super) fn must_not_be_held(ctx: &OpCtx, view: &MailView) -> Result<()> {
    let blocked_test =
        !ctx.livemode() && view.item.tracking_number.as_deref() == Some("TEST-SHRED-BLOCKED");
    if view.item.flags.contains(&MailFlag::LegalHold) || blocked_test {
        return Err(Error::refused(
            ErrorCode::LegalHold,
            "the operator keeps this mail item from destruction",
        ));
    }
    Ok(())
}
