//! The few words that differ between the engines, and the expansion of their markers.
//!
//! | marker | SQLite | PostgreSQL |
//! |---|---|---|
//! | `$1` | `?1` | `$1` |
//! | `{each}` | nothing; the statement runs once a row | `from` or `using` `unnest(…)`, and the key as `key_looked_for` says |
//! | `{rows}` | nothing; the statement runs once a row | `unnest(…) cross join lateral`, before a subquery |
//! | `{skip}` | nothing | `for update skip locked` |
//! | `{lock}` | nothing | `for update` |
//! | `{share}` | nothing | `for share` |
//! | `{clock}` | microseconds by the engine's clock | the same |
//! | `{xact}` | null | the number of this transaction |
//! | `{xact or: E}` | `E` | the number of this transaction |
//! | `{settled}` | the greatest number | transactions below this number have ended |
//! | `{begun}` | the greatest number | transactions from this number on have not begun |
//! | `{id}` | `blob` | `uuid` |
//! | `{bytes}` | `blob` | `bytea` |
//! | `{pk}` | `integer primary key` | `bigint primary key` |
//! | `{rowless}` | `without rowid` | nothing |
//! | `{words …}` | full text, see [`super::search`] | the same |
//! | `{events}` | a view, see [`super::filing`] | `events` |
//! | `{filing tables}` | what the view is made of | nothing |

use super::{filing, search};

/// Which engine a database runs on, for people and for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// True where other nodes may commit to the same database at any time.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Postgres)
    }

    pub(super) const fn version_sql(self) -> &'static str {
        match self {
            Self::Sqlite => "select sqlite_version()",
            Self::Postgres => "select current_setting('server_version_num')",
        }
    }

    /// Reads what [`Engine::version_sql`] answered.
    pub(super) fn version_of(self, answer: &str) -> EngineVersion {
        match self {
            // It is part of this program, so it is always the right one.
            Self::Sqlite => EngineVersion { text: format!("SQLite {answer}"), is_supported: true },
            Self::Postgres => {
                let number: u32 = answer.parse().unwrap_or(0);
                let text = format!("PostgreSQL {}.{}", number / 10_000, number % 10_000);
                EngineVersion { text, is_supported: number >= POSTGRES_LEAST }
            }
        }
    }
}

/// The oldest PostgreSQL that the statements are tested on, as it numbers itself: 15.0.
const POSTGRES_LEAST: u32 = 150_000;

/// What runs the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineVersion {
    /// `PostgreSQL 15.4`.
    pub text: String,
    /// False for one that is older than what this program is tested on.
    pub is_supported: bool,
}

/// The text that SQLite runs.
pub(super) fn sqlite(sql: &str) -> String {
    replace(
        &transaction_or(&with_texts(sql, |(marker, text, _)| (marker, text)), None),
        &[
            ("{skip}", ""),
            ("{lock}", ""),
            ("{share}", ""),
            ("{clock}", "cast(unixepoch('subsec') * 1000000 as integer)"),
            ("{xact}", "null"),
            ("{settled}", "9223372036854775807"),
            ("{begun}", "9223372036854775807"),
            ("{each}", ""),
            ("{rows}", ""),
            ("{id}", "blob"),
            ("{bytes}", "blob"),
            ("{pk}", "integer primary key"),
            ("{rowless}", "without rowid"),
            ("$", "?"),
        ],
    )
}

