//! `GET /api/v1/events/stream`: events as they are committed, as server-sent events.
//!
//! The caller's pace is the pace: nothing is read ahead of what its connection takes. Which event
//! follows which is in `app::events::stream`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::OpCtx;
use app::events::stream::{From, Reader, Streamed, begin, read};
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::http::header::{self, HeaderName, HeaderValue};
use bytes::Bytes;
use domain::event::{Audience, EventType};
use domain::id::{EventId, PartnerId};
use domain::key::ScopeName;
use domain::{Error, ErrorCode, Result};
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::PartnerApi;
use crate::call::{Call, Handled};

const PARAMETERS: &[&str] = &["type", "newest", "follow"];
/// Streams of one partner and mode on one node, and of all.
const STREAMS_PER_PARTNER_MAX: usize = 10;
const STREAMS_MAX: usize = 1000;
/// Seconds to wait for one of them to end.
const FULL_RETRY_S: u32 = 10;
/// Events of the past that can be asked for by number.
const NEWEST_MAX: i64 = 1000;
/// A comment is sent when nothing else was for so long, so that proxies keep the connection.
const BEAT_EVERY: Duration = Duration::from_secs(15);
/// How often other nodes' events are looked for. This node's own are heard of at once.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Least time between two looks, so that a busy install is not asked once an event.
const LOOK_APART: Duration = Duration::from_millis(20);
/// A stream ends after an hour, so that clients move to new nodes and settings. They come back by themselves.
const LIFE: Duration = Duration::from_hours(1);
/// How long a client waits before it comes back, in milliseconds.
const RETRY_MS: u32 = 1000;
const BEAT: &str = ": nothing new\n\n";

/// Which streams are open, and the word that ends them.
#[derive(Default)]
pub(crate) struct Streams {
    open: Mutex<HashMap<(PartnerId, bool), usize>>,
    closing: watch::Sender<bool>,
}

impl Streams {
    /// Ends all streams, so that the server can stop.
    pub(crate) fn end(&self) {
        self.closing.send_replace(true);
    }

    fn enter(self: &Arc<Self>, partner: PartnerId, livemode: bool) -> Result<Seat> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(&(partner, livemode)).copied().unwrap_or(0);
        if own >= STREAMS_PER_PARTNER_MAX || open.values().sum::<usize>() >= STREAMS_MAX {
            let message = format!("{own} streams of this partner are open, or 1000 of all");
            return Err(Error::refused(ErrorCode::RateLimited, message)
                .fix("close one, and share a stream among your workers")
                .retry_after(FULL_RETRY_S));
        }
        open.insert((partner, livemode), own + 1);
        metrics::gauge!("postroom_event_streams").increment(1);
        Ok(Seat { streams: Arc::clone(self), of: (partner, livemode) })
    }
}

/// One open stream, until it is dropped.
struct Seat {
    streams: Arc<Streams>,
    of: (PartnerId, bool),
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = open.get_mut(&self.of) {
            *n -= 1;
        }
        open.retain(|_, n| *n > 0);
        metrics::gauge!("postroom_event_streams").decrement(1);
    }
}

