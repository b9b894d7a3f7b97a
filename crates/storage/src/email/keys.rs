//! What an e-mail API key has beside any other key: whose it is. The rest is [`crate::keys`].

use domain::Timestamp;
use domain::id::{IdentityId, KeyId};
use domain::key::ApiKey;

use crate::{Result, Row, Tx, args, keys, statements};

/// A key of an organization, or of one of its agents.
#[derive(Clone, Debug)]
pub struct OrganizationKey {
    pub key: ApiKey,
    /// `None` reaches the whole organization.
    pub identity_id: Option<IdentityId>,
    pub description: Option<String>,
}

/// What [`extra`] finds.
pub struct Extra {
    identity_id: Option<IdentityId>,
    description: Option<String>,
}

impl Extra {
    pub fn with(self, key: ApiKey) -> OrganizationKey {
        OrganizationKey { key, identity_id: self.identity_id, description: self.description }
    }
}

statements! {
    MARK = "update api_keys set kind = 'organization', identity_id = $2, description = $3 where id = $1";
    EXTRA = "select identity_id, description from api_keys where id = $1 and kind = 'organization'";
    REVOKE_OF = "update api_keys set revoked_at = $2 where identity_id = $1 and revoked_at is null";
}

/// Stores a key by its digest; the key itself is never passed in.
pub async fn insert(tx: &Tx, key: &OrganizationKey, digest: &[u8; 32]) -> Result<()> {
    keys::insert(tx, &key.key, digest).await?;
    tx.post(MARK, args![key.key.id, key.identity_id, key.description]).await
}

/// Whose a key is; `None` for one of the Partner API.
pub async fn extra(tx: &Tx, id: KeyId) -> Result<Option<Extra>> {
    let read = |r: &mut Row| Ok(Extra { identity_id: r.next()?, description: r.next()? });
    tx.opt(EXTRA, args![id], read).await
}

/// Revokes every key of an agent.
pub async fn revoke_of(tx: &Tx, identity: IdentityId, now: Timestamp) -> Result<()> {
    tx.post(REVOKE_OF, args![identity, now]).await
}
