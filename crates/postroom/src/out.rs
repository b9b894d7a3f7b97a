//! What commands print: data on standard output, talk on standard error.
//!
//! People get tables and `name: value` lines, scripts get JSON with `--json`. Which members are shown
//! to people is a list of paths beside each command; scripts always get all of them.

use std::fmt::Display;
use std::io::Write as _;

use serde_json::Value;

/// Prints a line of data. A closed pipe is no error: whoever read it has enough.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints data as it is.
pub fn bytes(data: &[u8]) {
    let _ = std::io::stdout().lock().write_all(data);
}

/// Prints a line of talk.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints rows for a script as JSON, or for people as a table with these paths as its columns.
pub fn rows(json: bool, columns: &[&str], rows: &[Value]) {
    if json {
        line(Value::Array(rows.to_vec()));
        return;
    }
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|path| or_dash(cell(row, path))).collect())
        .collect();
    let heads: Vec<String> = columns.iter().map(|path| label(path).to_uppercase()).collect();
    let width = |i: usize| {
        let cells = table.iter().map(|row| row[i].chars().count());
        cells.chain([heads[i].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let show = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    show(&heads);
    for row in &table {
        show(row);
    }
}

/// Prints one thing: JSON for scripts; for people one line for each of these paths that has a value.
pub fn thing(json: bool, paths: &[&str], value: &Value) {
    if json {
        line(value);
        return;
    }
    let width = paths.iter().map(|path| label(path).len() + 1).max().unwrap_or(0);
    for path in paths {
        let text = cell(value, path);
        if !text.is_empty() {
            line(format_args!("{:<width$} {text}", format!("{}:", label(path))));
        }
    }
}

/// The last word of a path.
fn label(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The value at a path such as `mailbox.pmb_number`; empty when there is none.
fn cell(value: &Value, path: &str) -> String {
    text_of(path.split('.').try_fold(value, |value, name| value.get(name)).unwrap_or(&Value::Null))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        Value::Object(members) if members.is_empty() => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
