//! What the commands do that take more than one step, and how contacts are shown.

use app::email::contacts::vcard::{Imported, cards, import};
use app::email::contacts::{Fact, View, access, create, facts, get};
use app::email::identities;
use app::{OpCtx, Tx};
use bytes::Bytes;
use domain::email::contact::FactKind;
use domain::id::IdentityId;
use serde_json::{Value, json};
use wire::email::contacts::{CreateContact, CreateFact};

use super::fields::Fields;
use crate::out;

const COLUMNS: &[&str] = &["name", "emails", "phones", "company_name", "id"];
const FACT_COLUMNS: &[&str] = &["content", "kind", "updated_at", "id"];
const IMPORT_COLUMNS: &[&str] = &["index", "status", "name", "error", "id"];

pub(super) async fn make(
    ctx: &OpCtx,
    fields: &Fields,
    to: &[String],
    private: bool,
) -> anyhow::Result<View> {
    let (new, to) = (CreateContact::read(fields.body())?, to.to_vec());
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let mut new = new.clone();
        if private || !to.is_empty() {
            let mut viewers = Vec::with_capacity(to.len());
            for handle in &to {
                viewers.push(Some(identities::get::get(tx, ctx, handle).await?.id));
            }
            new.access = Some(viewers);
        }
        create::create(tx, ctx, &new).await
    };
    Ok(ctx.app.act(ctx, work).await?)
}

pub(super) async fn grant(ctx: &OpCtx, id: &str, viewer: Option<&str>) -> anyhow::Result<View> {
    let (id, viewer) = (id.to_owned(), viewer.map(ToOwned::to_owned));
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let viewer = match &viewer {
            Some(handle) => Some(Some(identities::get::get(tx, ctx, handle).await?.id)),
            None => None,
        };
        access::grant(tx, ctx, &id, viewer).await?;
        get::get(tx, ctx, &id).await
    };
    Ok(ctx.app.act(ctx, work).await?)
}

pub(super) async fn revoke(ctx: &OpCtx, id: &str, viewer: &str) -> anyhow::Result<View> {
    let (id, viewer) = (id.to_owned(), viewer.to_owned());
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let viewer = identities::get::get(tx, ctx, &viewer).await?.id;
        access::revoke(tx, ctx, &id, &viewer.to_string()).await?;
        get::get(tx, ctx, &id).await
    };
    Ok(ctx.app.act(ctx, work).await?)
}

pub(super) async fn take_in(ctx: &OpCtx, json: bool, bytes: Bytes) -> anyhow::Result<()> {
    let cards = cards(&bytes)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| import(tx, ctx, &cards).await;
    let outcomes = ctx.app.act(ctx, work).await?;
    let row = |(index, one): (usize, &Imported)| match one {
        Imported::Created(view) => {
            let id = view.contact.id.to_string();
            json!({"index": index, "status": "created", "name": view.contact.profile.name(), "id": id})
        }
        Imported::Conflict(id) => {
            let error = "a contact has this address or number already";
            json!({"index": index, "status": "conflict", "error": error, "id": id.to_string()})
        }
        Imported::Refused(problem) => json!({"index": index, "status": "error", "error": problem}),
    };
    out::rows(json, IMPORT_COLUMNS, &outcomes.iter().enumerate().map(row).collect::<Vec<_>>());
    Ok(())
}

/// Keeps or drops a fact, if asked to, and prints what is known then.
pub(super) async fn known(
    ctx: &OpCtx,
    json: bool,
    id: &str,
    add: Option<&str>,
    kind: Option<FactKind>,
    gone: Option<&str>,
) -> anyhow::Result<()> {
    let contact = id.to_owned();
    let new = add.map(|text| json!({"content": text, "kind": kind.map(|kind| kind.to_string())}));
    let new = new.map(CreateFact::read).transpose()?;
    let gone = gone.map(ToOwned::to_owned);
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        if let Some(new) = &new {
            facts::create(tx, ctx, &contact, new).await?;
        }
        if let Some(gone) = &gone {
            facts::delete(tx, ctx, &contact, gone).await?;
        }
        facts::list(tx, ctx, &contact).await
    };
    let found = ctx.app.act(ctx, work).await?;
    let row = |fact: &Fact| {
        json!({
            "id": fact.id.to_string(),
            "content": fact.content,
            "kind": fact.kind.map(|kind| kind.to_string()),
            "updated_at": fact.updated_at.to_string(),
        })
    };
    out::rows(json, FACT_COLUMNS, &found.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

pub(super) fn listed(json: bool, views: &[View]) {
    out::rows(json, COLUMNS, &views.iter().map(shown).collect::<Vec<_>>());
}

pub(super) fn shown(view: &View) -> Value {
    let (c, p) = (&view.contact, &view.contact.profile);
    let viewer = |id: Option<IdentityId>| match id {
        Some(id) => id.to_string(),
        None => "everybody".to_owned(),
    };
    json!({
        "id": c.id.to_string(),
        "name": p.name(),
        "company_name": p.company_name,
        "job_title": p.job_title,
        "birthday": p.birthday.map(|day| day.to_string()),
        "emails": p.emails.iter().map(|email| &email.value).collect::<Vec<_>>(),
        "phones": p.phones.iter().map(|phone| &phone.value).collect::<Vec<_>>(),
        "notes": p.notes,
        "seen_by": view.access.iter().map(|g| viewer(g.identity_id)).collect::<Vec<_>>(),
        "facts": view.facts.iter().map(|fact| &fact.content).collect::<Vec<_>>(),
        "source": c.source.as_str(),
        "created_at": c.created_at.to_string(),
        "updated_at": c.updated_at.to_string(),
    })
}
