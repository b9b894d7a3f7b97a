//! What is known of contacts (email-api.md 7.5). All facts are what a user wrote; none expires.

use domain::Timestamp;
use domain::email::contact::FactKind;
use domain::id::{ContactId, FactId};

use crate::{Result, Row, Tx, args, statements};

/// One line of what is known of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub id: FactId,
    pub contact_id: ContactId,
    pub content: String,
    pub kind: Option<FactKind>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

statements! {
    INSERT = "insert into contact_facts (id, contact_id, content, kind, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6)";
    UPDATE = "update contact_facts set contact_id = $2, content = $3, kind = $4, updated_at = $5 where id = $1";
    DELETE = "delete from contact_facts where id = $1";
    CLEAR = "delete from contact_facts where contact_id = $1";
    LIST = "select one.* from {rows} (select id, contact_id, content, kind, created_at, updated_at
        from contact_facts where contact_id = $1) as one";
}

pub async fn insert(tx: &Tx, f: &Fact) -> Result<()> {
    let row = args![f.id, f.contact_id, f.content, f.kind, f.created_at, f.updated_at];
    tx.post(INSERT, row).await
}

/// Stores all that can change; a merge gives a fact to another contact.
pub async fn update(tx: &Tx, f: &Fact) -> Result<()> {
    tx.post(UPDATE, args![f.id, f.contact_id, f.content, f.kind, f.updated_at]).await
}

pub async fn delete(tx: &Tx, id: FactId) -> Result<()> {
    tx.post(DELETE, args![id]).await
}

/// Deletes all that is known of a contact.
pub async fn clear(tx: &Tx, contact: ContactId) -> Result<()> {
    tx.post(CLEAR, args![contact]).await
}

/// What is known of these contacts, newest first. Each has at most 25 facts.
pub async fn list(tx: &Tx, contacts: &[ContactId]) -> Result<Vec<Fact>> {
    let read = |r: &mut Row| {
        Ok(Fact {
            id: r.next()?,
            contact_id: r.next()?,
            content: r.next()?,
            kind: r.next()?,
            created_at: r.next()?,
            updated_at: r.next()?,
        })
    };
    let asked = contacts.iter().map(|id| args![id]).collect();
    let mut found = tx.all_each(LIST, asked, read).await?;
    found.sort_by_key(|fact| std::cmp::Reverse((fact.updated_at, fact.id)));
    Ok(found)
}
