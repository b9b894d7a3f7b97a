//! Who may see an identity beside itself and administrators (email-api.md 5.5).

use domain::Timestamp;
use domain::id::{GrantId, IdentityId};

use crate::{Result, Row, Tx, args, statements};

/// One viewer of an identity, or with `None` every identity of its organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub target: IdentityId,
    pub viewer: Option<IdentityId>,
    pub created_at: Timestamp,
}

statements! {
    INSERT = "insert into identity_grants (id, target_id, viewer_id, created_at) values ($1, $2, $3, $4)";
    LIST = "select id, target_id, viewer_id, created_at from identity_grants where target_id = $1
        order by created_at, id";
    DELETE = "delete from identity_grants where target_id = $1 and viewer_id = $2";
    CLEAR = "delete from identity_grants where target_id = $1";
    FORGET = "delete from identity_grants where target_id = $1 or viewer_id = $1";
    SEES = "select exists (select 1 from identity_grants where target_id = $1
        and (viewer_id is null or viewer_id = $2))";
}

pub async fn insert(tx: &Tx, grant: &Grant) -> Result<()> {
    tx.post(INSERT, args![grant.id, grant.target, grant.viewer, grant.created_at]).await
}

/// Who may see an identity, in the order in which it was granted.
pub async fn list(tx: &Tx, target: IdentityId) -> Result<Vec<Grant>> {
    let read = |r: &mut Row| {
        Ok(Grant { id: r.next()?, target: r.next()?, viewer: r.next()?, created_at: r.next()? })
    };
    tx.all(LIST, args![target], read).await
}

/// Takes the grant of one viewer back; false when there was none.
pub async fn delete(tx: &Tx, target: IdentityId, viewer: IdentityId) -> Result<bool> {
    Ok(tx.exec(DELETE, args![target, viewer]).await? == 1)
}

/// Takes every grant to see an identity back.
pub async fn clear(tx: &Tx, target: IdentityId) -> Result<()> {
    tx.post(CLEAR, args![target]).await
}

/// Forgets all that an identity was granted and granted (V-11).
pub async fn forget(tx: &Tx, identity: IdentityId) -> Result<()> {
    tx.post(FORGET, args![identity]).await
}

/// Whether a viewer was granted to see a target. That each sees itself is not asked here.
pub async fn sees(tx: &Tx, viewer: IdentityId, target: IdentityId) -> Result<bool> {
    tx.one(SEES, args![target, viewer], Row::next).await
}