/// Stream events
///
/// Every event as it happens, as [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html):
/// `id` is the event's id, `event` its type, `data` the very bytes that a webhook sends. Send the id of
/// the last event you have as `Last-Event-ID`, and the stream goes on after it without a gap. A comment
/// is sent every 15 seconds; after an hour the stream ends, and you come back the same way.
#[utoipa::path(
    get, path = "/events/stream", operation_id = "streamEvents", tag = "Events",
    security(("bearer" = ["events:read"])),
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "evt_…, the last event that you have; the stream begins after it."),
        ("type" = Option<String>, Query, description = "Types of GET /webhook-events, with commas between them; absent is all."),
        ("newest" = Option<i64>, Query, description = "Without Last-Event-ID: begin with this many of the newest; absent is none.", minimum = 0, maximum = 1000),
        ("follow" = Option<bool>, Query, description = "false ends the stream when all is told that there is by now; absent is true."),
    ),
    responses((
        status = 200, description = "Events, until somebody hangs up.", body = String,
        content_type = "text/event-stream",
        examples(("sample" = (value = json!("retry: 1000\nid: evt_01kb3v7m2zq8e4x5n6p7r8s9sa\n\nid: evt_01kb3v7m2zq8e4x5n6p7r8s9ta\nevent: mail.arrived\ndata: {\"id\":\"evt_01kb3v7m2zq8e4x5n6p7r8s9ta\",\"type\":\"mail.arrived\"}\n\n"))))
    ))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, query) = call.read(ScopeName::EventsRead, PARAMETERS)?;
    let kinds = query.words("type", Audience::Partner.types(), EventType::as_str)?;
    let within = |text: &str| text.parse().ok().filter(|n| (0..=NEWEST_MAX).contains(n));
    let newest = query.parsed("newest", within, "must be a number from 0 to 1000")?;
    let follows = query.text("follow").is_none() || query.flag("follow")?;
    let from = match call.header("last-event-id") {
        Some(id) => From::After(id.to_owned()),
        None => From::Newest(newest.unwrap_or(0)),
    };
    let seat = api.streams.enter(ctx.partner.id, ctx.livemode())?;
    // Subscribed before the beginning is looked up, so that nothing committed after it goes unheard.
    let news = ctx.app.db.events();
    let closing = api.streams.closing.subscribe();
    let begun = api.app.query(&ctx, async move |tx, ctx| begin(tx, ctx, &from).await).await?;
    let (reader, after) = begun;
    let now = Instant::now();
    let feed = Feed {
        ctx,
        kinds,
        reader,
        follows,
        news,
        closing,
        look_at: now,
        ends_at: now + LIFE,
        opening: Some(opening(after)),
        _seat: seat,
    };
    let chunks = unfold(feed, async |mut feed| {
        let chunk = feed.next().await?;
        Some((Ok::<_, Infallible>(chunk), feed))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Proxies of the nginx family hold answers back to fill a buffer, unless they are told not to.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// One caller's stream.
struct Feed {
    ctx: OpCtx,
    /// Empty means all.
    kinds: Vec<EventType>,
    reader: Reader,
    follows: bool,
    news: watch::Receiver<()>,
    closing: watch::Receiver<bool>,
    look_at: Instant,
    ends_at: Instant,
    opening: Option<Bytes>,
    _seat: Seat,
}

impl Feed {
    /// The next bytes; `None` ends the stream. An error ends it as well: the client comes back and is told.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(opening) = self.opening.take() {
            return Some(opening);
        }
        let beat_at = Instant::now() + BEAT_EVERY;
        loop {
            sleep_until(self.look_at).await;
            if *self.closing.borrow() || Instant::now() >= self.ends_at {
                return None;
            }
            self.news.mark_unchanged();
            self.look_at = Instant::now() + LOOK_APART;
            let reader = self.reader;
            let found =
                self.ctx.app.query(&self.ctx, async move |tx, ctx| read(tx, ctx, reader).await);
            let batch = found.await.inspect_err(|error| {
                tracing::info!(error = error as &dyn std::error::Error, "a stream of events ended");
            });
            let batch = batch.ok()?;
            self.reader = batch.reader;
            let told = tell(&batch.events, &self.kinds);
            if !told.is_empty() {
                return Some(told);
            }
            if batch.is_full {
                self.look_at = Instant::now();
                continue;
            }
            if batch.has_caught_up && !self.follows {
                return None;
            }
            if !self.wait(beat_at).await {
                return Some(Bytes::from_static(BEAT.as_bytes()));
            }
        }
    }

    /// Waits until there may be more; false when it is time for a comment.
    async fn wait(&mut self, beat_at: Instant) -> bool {
        let look_at = Instant::now() + LOOK_EVERY;
        tokio::select! {
            () = sleep_until(beat_at) => return false,
            () = sleep_until(look_at) => {}
            _ = self.news.changed() => {}
            _ = self.closing.wait_for(|closing| *closing) => {}
        }
        true
    }
}

/// How soon to come back, and after which event, should the connection break before the first one. A
/// block without data tells a client nothing but that.
fn opening(after: Option<EventId>) -> Bytes {
    let id = after.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("retry: {RETRY_MS}\n{id}\n"))
}

fn tell(events: &[Streamed], kinds: &[EventType]) -> Bytes {
    let mut text = Vec::new();
    for event in events.iter().filter(|e| kinds.is_empty() || kinds.contains(&e.kind)) {
        text.extend(format!("id: {}\nevent: {}\n", event.id, event.kind).into_bytes());
        // A payload has no line breaks; if one ever did, each of its lines would have to say so.
        for line in event.payload.split(|byte| *byte == b'\n') {
            text.extend([b"data: ".as_slice(), line, b"\n"].concat());
        }
        text.push(b'\n');
    }
    Bytes::from(text)
}
