//! The scenes: what happens in each, and which figures come of it.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::ensure;
use postroom::out;
use tokio::time::sleep;

use super::cost::{Cost, Moment, resident_mib};
use super::figure::{Figure, Spread};
use super::load::{Arrivals, Latency, flat_out};
use super::sink::Manner;
use super::stage::{PATIENCE, Stage};
use super::{Scene, Theatre};
use crate::house::House;

/// Tenants with one endpoint each, of one host each.
const ENDPOINTS: usize = 200;
/// Those of them that hang: 5 %.
const HANGING: Range<usize> = 0..ENDPOINTS / 20;
/// The endpoint of the tenant that floods.
const FLOODED: Range<usize> = 0..1;
/// Everybody else's events a second beside a flood and beside those that hang.
const OTHERS_PER_SECOND: f64 = 500.0;
/// The flood's events a second; its receiver takes 800 at most, 8 at a time in 10 ms.
const FLOOD_PER_SECOND: f64 = 3000.0;
/// More than arrive in a part of that scene.
const FLOOD_NUMBERS: u32 = 60_000;
/// Events published before the receiver has them, at most.
const AHEAD: u32 = 2000;
/// How long a server is left alone before its idleness is measured.
const REST: Duration = Duration::from_secs(5);

pub(super) async fn play(scene: Scene, theatre: Theatre) -> anyhow::Result<Vec<Figure>> {
    out::say(format_args!("webhooks: {scene:?}"));
    match scene {
        Scene::Idle => idle(&theatre).await,
        Scene::Flat => flat(&theatre).await,
        Scene::Pace => pace(&theatre).await,
        Scene::Hanging => hanging(&theatre).await,
        Scene::Flood => flood(&theatre).await,
        Scene::Queue => queue(&theatre).await,
        Scene::Owed => super::owed::play(&theatre).await,
    }
}

/// A running server with tenants, and a receiver for events below `events`.
async fn raise(theatre: &Theatre, endpoints: usize, events: u32) -> anyhow::Result<(House, Stage)> {
    let site = theatre.site().await?;
    let house = theatre
        .on_ours(async move {
            let app = site.open().await?;
            let key = site.furnish(&app, 0).await?;
            site.start(app, key).await
        })
        .await?;
    let stage = Stage::set(&house.app, house.server_pid, endpoints, events).await?;
    Ok((house, stage))
}

async fn close(theatre: &Theatre, house: House) -> anyhow::Result<()> {
    theatre
        .on_ours(async move {
            house.close().await;
            Ok(())
        })
        .await
}

/// One event to each endpoint, so that settings are read and connections open.
async fn warm_up(stage: &Stage, first: u32) -> anyhow::Result<u32> {
    let next = first + u32::try_from(stage.outlets.len())?;
    flat_out(stage, first..next, AHEAD).await?;
    Ok(next)
}

async fn idle(theatre: &Theatre) -> anyhow::Result<Vec<Figure>> {
    let (house, stage) = raise(theatre, 1, 1).await?;
    warm_up(&stage, 0).await?;
    stage.sink.wait_for(1, PATIENCE).await?;
    sleep(REST).await;
    let moment = Moment::now(stage.server_pid)?;
    sleep(REST).await;
    let cost = moment.until_now(stage.server_pid)?;
    let percent = cost.ours / cost.seconds / 1e6 * 100.0;
    let memory = Figure::new("resident at idle, MiB", stage.engine, resident_mib()?)
        .at_most(40.0)
        .besides("load and receiver are in it");
    let cpu = Figure::new("processor at idle, %", stage.engine, percent).fine();
    close(theatre, house).await?;
    Ok(vec![memory, cpu])
}

async fn flat(theatre: &Theatre) -> anyhow::Result<Vec<Figure>> {
    let (n_held, n) = (theatre.size.of(100_000), theatre.size.of(200_000));
    let (house, stage) = raise(theatre, ENDPOINTS, n_held + n + 1000).await?;
    let first = warm_up(&stage, 0).await?;
    stage.sink.wait_for(ENDPOINTS, PATIENCE).await?;
    out::say(format_args!("{}: {n} events to {ENDPOINTS} endpoints", stage.engine));
    let moment = Moment::now(stage.server_pid)?;
    flat_out(&stage, first..first + n, AHEAD).await?;
    stage.sink.wait_for(ENDPOINTS + n as usize, PATIENCE).await?;
    let both = moment.until_now(stage.server_pid)?;
    close(theatre, house).await?;
    out::say(format_args!("{n_held} events that nobody sends"));
    let first = first + n;
    let moment = Moment::now(stage.server_pid)?;
    flat_out(&stage, first..first + n_held, n_held).await?;
    let published = moment.until_now(stage.server_pid)?;
    let engine = stage.engine;
    let goal = if stage.server_pid.is_some() { 10_000.0 } else { 15_000.0 };
    let rate = |n: u32, cost: &Cost| f64::from(n) / cost.seconds;
    let mut figures = vec![
        Figure::new("events published a second", engine, rate(n_held, &published))
            .whole()
            .besides(costs(n_held, &published)),
        Figure::new("deliveries a second", engine, rate(n, &both))
            .whole()
            .at_least(goal)
            .besides(format!("each of an event of its own; {}", costs(n, &both))),
        Figure::new("our processor time for one, us", engine, both.ours / f64::from(n))
            .at_most(65.0)
            .besides("its event's publishing is in it"),
    ];
    if let Some(server) = both.server {
        figures.push(Figure::new("the server's for one, us", engine, server / f64::from(n)));
    }
    if let Some(written) = both.written {
        let each = written as f64 / f64::from(n);
        figures.push(Figure::new("written to disk for one, bytes", engine, each).whole());
    }
    Ok(figures)
}

