//! `/api/v1/test_helpers/clock`.

use app::OpCtx;
use app::test_clock::{self, Advance, TestTime};
use axum::extract::State;
use domain::key::ScopeName;
use domain::seconds;
use wire::partner::test_helpers::{AdvanceClock, TestClock, TestClockAdvance};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

fn shown(time: &TestTime) -> TestClock {
    TestClock::new(time.now, time.ahead_seconds)
}

/// Read the test clock
#[utoipa::path(
    get, path = "/test_helpers/clock", operation_id = "getTestClock", tag = "Test helpers",
    security(("bearer" = ["customers:read"])),
    responses((status = 200, description = "The time in the test world.", body = TestClock))
)]
pub(crate) async fn get_handler(State(_): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::CustomersRead, &[])?;
    Ok(answer::respond(&answer::ok(&shown(&test_clock::read(&ctx)?), None)))
}

/// Advance the test clock
///
/// Forward only, by at most a year. Grace, holds, reservations and windows run by it.
#[utoipa::path(
    post, path = "/test_helpers/clock", operation_id = "advanceTestClock", tag = "Test helpers",
    security(("bearer" = ["customers:write"])),
    request_body = TestClockAdvance,
    responses((status = 200, description = "The new time in the test world.", body = TestClock))
)]
pub(crate) async fn advance_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::CustomersWrite)?;
    test_clock::must_be_test(&ctx)?;
    let to = match AdvanceClock::read(body)? {
        AdvanceClock::Seconds(n) => Advance::By(seconds(n)),
        AdvanceClock::To(at) => Advance::To(at),
    };
    api.run(
        &ctx,
        async move |tx, ctx| test_clock::advance(tx, ctx, to).await,
        |_: &OpCtx, time| answer::ok(&shown(time), None),
    )
    .await
}
