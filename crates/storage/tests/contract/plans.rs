//! What PostgreSQL reads to change many rows at once. A queue is mostly empty when the server looks at
//! it, the best plan for an empty table reads all of it, and a plan is kept for whatever comes.

use storage::{Engine, Error, Row, Tx, args};

use crate::seam::{INSERT_EACH, operator};
use crate::support::fresh;

#[tokio::test]
async fn where_tables_were_empty_a_plan_to_change_many_rows_still_looks_for_each_by_an_index() {
    const PREPARED: &str =
        "select name, cardinality(parameter_types), statement from pg_prepared_statements
        where statement like '%unnest($1%' and cardinality(parameter_types) > 0";
    let db = fresh().await;
    if db.engine() != Engine::Postgres {
        return;
    }
    let plans = db.write(async |tx: &Tx| {
        tx.exec("analyze", args![]).await?;
        tx.exec("set local plan_cache_mode = force_generic_plan", args![]).await?;
        for sql in storage::statements().into_iter().filter(|sql| sql.contains("{each}")) {
            tx.prepare(sql).await?;
        }
        let read = |r: &mut Row| Ok((r.next()?, r.next()?, r.next()?));
        let found: Vec<(String, i64, String)> = tx.all(PREPARED, args![], read).await?;
        let mut plans = Vec::new();
        for (name, n, statement) in found {
            let nulls = vec!["null"; usize::try_from(n).unwrap_or(0)].join(", ");
            let explain = format!("explain (costs off) execute {name}({nulls})").leak();
            let lines = tx.all(explain, args![], Row::next::<String>).await?;
            plans.push((statement, lines));
        }
        Ok::<_, Error>(plans)
    });
    let plans = plans.await.unwrap();
    assert!(plans.len() > 20, "{} plans", plans.len());
    for (statement, lines) in plans {
        let after = lines.iter().skip(1).map(String::as_str).chain([""]);
        for (line, next) in lines.iter().zip(after) {
            let reads_all = line.contains("Seq Scan")
                || line.contains("Index")
                    && line.contains(" Scan using")
                    && !next.contains("Index Cond");
            assert!(!reads_all, "{statement}\n{}", lines.join("\n"));
        }
    }
}

#[tokio::test]
async fn a_statement_for_many_rows_reads_these_rows_whatever_the_table_was_when_it_was_analyzed() {
    const DELETE_EACH: &str = "delete from operators {each} where id = $1";
    const READ: &str = "select idx_tup_fetch + seq_tup_read from pg_stat_xact_user_tables where relname = 'operators'";
    let db = fresh().await;
    if db.engine() != Engine::Postgres {
        return;
    }
    let read = db.write(async |tx: &Tx| {
        let of_two = || [0, 1].map(|n: u8| args![[n; 16]]).to_vec();
        let all = || (0..200).map(operator).collect();
        // Pages, and no row in them.
        tx.each(INSERT_EACH, all()).await?;
        tx.exec("delete from operators", args![]).await?;
        tx.exec("analyze operators", args![]).await?;
        // A prepared statement has a plan for good after its fifth execution.
        for _ in 0..6 {
            tx.each(DELETE_EACH, of_two()).await?;
        }
        tx.each(INSERT_EACH, all()).await?;
        let before = tx.one(READ, args![], Row::next::<i64>).await?;
        tx.each(DELETE_EACH, of_two()).await?;
        Ok::<_, Error>(tx.one(READ, args![], Row::next::<i64>).await? - before)
    });
    let read = read.await.unwrap();
    assert!(read <= 4, "{read} rows were read to delete two");
}