/// Processor time for one, by whose it was.
pub(super) fn costs(n: u32, cost: &Cost) -> String {
    let each = |micros: f64| micros / f64::from(n);
    let server = cost.server.map_or(String::new(), |s| format!(", server {:.1}", each(s)));
    format!(
        "us for one: ours {:.1}{server}, load {:.1}; others {:.0} %",
        each(cost.ours),
        each(cost.load),
        cost.others
    )
}

async fn pace(theatre: &Theatre) -> anyhow::Result<Vec<Figure>> {
    let length = Duration::from_secs(theatre.size.seconds(10));
    let (house, stage) = raise(theatre, ENDPOINTS, 60_000).await?;
    let mut first = warm_up(&stage, 0).await?;
    stage.sink.wait_for(ENDPOINTS, PATIENCE).await?;
    let mut figures = Vec::new();
    for per_second in [100.0, 500.0, 2000.0] {
        out::say(format_args!("{}: {per_second} a second for {length:?}", stage.engine));
        let moment = Moment::now(stage.server_pid)?;
        let arrivals = Arrivals { first, per_second, length, endpoints: 0..ENDPOINTS };
        let noted = arrivals.run(&stage).await?;
        let latencies = noted.latencies(&stage, 0..0, PATIENCE).await?;
        let cost = moment.until_now(stage.server_pid)?;
        let n = noted.next() - first;
        first = noted.next();
        let commit = Spread::of(&latencies, |l| l.from_commit);
        let intended = Spread::of(&latencies, |l| l.from_intended);
        let name = |what: &str| format!("{what} at {per_second} a second, p99 ms");
        let figure = Figure::new(name("commit to first byte"), stage.engine, commit.at(990)).fine();
        let figure = if per_second > 1000.0 { figure.at_most(15.0) } else { figure };
        figures.push(figure.besides(spread(&commit)));
        let figure = Figure::new(name("intended to first byte"), stage.engine, intended.at(990));
        figures.push(figure.fine().besides(format!("{}; {}", spread(&intended), costs(n, &cost))));
    }
    close(theatre, house).await?;
    Ok(figures)
}

fn spread(times: &Spread) -> String {
    format!(
        "p50 {:.2}, p99.9 {:.2}, max {:.1} of {}",
        times.at(500),
        times.at(999),
        times.max(),
        times.len()
    )
}

async fn hanging(theatre: &Theatre) -> anyhow::Result<Vec<Figure>> {
    let length = Duration::from_secs(theatre.size.seconds(15));
    let (house, stage) = raise(theatre, ENDPOINTS, 60_000).await?;
    let first = warm_up(&stage, 0).await?;
    stage.sink.wait_for(ENDPOINTS, PATIENCE).await?;
    out::say(format_args!("{}: all answer, {length:?}", stage.engine));
    let arrivals =
        Arrivals { first, per_second: OTHERS_PER_SECOND, length, endpoints: 0..ENDPOINTS };
    let noted = arrivals.clone().run(&stage).await?;
    let before = noted.latencies(&stage, HANGING, PATIENCE).await?;
    stage.sink.behave(HANGING, Manner::Hanging);
    out::say(format_args!("{}: {} hang, {length:?}", stage.engine, HANGING.len()));
    let noted = Arrivals { first: noted.next(), ..arrivals }.run(&stage).await?;
    let during = noted.latencies(&stage, HANGING, PATIENCE).await?;
    ensure!(stage.sink.n_hanging() >= HANGING.len(), "some that should hang were never asked");
    close(theatre, house).await?;
    Ok(vec![ratio("others' p99 while 5 % hang, ratio", &stage, &before, &during).at_most(1.1)])
}

/// The 99th percentiles from the intended moment, one over the other.
fn ratio(name: &str, stage: &Stage, before: &[Latency], during: &[Latency]) -> Figure {
    let of = |latencies| Spread::of(latencies, |l| l.from_intended);
    let (before, during) = (of(before), of(during));
    let besides = format!(
        "without: p99 {:.2} ms, {}; with: p99 {:.2} ms, {}",
        before.at(990),
        spread(&before),
        during.at(990),
        spread(&during)
    );
    Figure::new(name, stage.engine, during.at(990) / before.at(990)).fine().besides(besides)
}

