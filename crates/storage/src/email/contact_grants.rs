//! Who may see a contact beside administrators (email-api.md 7.4).

use domain::Timestamp;
use domain::id::{ContactId, GrantId, IdentityId};

use crate::{Result, Row, Tx, args, statements};

/// One viewer of a contact, or with `None` every identity of its organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactGrant {
    pub id: GrantId,
    pub contact_id: ContactId,
    pub identity_id: Option<IdentityId>,
    pub created_at: Timestamp,
}

statements! {
    INSERT = "insert into contact_grants (id, contact_id, identity_id, created_at) select $1, $2, $3, $4 {each}";
    LIST = "select one.* from {rows} (select id, contact_id, identity_id, created_at from contact_grants
        where contact_id = $1) as one";
    DELETE = "delete from contact_grants where contact_id = $1 and identity_id = $2";
    CLEAR = "delete from contact_grants where contact_id = $1";
    FORGET = "delete from contact_grants where identity_id = $1";
}

pub async fn insert(tx: &Tx, grants: &[ContactGrant]) -> Result<()> {
    let row = |g: &ContactGrant| args![g.id, g.contact_id, g.identity_id, g.created_at];
    tx.each(INSERT, grants.iter().map(row).collect()).await
}

/// Who may see these contacts, in the order in which it was granted.
pub async fn list(tx: &Tx, contacts: &[ContactId]) -> Result<Vec<ContactGrant>> {
    let read = |r: &mut Row| {
        Ok(ContactGrant {
            id: r.next()?,
            contact_id: r.next()?,
            identity_id: r.next()?,
            created_at: r.next()?,
        })
    };
    let asked = contacts.iter().map(|id| args![id]).collect();
    let mut found = tx.all_each(LIST, asked, read).await?;
    found.sort_by_key(|grant| (grant.created_at, grant.id));
    Ok(found)
}

/// Takes the grant of one identity back; false when there was none.
pub async fn delete(tx: &Tx, contact: ContactId, identity: IdentityId) -> Result<bool> {
    Ok(tx.exec(DELETE, args![contact, identity]).await? == 1)
}

/// Takes every grant to see a contact back.
pub async fn clear(tx: &Tx, contact: ContactId) -> Result<()> {
    tx.post(CLEAR, args![contact]).await
}

/// Forgets all that an identity was granted.
pub async fn forget(tx: &Tx, identity: IdentityId) -> Result<()> {
    tx.post(FORGET, args![identity]).await
}
