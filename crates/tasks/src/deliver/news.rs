//! What a batch of completions comes to for others: lines in the audit log, and events for the operator.
//!
//! Written in the transaction of the completions. What endpoints answered is judged in [`super::health`].

use app::notices::operator::{DeliveryExhausted, DeliveryRecovered, DisableWarning, FailureStreak};
use app::notices::{self, Notice};
use app::{App, audit};
use domain::{Result, Timestamp};
use storage::Tx;
use storage::attempts::{self, Settled};
use storage::endpoints;
use webhook::ladder::Class;

use super::health::{FAILING_FOR, GONE, Noted, Notice as Word, Verdict};
use crate::whose;

/// Probes that an endpoint must answer one after another to be taken back (webhooks.md 5.13).
const PROBES_OK: i64 = 3;

/// Deliveries that were given up, and those that arrived although they had been, by their endpoint.
pub(super) async fn ended(tx: &Tx, settled: &[Settled]) -> Result<Vec<(i64, Notice)>> {
    let mut told = Vec::new();
    for Settled { owed, attempt, .. } in settled {
        let is_dead = attempt.outcome == "failed";
        // Only what was revived begins the ladder again.
        let may_be_revived =
            attempt.outcome == "succeeded" && owed.attempt > owed.tries + owed.slow_downs;
        if !is_dead && !may_be_revived {
            continue;
        }
        let Some(name) = attempts::owed_name(tx, owed).await? else { continue };
        let delivery_id = name.delivery_id.to_string();
        let (event_id, event_type) = (name.event_id.to_string(), name.kind.to_string());
        let attempts = attempt.n;
        if is_dead {
            let (status_code, error) = (attempt.status_code, attempt.error.clone());
            let exhausted = DeliveryExhausted {
                delivery_id,
                event_id,
                event_type,
                attempts,
                status_code,
                error,
            };
            told.push((owed.endpoint_no, Notice::DeliveryExhausted(exhausted)));
        } else if name.was_dead {
            let recovered = DeliveryRecovered { delivery_id, event_id, event_type, attempts };
            told.push((owed.endpoint_no, Notice::DeliveryRecovered(recovered)));
        }
    }
    Ok(told)
}

/// Tells what [`ended`] found of the endpoints that are ours.
pub(super) async fn tell_ended(
    tx: &Tx,
    app: &App,
    mut ended: Vec<(i64, Notice)>,
    is_ours: &impl Fn(i64) -> bool,
) -> Result<()> {
    ended.retain(|(no, _)| is_ours(*no));
    ended.sort_by_key(|(no, _)| *no);
    for of_one in ended.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((ctx, endpoint)) = whose::find(tx, app, of_one[0].0).await? else { continue };
        let all: Vec<Notice> = of_one.iter().map(|(_, notice)| notice.clone()).collect();
        notices::tell_all(tx, &ctx, &endpoint, &all).await?;
    }
    Ok(())
}

/// Tells how an endpoint answers, unless that was told already.
pub(super) async fn tell_health(tx: &Tx, app: &App, no: i64, noted: &Noted) -> Result<()> {
    let Some(notice) = noted.notice else { return Ok(()) };
    let stored = endpoints::health(tx, no).await?;
    if stored.notices == noted.health.notices {
        return Ok(());
    }
    let Some((ctx, endpoint)) = whose::find(tx, app, no).await? else { return Ok(()) };
    // What a success ended is still stored.
    let streak = if notice == Word::Recovered { stored } else { noted.health };
    let since = streak.first_failure_at.unwrap_or_default();
    let (failing_since, failures) = (since.to_string(), streak.failures);
    let shown = failures.to_string();
    let detail = [("since", failing_since.as_str()), ("failures", shown.as_str())];
    let verb = notice.verb();
    tracing::warn!(endpoint.id = %endpoint.id, "{verb} {}: {detail:?}", endpoint.id);
    audit::record(tx, &ctx, verb, endpoint.id, &detail).await?;
    let disabled_from = since.plus(FAILING_FOR).to_string();
    let news = match notice {
        Word::Failing => Notice::EndpointFailing(FailureStreak { failing_since, failures }),
        Word::DisableWarning => Notice::EndpointDisableWarning(DisableWarning {
            failing_since,
            failures,
            disabled_from,
        }),
        Word::Recovered => Notice::EndpointRecovered(FailureStreak { failing_since, failures }),
    };
    // The next notice of this batch is held against this one.
    endpoints::put_health(tx, &[(no, noted.health)]).await?;
    notices::tell(tx, &ctx, &endpoint, news).await
}

/// Sets an endpoint aside, once.
pub(super) async fn disable(
    tx: &Tx,
    app: &App,
    no: i64,
    Verdict { reason, aside }: &Verdict,
    now: Timestamp,
) -> Result<()> {
    if !endpoints::disable_failing(tx, no, reason, *aside, now).await? {
        return Ok(());
    }
    let Some((ctx, endpoint)) = whose::find(tx, app, no).await? else { return Ok(()) };
    tracing::warn!(endpoint.id = %endpoint.id, "endpoint.disable {}: {reason}", endpoint.id);
    audit::record(tx, &ctx, "endpoint.disable", endpoint.id, &[("reason", reason)]).await?;
    notices::tell(tx, &ctx, &endpoint, Notice::EndpointDisabled).await
}

/// Counts how an endpoint answered that is set aside, and takes it back after enough good answers. One that
/// says that it is gone is asked no more.
pub(super) async fn probed(
    tx: &Tx,
    app: &App,
    no: i64,
    class: Class,
    now: Timestamp,
) -> Result<()> {
    if class == Class::Gone {
        return gone(tx, app, no, now).await;
    }
    let is_ok = class == Class::Ok;
    let Some(n_ok) = endpoints::probed(tx, no, is_ok, now).await? else { return Ok(()) };
    tracing::info!(endpoint.no = no, "a probe was answered: {}; {n_ok} in a row", class.as_str());
    if n_ok < PROBES_OK || !endpoints::heal(tx, no, now).await? {
        return Ok(());
    }
    let Some((ctx, endpoint)) = whose::find(tx, app, no).await? else { return Ok(()) };
    let detail = [("probes", n_ok.to_string())];
    let detail = detail.each_ref().map(|(name, value)| (*name, value.as_str()));
    audit::record(tx, &ctx, "endpoint.heal", endpoint.id, &detail).await?;
    notices::tell(tx, &ctx, &endpoint, Notice::EndpointEnabled).await
}

async fn gone(tx: &Tx, app: &App, no: i64, now: Timestamp) -> Result<()> {
    if !endpoints::note_gone(tx, no, GONE, now).await? {
        return Ok(());
    }
    let Some((ctx, endpoint)) = whose::find(tx, app, no).await? else { return Ok(()) };
    audit::record(tx, &ctx, "endpoint.gone", endpoint.id, &[("reason", GONE)]).await
}
