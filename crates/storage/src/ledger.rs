//! Prepaid balances, their ledger, and what services cost a partner.
//!
//! A balance changes by compare-and-set, each change with its entries; entries are only ever added.
//! Which movement is allowed when is in `app::ledger`.

use domain::Timestamp;
use domain::billing::LedgerKind;
use domain::id::{ActionId, LedgerId};
use domain::partner::Service;

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// What a partner has paid ahead, in minor units of one currency.
///
/// Invariant: neither amount is ever below zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    pub available_minor: i64,
    /// Set aside for work that was asked for and is not done yet.
    pub held_minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// One movement. The amount is positive, save that an `adjust` may take away.
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    pub id: LedgerId,
    pub kind: LedgerKind,
    pub amount_minor: i64,
    pub action_id: Option<ActionId>,
    pub note: Option<String>,
    pub at: Timestamp,
}

statements! {
    BALANCE_GET = "select available_minor, held_minor, currency from balances
        where partner_id = $1 and livemode = $2";
    BALANCE_GET_LOCKED = "select available_minor, held_minor, currency from balances
        where partner_id = $1 and livemode = $2 {lock}";
    BALANCE_OPEN = "insert into balances (partner_id, livemode, available_minor, held_minor, currency)
        values ($1, $2, 0, 0, $3) on conflict (partner_id, livemode) do nothing";
    BALANCE_MOVE = "update balances set available_minor = available_minor + $3, held_minor = held_minor + $4
        where partner_id = $1 and livemode = $2 and available_minor + $3 >= 0 and held_minor + $4 >= 0";
    ENTRY_INSERT = "insert into ledger_entries (id, partner_id, livemode, kind, amount_minor, action_id, note, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    ENTRY_OF_ACTION = "select id, kind, amount_minor, action_id, note, at from ledger_entries
        where action_id = $1 and partner_id = $2 and livemode = $3 order by id";
    ENTRY_LIST = "select id, kind, amount_minor, action_id, note, at from ledger_entries
        where partner_id = $1 and livemode = $2 and id < $3 order by id desc limit $4";
    PRICE_GET = "select price_minor from service_prices where partner_id = $1 and service = $2";
    PRICE_LIST = "select service, price_minor from service_prices where partner_id = $1 order by service";
    PRICE_PUT = "insert into service_prices (partner_id, service, price_minor) values ($1, $2, $3)
        on conflict (partner_id, service) do update set price_minor = excluded.price_minor";
    PRICE_DELETE = "delete from service_prices where partner_id = $1 and service = $2";
}

/// The balance of a partner, if it pays ahead.
pub async fn balance_find(tx: &Tx, scope: &Scope) -> Result<Option<Balance>> {
    tx.opt(BALANCE_GET, args![scope.partner_id(), scope.livemode()], balance).await
}

/// The balance, kept from others until the transaction ends.
pub async fn balance_find_locked(tx: &Tx, scope: &Scope) -> Result<Option<Balance>> {
    tx.opt(BALANCE_GET_LOCKED, args![scope.partner_id(), scope.livemode()], balance).await
}

/// Opens an account at zero, unless there is one.
pub async fn balance_open(tx: &Tx, scope: &Scope, currency: &str) -> Result<()> {
    tx.post(BALANCE_OPEN, args![scope.partner_id(), scope.livemode(), currency]).await
}

/// Adds to both amounts; false, with nothing changed, when either would fall below zero.
pub async fn balance_move(
    tx: &Tx,
    scope: &Scope,
    available_minor: i64,
    held_minor: i64,
) -> Result<bool> {
    let row = args![scope.partner_id(), scope.livemode(), available_minor, held_minor];
    Ok(tx.exec(BALANCE_MOVE, row).await? == 1)
}

pub async fn entry_insert(tx: &Tx, scope: &Scope, e: &LedgerEntry) -> Result<()> {
    let row = args![
        e.id,
        scope.partner_id(),
        scope.livemode(),
        e.kind,
        e.amount_minor,
        e.action_id,
        e.note,
        e.at
    ];
    tx.post(ENTRY_INSERT, row).await
}

/// What an action has moved so far, oldest first.
pub async fn entry_list_of(tx: &Tx, scope: &Scope, action: ActionId) -> Result<Vec<LedgerEntry>> {
    tx.all(ENTRY_OF_ACTION, args![action, scope.partner_id(), scope.livemode()], entry).await
}

/// Entries older than `before`, newest first.
pub async fn entry_list(
    tx: &Tx,
    scope: &Scope,
    before: Option<LedgerId>,
    limit: i64,
) -> Result<Vec<LedgerEntry>> {
    let before = before.unwrap_or(LedgerId::MAX);
    tx.all(ENTRY_LIST, args![scope.partner_id(), scope.livemode(), before, limit], entry).await
}

/// What a service costs a partner, in minor units; `None` where no price was agreed.
pub async fn price_find(tx: &Tx, scope: &Scope, service: Service) -> Result<Option<i64>> {
    tx.opt(PRICE_GET, args![scope.partner_id(), service.as_str()], Row::next).await
}

pub async fn price_list(tx: &Tx, scope: &Scope) -> Result<Vec<(Service, i64)>> {
    let read = |r: &mut Row| {
        let word: String = r.next()?;
        let service = Service::parse(&word)
            .ok_or_else(|| crate::Error::Inconsistent(format!("{word} is no service")))?;
        Ok((service, r.next()?))
    };
    tx.all(PRICE_LIST, args![scope.partner_id()], read).await
}

/// Agrees on a price, or on none.
pub async fn price_set(
    tx: &Tx,
    scope: &Scope,
    service: Service,
    price_minor: Option<i64>,
) -> Result<()> {
    let (partner, service) = (scope.partner_id(), service.as_str());
    match price_minor {
        Some(price) => tx.post(PRICE_PUT, args![partner, service, price]).await,
        None => tx.post(PRICE_DELETE, args![partner, service]).await,
    }
}

fn balance(r: &mut Row) -> Result<Balance> {
    Ok(Balance { available_minor: r.next()?, held_minor: r.next()?, currency: r.next()? })
}

fn entry(r: &mut Row) -> Result<LedgerEntry> {
    Ok(LedgerEntry {
        id: r.next()?,
        kind: r.next()?,
        amount_minor: r.next()?,
        action_id: r.next()?,
        note: r.next()?,
        at: r.next()?,
    })
}
