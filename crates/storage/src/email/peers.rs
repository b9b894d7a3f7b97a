//! Who of an organization has an address and is visible to an identity (email-api.md 12.6).

use domain::id::IdentityId;

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// An identity that was found by its address.
#[derive(Clone, Debug)]
pub struct IdentityPeer {
    pub address: String,
    pub id: IdentityId,
    pub handle: String,
    pub display_name: Option<String>,
}

statements! {
    IDENTITIES = "select one.* from {rows} (select i.address, i.id, i.handle, i.display_name from identities i
        where i.address = $3 and i.partner_id = $1 and i.deleted_at is null and (i.id = $2 or exists
        (select 1 from identity_grants g where g.target_id = i.id and (g.viewer_id is null or g.viewer_id = $2)))
        limit 1) as one";
}

/// Identities with these addresses, in lower case, that a viewer sees; itself always (PR-11, PR-12).
pub async fn identities(
    tx: &Tx,
    scope: &Scope,
    viewer: IdentityId,
    addresses: &[&str],
) -> Result<Vec<IdentityPeer>> {
    let row = |address: &&str| args![scope.partner_id(), viewer, *address];
    let read = |r: &mut Row| {
        Ok(IdentityPeer {
            address: r.next()?,
            id: r.next()?,
            handle: r.next()?,
            display_name: r.next()?,
        })
    };
    tx.all_each(IDENTITIES, addresses.iter().map(row).collect(), read).await
}
