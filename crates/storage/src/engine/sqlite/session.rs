//! What a unit says to SQLite: texts translated once, statements kept prepared, values both ways.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql, params_from_iter};

use super::super::dialect;
use crate::value::{Row, Value};
use crate::{Error, Result};

thread_local! {
    /// Translated texts, by the address of the original: statements are static.
    static TEXTS: RefCell<HashMap<(usize, usize), Rc<str>>> = RefCell::default();
}

fn text_of(sql: &'static str) -> Rc<str> {
    TEXTS.with_borrow_mut(|texts| {
        let key = (sql.as_ptr().addr(), sql.len());
        Rc::clone(texts.entry(key).or_insert_with(|| dialect::sqlite(sql).into()))
    })
}

pub(in super::super) struct Session {
    connection: Rc<Connection>,
    has_written: Cell<bool>,
}

impl Session {
    pub(super) fn new(connection: &Rc<Connection>) -> Self {
        Self { connection: Rc::clone(connection), has_written: Cell::new(false) }
    }

    /// Whether a statement was run that may change something.
    pub(super) fn has_written(&self) -> bool {
        self.has_written.get()
    }

    /// A statement that was prepared before, if it was run before.
    fn prepared(&self, sql: &'static str) -> rusqlite::Result<CachedStatement<'_>> {
        let statement = self.connection.prepare_cached(&text_of(sql))?;
        if !statement.readonly() {
            self.has_written.set(true);
        }
        Ok(statement)
    }

    pub(in super::super) fn all(&self, sql: &'static str, args: &[Value]) -> Result<Vec<Row>> {
        self.query(sql, args).map_err(|e| explain(sql, &e))
    }

    pub(in super::super) fn all_each(
        &self,
        sql: &'static str,
        rows: &[Vec<Value>],
    ) -> Result<Vec<Row>> {
        let mut found = Vec::with_capacity(rows.len());
        for args in rows {
            found.extend(self.all(sql, args)?);
        }
        Ok(found)
    }

    fn query(&self, sql: &'static str, args: &[Value]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.prepared(sql)?;
        let columns = statement.column_count();
        let mut answer = statement.query(params_from_iter(args))?;
        let mut rows = Vec::new();
        while let Some(row) = answer.next()? {
            let read = |i| Ok(column(row.get_ref(i)?));
            rows.push(Row::new((0..columns).map(read).collect::<rusqlite::Result<_>>()?));
        }
        Ok(rows)
    }

    pub(in super::super) fn exec(&self, sql: &'static str, args: &[Value]) -> Result<u64> {
        let mut statement = self.prepared(sql).map_err(|e| explain(sql, &e))?;
        let changed = statement.execute(params_from_iter(args));
        changed.map(|n| n as u64).map_err(|e| explain(sql, &e))
    }

    pub(in super::super) fn prepare(&self, sql: &'static str) -> Result<()> {
        self.connection.prepare(&text_of(sql)).map(drop).map_err(|e| explain(sql, &e))
    }

    pub(in super::super) fn script(&self, sql: &str) -> Result<()> {
        self.has_written.set(true);
        self.connection.execute_batch(&dialect::sqlite(sql)).map_err(|e| explain(sql, &e))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(*n),
            Value::Bool(b) => ValueRef::Integer(i64::from(*b)),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn column(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        // No column holds a real; one that does is read as text and refused by its reader.
        ValueRef::Real(x) => Value::Text(x.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(Bytes::copy_from_slice(bytes)),
    }
}

fn explain(sql: &str, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => Error::Conflict(error.to_string()),
        Some(
            rusqlite::ErrorCode::DatabaseBusy
            | rusqlite::ErrorCode::DiskFull
            | rusqlite::ErrorCode::ReadOnly
            | rusqlite::ErrorCode::SystemIoFailure
            | rusqlite::ErrorCode::CannotOpen,
        ) => Error::Unavailable(error.to_string()),
        _ => Error::Statement { sql: sql.to_owned(), message: error.to_string() },
    }
}
