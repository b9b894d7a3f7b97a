//! Who is on a message, of those that the owner of its mailbox may see (email-api.md 12.6).

use std::collections::HashSet;

use domain::Result;
use domain::email::contact::FACTS_MAX;
use domain::email::{Direction, Identity, Message};
use domain::id::ContactId;
use email::Address;
use storage::Tx;
use storage::email::peers::ContactPeer;
use storage::email::{contact_facts, peers as rows};
use storage::tenancy::Scope;
use wire::email::events::{Bucket, ContactMatch, IdentityMatch};

/// Distinct addresses of one event that are looked up; with more, none is (PR-23, PR-24).
const ADDRESSES_MAX: usize = 50;

/// The two lists of an event.
#[derive(Default)]
pub(super) struct Peers {
    pub(super) contacts: Vec<ContactMatch>,
    pub(super) identities: Vec<IdentityMatch>,
}

/// One address of a list, as it stands and as it is looked up.
struct Place {
    bucket: Bucket,
    address: String,
    canonical: String,
}

/// Looks up the sender and Cc of an inbound message, To, Cc and Bcc of an outbound one (PR-6, PR-7).
pub(super) async fn resolve(
    tx: &Tx,
    scope: &Scope,
    owner: &Identity,
    message: &Message,
) -> Result<Peers> {
    let places = places(message);
    let distinct: HashSet<&str> = places.iter().map(|place| place.canonical.as_str()).collect();
    if distinct.is_empty() || distinct.len() > ADDRESSES_MAX {
        return Ok(Peers::default());
    }
    let mut asked: Vec<&str> = distinct.into_iter().collect();
    asked.sort_unstable();
    let identities = rows::identities(tx, scope, owner.id, &asked).await?;
    let contacts = rows::contacts(tx, scope, owner.id, &asked).await?;
    let mut known: Vec<ContactId> = contacts.iter().map(|c| c.id).collect();
    known.sort_unstable();
    known.dedup();
    let facts = contact_facts::list(tx, &known).await?;
    let memories = |found: &ContactPeer| -> Vec<String> {
        let of = facts.iter().filter(|fact| fact.contact_id == found.id);
        of.take(FACTS_MAX).map(|fact| fact.content.clone()).collect()
    };
    let mut peers = Peers::default();
    for place in &places {
        if let Some(found) = contacts.iter().find(|c| c.address == place.canonical) {
            peers.contacts.push(ContactMatch {
                bucket: place.bucket,
                address: place.address.clone(),
                id: found.id,
                name: Some(found.name.clone()),
                memories: memories(found),
            });
        }
        if let Some(found) = identities.iter().find(|i| i.address == place.canonical) {
            peers.identities.push(IdentityMatch {
                bucket: place.bucket,
                address: place.address.clone(),
                id: found.id,
                handle: found.handle.clone(),
                display_name: found.display_name.clone(),
            });
        }
    }
    Ok(peers)
}

/// The covered addresses in wire order, each once in its list (PR-15, PR-21); what is no address is left
/// out (PR-34).
fn places(message: &Message) -> Vec<Place> {
    let from = std::slice::from_ref(&message.from_address);
    let lists: &[(Bucket, &[String])] = match message.direction {
        Direction::Inbound => &[(Bucket::From, from), (Bucket::Cc, &message.cc)],
        Direction::Outbound => {
            &[(Bucket::To, &message.to), (Bucket::Cc, &message.cc), (Bucket::Bcc, &message.bcc)]
        }
    };
    let mut places = Vec::new();
    for (bucket, list) in lists {
        let mut seen = HashSet::new();
        for address in *list {
            let Ok(parsed) = Address::parse(address) else { continue };
            let canonical = parsed.canonical();
            if seen.insert(canonical.clone()) {
                places.push(Place { bucket: *bucket, address: address.clone(), canonical });
            }
        }
    }
    places
}
