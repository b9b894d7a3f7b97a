//! What commands print: data on standard output, talk on standard error.

use std::fmt::Display;
use std::io::Write as _;

use serde_json::Value;

/// Prints a line of data. A closed pipe is no error: whoever read it has enough.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a line of talk.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints rows for a script as JSON, or for people as a table.
pub fn rows(json: bool, columns: &[&str], rows: &[Value]) {
    if json {
        line(Value::Array(rows.to_vec()));
        return;
    }
    let cell = |row: &Value, column: &str| match row.get(column) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let table: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|c| cell(row, c)).collect()).collect();
    let width = |i: usize| {
        let cells = table.iter().map(|row| row[i].chars().count());
        cells.chain([columns[i].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let show = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    show(&columns.iter().map(|c| c.to_uppercase()).collect::<Vec<_>>());
    for row in &table {
        show(row);
    }
}

/// Prints one thing: JSON for scripts, `name: value` lines for people.
pub fn thing(json: bool, value: &Value) {
    match value.as_object() {
        Some(members) if !json => {
            for (name, value) in members {
                match value {
                    Value::String(text) => line(format_args!("{name}: {text}")),
                    other => line(format_args!("{name}: {other}")),
                }
            }
        }
        Some(_) | None => line(value),
    }
}
