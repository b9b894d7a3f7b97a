//! Partners: the brands under an operator, their settings and order form, and where they may sell.

use domain::event::Audience;
use domain::id::{LocationId, PartnerId, PoolId};
use domain::mailbox::{Pool, Strategy};
use domain::partner::{
    LocationGrant, OrderForm, Partner, PartnerKind, PartnerSettings, PartnerStatus,
};
use domain::time::is_zone;
use domain::{Error, ErrorCode, Field, Result};
use storage::{Tx, mailboxes, tenancy};

use super::{NAME_RULE, Problems, SLUG_RULE, StaffCtx, is_name, is_slug};
use crate::ledger::AMOUNT_MINOR_MAX;
use crate::{OpCtx, audit};

/// Requests in ten seconds above which a limit limits nothing.
const RATE_MAX: i64 = 1_000_000;
/// Ten years.
const DELETE_WINDOW_HOURS_MAX: i64 = 87_672;
const PORTAL_URL_CHARS_MAX: usize = 500;
/// A pebibyte: above it a quota limits nothing.
const PAYLOAD_QUOTA_BYTES_MAX: i64 = 1 << 50;

/// A partner to be made.
#[derive(Clone, Debug)]
pub struct NewPartner {
    pub name: String,
    pub slug: String,
    pub kind: PartnerKind,
    pub status: PartnerStatus,
    pub settings: PartnerSettings,
    pub order_form: OrderForm,
}

/// What to change of a partner; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PartnerChange {
    pub name: Option<String>,
    pub status: Option<PartnerStatus>,
    pub settings: Option<PartnerSettings>,
    pub order_form: Option<OrderForm>,
}

pub async fn create(tx: &Tx, ctx: &StaffCtx, input: &NewPartner) -> Result<Partner> {
    let partner = Partner {
        id: PartnerId::new(ctx.app.ids.as_ref(), ctx.now),
        operator_id: ctx.operator_id,
        name: input.name.clone(),
        slug: input.slug.clone(),
        kind: input.kind,
        status: input.status,
        settings: input.settings.clone(),
        order_form: input.order_form.clone(),
        test_clock_ahead: 0,
        created_at: ctx.now,
        stored_bytes: 0,
    };
    if partner.kind == PartnerKind::Operator {
        let message = "an operator has its own endpoints from the beginning; they need no partner";
        return Err(Error::invalid(vec![Field::new("kind", "invalid", message)]));
    }
    check(tx, &partner).await?;
    if tenancy::partner_find_by_slug(tx, &partner.slug).await?.is_some() {
        let message = format!("there is a partner {} already", partner.slug);
        return Err(Error::invalid(vec![Field::new("slug", "taken", message)]));
    }
    tenancy::partner_insert(tx, &partner).await?;
    let detail = [("slug", partner.slug.as_str()), ("status", partner.status.as_str())];
    audit::record_by_staff(tx, ctx, "partner.create", partner.id, &detail).await?;
    Ok(partner)
}

/// Changes a partner. A closed one stays closed; its slug stays, because commands name it.
pub async fn update(tx: &Tx, ctx: &OpCtx, change: &PartnerChange) -> Result<Partner> {
    let found = tenancy::partner_find_locked(tx, ctx.partner.id).await?;
    let mut partner =
        found.ok_or_else(|| Error::refused(ErrorCode::NotFound, "no such partner"))?;
    if partner.status == PartnerStatus::Closed
        && change.status.is_some_and(|status| status != PartnerStatus::Closed)
    {
        let message = "a closed partner stays closed; make a new one";
        return Err(Error::invalid(vec![Field::new("status", "invalid", message)]));
    }
    let mut changed = Vec::new();
    if let Some(name) = &change.name {
        partner.name.clone_from(name);
        changed.push("name");
    }
    if let Some(status) = change.status {
        partner.status = status;
        changed.push("status");
    }
    if let Some(settings) = &change.settings {
        partner.settings = settings.clone();
        changed.push("settings");
    }
    if let Some(order_form) = &change.order_form {
        partner.order_form = order_form.clone();
        changed.push("order_form");
    }
    check(tx, &partner).await?;
    tenancy::partner_update(tx, &partner).await?;
    let changed = changed.join(",");
    let detail = [("changed", changed.as_str()), ("status", partner.status.as_str())];
    audit::record(tx, ctx, "partner.update", partner.id, &detail).await?;
    Ok(partner)
}

/// The operator's partners, by slug.
pub async fn list(tx: &Tx, ctx: &StaffCtx) -> Result<Vec<Partner>> {
    let mut all = tenancy::partner_list(tx).await?;
    all.retain(|p| p.operator_id == ctx.operator_id);
    Ok(all)
}

/// From which pool a partner draws at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolChoice {
    /// A pool of that location, by id.
    Named(String),
    /// The location's one pool for everybody, made when it is missing.
    Shared,
    /// A pool of this partner's own, made when it is missing.
    Own,
}

