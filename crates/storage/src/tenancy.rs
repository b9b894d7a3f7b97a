//! Operators, locations, partners, grants; and the scope that every tenant's read takes.

use domain::Timestamp;
use domain::address::Designator;
use domain::id::{LocationId, OperatorId, PartnerId, PoolId};
use domain::mailbox::Pool;
use domain::partner::{Location, LocationGrant, Operator, Partner, Service};

use crate::{Result, Row, Tx, args, json, mailboxes, statements};

/// Whose rows may be seen: one partner, in one mode.
///
/// Invariant: it exists only for somebody who was authenticated (`keys::find`) or for a caller who
/// holds the partner's own row, which only operators and tasks read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    operator_id: OperatorId,
    partner_id: PartnerId,
    livemode: bool,
}

impl Scope {
    pub fn of(partner: &Partner, livemode: bool) -> Self {
        Self { operator_id: partner.operator_id, partner_id: partner.id, livemode }
    }

    pub const fn operator_id(&self) -> OperatorId {
        self.operator_id
    }

    pub const fn partner_id(&self) -> PartnerId {
        self.partner_id
    }

    pub const fn livemode(&self) -> bool {
        self.livemode
    }
}

statements! {
    OPERATOR_INSERT = "insert into operators (id, name, slug, created_at) values ($1, $2, $3, $4)";
    OPERATOR_LIST = "select id, name, slug, created_at from operators order by created_at, id";
    LOCATION_INSERT = "insert into locations (id, operator_id, name, code, address, designator, timezone, status,
        services, opens_minute, closes_minute, open_weekdays, pickups_per_hour, shred_hold_hours, quarantine_days,
        scan_due_hours, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    LOCATION_GET = "select id, operator_id, name, code, address, designator, timezone, status, services, opens_minute,
        closes_minute, open_weekdays, pickups_per_hour, shred_hold_hours, quarantine_days, scan_due_hours, created_at
        from locations where id = $1";
    LOCATION_GET_LOCKED = "select id, operator_id, name, code, address, designator, timezone, status, services,
        opens_minute, closes_minute, open_weekdays, pickups_per_hour, shred_hold_hours, quarantine_days,
        scan_due_hours, created_at from locations where id = $1 {lock}";
    LOCATION_LIST = "select id, operator_id, name, code, address, designator, timezone, status, services, opens_minute,
        closes_minute, open_weekdays, pickups_per_hour, shred_hold_hours, quarantine_days, scan_due_hours, created_at
        from locations where operator_id = $1 order by code";
    LOCATION_UPDATE = "update locations set name = $2, address = $3, designator = $4, timezone = $5, status = $6,
        services = $7, opens_minute = $8, closes_minute = $9, open_weekdays = $10, pickups_per_hour = $11,
        shred_hold_hours = $12, quarantine_days = $13, scan_due_hours = $14 where id = $1";
    PARTNER_INSERT = "insert into partners (id, operator_id, name, slug, kind, status, settings, order_form,
        test_clock_ahead, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    PARTNER_GET = "select id, operator_id, name, slug, kind, status, settings, order_form, test_clock_ahead, created_at, stored_bytes
        from partners where id = $1";
    PARTNER_GET_LOCKED = "select id, operator_id, name, slug, kind, status, settings, order_form, test_clock_ahead,
        created_at, stored_bytes from partners where id = $1 {lock}";
    PARTNER_BY_SLUG = "select id, operator_id, name, slug, kind, status, settings, order_form, test_clock_ahead,
        created_at, stored_bytes from partners where slug = $1 and kind <> 'operator'";
    PARTNER_OF_OPERATOR = "select id, operator_id, name, slug, kind, status, settings, order_form, test_clock_ahead,
        created_at, stored_bytes from partners where operator_id = $1 and kind = 'operator'";
    PARTNER_LIST = "select id, operator_id, name, slug, kind, status, settings, order_form, test_clock_ahead,
        created_at, stored_bytes from partners where kind <> 'operator' order by slug";
    PARTNER_UPDATE = "update partners set name = $2, status = $3, settings = $4, order_form = $5 where id = $1";
    PARTNER_CLOCK = "update partners set test_clock_ahead = test_clock_ahead + $2 where id = $1
        returning test_clock_ahead";
    GRANT_UPSERT = "insert into location_grants (partner_id, location_id, pool_id) values ($1, $2, $3)
        on conflict (partner_id, location_id) do update set pool_id = excluded.pool_id";
    GRANT_LIST = "select partner_id, location_id, pool_id from location_grants where partner_id = $1
        order by location_id";
    SITE = "select l.id, l.operator_id, l.name, l.code, l.address, l.designator, l.timezone, l.status, l.services,
        l.opens_minute, l.closes_minute, l.open_weekdays, l.pickups_per_hour, l.shred_hold_hours, l.quarantine_days,
        l.scan_due_hours, l.created_at, p.id, p.operator_id, p.location_id, p.partner_id, p.name, p.strategy
        from location_grants g join locations l on l.id = g.location_id join mailbox_pools p on p.id = g.pool_id
        where g.partner_id = $1 and (g.location_id = $2 or $2 is null) order by g.location_id limit 1";
}

