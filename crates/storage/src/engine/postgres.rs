//! PostgreSQL: a few connections on one thread, a transaction for each unit, writes pipelined.
//!
//! Statements are sent in the order of the code. Those whose answers nobody needs are not waited for
//! until COMMIT, which travels with them: a failed one turns COMMIT into ROLLBACK on the server.
//! Any number of nodes may work on one database.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error as _;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::{Bytes, BytesMut};
use futures_util::future::LocalBoxFuture;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

use super::server::Server;
use super::{QUEUE_UNITS_MAX, RUNS_MAX, Shared, Tx, Unit, dialect};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Connections that run transactions; units beyond them wait.
const WRITERS: usize = 16;
/// Connections shared by all reads, which are pipelined on them.
const READERS: usize = 2;
/// Reads that may be under way on the shared connections at once.
const READS_MAX: usize = 256;
/// What the server does with a statement or a transaction that we forgot; and two choices of speed.
///
/// A plan is kept for as long as a connection lives, and one that was made while a table was small
/// must not scan it when it has grown. Payloads and answers are a little too long to be stored as they
/// are, and packing them with the server's default costs ten times as much as with LZ4, which a server
/// may lack.
const SESSION: &str =
    "set statement_timeout = '10s'; set idle_in_transaction_session_timeout = '15s';
    set timezone = 'UTC'; set client_min_messages = warning; set enable_seqscan = off;
    do $$ begin set default_toast_compression = 'lz4'; exception when others then null; end $$";

#[derive(Clone)]
pub(super) struct Handle {
    writer: flume::Sender<Box<dyn Unit>>,
    readers: flume::Sender<Box<dyn Unit>>,
    server: Server,
}

impl Handle {
    pub(super) async fn open(url: &str, shared: Arc<Shared>) -> Result<Self> {
        let server = Server::read(url)?;
        // Fails here, where somebody reads it, when the server is not there.
        let (client, connection) = server.connect().await?;
        drop((client, connection));
        let (writer, write_work) = flume::bounded(QUEUE_UNITS_MAX);
        let (readers, read_work) = flume::bounded(QUEUE_UNITS_MAX);
        let thread = std::thread::Builder::new().name("postgres".to_owned());
        let of_thread = server.clone();
        let started = thread.spawn(move || serve(&of_thread, &write_work, &read_work, &shared));
        started.map_err(|e| Error::Unavailable(format!("no thread: {e}")))?;
        Ok(Self { writer, readers, server })
    }

    pub(super) fn send(&self, unit: Box<dyn Unit>, writes: bool) -> Result<()> {
        let queue = if writes { &self.writer } else { &self.readers };
        queue.try_send(unit).map_err(|_| Error::Busy)
    }

    pub(super) async fn try_hold(&self, key: i64) -> Result<Option<LockSession>> {
        const LOCK: &str = "select pg_try_advisory_lock($1)";
        let (client, connection) = self.server.connect().await?;
        let task = tokio::spawn(async move {
            // Its end is what others look for.
            let _ = connection.await;
        });
        let row = client.query_one(LOCK, &[&key]).await.map_err(|e| explain(LOCK, &e))?;
        Ok(row.get::<_, bool>(0).then_some(LockSession { client, _task: task }))
    }
}

/// A session whose life is a lock.
pub(super) struct LockSession {
    client: Client,
    _task: tokio::task::JoinHandle<()>,
}

impl LockSession {
    pub(super) fn is_alive(&self) -> bool {
        !self.client.is_closed()
    }
}

/// The thread: one runtime, the two queues, the connections.
fn serve(
    server: &Server,
    write_work: &flume::Receiver<Box<dyn Unit>>,
    read_work: &flume::Receiver<Box<dyn Unit>>,
    shared: &Arc<Shared>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let writes = Pool::new(server, WRITERS, 1).serve(write_work, shared, true);
        let reads = Pool::new(server, READERS, READS_MAX / READERS).serve(read_work, shared, false);
        tokio::join!(writes, reads);
    });
}

/// Connections, each lent to as many units at once as `lends` says.
struct Pool {
    server: Server,
    free: (flume::Sender<Rc<Slot>>, flume::Receiver<Rc<Slot>>),
}

#[derive(Default)]
struct Slot {
    link: RefCell<Option<Rc<Link>>>,
}

impl Pool {
    fn new(server: &Server, connections: usize, lends: usize) -> Self {
        let free = flume::bounded(connections * lends);
        let slots: Vec<Rc<Slot>> = (0..connections).map(|_| Rc::default()).collect();
        for _ in 0..lends {
            for slot in &slots {
                // The channel was made to hold exactly these.
                let _ = free.0.try_send(Rc::clone(slot));
            }
        }
        Self { server: server.clone(), free }
    }

