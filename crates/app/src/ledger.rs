//! A partner's prepaid balance: paid in, held for work that was asked for, taken when it is done.
//!
//! A partner without an account is invoiced afterwards, and nothing here stands in its way. The
//! movements are those of postal.md 9.5; they are entries of the ledger, and the sum of the entries
//! is the balance. Prices are set here too; what a forward costs is quoted where it is asked for.

use domain::billing::LedgerKind;
use domain::id::{ActionId, LedgerId};
use domain::partner::Service;
use domain::{Error, ErrorCode, Field, Result};
use storage::Tx;
use storage::ledger::{self, Balance, LedgerEntry};

use crate::{OpCtx, audit};

/// The largest single movement or price, in minor units: ten million in most currencies. It keeps
/// sums far from the end of the integers, and catches amounts that were meant as something else.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000;

/// What a service costs this partner in minor units; `None` where no price was agreed.
pub async fn price(tx: &Tx, ctx: &OpCtx, service: Service) -> Result<Option<i64>> {
    Ok(ledger::price_find(tx, &ctx.scope, service).await?)
}

/// Every price that was agreed with this partner.
pub async fn prices(tx: &Tx, ctx: &OpCtx) -> Result<Vec<(Service, i64)>> {
    Ok(ledger::price_list(tx, &ctx.scope).await?)
}

/// Agrees on what a service costs from now on, in both modes; `None` takes the price back.
pub async fn set_price(
    tx: &Tx,
    ctx: &OpCtx,
    service: Service,
    price_minor: Option<i64>,
) -> Result<()> {
    if price_minor.is_some_and(|p| !(0..=AMOUNT_MINOR_MAX).contains(&p)) {
        return Err(amount_refused(
            "price_minor",
            "a price is from 0 to 1,000,000,000 minor units",
        ));
    }
    ledger::price_set(tx, &ctx.scope, service, price_minor).await?;
    let shown = price_minor.map_or_else(|| "none".to_owned(), |p| p.to_string());
    let detail = [("service", service.as_str()), ("price_minor", &shown)];
    audit::record(tx, ctx, "price.set", ctx.partner.id, &detail).await
}

/// The balance, or `None` for a partner that is invoiced.
pub async fn balance(tx: &Tx, ctx: &OpCtx) -> Result<Option<Balance>> {
    Ok(ledger::balance_find(tx, &ctx.scope).await?)
}

/// Movements older than `before`, newest first.
pub async fn entries(
    tx: &Tx,
    ctx: &OpCtx,
    before: Option<LedgerId>,
    limit: i64,
) -> Result<Vec<LedgerEntry>> {
    Ok(ledger::entry_list(tx, &ctx.scope, before, limit).await?)
}

/// Books money that was paid in. The first time opens the account, and from then on work that has a
/// price is done only while the balance covers it.
pub async fn top_up(tx: &Tx, ctx: &OpCtx, amount_minor: i64, note: &str) -> Result<Balance> {
    if !(1..=AMOUNT_MINOR_MAX).contains(&amount_minor) {
        return Err(amount_refused(
            "amount_minor",
            "a top-up is from 1 to 1,000,000,000 minor units",
        ));
    }
    ledger::balance_open(tx, &ctx.scope, &ctx.partner.order_form.currency).await?;
    book(tx, ctx, LedgerKind::TopUp, amount_minor, note).await
}

/// Corrects the available balance by a positive or negative amount.
pub async fn adjust(tx: &Tx, ctx: &OpCtx, amount_minor: i64, note: &str) -> Result<Balance> {
    if amount_minor == 0 || amount_minor.abs() > AMOUNT_MINOR_MAX {
        return Err(amount_refused(
            "amount_minor",
            "an adjustment is up to 1,000,000,000 minor units, and not 0",
        ));
    }
    book(tx, ctx, LedgerKind::Adjust, amount_minor, note).await
}

async fn book(
    tx: &Tx,
    ctx: &OpCtx,
    kind: LedgerKind,
    amount_minor: i64,
    note: &str,
) -> Result<Balance> {
    let before = must_have_account(tx, ctx).await?;
    shift(tx, ctx, &before, amount_minor, 0).await?;
    write(tx, ctx, kind, amount_minor, None, Some(note)).await?;
    let detail = [("amount_minor", amount_minor.to_string())];
    let detail = detail.each_ref().map(|(name, value)| (*name, value.as_str()));
    audit::record(tx, ctx, &format!("balance.{kind}"), ctx.partner.id, &detail).await?;
    Ok(Balance { available_minor: before.available_minor + amount_minor, ..before })
}

/// Sets money aside for an action. Answers nothing for a partner without an account, or when
/// there is nothing to pay; refused with `insufficient_prepay_balance` when the balance is too small.
pub async fn hold(
    tx: &Tx,
    ctx: &OpCtx,
    action: ActionId,
    amount_minor: i64,
) -> Result<Option<LedgerId>> {
    if amount_minor <= 0 {
        return Ok(None);
    }
    let Some(balance) = ledger::balance_find_locked(tx, &ctx.scope).await? else {
        return Ok(None);
    };
    shift(tx, ctx, &balance, -amount_minor, amount_minor).await?;
    write(tx, ctx, LedgerKind::Hold, amount_minor, Some(action), None).await.map(Some)
}

