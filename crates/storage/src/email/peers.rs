//! Who of an organization has an address and is visible to an identity (email-api.md 12.6).

use domain::id::{ContactId, IdentityId};

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

/// A contact that was found by one of its addresses.
#[derive(Clone, Debug)]
pub struct ContactPeer {
    /// The address that was asked for.
    pub address: String,
    pub id: ContactId,
    pub name: String,
}

statements! {
    CONTACTS = "select one.* from {rows} (select e.canonical, c.id, c.name from contact_emails e
        join contacts c on c.id = e.contact_id where e.partner_id = $1 and e.canonical = $3 and exists
        (select 1 from contact_grants g where g.contact_id = c.id and (g.identity_id is null or g.identity_id = $2))
        order by c.created_at, c.id limit 1) as one";
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

/// For each of these addresses, in lower case, the oldest contact with it that a viewer sees (PR-10, PR-16,
/// PR-32).
pub async fn contacts(
    tx: &Tx,
    scope: &Scope,
    viewer: IdentityId,
    addresses: &[&str],
) -> Result<Vec<ContactPeer>> {
    let row = |address: &&str| args![scope.partner_id(), viewer, *address];
    let read = |r: &mut Row| Ok(ContactPeer { address: r.next()?, id: r.next()?, name: r.next()? });
    tx.all_each(CONTACTS, addresses.iter().map(row).collect(), read).await
}