    async fn serve(
        self,
        work: &flume::Receiver<Box<dyn Unit>>,
        shared: &Arc<Shared>,
        writes: bool,
    ) {
        let pool = Rc::new(self);
        while let Ok(slot) = pool.free.1.recv_async().await {
            let Ok(unit) = work.recv_async().await else { return };
            let (pool, shared) = (Rc::clone(&pool), Arc::clone(shared));
            tokio::task::spawn_local(async move {
                match pool.link(&slot).await {
                    Ok(link) => run(&link, unit, &shared, writes).await,
                    Err(error) => unit.answer(Err(error)),
                }
                let _ = pool.free.0.try_send(slot);
            });
        }
    }

    /// The slot's connection, made again when the old one ended.
    async fn link(&self, slot: &Slot) -> Result<Rc<Link>> {
        if let Some(link) = slot.link.borrow().as_ref().filter(|l| !l.client.is_closed()) {
            return Ok(Rc::clone(link));
        }
        let (client, connection) = self.server.connect().await?;
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a database connection ended");
            }
        });
        client.batch_execute(SESSION).await.map_err(|e| explain("session", &e))?;
        let link = Rc::new(Link { client, statements: RefCell::default() });
        *slot.link.borrow_mut() = Some(Rc::clone(&link));
        Ok(link)
    }
}

/// A connection with its prepared statements, by the address of their texts.
struct Link {
    client: Client,
    statements: RefCell<HashMap<(usize, usize, bool), Statement>>,
}

async fn run(link: &Rc<Link>, mut unit: Box<dyn Unit>, shared: &Arc<Shared>, writes: bool) {
    let mut runs = 0;
    loop {
        runs += 1;
        let session = Session::new(link);
        if writes {
            session.send("begin");
        }
        let tx = Tx::new(super::Session::Postgres(session), Arc::clone(shared));
        let ran =
            futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(unit.run(&tx)))
                .await;
        let super::Session::Postgres(session) = &tx.session else { return };
        let keep = matches!(ran, Ok(true));
        if writes {
            session.send(if keep { "commit" } else { "rollback" });
        }
        let posted = session.settle().await;
        if matches!(posted, Err(Error::Conflict(_))) {
            tx.lost_race.set(true);
        }
        if (!keep || posted.is_err()) && tx.lost_race.get() && runs < RUNS_MAX {
            continue;
        }
        let ended = match (ran, posted) {
            (Err(_), _) => Err(Error::Panicked),
            // What the unit returned is the answer, unless a write failed behind its back.
            (Ok(_), Err(error)) => Err(error),
            (Ok(_), Ok(())) => Ok(()),
        };
        if keep && ended.is_ok() {
            tx.tell();
        }
        return unit.answer(ended);
    }
}

type Posted =
    (&'static str, LocalBoxFuture<'static, std::result::Result<u64, tokio_postgres::Error>>);

pub(super) struct Session {
    link: Rc<Link>,
    /// Sent and not yet checked, in order.
    posted: RefCell<Vec<Posted>>,
}

impl Session {
    fn new(link: &Rc<Link>) -> Self {
        Self { link: Rc::clone(link), posted: RefCell::default() }
    }

