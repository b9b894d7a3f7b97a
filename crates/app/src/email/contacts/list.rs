//! Contacts that a caller sees: page by page, and by an address or a number.

use domain::Result;
use storage::Tx;
use storage::email::contacts as rows;
pub use storage::email::contacts::{Filter, Lookup, Order};

use super::{View, eyes, views};
use crate::OpCtx;

/// Contacts that a lookup answers with at most; the oldest of more.
const LOOKUP_ROWS_MAX: i64 = 1000;

pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    filter: &Filter,
    order: Order,
    page: (i64, i64),
) -> Result<Vec<View>> {
    let found = rows::list(tx, eyes(ctx), filter, order, page).await?;
    views(tx, found).await
}

/// All visible contacts with an address or a number, oldest first (PR-27).
pub async fn lookup(tx: &Tx, ctx: &OpCtx, by: &Lookup) -> Result<Vec<View>> {
    let by = match by {
        Lookup::Email(text) => Lookup::Email(text.to_lowercase()),
        Lookup::EmailContains(text) => Lookup::EmailContains(text.to_lowercase()),
        Lookup::EmailDomain(text) => {
            Lookup::EmailDomain(text.trim_start_matches('@').to_lowercase())
        }
        Lookup::Phone(text) => Lookup::Phone(digits(text)),
        Lookup::PhoneContains(text) => Lookup::PhoneContains(digits(text)),
    };
    if matches!(&by, Lookup::Phone(text) | Lookup::PhoneContains(text) if text.is_empty()) {
        return Ok(Vec::new());
    }
    let found = rows::lookup(tx, eyes(ctx), &by, LOOKUP_ROWS_MAX).await?;
    views(tx, found).await
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
