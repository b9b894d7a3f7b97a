//! Full text, which each engine has in a way of its own: FTS5 on SQLite, `tsvector` on PostgreSQL.
//!
//! Words come in as `email::words` makes them, so that both find the same; the texts here stand for the
//! `{words …}` markers of statements. A search ranks the newest matches of a mailbox and no others, so that a
//! word that is everywhere costs no more than a rare one.

/// Matches that are ranked.
macro_rules! ranked {
    () => {
        "1000"
    };
}

/// What FTS5 is asked: the words, all in a column where one is named, in a mailbox. Its own ranking would count the
/// messages of the whole mailbox for each question.
macro_rules! found_in {
    ($column:literal) => {
        concat!("'mailbox : m' || lower(hex($1)) || ' AND ", $column, "(' || $2 || ')'")
    };
}

/// A marker and what it stands for on SQLite and on PostgreSQL.
pub(super) const MARKERS: [(&str, &str, &str); 4] = [
    (
        "{words table}",
        "create virtual table message_words using fts5 (subject, people, body, files, mailbox, content = '',
        contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0')",
        "create table message_words (message_no bigint primary key, mailbox_id uuid not null, words tsvector not null);
        create index message_words_found on message_words using gin (words);
        create index message_words_newest on message_words (mailbox_id, message_no)",
    ),
    (
        "{words put}",
        "insert into message_words (rowid, mailbox, subject, people, body, files)
        values ($1, 'm' || lower(hex($2)), $3, $4, $5, $6)",
        "insert into message_words (message_no, mailbox_id, words) values ($1, $2,
        setweight(to_tsvector('simple', $3), 'A') || setweight(to_tsvector('simple', $4), 'B')
        || setweight(to_tsvector('simple', $5), 'C') || setweight(to_tsvector('simple', $6), 'D'))
        on conflict do nothing",
    ),
    (
        "{words delete}",
        "delete from message_words where rowid = $1",
        "delete from message_words where message_no = $1",
    ),
    (
        "{words found}",
        concat!(
            "(with newest as materialized (select rowid as no from message_words where message_words match ",
            found_in!(""),
            " order by rowid desc limit ",
            ranked!(),
            ") select no, case when no in (select rowid from message_words where message_words match ",
            found_in!("subject : "),
            " and rowid >= (select min(no) from newest)) then -2 when no in (select rowid from message_words
            where message_words match ",
            found_in!("people : "),
            " and rowid >= (select min(no) from newest)) then -1 else 0 end as rank from newest)"
        ),
        concat!(
            "(select message_no as no, -ts_rank(words, plainto_tsquery('simple', $2)) as rank from message_words
            where mailbox_id = $1 and words @@ plainto_tsquery('simple', $2) order by message_no desc limit ",
            ranked!(),
            ")"
        ),
    ),
];
