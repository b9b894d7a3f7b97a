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
