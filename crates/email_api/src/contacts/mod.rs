//! `/api/v1/contacts`.

pub(crate) mod access;
pub(crate) mod book;
pub(crate) mod correspondence;
pub(crate) mod facts;
pub(crate) mod merge;
pub(crate) mod one;
pub(crate) mod vcard;

use app::OpCtx;
use app::email::contacts::{ContactGrant, Fact, View};
use app::email::organization_id;
use wire::email::contacts::{self, Contact, LatestMemory};

/// A contact as the API shows it.
fn shown(ctx: &OpCtx, view: &View) -> Contact {
    let access = view.access.iter().map(grant).collect();
    let (count, latest) = (view.facts.len(), latest(&view.facts));
    Contact::of(&view.contact, organization_id(ctx), access, count, latest)
}

/// The first of facts that are newest first.
fn latest(facts: &[Fact]) -> Option<LatestMemory> {
    facts.first().map(|fact| LatestMemory {
        id: fact.id.to_string(),
        content: fact.content.clone(),
        updated_at: fact.updated_at.to_string(),
    })
}

fn all_shown(ctx: &OpCtx, views: &[View]) -> Vec<Contact> {
    views.iter().map(|view| shown(ctx, view)).collect()
}

fn grant(grant: &ContactGrant) -> contacts::ContactGrant {
    contacts::ContactGrant {
        id: grant.id.to_string(),
        contact_id: grant.contact_id.to_string(),
        identity_id: grant.identity_id.map(|id| id.to_string()),
        created_at: grant.created_at.to_string(),
    }
}
