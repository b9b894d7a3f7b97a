//! Searching a mailbox (email-api.md 6.1). Words are taken in after the commit, by a task, so that accepting
//! mail never waits for them.

use domain::email::Message;
use domain::{Error, Field, Result};
use email::words;
use storage::Tx;
use storage::email::search::{self as rows, Words};

use super::{mailbox, raw};
use crate::{App, OpCtx};

/// Characters of a query.
pub const QUERY_CHARS_MAX: usize = 500;
/// Bytes of a body whose words are taken in (email-engine.md 4.7).
const BODY_BYTES_MAX: usize = 64 << 10;
/// Messages that are taken in by one run.
const PAGE_ROWS: i64 = 64;

/// The messages of a mailbox that have every word of a query, the best first, then the newest.
pub async fn search(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    query: &str,
    limit: usize,
) -> Result<Vec<Message>> {
    let owner = mailbox(tx, ctx, address).await?;
    if query.is_empty() || query.chars().count() > QUERY_CHARS_MAX {
        let rule = format!("q has 1 to {QUERY_CHARS_MAX} characters");
        return Err(Error::invalid(vec![Field::new("q", "invalid", rule)]));
    }
    let words = words::words(query, BODY_BYTES_MAX);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(rows::find(tx, owner.mailbox_id, &words, ctx.identity.is_none(), limit).await?)
}

/// Takes in the words of messages that wait, and counts them.
pub async fn index(app: &App) -> Result<usize> {
    let page = app.db.read(async |tx: &Tx| rows::pending(tx, PAGE_ROWS).await).await?;
    let count = page.len();
    let mut read = Vec::with_capacity(count);
    for message in page {
        // Deleted since the page was read: nothing to take in.
        let Ok(bytes) = raw::load(app, message.raw).await else { continue };
        let words = words_of(&message, &bytes);
        read.push((message, words));
    }
    let unit = async move |tx: &Tx| {
        for (message, words) in &read {
            rows::put(tx, message, words).await?;
        }
        rows::forget_gone(tx, PAGE_ROWS).await
    };
    let gone = app.db.write(unit).await?;
    Ok(count + usize::try_from(gone).unwrap_or(0))
}

fn words_of(m: &Message, bytes: &[u8]) -> Words {
    let parsed = email::parse(bytes).ok();
    let body = parsed.as_ref().and_then(|p| p.body.as_deref()).unwrap_or_default();
    let files = parsed.iter().flat_map(|p| &p.parts).filter_map(|part| part.filename.as_deref());
    let mut people = vec![m.from_address.as_str(), m.from_name.as_deref().unwrap_or_default()];
    people.extend(m.to.iter().chain(&m.cc).chain(&m.bcc).map(String::as_str));
    let taken = |text: &str| words::words(text, BODY_BYTES_MAX);
    Words {
        subject: taken(m.subject.as_deref().unwrap_or_default()),
        people: taken(&people.join(" ")),
        body: taken(body),
        files: taken(&files.collect::<Vec<_>>().join(" ")),
    }
}