/// Gives back what is still held for an action that will not be done.
pub async fn release(tx: &Tx, ctx: &OpCtx, action: ActionId) -> Result<()> {
    let Some(balance) = ledger::balance_find_locked(tx, &ctx.scope).await? else { return Ok(()) };
    let held = Moved::by(tx, ctx, action).await?.held();
    if held == 0 {
        return Ok(());
    }
    shift(tx, ctx, &balance, held, -held).await?;
    write(tx, ctx, LedgerKind::Release, held, Some(action), None).await.map(drop)
}

/// Takes what an action really cost: from its hold, any more from the available balance; what is
/// left of the hold goes back. Refused with `insufficient_prepay_balance` when both are too small.
pub async fn capture(tx: &Tx, ctx: &OpCtx, action: ActionId, actual_minor: i64) -> Result<()> {
    let Some(balance) = ledger::balance_find_locked(tx, &ctx.scope).await? else { return Ok(()) };
    let actual = actual_minor.max(0);
    let held = Moved::by(tx, ctx, action).await?.held();
    if held == 0 && actual == 0 {
        return Ok(());
    }
    shift(tx, ctx, &balance, held - actual, -held).await?;
    // Booked in steps that each stand alone, so that the entries always sum up to the balance.
    for (kind, amount) in [
        (LedgerKind::Hold, actual - held),
        (LedgerKind::Capture, actual),
        (LedgerKind::Release, held - actual),
    ] {
        if amount > 0 {
            write(tx, ctx, kind, amount, Some(action), None).await?;
        }
    }
    Ok(())
}

/// Gives back some of what an action cost, up to all of it.
pub async fn refund(
    tx: &Tx,
    ctx: &OpCtx,
    action: ActionId,
    amount_minor: i64,
    note: &str,
) -> Result<Balance> {
    let before = must_have_account(tx, ctx).await?;
    let paid = Moved::by(tx, ctx, action).await?.paid();
    if !(1..=paid).contains(&amount_minor) {
        let message = format!("a refund of this action is from 1 to {paid} minor units");
        return Err(amount_refused("amount_minor", &message));
    }
    shift(tx, ctx, &before, amount_minor, 0).await?;
    write(tx, ctx, LedgerKind::Refund, amount_minor, Some(action), Some(note)).await?;
    audit::record(
        tx,
        ctx,
        "balance.refund",
        action,
        &[("amount_minor", &amount_minor.to_string())],
    )
    .await?;
    Ok(Balance { available_minor: before.available_minor + amount_minor, ..before })
}

/// What the entries of one action add up to.
#[derive(Default)]
struct Moved {
    hold: i64,
    release: i64,
    capture: i64,
    refund: i64,
}

impl Moved {
    async fn by(tx: &Tx, ctx: &OpCtx, action: ActionId) -> Result<Self> {
        let mut moved = Self::default();
        for entry in ledger::entry_list_of(tx, &ctx.scope, action).await? {
            match entry.kind {
                LedgerKind::Hold => moved.hold += entry.amount_minor,
                LedgerKind::Release => moved.release += entry.amount_minor,
                LedgerKind::Capture => moved.capture += entry.amount_minor,
                LedgerKind::Refund => moved.refund += entry.amount_minor,
                // These are of the account, never of an action.
                LedgerKind::TopUp | LedgerKind::Adjust => {}
            }
        }
        Ok(moved)
    }

    fn held(&self) -> i64 {
        self.hold - self.release - self.capture
    }

    fn paid(&self) -> i64 {
        self.capture - self.refund
    }
}

async fn must_have_account(tx: &Tx, ctx: &OpCtx) -> Result<Balance> {
    ledger::balance_find_locked(tx, &ctx.scope).await?.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "this partner has no prepaid balance")
            .fix("a first top-up opens the account")
    })
}

async fn shift(tx: &Tx, ctx: &OpCtx, balance: &Balance, available: i64, held: i64) -> Result<()> {
    if ledger::balance_move(tx, &ctx.scope, available, held).await? {
        return Ok(());
    }
    let message = format!(
        "the prepaid balance has {} {} available; this needs {}",
        balance.available_minor, balance.currency, -available
    );
    Err(Error::refused(ErrorCode::InsufficientPrepayBalance, message)
        .fix("have the operator book a top-up, then send the request again"))
}

async fn write(
    tx: &Tx,
    ctx: &OpCtx,
    kind: LedgerKind,
    amount_minor: i64,
    action_id: Option<ActionId>,
    note: Option<&str>,
) -> Result<LedgerId> {
    let id = LedgerId::new(ctx.app.ids.as_ref(), ctx.app.clock.now());
    let note = note.map(ToOwned::to_owned);
    let entry = LedgerEntry { id, kind, amount_minor, action_id, note, at: ctx.now };
    ledger::entry_insert(tx, &ctx.scope, &entry).await?;
    Ok(id)
}

fn amount_refused(param: &str, message: &str) -> Error {
    Error::invalid(vec![Field::new(param, "invalid", message)])
}
