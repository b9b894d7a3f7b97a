//! One transaction's statements on their way to the server: pipelined, and inserts together.
//!
//! Statements are sent in the order of the code. Those whose answers nobody needs are not waited for
//! until COMMIT, which travels with them: a failed one turns COMMIT into ROLLBACK on the server.
//! Inserts that look at nothing are gathered until the next statement of another sort, and sent as
//! one: what a statement costs beside its work is more than most of ours do.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use futures_util::future::LocalBoxFuture;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

use super::super::dialect;
use super::gathered::{Gathered, columns, key_of};
use super::pool::{Key, Link};
use super::values::{Arg, explain, row};
use crate::Result;
use crate::value::{Row, Value};

/// Inserts that travel as one statement. Each order of them that the code has is prepared once, and anew where one of
/// them has one row or many.
const TOGETHER_MAX: usize = 12;

type Posted =
    (&'static str, LocalBoxFuture<'static, std::result::Result<u64, tokio_postgres::Error>>);

pub(in crate::engine) struct Session {
    link: Rc<Link>,
    /// A transaction is wanted, and has not begun.
    is_waiting: Cell<bool>,
    has_begun: Cell<bool>,
    /// Sent and not yet checked, in order.
    posted: RefCell<Vec<Posted>>,
    /// Inserts that are not sent yet.
    gathered: RefCell<Vec<Gathered>>,
    /// Held while they leave, so that nothing overtakes them.
    leaving: tokio::sync::Mutex<()>,
}

impl Session {
    /// What writes begins a transaction with its first statement, unless that is its only one.
    pub(super) fn new(link: &Rc<Link>, writes: bool) -> Self {
        Self {
            link: Rc::clone(link),
            is_waiting: Cell::new(writes),
            has_begun: Cell::new(false),
            posted: RefCell::default(),
            gathered: RefCell::default(),
            leaving: tokio::sync::Mutex::default(),
        }
    }