/// Lets a partner sell mailboxes at a location. Granting it again changes the pool.
pub async fn grant(
    tx: &Tx,
    ctx: &OpCtx,
    location: &str,
    choice: &PoolChoice,
) -> Result<LocationGrant> {
    let found = match LocationId::parse(location) {
        Some(id) => tenancy::location_find_locked(tx, id).await?,
        None => None,
    };
    let location = found.filter(|l| l.operator_id == ctx.scope.operator_id()).ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such location")
            .fix("`postroom location list` shows them")
    })?;
    let pool = match choice {
        PoolChoice::Named(id) => named_pool(tx, ctx, location.id, id).await?,
        PoolChoice::Shared => pool_called(tx, ctx, location.id, "shared", None).await?,
        PoolChoice::Own => {
            let partner = &ctx.partner;
            pool_called(tx, ctx, location.id, &partner.slug, Some(partner.id)).await?
        }
    };
    let grant =
        LocationGrant { partner_id: ctx.partner.id, location_id: location.id, pool_id: pool.id };
    tenancy::grant_put(tx, &grant).await?;
    let pool_id = pool.id.to_string();
    let detail = [("location", location.code.as_str()), ("pool", &pool_id)];
    audit::record(tx, ctx, "partner.grant", ctx.partner.id, &detail).await?;
    Ok(grant)
}

/// Where the partner may sell.
pub async fn grants(tx: &Tx, ctx: &OpCtx) -> Result<Vec<LocationGrant>> {
    Ok(tenancy::grant_list(tx, ctx.partner.id).await?)
}

async fn named_pool(tx: &Tx, ctx: &OpCtx, location: LocationId, id: &str) -> Result<Pool> {
    let found = match PoolId::parse(id) {
        Some(id) => mailboxes::pool_find(tx, id).await?,
        None => None,
    };
    let ours = |pool: &Pool| {
        pool.location_id == location && pool.partner_id.is_none_or(|p| p == ctx.partner.id)
    };
    found.filter(ours).ok_or_else(|| {
        let message = "this location has no pool of that id that the partner may use";
        Error::invalid(vec![Field::new("pool_id", "unknown", message)])
    })
}

async fn pool_called(
    tx: &Tx,
    ctx: &OpCtx,
    location: LocationId,
    name: &str,
    partner_id: Option<PartnerId>,
) -> Result<Pool> {
    let pools = mailboxes::pool_list(tx, ctx.scope.operator_id()).await?;
    let is_it = |p: &Pool| p.location_id == location && p.name == name;
    if let Some(pool) = pools.into_iter().find(is_it) {
        return Ok(pool);
    }
    let now = ctx.app.clock.now();
    let pool = Pool {
        id: PoolId::new(ctx.app.ids.as_ref(), now),
        operator_id: ctx.scope.operator_id(),
        location_id: location,
        partner_id,
        name: name.to_owned(),
        strategy: Strategy::FirstFree,
    };
    mailboxes::pool_insert(tx, &pool, now).await?;
    Ok(pool)
}

async fn check(tx: &Tx, p: &Partner) -> Result<()> {
    let mut problems = Problems::default();
    problems.need(is_name(&p.name), "name", NAME_RULE);
    problems.need(is_slug(&p.slug), "slug", SLUG_RULE);
    check_order_form(&mut problems, &p.order_form);
    let s = &p.settings;
    let mut range = |param: &str, value: i64, least: i64, most: i64| {
        let message = format!("{param} is from {least} to {most}");
        problems.need((least..=most).contains(&value), param, &message);
    };
    range("rate_per_10s", s.rate_per_10s, 1, RATE_MAX);
    range("rate_burst", s.rate_burst, 1, RATE_MAX);
    range("delete_window_hours", s.delete_window_hours, 0, DELETE_WINDOW_HOURS_MAX);
    range("payload_quota_bytes", s.payload_quota_bytes.unwrap_or(1), 1, PAYLOAD_QUOTA_BYTES_MAX);
    let portal = s.portal_url.as_deref().is_none_or(|url| {
        url.starts_with("https://") && url.contains("{token}") && url.len() <= PORTAL_URL_CHARS_MAX
    });
    problems.need(portal, "portal_url", "the portal URL begins with https:// and holds {token}");
    let are_theirs = s.optional_events.iter().all(|kind| kind.audience() == Audience::Partner);
    problems.need(are_theirs, "optional_events", "only what partners hear can be optional");
    if let Some(location) = s.default_location {
        let granted = tenancy::grant_list(tx, p.id).await?;
        let known = granted.iter().any(|g| g.location_id == location);
        problems.need(known, "default_location", "grant the location before making it the default");
    }
    problems.none()
}

fn check_order_form(problems: &mut Problems, form: &OrderForm) {
    let currency =
        form.currency.len() == 3 && form.currency.bytes().all(|b| b.is_ascii_uppercase());
    problems.need(currency, "currency", "a currency is an ISO 4217 code such as USD");
    problems.need(
        is_zone(&form.timezone),
        "timezone",
        "a time zone is an IANA name such as America/Chicago",
    );
    let sane = |amount: Option<i64>| amount.is_none_or(|a| (0..=AMOUNT_MINOR_MAX).contains(&a));
    let message = "an amount is from 0 to 1,000,000,000 minor units";
    problems.need(sane(form.unit_price_minor), "unit_price_minor", message);
    problems.need(sane(form.monthly_minimum_minor), "monthly_minimum_minor", message);
}
