//! Locations: the registered addresses of an operator's mailrooms, and how each one works.
//!
//! Granting a location to a partner is in [`super::partners`]; its numbers are in [`super::mailboxes`].

use domain::address::{Address, Designator};
use domain::id::LocationId;
use domain::partner::{Location, LocationStatus, Service};
use domain::time::is_zone;
use domain::{Error, ErrorCode, Field, Result};
use storage::{Tx, tenancy};

use super::{NAME_RULE, Problems, StaffCtx, is_name};
use crate::audit;

/// Minutes of a day.
const DAY_MINUTES: i64 = 24 * 60;
/// Handovers in an hour above which the number is taken for a mistake.
const PICKUPS_PER_HOUR_MAX: i64 = 1000;
/// A month: what was asked to be destroyed should not lie about for longer.
const SHRED_HOLD_HOURS_MAX: i64 = 31 * 24;
/// Ten years.
const QUARANTINE_DAYS_MAX: i64 = 3653;
const SCAN_DUE_HOURS_MAX: i64 = 31 * 24;

/// A location to be made. The defaults are an office that offers everything on weekdays, 9 to 17.
#[derive(Clone, Debug)]
pub struct NewLocation {
    pub name: String,
    /// Short name for labels and reports, unique under the operator.
    pub code: String,
    pub address: Address,
    pub designator: Designator,
    /// IANA zone name.
    pub timezone: String,
    pub status: LocationStatus,
    pub services: Vec<Service>,
    pub opens_minute: i64,
    pub closes_minute: i64,
    pub open_weekdays: Vec<i8>,
    pub pickups_per_hour: i64,
    pub shred_hold_hours: i64,
    pub quarantine_days: i64,
    pub scan_due_hours: i64,
}

impl Default for NewLocation {
    fn default() -> Self {
        Self {
            name: String::new(),
            code: String::new(),
            address: Address::default(),
            designator: Designator::Pmb,
            timezone: "UTC".to_owned(),
            status: LocationStatus::Active,
            services: Service::ALL.to_vec(),
            opens_minute: 9 * 60,
            closes_minute: 17 * 60,
            open_weekdays: vec![1, 2, 3, 4, 5],
            pickups_per_hour: 4,
            shred_hold_hours: 24,
            quarantine_days: 180,
            scan_due_hours: 24,
        }
    }
}

/// What to change of a location; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct LocationChange {
    pub name: Option<String>,
    pub address: Option<Address>,
    pub designator: Option<Designator>,
    pub timezone: Option<String>,
    pub status: Option<LocationStatus>,
    pub services: Option<Vec<Service>>,
    pub opens_minute: Option<i64>,
    pub closes_minute: Option<i64>,
    pub open_weekdays: Option<Vec<i8>>,
    pub pickups_per_hour: Option<i64>,
    pub shred_hold_hours: Option<i64>,
    pub quarantine_days: Option<i64>,
    pub scan_due_hours: Option<i64>,
}

pub async fn create(tx: &Tx, ctx: &StaffCtx, input: &NewLocation) -> Result<Location> {
    let location = Location {
        id: LocationId::new(ctx.app.ids.as_ref(), ctx.now),
        operator_id: ctx.operator_id,
        name: input.name.clone(),
        code: input.code.clone(),
        address: input.address.clone(),
        designator: input.designator,
        timezone: input.timezone.clone(),
        status: input.status,
        services: input.services.clone(),
        opens_minute: input.opens_minute,
        closes_minute: input.closes_minute,
        open_weekdays: input.open_weekdays.clone(),
        pickups_per_hour: input.pickups_per_hour,
        shred_hold_hours: input.shred_hold_hours,
        quarantine_days: input.quarantine_days,
        scan_due_hours: input.scan_due_hours,
        created_at: ctx.now,
    };
    check(&location)?;
    if list(tx, ctx).await?.iter().any(|l| l.code == location.code) {
        let message = format!("there is a location {} already", location.code);
        return Err(Error::invalid(vec![Field::new("code", "taken", message)]));
    }
    tenancy::location_insert(tx, &location).await?;
    let detail = [("code", location.code.as_str())];
    audit::record_by_staff(tx, ctx, "location.create", location.id, &detail).await?;
    Ok(location)
}

