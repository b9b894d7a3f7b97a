//! Listing the log, newest attempt first.

use std::cmp::Reverse;

use domain::id::EndpointId;
use domain::{Result, Timestamp};
use futures_util::future::try_join_all;
use storage::Tx;
use storage::email::webhook_log::{self as rows, Line, LineFilter};

use super::LogRow;
use crate::OpCtx;

/// Endpoints whose logs are read together. An organization's are merged in so many rounds.
const ENDPOINTS_AT_ONCE: usize = 32;

/// Which rows are wanted, and which part of them.
#[derive(Clone, Copy, Debug)]
pub struct LogPage {
    pub subscription: Option<EndpointId>,
    pub filter: LineFilter,
    pub offset: usize,
    pub limit: usize,
}

pub async fn list(tx: &Tx, ctx: &OpCtx, page: LogPage) -> Result<Vec<LogRow>> {
    let all = rows::endpoints(tx, &ctx.scope, page.subscription, ctx.identity).await?;
    let wanted = page.offset + page.limit;
    let mut newest: Vec<Line> = Vec::new();
    for endpoints in all.chunks(ENDPOINTS_AT_ONCE) {
        // What is older than all that are wanted already is not read.
        let since = newest.get(wanted - 1).map_or(Timestamp::from_micros(0), |line| line.at);
        let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
        let read = endpoints.iter().map(|no| rows::lines(tx, *no, page.filter, since, limit));
        newest.extend(try_join_all(read).await?.into_iter().flatten());
        newest.sort_by_key(|line| Reverse((line.at, line.delivery_no, line.n)));
        newest.truncate(wanted);
    }
    let mut found = Vec::with_capacity(page.limit);
    for line in newest.into_iter().skip(page.offset) {
        // Either is gone when it grew too old a moment ago.
        let sent = rows::sent(tx, &ctx.scope, line.delivery_no).await?;
        let outcome = rows::outcome(tx, line.delivery_no, line.n).await?;
        if let (Some(sent), outcome @ Some(_)) = (sent, outcome) {
            found.push(LogRow { sent, outcome });
        }
    }
    Ok(found)
}