async fn flood(theatre: &Theatre) -> anyhow::Result<Vec<Figure>> {
    let length = Duration::from_secs(theatre.size.seconds(15));
    let (house, stage) = raise(theatre, ENDPOINTS, 3 * FLOOD_NUMBERS).await?;
    let first = warm_up(&stage, 0).await?;
    stage.sink.wait_for(ENDPOINTS, PATIENCE).await?;
    stage.sink.behave(FLOODED, Manner::Slow);
    let others = FLOODED.end..ENDPOINTS;
    let calm = Arrivals { first, per_second: OTHERS_PER_SECOND, length, endpoints: others.clone() };
    let many = |nth: u32, endpoints| {
        let (first, per_second) = (nth * FLOOD_NUMBERS, FLOOD_PER_SECOND);
        Arrivals { first, per_second, length, endpoints }
    };
    out::say(format_args!("{}: no flood, {length:?}", stage.engine));
    let noted = calm.clone().run(&stage).await?;
    let quiet = noted.latencies(&stage, FLOODED, PATIENCE).await?;
    out::say(format_args!("{}: as many events, of everybody, {length:?}", stage.engine));
    let calm = Arrivals { first: noted.next(), ..calm };
    let (more, noted) = tokio::try_join!(many(1, others).run(&stage), calm.clone().run(&stage))?;
    let before = noted.latencies(&stage, FLOODED, PATIENCE).await?;
    more.latencies(&stage, FLOODED, PATIENCE).await?;
    out::say(format_args!("{}: a flood, {length:?}", stage.engine));
    let calm = Arrivals { first: noted.next(), ..calm };
    let (_, noted) = tokio::try_join!(many(2, FLOODED).run(&stage), calm.run(&stage))?;
    let during = noted.latencies(&stage, FLOODED, PATIENCE).await?;
    close(theatre, house).await?;
    Ok(vec![
        ratio("others' p99 while one floods, ratio", &stage, &before, &during).at_most(1.1),
        ratio("the same over a quiet machine's, ratio", &stage, &quiet, &during),
    ])
}

async fn queue(theatre: &Theatre) -> anyhow::Result<Vec<Figure>> {
    let n = theatre.size.of(100_000);
    let (house, stage) = raise(theatre, ENDPOINTS, 4 * n + 1000).await?;
    let first = warm_up(&stage, 0).await?;
    out::say(format_args!("{}: {n} events, delivered", stage.engine));
    flat_out(&stage, first..first + n, AHEAD).await?;
    stage.sink.wait_for(ENDPOINTS + n as usize, PATIENCE).await?;
    // What was delivered is let go of, what the pools hold is not.
    let before = rested_mib().await?;
    stage.sink.behave(0..ENDPOINTS, Manner::Down);
    out::say(format_args!("{}: {n} events while all receivers are down", stage.engine));
    flat_out(&stage, first + n..first + 2 * n, n).await?;
    let with_one = rested_mib().await?;
    // Those that met the outage wait for their ladder.
    let n_tried = stage.sink.n_refused();
    let queued = (n as usize).saturating_sub(n_tried);
    let moment = Moment::now(stage.server_pid)?;
    let returned = Instant::now();
    stage.sink.behave(0..ENDPOINTS, Manner::Well);
    let taken = stage.sink.n_taken();
    stage.sink.wait_for(taken + 1, PATIENCE).await?;
    let first_after = returned.elapsed().as_secs_f64();
    stage.sink.wait_for(taken + queued, PATIENCE).await?;
    let cost = moment.until_now(stage.server_pid)?;
    stage.sink.behave(0..ENDPOINTS, Manner::Down);
    let between = rested_mib().await?;
    out::say(format_args!("{}: {} events while they are down again", stage.engine, 2 * n));
    flat_out(&stage, first + 2 * n..first + 4 * n, 2 * n).await?;
    let with_two = rested_mib().await?;
    close(theatre, house).await?;
    let per_100k = |grown: f64| grown * 100_000.0 / f64::from(n);
    Ok(vec![
        Figure::new("memory for 100k queued, MiB", stage.engine, per_100k(with_two - between) / 2.0)
            .at_most(2.0)
            .besides(format!(
                "half of what 200k take; {:.1} the first time, when lanes and caches filled",
                per_100k(with_one - before)
            )),
        Figure::new("100k drained after a receiver's return, s", stage.engine, cost.seconds)
            .at_most(15.0)
            .besides(format!("the first after {first_after:.1} s; {queued} of {n}: {n_tried} attempts were refused; {}", costs(n, &cost))),
    ])
}

/// Resident memory once nothing is under way any more.
async fn rested_mib() -> anyhow::Result<f64> {
    sleep(REST).await;
    resident_mib()
}