    pub(super) async fn all(&self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>> {
        let statement = self.prepare(sql).await?;
        let refs: Vec<&(dyn ToSql + Sync)> = args.iter().map(|a| a as _).collect();
        let answer = self.link.client.query(&statement, &refs).await;
        let rows = answer.map_err(|e| explain(sql, &e))?;
        rows.iter().map(row).collect()
    }

    pub(super) async fn exec(&self, sql: &'static str, args: Vec<Value>) -> Result<u64> {
        let statement = self.prepare(sql).await?;
        self.link.client.execute_raw(&statement, args).await.map_err(|e| explain(sql, &e))
    }

    pub(super) async fn post(&self, sql: &'static str, args: Vec<Value>) -> Result<()> {
        let statement = self.prepare(sql).await?;
        let link = Rc::clone(&self.link);
        self.start(sql, Box::pin(async move { link.client.execute_raw(&statement, args).await }));
        Ok(())
    }

    pub(super) async fn each(&self, sql: &'static str, rows: Vec<Vec<Value>>) -> Result<()> {
        let statement = self.prepare_each(sql).await?;
        let width = rows.first().map_or(0, Vec::len);
        let mut columns: Vec<Vec<Value>> =
            (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        let link = Rc::clone(&self.link);
        self.start(
            sql,
            Box::pin(async move { link.client.execute_raw(&statement, columns).await }),
        );
        Ok(())
    }

    /// Sends a word of the protocol of transactions.
    fn send(&self, word: &'static str) {
        let link = Rc::clone(&self.link);
        self.start(
            word,
            Box::pin(async move { link.client.batch_execute(word).await.map(|()| 0) }),
        );
    }

    /// The first poll puts the message on the wire; the answer is fetched by [`Session::settle`].
    fn start(
        &self,
        sql: &'static str,
        mut future: LocalBoxFuture<'static, std::result::Result<u64, tokio_postgres::Error>>,
    ) {
        let polled = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
        match polled {
            std::task::Poll::Ready(answer) => {
                self.posted.borrow_mut().push((sql, Box::pin(std::future::ready(answer))));
            }
            std::task::Poll::Pending => self.posted.borrow_mut().push((sql, future)),
        }
    }

    /// Waits for everything that was posted; the first failure is the answer.
    async fn settle(&self) -> Result<()> {
        let posted = self.posted.take();
        let mut outcome = Ok(());
        for (sql, future) in posted {
            let answer = future.await;
            if outcome.is_ok() {
                outcome = answer.map(drop).map_err(|e| explain(sql, &e));
            }
        }
        outcome
    }

    pub(super) async fn prepare(&self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr().addr(), sql.len(), false);
        if let Some(statement) = self.link.statements.borrow().get(&key) {
            return Ok(statement.clone());
        }
        let prepared = self.link.client.prepare(&dialect::postgres(sql)).await;
        let statement = prepared.map_err(|e| explain(sql, &e))?;
        self.link.statements.borrow_mut().insert(key, statement.clone());
        Ok(statement)
    }

    async fn prepare_each(&self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr().addr(), sql.len(), true);
        if let Some(statement) = self.link.statements.borrow().get(&key) {
            return Ok(statement.clone());
        }
        let single = self.prepare(sql).await?;
        let types: Vec<String> = single.params().iter().map(|t| t.name().to_owned()).collect();
        let prepared = self.link.client.prepare(&dialect::postgres_each(sql, &types)).await;
        let statement = prepared.map_err(|e| explain(sql, &e))?;
        self.link.statements.borrow_mut().insert(key, statement.clone());
        Ok(statement)
    }

    pub(super) async fn script(&self, sql: &str) -> Result<()> {
        self.link.client.batch_execute(&dialect::postgres(sql)).await.map_err(|e| explain(sql, &e))
    }

    pub(super) async fn try_lock(&self, key: i64) -> Result<bool> {
        let rows = self.all("select pg_try_advisory_xact_lock($1)", vec![Value::Int(key)]).await?;
        rows.into_iter().next().map_or(Ok(false), |mut row| row.next())
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(n) => match *ty {
                Type::INT4 => i32::try_from(*n)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*n)?.to_sql(ty, out),
                _ => n.to_sql(ty, out),
            },
            Value::Bool(b) => b.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            // A uuid travels as its sixteen bytes, as a bytea does.
            Value::Bytes(bytes) => bytes.as_ref().to_sql(&Type::BYTEA, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Sixteen raw bytes of a uuid column.
struct RawUuid(Bytes);

impl<'a> tokio_postgres::types::FromSql<'a> for RawUuid {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Bytes::copy_from_slice(raw)))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::UUID | Type::BYTEA)
    }
}

fn row(row: &tokio_postgres::Row) -> Result<Row> {
    let read = |(i, column): (usize, &tokio_postgres::Column)| {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(i).map(|v| v.map(Value::Int)),
            Type::INT4 => row.try_get::<_, Option<i32>>(i).map(|v| v.map(|n| Value::Int(n.into()))),
            Type::BOOL => row.try_get::<_, Option<bool>>(i).map(|v| v.map(Value::Bool)),
            Type::UUID | Type::BYTEA => {
                row.try_get::<_, Option<RawUuid>>(i).map(|v| v.map(|b| Value::Bytes(b.0)))
            }
            _ => row.try_get::<_, Option<String>>(i).map(|v| v.map(Value::Text)),
        };
        value.map(|v| v.unwrap_or(Value::Null)).map_err(|e| Error::Inconsistent(e.to_string()))
    };
    row.columns().iter().enumerate().map(read).collect::<Result<Vec<_>>>().map(Row::new)
}

fn explain(sql: &str, error: &tokio_postgres::Error) -> Error {
    let Some(state) = error.code() else { return Error::Unavailable(deep(error)) };
    match state.code() {
        // Class 23: constraints. 40001 and 40P01: a serialization failure and a deadlock.
        code if code.starts_with("23") || code == "40001" || code == "40P01" => {
            Error::Conflict(deep(error))
        }
        // Class 57: the server is going away or cancelled us; class 53: it is out of something.
        code if code.starts_with("57") || code.starts_with("53") => Error::Unavailable(deep(error)),
        _ => Error::Statement { sql: sql.to_owned(), message: deep(error) },
    }
}

/// The error with its cause, where the server's own words are.
pub(super) fn deep(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
