//! Much is owed when the server starts: how soon the first is sent, and how fast the rest goes.

use std::sync::Arc;
use std::time::Instant;

use domain::seconds;
use postroom::out;

use super::Theatre;
use super::cost::Moment;
use super::figure::Figure;
use super::scenes::costs;
use super::stage::{Outlet, PATIENCE, Stage, publish};

/// Tenants with one endpoint each.
const ENDPOINTS: usize = 200;
/// Deliveries written by one transaction, an event to half of the endpoints each.
const EVENTS_AT_ONCE: usize = 20;
/// Deliveries whose rate is measured.
const DRAINED: u32 = 100_000;

pub(super) async fn play(theatre: &Theatre) -> anyhow::Result<Vec<Figure>> {
    let n = theatre.size.of(1_000_000);
    let site = theatre.site().await?;
    let app = site.open().await?;
    let key = site.furnish(&app, 0).await?;
    let stage = Stage::set(&app, site.server_pid(), ENDPOINTS, n).await?;
    out::say(format_args!("{}: owing {n} deliveries", stage.engine));
    owe(&stage, n).await?;
    let (sink, engine, server_pid) = (stage.sink.clone(), stage.engine, stage.server_pid);
    drop((stage, app));
    out::say(format_args!("{engine}: starting"));
    let moment = Moment::now(server_pid)?;
    let started = Instant::now();
    let house = theatre
        .on_ours(async move {
            let app = site.open().await?;
            site.start(app, key).await
        })
        .await?;
    let ready = started.elapsed().as_secs_f64() * 1000.0;
    sink.wait_for(1, PATIENCE).await?;
    let first = started.elapsed().as_secs_f64() * 1000.0;
    let drained = theatre.size.of(DRAINED);
    sink.wait_for(drained as usize, PATIENCE).await?;
    let cost = moment.until_now(server_pid)?;
    theatre
        .on_ours(async move {
            house.close().await;
            Ok(())
        })
        .await?;
    Ok(vec![
        Figure::new(format!("first send after start, {n} owed, ms"), engine, first)
            .whole()
            .at_most(300.0)
            .besides(format!(
                "opening the database is in it; requests answered after {ready:.0} ms"
            )),
        Figure::new(
            "deliveries a second from the backlog",
            engine,
            f64::from(drained) / cost.seconds,
        )
        .whole()
        .besides(costs(drained, &cost)),
        Figure::new(
            "our processor time for one of them, us",
            engine,
            cost.ours / f64::from(drained),
        )
        .at_most(65.0),
    ])
}

/// Owes so many deliveries, without sending any.
async fn owe(stage: &Stage, n: u32) -> anyhow::Result<()> {
    let (one, other) = stage.outlets.split_at(ENDPOINTS / 2);
    let halves: [Arc<[Outlet]>; 2] = [one.into(), other.into()];
    let n_events = n as usize / one.len();
    let mut said = Instant::now();
    for first in (0..n_events).step_by(EVENTS_AT_ONCE) {
        let events = (first..n_events.min(first + EVENTS_AT_ONCE)).map(|event| {
            // Each in a millisecond of its own, as a backlog has.
            let age = i64::try_from(n_events - event).unwrap_or(0) * seconds(1) / 1000;
            let n = u32::try_from(event).unwrap_or(u32::MAX);
            publish(&stage.app, n, Arc::clone(&halves[event % 2]), age)
        });
        for done in futures_util::future::join_all(events).await {
            done?;
        }
        if said.elapsed().as_secs() >= 5 {
            said = Instant::now();
            out::say(format_args!("{}: {} owed", stage.engine, first * one.len()));
        }
    }
    Ok(())
}