/// Puts in the texts that are written elsewhere.
fn with_texts(
    sql: &str,
    of: impl Fn((&'static str, &'static str, &'static str)) -> (&'static str, &'static str),
) -> String {
    let markers = search::MARKERS.into_iter().chain(filing::MARKERS);
    replace(sql, &markers.map(of).collect::<Vec<_>>())
}

/// The number of a transaction of PostgreSQL.
const TRANSACTION: &str = "pg_current_xact_id()::text::bigint";

/// Puts the number of the transaction in place of each `{xact or: E}`, or where there is none, `E`.
fn transaction_or(sql: &str, transaction: Option<&str>) -> String {
    const OPENS: &str = "{xact or:";
    let mut parts = sql.split(OPENS);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (other, rest) = part.split_once('}').unwrap_or((part, ""));
        out.extend([transaction.unwrap_or(other), rest]);
    }
    out
}

/// The text that PostgreSQL runs, for one row.
pub(super) fn postgres(sql: &str) -> String {
    replace(
        &transaction_or(&with_texts(sql, |(marker, _, text)| (marker, text)), Some(TRANSACTION)),
        &[
            ("{skip}", "for update skip locked"),
            ("{lock}", "for update"),
            ("{share}", "for share"),
            ("{clock}", "(extract(epoch from clock_timestamp()) * 1000000)::bigint"),
            ("{xact}", TRANSACTION),
            ("{settled}", "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),
            ("{begun}", "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"),
            ("{each}", ""),
            ("{rows}", ""),
            ("{id}", "uuid"),
            ("{bytes}", "bytea"),
            ("{pk}", "bigint primary key"),
            ("{rowless}", ""),
        ],
    )
}

/// The text that PostgreSQL runs for many rows at once, made of one that has a mark for them, or of an insert of
/// `values`; `types` are those of the parameters of one row.
pub(super) fn postgres_each(sql: &str, types: &[String]) -> String {
    let arrays: Vec<String> =
        types.iter().enumerate().map(|(i, t)| format!("${}::{t}[]", i + 1)).collect();
    let columns: Vec<String> = (1..=types.len()).map(|i| format!("p{i}")).collect();
    let word = if sql.trim_start().starts_with("delete") { "using" } else { "from" };
    let source = format!("unnest({}) as _r({})", arrays.join(", "), columns.join(", "));
    let mut text = match values_of(sql) {
        Some((head, values)) => format!("{head}select {values} {{each}}"),
        None if sql.starts_with("update") || sql.starts_with("delete") => key_looked_for(sql),
        None => sql.to_owned(),
    };
    // From the last, so that $1 does not match the start of $12.
    for i in (1..=types.len()).rev() {
        text = text.replace(&format!("${i}"), &format!("_r.p{i}"));
    }
    let text = text.replace("{each}", &format!("{word} {source}"));
    postgres(&text.replace("{rows}", &format!("{source} cross join lateral")))
}

/// A text whose condition begins with `a = $1`, with `a = any(array[$1])` in its place.
///
/// Rows that are joined by equality can be found from either end. A queue is mostly empty when the server looks
/// at it, and to find a hundred rows of an empty table, reading all of it is the best plan, which is then kept for
/// whatever comes. An array can only be looked for, by the index that the condition names first; no other may
/// begin with a column that is asked for by equality.
fn key_looked_for(sql: &str) -> String {
    let found = || {
        let (head, condition) = sql.split_once("where ")?;
        let (column, rest) = condition.split_once(" = $")?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, rest) = rest.split_at(end);
        Some(format!("{head}where {column} = any(array[${number}]){rest}"))
    };
    found().unwrap_or_else(|| sql.to_owned())
}

/// An insert of one row: what is before `values`, and what it lists.
fn values_of(sql: &str) -> Option<(&str, &str)> {
    let (head, rest) = sql.split_once("values (")?;
    Some((head, rest.strip_suffix(')')?))
}

/// True for a text that [`postgres_each`] can make for many rows.
pub(super) fn takes_rows(sql: &str) -> bool {
    sql.contains("{each}") || sql.contains("{rows}") || values_of(sql).is_some()
}

/// The table that a statement of PostgreSQL adds to, where it adds rows and looks at nothing.
///
/// Several such statements on tables of their own do the same in any order, so they may be one.
pub(super) fn fills(sql: &str) -> Option<&str> {
    let rest = sql.strip_prefix("insert into ")?;
    let reads = rest.split_whitespace().any(|word| matches!(word, "from" | "(select"));
    if reads { None } else { rest.split_whitespace().next() }
}

/// One text for several inserts of PostgreSQL, their parameters numbered on from one to the next.
pub(super) fn postgres_together(texts: &[String]) -> String {
    let mut taken = 0;
    let mut numbered: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts {
        let (text, n) = number_on(text, taken);
        numbered.push(text);
        taken += n;
    }
    let last = numbered.pop().unwrap_or_default();
    if numbered.is_empty() {
        return last;
    }
    let before = numbered.iter().enumerate().map(|(i, text)| format!("_{i} as ({text})"));
    format!("with {} {last}", before.collect::<Vec<_>>().join(", "))
}

/// The text with its parameters raised by `by`, and how many it has.
fn number_on(text: &str, by: usize) -> (String, usize) {
    let mut parts = text.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut most = 0;
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number: usize = part[..end].parse().unwrap_or(0);
        most = most.max(number);
        out.extend(["$", &(number + by).to_string(), &part[end..]]);
    }
    (out, most)
}

