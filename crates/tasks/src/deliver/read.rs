//! Reading for the deliverer: what is owed, what to send, and to whom.
//!
//! One unit answers for many lanes. Its reads are started together, so that on PostgreSQL they share
//! one round trip.

use std::sync::Arc;

use futures_util::future::join_all;
use storage::leases::ShardSet;
use storage::order::{self, Page};
use storage::queue::{self, Lanes, Parcel, Place};
use storage::{Result, Tx};
use tokio::time::Instant;

use super::endpoint::{self, Endpoint};
use super::fair::Ticket;
use crate::Tasks;

/// Reads started together. Beyond it a unit goes on in rounds.
const READS_AT_ONCE: usize = 32;
/// Lanes found by one scan unit; a scan goes on after the last one.
const LANES_MAX: i64 = 1000;

/// What one unit is asked for.
#[derive(Default)]
pub(super) struct Ask {
    /// Lanes whose next places are wanted, and how many.
    pub(super) pages: Vec<(i64, i64)>,
    /// Endpoints whose settings are wanted.
    pub(super) endpoints: Vec<i64>,
    pub(super) launches: Vec<Launch>,
}

/// A delivery that holds a slot.
#[derive(Clone, Copy)]
pub(super) struct Launch {
    pub(super) endpoint_no: i64,
    pub(super) place: Place,
    /// The epoch of its endpoint's shard.
    pub(super) epoch: i64,
    /// The slot that it holds.
    pub(super) ticket: Ticket,
    /// See [`Lane::was_held_back`](super::lane::Lane::was_held_back).
    pub(super) was_held_back: bool,
}

impl Ask {
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.endpoints.is_empty() && self.launches.is_empty()
    }
}

/// The answers, in the order of the questions.
pub(super) struct Found {
    pub(super) pages: Vec<Page>,
    /// `None` for an endpoint that takes nothing.
    pub(super) endpoints: Vec<Option<Arc<Endpoint>>>,
    /// `None` for a place where nothing stands any more.
    pub(super) parcels: Vec<Option<Parcel>>,
}

/// What a reading task came back with.
pub(super) enum Read {
    Found(Arc<Ask>, Result<Found>),
    /// A part of a scan.
    Scanned(Result<Lanes>),
}

pub(super) async fn find(tasks: Tasks, ask: Arc<Ask>) -> Read {
    let (app, asked) = (&tasks.parts.app, Arc::clone(&ask));
    let (now, read_at) = (app.clock.now(), Instant::now());
    let unit = async move |tx: &Tx| {
        let pages = all(&asked.pages, |(no, limit)| order::page(tx, *no, *limit)).await?;
        let settings = all(&asked.endpoints, |no| endpoint::find(tx, *no, now)).await?;
        let places: Vec<_> = asked.launches.iter().map(|l| (l.endpoint_no, l.place)).collect();
        let parcels = queue::parcels(tx, &places, now).await?;
        Ok::<_, storage::Error>((pages, settings, parcels))
    };
    let found = app.db.read(unit).await.map(|(pages, settings, parcels)| {
        let open = |rows: Option<endpoint::Rows>| {
            rows.map(|rows| Arc::new(Endpoint::new(app, &rows, read_at)))
        };
        Found { pages, endpoints: settings.into_iter().map(open).collect(), parcels }
    });
    Read::Found(ask, found)
}

pub(super) async fn scan(tasks: Tasks, after: i64, shards: ShardSet, count_max: i64) -> Read {
    let app = &tasks.parts.app;
    let now = app.clock.now();
    let unit =
        async move |tx: &Tx| queue::lanes(tx, after, now, LANES_MAX, &shards, count_max).await;
    Read::Scanned(app.db.read(unit).await)
}

/// Asks one question for each item, many at a time.
async fn all<'a, Q, T, F>(items: &'a [Q], ask: impl Fn(&'a Q) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    let mut answers = Vec::with_capacity(items.len());
    for chunk in items.chunks(READS_AT_ONCE) {
        for answer in join_all(chunk.iter().map(&ask)).await {
            answers.push(answer?);
        }
    }
    Ok(answers)
}
