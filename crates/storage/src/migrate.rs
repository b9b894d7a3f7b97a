//! Migrations: numbered texts for both engines, applied in order, forward only.

use crate::{Db, Result, Row, Tx, args, statements, stream};

/// `(number, name, text)`. A text that has shipped is never edited; add another.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "tenancy", include_str!("../migrations/0001_tenancy.sql")),
    (2, "customers", include_str!("../migrations/0002_customers.sql")),
    (3, "mail", include_str!("../migrations/0003_mail.sql")),
    (4, "money_and_usage", include_str!("../migrations/0004_money_and_usage.sql")),
    (5, "events", include_str!("../migrations/0005_events.sql")),
    (6, "email", include_str!("../migrations/0006_email.sql")),
    (7, "search", include_str!("../migrations/0007_search.sql")),
    (8, "sending_domains", include_str!("../migrations/0008_sending_domains.sql")),
    (9, "certificate_notices", include_str!("../migrations/0009_certificate_notices.sql")),
    (10, "payload_quota", include_str!("../migrations/0010_payload_quota.sql")),
    (11, "drafts", include_str!("../migrations/0011_drafts.sql")),
    (12, "contacts", include_str!("../migrations/0012_contacts.sql")),
    (13, "imports", include_str!("../migrations/0013_imports.sql")),
    (14, "deliveries", include_str!("../migrations/0014_deliveries.sql")),
    (15, "webhook_log", include_str!("../migrations/0015_webhook_log.sql")),
    (16, "email_key_mode", include_str!("../migrations/0016_email_key_mode.sql")),
    (17, "told_as", include_str!("../migrations/0017_told_as.sql")),
    (18, "import_places", include_str!("../migrations/0018_import_places.sql")),
    (19, "quiet", include_str!("../migrations/0019_quiet.sql")),
    (20, "daily_sends", include_str!("../migrations/0020_daily_sends.sql")),
    (21, "narrowed_lists", include_str!("../migrations/0021_narrowed_lists.sql")),
    (22, "filed_events", include_str!("../migrations/0022_filed_events.sql")),
    (23, "gone", include_str!("../migrations/0023_gone.sql")),
    (24, "breaker", include_str!("../migrations/0024_breaker.sql")),
    (25, "evidence", include_str!("../migrations/0025_evidence.sql")),
    (26, "filter", include_str!("../migrations/0026_filter.sql")),
    (27, "data_key", include_str!("../migrations/0027_data_key.sql")),
];

const TABLE: &str = "create table if not exists schema_migrations (
    number bigint primary key, name text not null, applied_at bigint not null)";

statements! {
    APPLIED = "select number from schema_migrations order by number";
    RECORD = "insert into schema_migrations (number, name, applied_at) values ($1, $2, $3)";
}

/// The key under which nodes that start together take turns.
const MIGRATION_LOCK: i64 = 7_022_026_112_102;

/// Applies what is missing, all of it or nothing. Returns the names of what was applied.
pub async fn migrate(db: &Db, now: domain::Timestamp) -> Result<Vec<&'static str>> {
    loop {
        let outcome = db
            .write(async move |tx: &Tx| {
                if !tx.try_lock(MIGRATION_LOCK).await? {
                    return Ok(None);
                }
                apply(tx, now).await.map(Some)
            })
            .await?;
        match outcome {
            Some(names) => return Ok(names),
            // Another node migrates; it is done within the server's statement timeout.
            None => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    }
}

async fn apply(tx: &Tx, now: domain::Timestamp) -> Result<Vec<&'static str>> {
    tx.script(TABLE).await?;
    let done: Vec<i64> = tx.all(APPLIED, args![], Row::next).await?;
    let mut names = Vec::new();
    for (number, name, text) in MIGRATIONS.iter().filter(|m| !done.contains(&m.0)) {
        tx.script(text).await?;
        tx.exec(RECORD, args![*number, *name, now]).await?;
        names.push(*name);
    }
    stream::settle_in(tx).await?;
    Ok(names)
}

/// How many migrations this binary knows and the database has not.
pub async fn pending(db: &Db) -> Result<usize> {
    let done = db.read(async |tx: &Tx| tx.all(APPLIED, args![], Row::next::<i64>).await).await?;
    Ok(MIGRATIONS.iter().filter(|m| !done.contains(&m.0)).count())
}