fn replace(sql: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(sql.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inserts_that_look_at_nothing_travel_together() {
        assert_eq!(fills("insert into dead (a) values ($1)"), Some("dead"));
        assert_eq!(fills("insert into dead (a) select $1 {each}"), Some("dead"));
        assert_eq!(fills("insert into dead (a) select max(a) from dead"), None);
        assert_eq!(fills("insert into dead (a)\n        select $1 where exists (select 1)"), None);
        assert_eq!(fills("update dead set a = $1"), None);
    }

    #[test]
    fn statements_that_travel_together_keep_their_own_parameters() {
        let texts =
            ["insert into a values ($1, $2)".into(), "insert into b values ($2, $1)".into()];
        assert_eq!(
            postgres_together(&texts),
            "with _0 as (insert into a values ($1, $2)) insert into b values ($4, $3)"
        );
    }

    #[test]
    fn a_position_is_looked_for_where_transactions_have_no_number() {
        let sql = "insert into e (a, b) values ($1, {xact or: (select max(b) from e)})";
        assert_eq!(sqlite(sql), "insert into e (a, b) values (?1,  (select max(b) from e))");
        let text = postgres(sql);
        assert_eq!(text, "insert into e (a, b) values ($1, pg_current_xact_id()::text::bigint)");
        assert_eq!(fills(&text), Some("e"));
    }

    #[test]
    fn a_question_about_many_rows_is_asked_once() {
        let sql = "select one.* from {rows} (select b from e where a = $1 limit 1) as one";
        assert_eq!(
            postgres_each(sql, &["int8".to_owned()]),
            "select one.* from unnest($1::int8[]) as _r(p1) cross join lateral (select b from e where a = _r.p1 limit 1) as one"
        );
    }

    #[test]
    fn an_insert_of_one_row_takes_many() {
        let sql = "insert into e (a, b) values ($1, {xact or: (select max(b) from e)})";
        assert!(takes_rows(sql) && takes_rows("insert into e (a) select $1 {each}"));
        assert!(!takes_rows("insert into e (a) values ($1) on conflict do nothing"));
        assert_eq!(
            postgres_each(sql, &["int8".to_owned()]),
            "insert into e (a, b) select _r.p1, pg_current_xact_id()::text::bigint from unnest($1::int8[]) as _r(p1)"
        );
    }

    #[test]
    fn one_text_reads_well_on_both() {
        let sql = "delete from ready {each} where endpoint = $1 and due = $2";
        assert_eq!(sqlite(sql), "delete from ready  where endpoint = ?1 and due = ?2");
        let types = ["int8".to_owned(), "int8".to_owned()];
        assert_eq!(
            postgres_each(sql, &types),
            "delete from ready using unnest($1::int8[], $2::int8[]) as _r(p1, p2) where endpoint = any(array[_r.p1]) and due = _r.p2"
        );
    }
}
