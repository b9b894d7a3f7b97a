//! The clock of a partner's test world: read, and moved forward only.
//!
//! Everything that waits in the test world waits by this clock; the live world has no such thing.

use domain::{Error, ErrorCode, Field, Result, Timestamp, days, seconds};
use storage::{Tx, tenancy};

use crate::{OpCtx, audit};

/// How far one step may go, in microseconds: a year.
pub const STEP_MAX: i64 = days(366);
/// How far the clock may run ahead in all, in microseconds: twenty years.
pub const AHEAD_MAX: i64 = days(20 * 366);

/// Where to move the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// By this many microseconds.
    By(i64),
    /// To this moment, which must lie ahead.
    To(Timestamp),
}

/// The time in the test world, and how many seconds it runs ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestTime {
    pub now: Timestamp,
    pub ahead_seconds: i64,
}

/// The time of the context's test world.
pub fn read(ctx: &OpCtx) -> Result<TestTime> {
    must_be_test(ctx)?;
    Ok(TestTime { now: ctx.now, ahead_seconds: ctx.partner.test_clock_ahead / seconds(1) })
}

/// Moves the clock forward. What became due by it is done by the tasks within a second.
pub async fn advance(tx: &Tx, ctx: &OpCtx, to: Advance) -> Result<TestTime> {
    must_be_test(ctx)?;
    let step = match to {
        Advance::By(micros) => micros,
        Advance::To(at) => at.micros() - ctx.now.micros(),
    };
    if !(1..=STEP_MAX).contains(&step) {
        let message = "the clock moves forward only, by at most a year at a time";
        return Err(Error::invalid(vec![Field::new("to", "invalid", message)]));
    }
    let ahead = tenancy::partner_advance_clock(tx, &ctx.scope, step).await?;
    if ahead > AHEAD_MAX {
        let message = "the clock runs twenty years ahead; use another partner to go on";
        return Err(Error::invalid(vec![Field::new("to", "invalid", message)]));
    }
    let detail = [("ahead_seconds", &*(ahead / seconds(1)).to_string())];
    audit::record(tx, ctx, "test_clock.advance", ctx.partner.id, &detail).await?;
    Ok(TestTime { now: ctx.app.clock.now().plus(ahead), ahead_seconds: ahead / seconds(1) })
}

/// The test world's helpers do not exist for anybody else.
pub fn must_be_test(ctx: &OpCtx) -> Result<()> {
    if ctx.livemode() {
        return Err(Error::refused(
            ErrorCode::RouteNotFound,
            "test helpers exist for test keys only",
        )
        .fix("call with a key that starts with ib_test_"));
    }
    Ok(())
}
