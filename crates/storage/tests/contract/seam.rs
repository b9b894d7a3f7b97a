//! What the seam promises: all or nothing, answers after COMMIT, one text on both engines.

use futures_util::future::{join_all, join3};
use storage::{Error, Ownership, Row, Tx, Wake, args};

use crate::support::{NOW, fresh};

#[tokio::test]
async fn case_50_every_statement_is_understood() {
    let db = fresh().await;
    db.read(async |tx: &Tx| {
        for sql in storage::statements() {
            tx.prepare(sql).await?;
        }
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let db = fresh().await;
    assert_eq!(storage::migrate(&db, NOW).await.unwrap(), Vec::<&str>::new());
    assert_eq!(storage::pending(&db).await.unwrap(), 0);
}

const INSERT: &str = "insert into operators (id, name, slug, created_at) values ($1, $2, $3, $4)";
pub(crate) const INSERT_EACH: &str =
    "insert into operators (id, name, slug, created_at) select $1, $2, $3, $4 {each}";
const COUNT: &str = "select count(*) from operators";

pub(crate) fn operator(n: u8) -> Vec<storage::Value> {
    args![[n; 16], "Austin Mail", format!("slug-{n}"), NOW]
}

#[tokio::test]
async fn a_unit_that_fails_leaves_nothing_behind() {
    let db = fresh().await;
    let failed: Result<(), Error> = db
        .write(async |tx: &Tx| {
            tx.post(INSERT, operator(1)).await?;
            tx.exec(INSERT, operator(2)).await?;
            Err(Error::Inconsistent("on purpose".into()))
        })
        .await;
    assert!(matches!(failed, Err(Error::Inconsistent(_))));
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn a_posted_write_that_fails_fails_the_unit() {
    let db = fresh().await;
    let failed = db
        .write(async |tx: &Tx| {
            tx.post(INSERT, operator(1)).await?;
            tx.post(INSERT, operator(1)).await
        })
        .await;
    assert!(matches!(failed, Err(Error::Conflict(_))), "{failed:?}");
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn many_rows_go_in_as_one_statement() {
    let db = fresh().await;
    db.write(async |tx: &Tx| tx.each(INSERT_EACH, (0..200).map(operator).collect()).await)
        .await
        .unwrap();
    assert_eq!(count(&db).await, 200);
}

#[tokio::test]
async fn a_part_that_can_be_spared_fails_without_its_unit() {
    let db = fresh().await;
    let spared = db
        .write(async |tx: &Tx| {
            tx.post(INSERT, operator(1)).await?;
            let known = tx.spare(tx.one(COUNT, args![], Row::next::<i64>)).await?;
            let unknown =
                tx.spare(tx.all("select 1 from nowhere", args![], Row::next::<i64>)).await?;
            tx.post(INSERT, operator(2)).await?;
            Ok::<_, Error>((known.ok(), unknown.is_err()))
        })
        .await;
    assert_eq!(spared.unwrap(), (Some(1), true));
    assert_eq!(count(&db).await, 2);
}

#[tokio::test]
async fn a_unit_that_awaits_something_else_is_refused_on_sqlite() {
    let db = fresh().await;
    if db.engine() != storage::Engine::Sqlite {
        return;
    }
    let refused: Result<(), Error> = db
        .write(async |tx: &Tx| {
            tx.post(INSERT, operator(1)).await?;
            tokio::task::yield_now().await;
            Ok(())
        })
        .await;
    assert!(matches!(refused, Err(Error::ForeignAwait)));
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn a_panic_ends_its_unit_and_no_other() {
    let db = fresh().await;
    let lost: Result<(), Error> = db
        .write(async |tx: &Tx| {
            tx.post(INSERT, operator(1)).await?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(lost, Err(Error::Panicked)));
    db.write(async |tx: &Tx| tx.post(INSERT, operator(2)).await).await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn a_fault_at_any_statement_writes_nothing_and_a_retry_succeeds() {
    let db = fresh().await;
    for n in 1..=3 {
        db.fail_statement(n);
        let failed = db.write(async |tx: &Tx| three(tx).await).await;
        assert!(matches!(failed, Err(Error::Injected)), "statement {n}: {failed:?}");
        assert_eq!(count(&db).await, 0);
    }
    db.write(async |tx: &Tx| three(tx).await).await.unwrap();
    assert_eq!(count(&db).await, 3);
}

async fn three(tx: &Tx) -> Result<(), Error> {
    tx.post(INSERT, operator(1)).await?;
    tx.exec(INSERT, operator(2)).await?;
    tx.post(INSERT, operator(3)).await
}

#[tokio::test]
async fn writers_that_wait_together_all_commit() {
    let db = fresh().await;
    let writes = (0..100).map(|n| {
        let db: storage::Db = db.clone();
        tokio::spawn(async move {
            db.write(async move |tx: &Tx| tx.post(INSERT, operator(n)).await).await
        })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap().unwrap();
    }
    assert_eq!(count(&db).await, 100);
}

#[tokio::test]
async fn late_units_among_synced_ones_are_all_there_and_one_that_fails_takes_no_other() {
    let db = fresh().await;
    let units = (0..64).map(|n| {
        let db: storage::Db = db.clone();
        tokio::spawn(async move {
            let unit = async move |tx: &Tx| -> Result<(), Error> {
                tx.exec(INSERT, operator(n)).await?;
                if n % 8 == 7 { Err(Error::Injected) } else { Ok(()) }
            };
            if n % 3 == 0 { db.write(unit).await } else { db.write_late(unit).await }
        })
    });
    let mut kept = 0;
    for unit in units.collect::<Vec<_>>() {
        kept += i64::from(unit.await.unwrap().is_ok());
    }
    assert_eq!((kept, count(&db).await), (56, 56));
}

#[tokio::test]
async fn units_that_wait_together_stay_or_go_each_by_itself_and_are_told_of_once() {
    let db = fresh().await;
    let (go, waits) = std::sync::mpsc::channel::<()>();
    let holds_up = db.write(async move |_: &Tx| {
        let _ = waits.recv();
        Ok::<_, Error>(())
    });
    let unit = |n: u8| {
        db.write(async move |tx: &Tx| -> Result<(), Error> {
            if n % 8 == 3 {
                return Err(Error::Injected);
            }
            tx.exec(INSERT, operator(n)).await?;
            tx.wake(Wake::Photo);
            if n % 8 == 5 {
                tx.exec(INSERT, operator(n)).await?;
            }
            assert!(n % 8 != 6, "on purpose");
            if n % 8 == 7 { Err(Error::Injected) } else { Ok(()) }
        })
    };
    // Polled in their order, so that all of them wait when the first is let go.
    let let_go = async move { drop(go) };
    let all = join3(holds_up, join_all((0..64).map(unit)), let_go).await.1;
    let held: Vec<usize> = (0..64).filter(|n| all[*n].is_ok()).collect();
    assert_eq!(held, (0..64).filter(|n| matches!(n % 8, 0 | 1 | 2 | 4)).collect::<Vec<_>>());
    assert_eq!(count(&db).await, 32);
    assert_eq!(db.wakes().drain().count(), 32);
}

/// On PostgreSQL they leave as one statement, which fails where two of them want the same row.
#[tokio::test]
async fn units_that_only_insert_stay_or_go_each_by_itself_and_are_told_of_once() {
    let db = fresh().await;
    // Of three, the second has two rows, and the third wants one of these as well.
    let rows_of = |n: u8| match n % 3 {
        0 => vec![n],
        1 => vec![n, n + 100],
        _ => vec![n - 1],
    };
    let stayed = insert_at_once(&db, rows_of).await;
    for n in (0..99).step_by(3) {
        let [of_two, other] = [n + 1, n + 2].map(|m| stayed.contains(&m));
        assert!(stayed.contains(&n) && of_two != other, "{n}: {of_two} and {other}");
    }
    let mut expected: Vec<bytes::Bytes> =
        stayed.iter().flat_map(|n| rows_of(*n)).map(|n| vec![n; 16].into()).collect();
    expected.sort();
    let ids = "select id from operators order by id";
    let ids = async move |tx: &Tx| tx.all(ids, args![], Row::next::<bytes::Bytes>).await;
    assert_eq!(db.read(ids).await.unwrap(), expected);
    assert_eq!(db.wakes().drain().count(), stayed.len());
}

#[tokio::test]
async fn units_that_only_insert_share_transactions_on_postgresql() {
    let db = fresh().await;
    if db.engine() != storage::Engine::Postgres {
        return;
    }
    assert_eq!(insert_at_once(&db, |n| vec![n]).await.len(), 99);
    let transactions = "select count(distinct xmin::text) from operators";
    let transactions = async move |tx: &Tx| tx.one(transactions, args![], Row::next::<i64>).await;
    assert!(db.read(transactions).await.unwrap() < 20);
}

/// Lets 99 units insert some rows each, all of them waiting when the first is run. Returns which of them stayed.
async fn insert_at_once(db: &storage::Db, rows_of: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    let (go, waits) = std::sync::mpsc::channel::<()>();
    let holds_up = db.write(async move |_: &Tx| {
        let _ = waits.recv();
        Ok::<_, Error>(())
    });
    let unit = |n: u8| {
        let rows = rows_of(n);
        db.write(async move |tx: &Tx| -> Result<(), Error> {
            tx.wake(Wake::Photo);
            tx.each(INSERT_EACH, rows.iter().copied().map(operator).collect()).await
        })
    };
    let let_go = async move { drop(go) };
    let all = join3(holds_up, join_all((0..99).map(unit)), let_go).await.1;
    (0..99).filter(|n| all[usize::from(*n)].is_ok()).collect()
}

/// SQLite gives up the whole transaction then, with what the other units of the group have written.
#[tokio::test]
async fn where_the_disk_is_full_what_was_answered_is_there_and_what_was_refused_is_not() {
    let db = fresh().await;
    if db.engine() != storage::Engine::Sqlite {
        return;
    }
    let pragma = |text: String| {
        let text: &'static str = text.leak();
        db.write(async move |tx: &Tx| tx.one(text, args![], Row::next::<i64>).await)
    };
    let pages = pragma("pragma page_count".to_owned()).await.unwrap();
    // Room for three of the large ones.
    pragma(format!("pragma max_page_count = {}", pages + 40)).await.unwrap();
    let name = |n: u8| "x".repeat(if n.is_multiple_of(2) { 50_000 } else { 1 });
    let unit = |n: u8| {
        db.write(async move |tx: &Tx| {
            tx.exec(INSERT, args![[n; 16], name(n), format!("slug-{n}"), NOW]).await
        })
    };
    for _ in 0..3 {
        let told = join_all((0..40).map(unit)).await;
        let held = told.iter().filter(|answer| answer.is_ok()).count();
        assert!(held < 40 && told.iter().any(|a| matches!(a, Err(Error::Unavailable(_)))));
        assert_eq!(count(&db).await, i64::try_from(held).unwrap());
        db.write(async |tx: &Tx| tx.exec("delete from operators", args![]).await).await.unwrap();
    }
    pragma("pragma max_page_count = 1073741823".to_owned()).await.unwrap();
    assert!(join_all((0..40).map(unit)).await.iter().all(Result::is_ok));
    assert_eq!(count(&db).await, 40);
}

#[tokio::test]
async fn what_was_written_late_is_on_the_disk_after_a_flush_or_it_says_that_it_is_not() {
    let db = fresh().await;
    let late =
        async |n| db.write_late(async move |tx: &Tx| tx.post(INSERT, operator(n)).await).await;
    late(1).await.unwrap();
    db.flush().await.unwrap();
    if db.engine() != storage::Engine::Sqlite {
        return;
    }
    // Without its name the log can be written and not synced. The keeper, who tries as well, may be first.
    std::fs::remove_file(db.folder.path().join("test.sqlite-wal")).unwrap();
    for n in 2..=20 {
        late(n).await.unwrap();
        if let Err(error) = db.flush().await {
            assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
            return;
        }
    }
    panic!("it never tried");
}

#[tokio::test]
async fn a_file_is_one_process_s_alone_and_a_server_is_shared() {
    let db = fresh().await;
    let first = db.try_own().unwrap();
    let second = db.try_own().unwrap();
    match db.engine() {
        storage::Engine::Sqlite => {
            assert!(matches!((&first, &second), (Ownership::Alone(_), Ownership::Taken)));
            drop(first);
            assert!(matches!(db.try_own().unwrap(), Ownership::Alone(_)));
        }
        storage::Engine::Postgres => {
            assert!(matches!((first, second), (Ownership::Shared, Ownership::Shared)));
        }
    }
}

async fn count(db: &storage::Db) -> i64 {
    db.read(async |tx: &Tx| tx.one(COUNT, args![], Row::next).await).await.unwrap()
}
