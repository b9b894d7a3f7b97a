//! `postroom serve`: the server, until it is asked to stop.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::node::{self, Node};
use crate::out;

/// Serves until SIGTERM or Ctrl-C; a second one ends the process at once, which is as safe as a crash.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    let metrics = node::metrics()?;
    let app = node::open(config).await?;
    let engine = app.db.engine().as_str();
    let node = Node::start(config, app, metrics).await?;
    out::say(format_args!("Postroom listens on http://{} ({engine})", node.addr));
    out::say(format_args!("  API          http://{}/api/v1", node.addr));
    out::say(format_args!("  developers   http://{}/developers", node.addr));
    until_asked(node).await
}

/// Serves until it is asked to stop, then stops in order.
pub(crate) async fn until_asked(node: Node) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for signals")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    out::say("stopping; once more to stop at once");
    tokio::select! {
        () = node.stop() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
