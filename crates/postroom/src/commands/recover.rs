//! `postroom endpoint recover` and `recovery`: what was given up is owed again, in the background.

use std::time::Duration;

use app::OpCtx;
use app::deliveries::recover::{
    Extent, RecoveryRequest, RecoveryView, cancel, pause, preview, progress, recover, resume,
};
use clap::Args;
use domain::Timestamp;
use serde_json::json;

use super::parse::instant;
use crate::out;

const COLUMNS: &[&str] =
    &["id", "status", "matched", "moved", "oldest_at", "newest_at", "created_at", "ended_at"];
/// How often `--wait` looks, and for how long at most: a day.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS_MAX: usize = 86_400;

#[derive(Args)]
pub struct Recover {
    /// whe_…
    id: String,
    /// What was made from then on: 2026-11-20T15:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Timestamp,
    /// And before then; else until now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
    /// A type of event, or a category such as mail.*; can be given several times. Default is all of them.
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
    /// Only tell how many there are and from when.
    #[arg(long)]
    dry_run: bool,
    /// Wait until it has ended, and show how far it is.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

#[derive(Args)]
pub struct Recovery {
    /// whe_…
    endpoint: String,
    /// rcv_…
    id: String,
    /// End it; what it has moved stays owed.
    #[arg(long)]
    cancel: bool,
    /// Hold it until it is resumed, also over a restart of the server.
    #[arg(long, conflicts_with = "cancel")]
    pause: bool,
    /// Let it go on where it was paused.
    #[arg(long, conflicts_with_all = ["cancel", "pause"])]
    resume: bool,
}

impl Recover {
    pub async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let request = RecoveryRequest {
            since: self.since,
            until: self.until,
            event_types: app::endpoints::read_types(&self.events)?,
        };
        let id = self.id.clone();
        if self.dry_run {
            let work = async move |tx: &_, ctx: &_| preview(tx, ctx, &id, &request).await;
            show_extent(json, &ctx.app.query(ctx, work).await?);
            return Ok(());
        }
        let work = async move |tx: &_, ctx: &_| recover(tx, ctx, &id, &request).await;
        let mut view = ctx.app.act(ctx, work).await?;
        if self.wait {
            view = wait(ctx, view).await?;
        }
        show(json, &view);
        Ok(())
    }
}

impl Recovery {
    pub async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let (endpoint, id) = (self.endpoint.clone(), self.id.clone());
        let view = if self.cancel {
            let work = async move |tx: &_, ctx: &_| cancel(tx, ctx, &endpoint, &id).await;
            ctx.app.act(ctx, work).await?
        } else if self.pause {
            let work = async move |tx: &_, ctx: &_| pause(tx, ctx, &endpoint, &id).await;
            ctx.app.act(ctx, work).await?
        } else if self.resume {
            let work = async move |tx: &_, ctx: &_| resume(tx, ctx, &endpoint, &id).await;
            ctx.app.act(ctx, work).await?
        } else {
            look(ctx, endpoint, id).await?
        };
        show(json, &view);
        Ok(())
    }
}

async fn look(ctx: &OpCtx, endpoint: String, id: String) -> domain::Result<RecoveryView> {
    let work = async move |tx: &_, ctx: &_| progress(tx, ctx, &endpoint, &id).await;
    ctx.app.query(ctx, work).await
}

/// Follows a recovery that a serving process carries out.
async fn wait(ctx: &OpCtx, mut view: RecoveryView) -> domain::Result<RecoveryView> {
    let (endpoint, id) = (view.endpoint.id.to_string(), view.recovery.id.to_string());
    for _ in 0..LOOKS_MAX {
        let recovery = &view.recovery;
        if recovery.ended_at.is_some() {
            break;
        }
        out::say(format_args!("{} of {} are owed again", recovery.moved, recovery.extent.matched));
        tokio::time::sleep(LOOK_EVERY).await;
        view = look(ctx, endpoint.clone(), id.clone()).await?;
    }
    Ok(view)
}

fn show_extent(json: bool, extent: &Extent) {
    let value = json!({
        "matched": extent.matched,
        "oldest_at": extent.oldest.map(|at| at.to_string()),
        "newest_at": extent.newest.map(|at| at.to_string()),
    });
    out::thing(json, &["matched", "oldest_at", "newest_at"], &value);
}

fn show(json: bool, view: &RecoveryView) {
    let RecoveryView { endpoint, recovery } = view;
    let value = json!({
        "id": recovery.id.to_string(),
        "endpoint_id": endpoint.id.to_string(),
        "status": recovery.state.as_str(),
        "matched": recovery.extent.matched,
        "moved": recovery.moved,
        "oldest_at": recovery.extent.oldest.map(|at| at.to_string()),
        "newest_at": recovery.extent.newest.map(|at| at.to_string()),
        "created_at": recovery.selection.dead_by.to_string(),
        "ended_at": recovery.ended_at.map(|at| at.to_string()),
    });
    out::thing(json, COLUMNS, &value);
}