pub async fn operator_insert(tx: &Tx, operator: &Operator) -> Result<()> {
    let row = args![operator.id, operator.name, operator.slug, operator.created_at];
    tx.post(OPERATOR_INSERT, row).await
}

pub async fn operator_list(tx: &Tx) -> Result<Vec<Operator>> {
    let read = |r: &mut Row| {
        Ok(Operator { id: r.next()?, name: r.next()?, slug: r.next()?, created_at: r.next()? })
    };
    tx.all(OPERATOR_LIST, args![], read).await
}

pub async fn location_insert(tx: &Tx, l: &Location) -> Result<()> {
    let row = args![
        l.id,
        l.operator_id,
        l.name,
        l.code,
        json::address_to(&l.address),
        l.designator,
        l.timezone,
        l.status,
        json::words_to(l.services.iter().map(|s| s.as_str())),
        l.opens_minute,
        l.closes_minute,
        weekdays_to(&l.open_weekdays),
        l.pickups_per_hour,
        l.shred_hold_hours,
        l.quarantine_days,
        l.scan_due_hours,
        l.created_at
    ];
    tx.post(LOCATION_INSERT, row).await
}

pub async fn location_update(tx: &Tx, l: &Location) -> Result<()> {
    let row = args![
        l.id,
        l.name,
        json::address_to(&l.address),
        l.designator,
        l.timezone,
        l.status,
        json::words_to(l.services.iter().map(|s| s.as_str())),
        l.opens_minute,
        l.closes_minute,
        weekdays_to(&l.open_weekdays),
        l.pickups_per_hour,
        l.shred_hold_hours,
        l.quarantine_days,
        l.scan_due_hours
    ];
    tx.post(LOCATION_UPDATE, row).await
}

pub async fn location_find(tx: &Tx, id: LocationId) -> Result<Option<Location>> {
    tx.opt(LOCATION_GET, args![id], location).await
}

/// A location whose row is about to change.
pub async fn location_find_locked(tx: &Tx, id: LocationId) -> Result<Option<Location>> {
    tx.opt(LOCATION_GET_LOCKED, args![id], location).await
}

pub async fn location_list(tx: &Tx, operator_id: OperatorId) -> Result<Vec<Location>> {
    tx.all(LOCATION_LIST, args![operator_id], location).await
}

fn weekdays_to(days: &[i8]) -> String {
    days.iter().map(i8::to_string).collect::<Vec<_>>().join(",")
}

fn location(r: &mut Row) -> Result<Location> {
    Ok(Location {
        id: r.next()?,
        operator_id: r.next()?,
        name: r.next()?,
        code: r.next()?,
        address: json::address_from(&r.next::<String>()?)?,
        designator: r.next::<Designator>()?,
        timezone: r.next()?,
        status: r.next()?,
        services: json::words_from(&r.next::<String>()?, Service::parse)?,
        opens_minute: r.next()?,
        closes_minute: r.next()?,
        open_weekdays: json::words_from(&r.next::<String>()?, |w| w.parse().ok())?,
        pickups_per_hour: r.next()?,
        shred_hold_hours: r.next()?,
        quarantine_days: r.next()?,
        scan_due_hours: r.next()?,
        created_at: r.next()?,
    })
}

