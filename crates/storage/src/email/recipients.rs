//! What became of an outbound message, one row a recipient (email-engine.md 3.3).

use domain::Timestamp;
use domain::email::message::RecipientState;

use crate::{Result, Row, Tx, args, statements};

domain::words! { pub enum Bucket { To = "to", Cc = "cc", Bcc = "bcc" } }

/// One recipient of a message.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Its place in all lists together, from 0.
    pub place: i64,
    pub bucket: Bucket,
    /// As the sender wrote it.
    pub address: String,
    pub state: RecipientState,
    /// What kind of trouble it was (email-engine.md 3.8), the code and the text of the answer.
    pub class: Option<String>,
    pub code: Option<String>,
    pub detail: Option<String>,
    /// When it came to this state.
    pub at: Timestamp,
    /// How often it was tried.
    pub tries: i64,
    /// When something is to be done for it; `None` where nothing is left to do.
    pub due_at: Option<Timestamp>,
}

statements! {
    INSERT = "insert into message_recipients (message_no, place, bucket, address, state, class, code, detail, at,
        tries, due_at) select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 {each}";
    LIST = "select place, bucket, address, state, class, code, detail, at, tries, due_at from message_recipients
        where message_no = $1 order by place";
    DUE = "select message_no, place from message_recipients where due_at <= $1 order by due_at limit $2";
    SETTLE = "update message_recipients set state = $5, class = $6, code = $7, detail = $8, at = $9, tries = $10,
        due_at = $11 where message_no = $1 and place = $2 and state = $3 and tries = $4";
}

pub async fn insert(tx: &Tx, message_no: i64, recipients: &[Recipient]) -> Result<()> {
    let row = |r: &Recipient| {
        let bucket = r.bucket.as_str();
        args![
            message_no, r.place, bucket, r.address, r.state, r.class, r.code, r.detail, r.at,
            r.tries, r.due_at
        ]
    };
    tx.each(INSERT, recipients.iter().map(row).collect()).await
}

/// The recipients of a message, in its order.
pub async fn list(tx: &Tx, message_no: i64) -> Result<Vec<Recipient>> {
    let read = |r: &mut Row| {
        let place = r.next()?;
        let bucket: String = r.next()?;
        Ok(Recipient {
            place,
            bucket: Bucket::parse(&bucket)
                .ok_or_else(|| crate::Error::Inconsistent("bucket of a recipient".into()))?,
            address: r.next()?,
            state: r.next()?,
            class: r.next()?,
            code: r.next()?,
            detail: r.next()?,
            at: r.next()?,
            tries: r.next()?,
            due_at: r.next()?,
        })
    };
    tx.all(LIST, args![message_no], read).await
}

/// Recipients for whom something is to be done by now: the numbers of their messages, and their places.
pub async fn due(tx: &Tx, now: Timestamp, limit: i64) -> Result<Vec<(i64, i64)>> {
    tx.all(DUE, args![now, limit], |r| Ok((r.next()?, r.next()?))).await
}

/// Stores what became of a recipient; false when it does not stand as in `from` any more.
pub async fn settle(tx: &Tx, message_no: i64, from: &Recipient, r: &Recipient) -> Result<bool> {
    let row = args![
        message_no, r.place, from.state, from.tries, r.state, r.class, r.code, r.detail, r.at,
        r.tries, r.due_at
    ];
    Ok(tx.exec(SETTLE, row).await? == 1)
}
