//! What nodes tell one another by NOTIFY: in which shards something was owed.
//!
//! A hint and no more: one that is lost costs the time until the next look. It is told outside of every
//! transaction of ours, because a commit that notifies waits for a lock on the whole database.

use std::future::poll_fn;

use tokio_postgres::{AsyncMessage, Client};

use super::server::Server;
use super::values::explain;
use crate::Result;

/// Hints that wait to be heard; more are dropped.
const HEARD_MAX: usize = 64;

const LISTEN: &str = "listen postroom_owed";
const TELL: &str = "select pg_notify('postroom_owed', $1)";

/// One session, which tells and hears.
pub(in crate::engine) struct Hints {
    client: Client,
    heard: flume::Receiver<String>,
}

impl Hints {
    pub(super) async fn open(server: &Server) -> Result<Self> {
        let (client, mut connection) = server.connect().await?;
        let (hears, heard) = flume::bounded(HEARD_MAX);
        // It ends with the client, and with it the receiver of what it heard.
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(hint) = message {
                    let _ = hears.try_send(hint.payload().to_owned());
                }
            }
        });
        client.batch_execute(LISTEN).await.map_err(|e| explain(LISTEN, &e))?;
        Ok(Self { client, heard })
    }

    /// Tells every session that listens, this one too.
    pub(in crate::engine) async fn tell(&self, text: &str) -> Result<()> {
        let told = self.client.execute(TELL, &[&text]).await;
        told.map(|_| ()).map_err(|e| explain(TELL, &e))
    }

    /// The next text that was told; `None` once the session has ended.
    pub(in crate::engine) async fn hear(&self) -> Option<String> {
        self.heard.recv_async().await.ok()
    }
}