pub async fn partner_insert(tx: &Tx, p: &Partner) -> Result<()> {
    let row = args![
        p.id,
        p.operator_id,
        p.name,
        p.slug,
        p.kind,
        p.status,
        json::settings_to(&p.settings),
        json::order_form_to(&p.order_form),
        p.test_clock_ahead,
        p.created_at
    ];
    tx.post(PARTNER_INSERT, row).await
}

/// Stores name, status, settings and order form.
pub async fn partner_update(tx: &Tx, p: &Partner) -> Result<()> {
    let settings = json::settings_to(&p.settings);
    let row = args![p.id, p.name, p.status, settings, json::order_form_to(&p.order_form)];
    tx.post(PARTNER_UPDATE, row).await
}

pub async fn partner_find(tx: &Tx, id: PartnerId) -> Result<Option<Partner>> {
    tx.opt(PARTNER_GET, args![id], partner).await
}

/// A partner whose row is about to change.
pub async fn partner_find_locked(tx: &Tx, id: PartnerId) -> Result<Option<Partner>> {
    tx.opt(PARTNER_GET_LOCKED, args![id], partner).await
}

pub async fn partner_find_by_slug(tx: &Tx, slug: &str) -> Result<Option<Partner>> {
    tx.opt(PARTNER_BY_SLUG, args![slug], partner).await
}

/// The operator itself, as the owner of endpoints; nothing else finds it but by its id.
pub async fn partner_of_operator(tx: &Tx, id: OperatorId) -> Result<Option<Partner>> {
    tx.opt(PARTNER_OF_OPERATOR, args![id], partner).await
}

pub async fn partner_list(tx: &Tx) -> Result<Vec<Partner>> {
    tx.all(PARTNER_LIST, args![], partner).await
}

/// Moves the clock of a partner's test world forward; answers how far ahead it runs now.
pub async fn partner_advance_clock(tx: &Tx, scope: &Scope, micros: i64) -> Result<i64> {
    tx.one(PARTNER_CLOCK, args![scope.partner_id(), micros], Row::next).await
}

pub(crate) fn partner(r: &mut Row) -> Result<Partner> {
    Ok(Partner {
        id: r.next()?,
        operator_id: r.next()?,
        name: r.next()?,
        slug: r.next()?,
        kind: r.next()?,
        status: r.next()?,
        settings: json::settings_from(&r.next::<String>()?)?,
        order_form: json::order_form_from(&r.next::<String>()?)?,
        test_clock_ahead: r.next()?,
        created_at: r.next::<Timestamp>()?,
        stored_bytes: r.next()?,
    })
}

pub async fn grant_put(tx: &Tx, grant: &LocationGrant) -> Result<()> {
    tx.post(GRANT_UPSERT, args![grant.partner_id, grant.location_id, grant.pool_id]).await
}

/// The location that is named, or the first one, of those that were granted to a partner; and the
/// pool that was granted there.
pub async fn site_find(
    tx: &Tx,
    partner_id: PartnerId,
    location_id: Option<LocationId>,
) -> Result<Option<(Location, Pool)>> {
    let read = |r: &mut Row| Ok((location(r)?, mailboxes::pool(r)?));
    tx.opt(SITE, args![partner_id, location_id], read).await
}

pub async fn grant_list(tx: &Tx, partner_id: PartnerId) -> Result<Vec<LocationGrant>> {
    let read = |r: &mut Row| {
        Ok(LocationGrant {
            partner_id: r.next()?,
            location_id: r.next()?,
            pool_id: r.next::<PoolId>()?,
        })
    };
    tx.all(GRANT_LIST, args![partner_id], read).await
}