    pub(in crate::engine) async fn all(
        &self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Vec<Row>> {
        self.leave().await?;
        self.begin();
        let statement = self.prepare(sql).await?;
        let refs: Vec<&(dyn ToSql + Sync)> = args.iter().map(|a| a as _).collect();
        let answer = self.link.client.query(&statement, &refs).await;
        let rows = answer.map_err(|e| explain(sql, &e))?;
        rows.iter().map(row).collect()
    }

    pub(in crate::engine) async fn exec(&self, sql: &'static str, args: Vec<Value>) -> Result<u64> {
        self.leave().await?;
        self.begin();
        let statement = self.prepare(sql).await?;
        self.link.client.execute_raw(&statement, args).await.map_err(|e| explain(sql, &e))
    }

    pub(in crate::engine) async fn post(&self, sql: &'static str, args: Vec<Value>) -> Result<()> {
        self.gather(sql, false, args.into_iter().map(Arg::One).collect()).await
    }

    pub(in crate::engine) async fn each(
        &self,
        sql: &'static str,
        rows: Vec<Vec<Value>>,
    ) -> Result<()> {
        match <[Vec<Value>; 1]>::try_from(rows) {
            // For one row the server would unpack an array for each value, which costs more than the insert.
            Ok([row]) => self.post(sql, row).await,
            Err(rows) => self.gather(sql, true, columns(rows)).await,
        }
    }

    pub(in crate::engine) async fn all_each(
        &self,
        sql: &'static str,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>> {
        let rows = match <[Vec<Value>; 1]>::try_from(rows) {
            Ok([row]) => return self.all(sql, row).await,
            Err(rows) => rows,
        };
        self.leave().await?;
        self.begin();
        let asked = [Gathered { sql, is_each: true, args: columns(rows), table: None }];
        let statement = self.prepare_together(&asked).await?;
        let [Gathered { args, .. }] = asked;
        let refs: Vec<&(dyn ToSql + Sync)> = args.iter().map(|a| a as _).collect();
        let answer = self.link.client.query(&statement, &refs).await;
        answer.map_err(|e| explain(sql, &e))?.iter().map(row).collect()
    }

    /// Keeps a write until it can leave with others, or sends it in its turn.
    async fn gather(&self, sql: &'static str, is_each: bool, args: Vec<Arg>) -> Result<()> {
        let table = self.fills(sql);
        let fits = {
            let before = self.gathered.borrow();
            table.is_some()
                && before.len() < TOGETHER_MAX
                && !before.iter().any(|b| b.table == table)
        };
        if !fits {
            self.leave().await?;
        }
        let is_alone = table.is_none();
        self.gathered.borrow_mut().push(Gathered { sql, is_each, args, table });
        if is_alone { self.leave().await } else { Ok(()) }
    }

    /// The table that a statement fills, read once.
    fn fills(&self, sql: &'static str) -> Option<Rc<str>> {
        let read = || dialect::fills(&dialect::postgres(sql)).map(Rc::from);
        self.link.fills.borrow_mut().entry(key_of(sql)).or_insert_with(read).clone()
    }

    /// Sends what was gathered, as one statement.
    async fn leave(&self) -> Result<()> {
        let _turn = self.leaving.lock().await;
        let gathered = self.gathered.take();
        if gathered.is_empty() {
            return Ok(());
        }
        self.begin();
        // Boxed, because every statement of every unit would carry the room for it.
        Box::pin(self.send_together(gathered)).await
    }

    /// Sends what was gathered last. Where that is the only statement, it is a transaction by itself: two
    /// words less for the server to answer.
    pub(super) async fn leave_last(&self) -> Result<()> {
        self.send_together(self.gathered.take()).await
    }

    /// What was gathered, where that is all that there is, and where rows of other units can go along.
    pub(super) fn take_only(&self) -> Option<Vec<Gathered>> {
        let is_only = {
            let gathered = self.gathered.borrow();
            let takes_rows = |g: &Gathered| dialect::takes_rows(g.sql);
            self.is_waiting.get() && !gathered.is_empty() && gathered.iter().all(takes_rows)
        };
        is_only.then(|| self.gathered.take())
    }

    /// Sends some inserts as a transaction by themselves, and waits for its end.
    pub(super) async fn send_only(&self, inserts: Vec<Gathered>) -> Result<()> {
        self.send_together(inserts).await?;
        self.settle().await
    }

    /// Says how the transaction ends, if it has begun.
    pub(super) fn end(&self, word: &'static str) {
        if self.has_begun.take() {
            self.send(word);
        }
    }

    fn begin(&self) {
        if self.is_waiting.take() {
            self.has_begun.set(true);
            self.send("begin");
        }
    }

    async fn send_together(&self, gathered: Vec<Gathered>) -> Result<()> {
        let Some(first) = gathered.first() else { return Ok(()) };
        let sql = first.sql;
        let statement = self.prepare_together(&gathered).await?;
        let args: Vec<Arg> = gathered.into_iter().flat_map(|g| g.args).collect();
        let link = Rc::clone(&self.link);
        self.start(sql, Box::pin(async move { link.client.execute_raw(&statement, args).await }));
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
    pub(super) async fn settle(&self) -> Result<()> {
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

    async fn prepare(&self, sql: &'static str) -> Result<Statement> {
        let place = self.link.statements.borrow_mut().entry(key_of(sql)).or_default().clone();
        let prepare = async || {
            let prepared = self.link.client.prepare(&dialect::postgres(sql)).await;
            prepared.map_err(|e| explain(sql, &e))
        };
        place.get_or_try_init(prepare).await.cloned()
    }

    /// Prepares a statement for one row and, where it can have them, for many.
    pub(in crate::engine) async fn prepare_forms(&self, sql: &'static str) -> Result<()> {
        self.prepare(sql).await?;
        if dialect::takes_rows(sql) {
            self.prepare_together(&[Gathered {
                sql,
                is_each: true,
                args: Vec::new(),
                table: None,
            }])
            .await?;
        }
        Ok(())
    }

    async fn prepare_together(&self, gathered: &[Gathered]) -> Result<Statement> {
        let keys: Vec<Key> = gathered.iter().map(Gathered::key).collect();
        if let Some(statement) = self.link.together.borrow().get(&keys) {
            return Ok(statement.clone());
        }
        let mut texts = Vec::with_capacity(gathered.len());
        for Gathered { sql, is_each, .. } in gathered {
            texts.push(if *is_each {
                let single = self.prepare(sql).await?;
                let types: Vec<String> =
                    single.params().iter().map(|t| t.name().to_owned()).collect();
                dialect::postgres_each(sql, &types)
            } else {
                dialect::postgres(sql)
            });
        }
        let text = dialect::postgres_together(&texts);
        let prepared = self.link.client.prepare(&text).await;
        let statement = prepared.map_err(|e| explain(&text, &e))?;
        self.link.together.borrow_mut().insert(keys, statement.clone());
        Ok(statement)
    }

    /// Sends a word about a part of the transaction, in its turn.
    pub(in crate::engine) async fn say(&self, word: &'static str) -> Result<()> {
        self.leave().await?;
        self.begin();
        self.send(word);
        Ok(())
    }

    pub(in crate::engine) async fn script(&self, sql: &str) -> Result<()> {
        self.leave().await?;
        self.begin();
        self.link.client.batch_execute(&dialect::postgres(sql)).await.map_err(|e| explain(sql, &e))
    }

    pub(in crate::engine) async fn try_lock(&self, key: i64) -> Result<bool> {
        let rows = self.all("select pg_try_advisory_xact_lock($1)", vec![Value::Int(key)]).await?;
        rows.into_iter().next().map_or(Ok(false), |mut row| row.next())
    }
}
