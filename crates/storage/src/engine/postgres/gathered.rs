//! Statements that are not sent yet.

use std::rc::Rc;

use super::pool::Key;
use super::values::Arg;
use crate::value::Value;

/// A statement with its values, for one row or for many.
pub(super) struct Gathered {
    pub(super) sql: &'static str,
    pub(super) is_each: bool,
    pub(super) args: Vec<Arg>,
    /// The table that it fills, if it does no more than that.
    pub(super) table: Option<Rc<str>>,
}

impl Gathered {
    pub(super) fn key(&self) -> Key {
        let (at, length, _) = key_of(self.sql);
        (at, length, self.is_each)
    }

    /// True for one of many rows that looks for others. A plan of it that is kept could begin at the other
    /// end: to find a hundred rows of a queue that was empty when the server last looked, reading all of
    /// the queue is the best way. So it is planned anew each time, for the table as it is, which costs a batch
    /// less than a tenth of a millisecond.
    pub(super) fn joins(&self) -> bool {
        self.is_each && self.table.is_none()
    }

    /// The text of which it is one form.
    pub(super) fn text(&self) -> Key {
        key_of(self.sql)
    }

    /// Adds the rows of another one of the same text.
    pub(super) fn append(&mut self, other: Self) {
        self.is_each = true;
        for (mine, more) in self.args.iter_mut().zip(other.args) {
            mine.append(more);
        }
    }
}

/// The values of each parameter over all rows.
pub(super) fn columns(rows: Vec<Vec<Value>>) -> Vec<Arg> {
    let width = rows.first().map_or(0, Vec::len);
    let mut columns: Vec<Vec<Value>> = (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns.into_iter().map(Arg::Column).collect()
}

/// The key of a text in its form for one row.
pub(super) fn key_of(sql: &'static str) -> Key {
    (sql.as_ptr().addr(), sql.len(), false)
}