/// Changes a location. Its code stays, because labels and reports carry it.
pub async fn update(
    tx: &Tx,
    ctx: &StaffCtx,
    id: LocationId,
    change: &LocationChange,
) -> Result<Location> {
    let found = tenancy::location_find_locked(tx, id).await?;
    let before = found.filter(|l| l.operator_id == ctx.operator_id).ok_or_else(not_found)?;
    let mut location = before.clone();
    let mut changed = Vec::new();
    put(&mut location.name, change.name.as_ref(), "name", &mut changed);
    put(&mut location.address, change.address.as_ref(), "address", &mut changed);
    put(&mut location.designator, change.designator.as_ref(), "designator", &mut changed);
    put(&mut location.timezone, change.timezone.as_ref(), "timezone", &mut changed);
    put(&mut location.status, change.status.as_ref(), "status", &mut changed);
    put(&mut location.services, change.services.as_ref(), "services", &mut changed);
    put(&mut location.opens_minute, change.opens_minute.as_ref(), "opens_minute", &mut changed);
    put(&mut location.closes_minute, change.closes_minute.as_ref(), "closes_minute", &mut changed);
    put(&mut location.open_weekdays, change.open_weekdays.as_ref(), "open_weekdays", &mut changed);
    let (pickups, hold) = (change.pickups_per_hour.as_ref(), change.shred_hold_hours.as_ref());
    put(&mut location.pickups_per_hour, pickups, "pickups_per_hour", &mut changed);
    put(&mut location.shred_hold_hours, hold, "shred_hold_hours", &mut changed);
    let (rest, due) = (change.quarantine_days.as_ref(), change.scan_due_hours.as_ref());
    put(&mut location.quarantine_days, rest, "quarantine_days", &mut changed);
    put(&mut location.scan_due_hours, due, "scan_due_hours", &mut changed);
    if changed.is_empty() {
        return Ok(before);
    }
    check(&location)?;
    tenancy::location_update(tx, &location).await?;
    let detail = [("changed", changed.join(","))];
    let detail = detail.each_ref().map(|(name, value)| (*name, value.as_str()));
    audit::record_by_staff(tx, ctx, "location.update", id, &detail).await?;
    Ok(location)
}

/// Sets a field that was given and differs, and notes its name.
pub(super) fn put<T: Clone + PartialEq>(
    field: &mut T,
    given: Option<&T>,
    name: &'static str,
    changed: &mut Vec<&'static str>,
) {
    if let Some(value) = given
        && value != field
    {
        *field = value.clone();
        changed.push(name);
    }
}

/// The operator's locations, by code.
pub async fn list(tx: &Tx, ctx: &StaffCtx) -> Result<Vec<Location>> {
    Ok(tenancy::location_list(tx, ctx.operator_id).await?)
}

/// A location by its shown id or by its code.
pub async fn get(tx: &Tx, ctx: &StaffCtx, id_or_code: &str) -> Result<Location> {
    let id = LocationId::parse(id_or_code);
    let mut all = list(tx, ctx).await?.into_iter();
    all.find(|l| Some(l.id) == id || l.code == id_or_code).ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::refused(ErrorCode::NotFound, "no such location")
        .fix("`postroom location list` shows them")
}

fn check(l: &Location) -> Result<()> {
    let mut problems = Problems(l.address.problems("address"));
    problems.need(is_name(&l.name), "name", NAME_RULE);
    let code = (1..=12).contains(&l.code.len())
        && l.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
    problems.need(code, "code", "a code has 1 to 12 characters of A-Z, 0-9 and -");
    let zone = "a time zone is an IANA name such as America/Chicago";
    problems.need(is_zone(&l.timezone), "timezone", zone);
    let has_suite = l.address.line2.as_deref().is_some_and(|line| !line.trim().is_empty());
    problems.need(
        !has_suite || l.designator == Designator::Pmb,
        "designator",
        "an address with a secondary element (line2) must use PMB, on a line of its own (DMM 508.1.8)",
    );
    problems.need((0..DAY_MINUTES).contains(&l.opens_minute), "opens_minute", "not a time of day");
    problems.need(
        l.closes_minute > l.opens_minute && l.closes_minute <= DAY_MINUTES,
        "closes_minute",
        "closing must be later than opening, on the same day",
    );
    let ordered = l.open_weekdays.windows(2).all(|pair| pair[0] < pair[1]);
    problems.need(
        ordered && l.open_weekdays.iter().all(|day| (1..=7).contains(day)),
        "open_weekdays",
        "weekdays are 1 (Monday) to 7, each once, in order",
    );
    let mut range = |param: &str, value: i64, least: i64, most: i64| {
        let message = format!("{param} is from {least} to {most}");
        problems.need((least..=most).contains(&value), param, &message);
    };
    range("pickups_per_hour", l.pickups_per_hour, 0, PICKUPS_PER_HOUR_MAX);
    range("shred_hold_hours", l.shred_hold_hours, 0, SHRED_HOLD_HOURS_MAX);
    range("quarantine_days", l.quarantine_days, 0, QUARANTINE_DAYS_MAX);
    range("scan_due_hours", l.scan_due_hours, 1, SCAN_DUE_HOURS_MAX);
    problems.none()
}
