//! Values and errors between our words and the server's.

use std::error::Error as _;

use bytes::{Bytes, BytesMut};
use tokio_postgres::error::Severity;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::value::{Row, Value};
use crate::{Error, Result};

/// What stands for one parameter: a value, or the values of a column.
#[derive(Debug)]
pub(super) enum Arg {
    One(Value),
    Column(Vec<Value>),
}

impl Arg {
    /// Adds the values of other rows.
    pub(super) fn append(&mut self, other: Self) {
        let mut column = match std::mem::replace(self, Self::Column(Vec::new())) {
            Self::One(value) => vec![value],
            Self::Column(values) => values,
        };
        match other {
            Self::One(value) => column.push(value),
            Self::Column(values) => column.extend(values),
        }
        *self = Self::Column(column);
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

impl ToSql for Arg {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::One(value) => value.to_sql(ty, out),
            Self::Column(values) => values.to_sql(ty, out),
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

pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row> {
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

pub(super) fn explain(sql: &str, error: &tokio_postgres::Error) -> Error {
    // What ends the session may have ended it after COMMIT.
    let Some(refusal) = error.as_db_error().filter(|refusal| match refusal.parsed_severity() {
        Some(severity) => severity == Severity::Error,
        None => refusal.severity() == "ERROR",
    }) else {
        return Error::Unavailable(deep(error));
    };
    match refusal.code().code() {
        // Class 23: constraints. 40001 and 40P01: a serialization failure and a deadlock.
        code if code.starts_with("23") || code == "40001" || code == "40P01" => {
            Error::Conflict(deep(error))
        }
        // Class 57: the server is going away or cancelled us; class 53: it is out of something;
        // class 58: its disk fails. 25006: it only reads, as one does that another has replaced.
        code if ["57", "53", "58"].iter().any(|class| code.starts_with(class))
            || code == "25006" =>
        {
            Error::Unavailable(deep(error))
        }
        _ => Error::Statement { sql: sql.to_owned(), message: deep(error) },
    }
}

/// The error with its cause, where the server's own words are.
pub(super) fn deep(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
