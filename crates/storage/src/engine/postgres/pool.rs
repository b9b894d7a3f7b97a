//! The connections of one thread, made when they are needed and lent to units.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::OnceCell;
use tokio_postgres::{Client, Statement};

use super::joint::Joint;
use super::server::Server;
use super::values::explain;
use crate::Result;

/// What the server does with a statement or a transaction that we forgot; and three choices of speed.
///
/// A plan is kept until its tables are analyzed again, and one that was made while a table was small
/// must not scan it when it has grown. (Nor read it by a whole index: see `key_looked_for` in
/// [`super::super::dialect`].) That makes a scan look so dear to the server, where no index helps, that it
/// would compile a statement over three rows for a quarter of a second: so it does not compile. Payloads and
/// answers are a little too long to be stored as they are, and packing them with the server's default costs
/// ten times as much as with LZ4, which a server may lack.
const SESSION: &str =
    "set statement_timeout = '10s'; set idle_in_transaction_session_timeout = '15s';
    set timezone = 'UTC'; set client_min_messages = warning; set enable_seqscan = off;
    set jit = off;
    do $$ begin set default_toast_compression = 'lz4'; exception when others then null; end $$";

/// Connections, each lent to as many units at once as `lends` says.
pub(super) struct Pool {
    server: Server,
    free: (flume::Sender<Rc<Slot>>, flume::Receiver<Rc<Slot>>),
    pub(super) joint: Joint,
}

#[derive(Default)]
struct Slot {
    link: RefCell<Option<Rc<Link>>>,
}

impl Pool {
    pub(super) fn new(server: &Server, connections: usize, lends: usize) -> Rc<Self> {
        let free = flume::bounded(connections * lends);
        let slots: Vec<Rc<Slot>> = (0..connections).map(|_| Rc::default()).collect();
        for _ in 0..lends {
            for slot in &slots {
                // The channel was made to hold exactly these.
                let _ = free.0.try_send(Rc::clone(slot));
            }
        }
        Rc::new(Self { server: server.clone(), free, joint: Joint::default() })
    }

    /// A place, once one is free.
    pub(super) async fn place(self: &Rc<Self>) -> Place {
        let slot = self.free.1.recv_async().await.expect("the pool holds the other end");
        Place { slot, pool: Rc::clone(self) }
    }
}

/// The use of a connection, which ends when this is dropped.
pub(super) struct Place {
    slot: Rc<Slot>,
    pool: Rc<Pool>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // It goes back to where it came from.
        let _ = self.pool.free.0.try_send(Rc::clone(&self.slot));
    }
}

impl Place {
    /// The connection, made again when the old one ended.
    pub(super) async fn link(&self) -> Result<Rc<Link>> {
        let known = self.slot.link.borrow().clone();
        if let Some(link) = known.filter(|link| !link.client.is_closed()) {
            return Ok(link);
        }
        let (client, connection) = self.pool.server.connect().await?;
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a database connection ended");
            }
        });
        client.batch_execute(SESSION).await.map_err(|e| explain("session", &e))?;
        let link = Rc::new(Link {
            client,
            statements: RefCell::default(),
            together: RefCell::default(),
            fills: RefCell::default(),
        });
        *self.slot.link.borrow_mut() = Some(Rc::clone(&link));
        Ok(link)
    }
}

/// A connection with its prepared statements, by the address of their texts.
pub(super) struct Link {
    pub(super) client: Client,
    /// Those who come while one is being prepared wait for it.
    pub(super) statements: RefCell<HashMap<Key, Rc<OnceCell<Statement>>>>,
    pub(super) together: RefCell<HashMap<Vec<Key>, Statement>>,
    /// See [`super::super::dialect::fills`].
    pub(super) fills: RefCell<HashMap<Key, Option<Rc<str>>>>,
}

/// Address and length of a text, and whether it is the form for many rows.
pub(super) type Key = (usize, usize, bool);
