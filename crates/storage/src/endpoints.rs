//! Webhook endpoints, their settings, and the evidence of how they answer.

use bytes::Bytes;
use domain::Timestamp;
use domain::endpoint::{KeyMode, KeyModes, Order, Settings};
use domain::event::EventType;
use domain::id::{EmailMailboxId, EndpointId, PartnerId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, Wake, args, json, statements};

domain::words! {
    /// `disabled_failing` is set by the deliverer, the others by a person. What a disabled endpoint would
    /// have received is cancelled; for the other two it is held.
    pub enum EndpointStatus {
        Enabled = "enabled",
        Disabled = "disabled",
        DisabledFailing = "disabled_failing",
        Paused = "paused",
    }
}

/// A receiver of events.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub no: i64,
    pub id: EndpointId,
    pub livemode: bool,
    pub url: String,
    pub description: Option<String>,
    /// Empty means all that its owner may hear.
    pub event_types: Vec<EventType>,
    /// Which events of the types, as `wire::partner::filter` writes it; `None` is all of them.
    pub filter: Option<String>,
    pub status: EndpointStatus,
    pub disabled_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub first_failure_at: Option<Timestamp>,
    pub failures: i64,
    pub last_success_at: Option<Timestamp>,
    pub settings: Settings,
    /// Names of the custom headers, for those who may not see the values.
    pub header_names: Vec<String>,
    /// Names and values as `webhook::custom` writes them, sealed; `None` when there are none.
    pub headers_sealed: Option<Bytes>,
    pub certificate: Option<ClientCertificate>,
    /// The e-mail mailbox whose subscription it is; `None` for an endpoint of a partner or an operator.
    pub mailbox_id: Option<EmailMailboxId>,
}

/// A client certificate that is shown to the receiver.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    pub subject: String,
    /// SHA-256 in hex.
    pub fingerprint: String,
    pub expires_at: Timestamp,
    /// Certificates and private key as `webhook::identity` writes them, sealed.
    pub sealed: Bytes,
}

/// What [`endpoint`] reads, in its order.
macro_rules! columns {
    () => {
        "no, id, livemode, url, description, event_types, status, disabled_reason, created_at, updated_at,
        first_failure_at, failures, last_success_at, rate_per_second, burst, max_in_flight, order_mode, timeout_ms,
        retry_schedule, key_mode, standard_key_mode, ed25519, park_after, self_heal, disable_on_gone, header_names,
        headers_sealed, certificate_subject, certificate_sha256, certificate_expires_at, certificate_sealed, mailbox_id,
        filter"
    };
}
pub(crate) use columns;

statements! {
    INSERT = "insert into endpoints (no, url, description, event_types, status, disabled_reason, updated_at,
        rate_per_second, burst, max_in_flight, order_mode, timeout_ms, retry_schedule, header_names, headers_sealed,
        key_mode, standard_key_mode, ed25519, park_after, self_heal, disable_on_gone, certificate_subject,
        certificate_sha256, certificate_expires_at, certificate_sealed, filter, id, partner_id, livemode, created_at,
        mailbox_id, failures)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
        $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, 0)";
    LIVE = concat!("select ", columns!(), " from endpoints
        where partner_id = $1 and livemode = $2 and mailbox_id is null and deleted_at is null order by no");
    GET = concat!("select ", columns!(), " from endpoints
        where partner_id = $1 and livemode = $2 and id = $3 and mailbox_id is null and deleted_at is null");
    GET_LOCKED = concat!("select ", columns!(), " from endpoints
        where partner_id = $1 and livemode = $2 and id = $3 and mailbox_id is null and deleted_at is null {lock}");
    BY_NO = concat!("select ", columns!(), " from endpoints where no = $1 and deleted_at is null");
    /// What the receiver at another URL asked for does not bind this one.
    UPDATE = "update endpoints set quiet_until = case when url = $2 then quiet_until end, url = $2,
        description = $3, event_types = $4, status = $5, disabled_reason = $6, updated_at = $7, rate_per_second = $8,
        burst = $9, max_in_flight = $10, order_mode = $11, timeout_ms = $12, retry_schedule = $13,
        header_names = $14, headers_sealed = $15, key_mode = $16, standard_key_mode = $17, ed25519 = $18,
        park_after = $19, self_heal = $20, disable_on_gone = $21, certificate_subject = $22, certificate_sha256 = $23,
        certificate_expires_at = $24, certificate_sealed = $25, filter = $26 where no = $1";
    DELETE = "update endpoints set deleted_at = $2 where no = $1 and deleted_at is null";
    TOUCH = "update endpoints set updated_at = case when updated_at >= $2 then updated_at + 1 else $2 end where no = $1";
    OWNER = "select partner_id from endpoints where no = $1";
    DISABLE_FAILING = "update endpoints set status = 'disabled_failing', disabled_reason = $2, updated_at = $3,
        probe_at = $4, probes_ok = 0, first_failure_at = null, failures = 0, failed_hours = 0, notices = 0
        where no = $1 and status = 'enabled' and deleted_at is null";
    /// Counts an answer to a probe, once: the next one is asked for later.
    PROBED = "update endpoints set probes_ok = case when $4 then probes_ok + 1 else 0 end, probe_at = $3
        where no = $1 and status = 'disabled_failing' and probe_at <= $2 and deleted_at is null returning probes_ok";
    GONE = "update endpoints set disabled_reason = $2, updated_at = $3, probe_at = null
        where no = $1 and status = 'disabled_failing' and probe_at is not null and deleted_at is null";
    HEALED = "update endpoints set status = 'enabled', disabled_reason = null, updated_at = $2
        where no = $1 and status = 'disabled_failing' and deleted_at is null";
    /// Whoever is switched on and off in a loop is asked once in so long.
    ENABLED = "update endpoints set enabled_at = case when enabled_at + $3 > $2 then enabled_at + $3 else $2 end,
        breaker_until = case when enabled_at + $3 > $2 then enabled_at + $3 end, first_failure_at = null,
        failures = 0, failed_hours = 0, notices = 0 where no = $1";
    HEALTH = "select first_failure_at, failures, last_success_at, failed_hours, last_failed_hour, notices, quiet_until,
        breaker_until, health_version, enabled_at, probe_at from endpoints where no = $1";
    /// Several writes can be under way at a time, and one that failed comes again: the newest stays.
    HEALTH_PUT = "update endpoints set first_failure_at = $2, failures = $3, last_success_at = $4, failed_hours = $5,
        last_failed_hour = $6, notices = $7, quiet_until = $8, breaker_until = $9, health_version = $10 {each}
        where no = $1 and health_version <= $10";
    PUBLIC = "select no from endpoints where id = $1 and ed25519 and deleted_at is null";
}

pub async fn insert(tx: &Tx, scope: &Scope, e: &Endpoint) -> Result<()> {
    let fixed = args![e.id, scope.partner_id(), scope.livemode(), e.created_at, e.mailbox_id];
    tx.post(INSERT, [changeable(e), fixed].concat()).await
}

/// Every endpoint of a partner that was not deleted; subscriptions are in `crate::email::subscriptions`.
pub async fn list(tx: &Tx, scope: &Scope) -> Result<Vec<Endpoint>> {
    tx.all(LIVE, args![scope.partner_id(), scope.livemode()], endpoint).await
}

pub async fn find(tx: &Tx, scope: &Scope, id: EndpointId) -> Result<Option<Endpoint>> {
    tx.opt(GET, args![scope.partner_id(), scope.livemode(), id], endpoint).await
}

/// An endpoint that is about to change.
pub async fn find_locked(tx: &Tx, scope: &Scope, id: EndpointId) -> Result<Option<Endpoint>> {
    tx.opt(GET_LOCKED, args![scope.partner_id(), scope.livemode(), id], endpoint).await
}

/// The endpoint behind a queue row, for the deliverer.
pub async fn find_by_no(tx: &Tx, no: i64) -> Result<Option<Endpoint>> {
    tx.opt(BY_NO, args![no], endpoint).await
}

/// Stores URL, description, types, status, settings, custom headers and client certificate.
pub async fn update(tx: &Tx, e: &Endpoint) -> Result<()> {
    tx.wake(Wake::Endpoint(e.no));
    tx.post(UPDATE, changeable(e)).await
}

pub async fn delete(tx: &Tx, no: i64, now: Timestamp) -> Result<()> {
    tx.wake(Wake::Endpoint(no));
    tx.post(DELETE, args![no, now]).await
}

/// Says that something that belongs to an endpoint was changed, so that the deliverer reads it again.
pub async fn touch(tx: &Tx, no: i64, now: Timestamp) -> Result<()> {
    tx.wake(Wake::Endpoint(no));
    tx.post(TOUCH, args![no, now]).await
}

/// Whose endpoint it is, for the deliverer.
pub async fn owner(tx: &Tx, no: i64) -> Result<Option<PartnerId>> {
    tx.opt(OWNER, args![no], Row::next).await
}

/// For how long an endpoint is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Until it answers probes again, where it asked for them, or until somebody enables it.
    ForNow,
    /// Until somebody enables it: the receiver said that it is gone.
    ForGood,
}

/// Sets an endpoint aside because of how it answers; false when it was not enabled any more.
///
/// The evidence is cleared, so that one failure after it was enabled again does not repeat this.
pub async fn disable_failing(
    tx: &Tx,
    no: i64,
    reason: &str,
    aside: Aside,
    now: Timestamp,
) -> Result<bool> {
    let probe_at = match aside {
        Aside::ForNow => Some(now.plus(PROBE_EVERY)),
        Aside::ForGood => None,
    };
    Ok(tx.exec(DISABLE_FAILING, args![no, reason, now, probe_at]).await? == 1)
}

/// Notes that an endpoint that is set aside is so for good; false when it was none, or that was known.
pub async fn note_gone(tx: &Tx, no: i64, reason: &str, now: Timestamp) -> Result<bool> {
    Ok(tx.exec(GONE, args![no, reason, now]).await? == 1)
}

/// How often an endpoint is asked that failed and is to come back by itself, in microseconds.
pub const PROBE_EVERY: i64 = domain::hours(1);
/// How long an endpoint that was enabled by hand is asked by one delivery at a time at first, and how far
/// apart such beginnings are at least; in microseconds.
pub const COOL_DOWN: i64 = domain::minutes(1);

/// Counts how a probe of an endpoint that failed was answered; how many were answered well one after another.
/// `None` when it was counted already, or is none of an endpoint that failed.
pub async fn probed(tx: &Tx, no: i64, is_ok: bool, now: Timestamp) -> Result<Option<i64>> {
    tx.opt(PROBED, args![no, now, now.plus(PROBE_EVERY), is_ok], Row::next).await
}

/// Takes an endpoint back that was set aside because it failed; false when it was none.
pub async fn heal(tx: &Tx, no: i64, now: Timestamp) -> Result<bool> {
    Ok(tx.exec(HEALED, args![no, now]).await? == 1)
}

/// Notes that an endpoint that took nothing is sent to again: by one delivery at first, and not before its
/// last such beginning is [`COOL_DOWN`] old. The evidence against it begins anew.
pub async fn note_enabled(tx: &Tx, no: i64, now: Timestamp) -> Result<()> {
    tx.post(ENABLED, args![no, now, COOL_DOWN]).await
}

/// How an endpoint has answered lately: first failure of the running streak, its length, last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub first_failure_at: Option<Timestamp>,
    pub failures: i64,
    pub last_success_at: Option<Timestamp>,
    /// Different hours of the streak that saw a failure, and the last of them, counted from 1970.
    pub failed_hours: i64,
    pub last_failed_hour: i64,
    /// Notices given in the streak: that it fails, that it will be set aside.
    pub notices: i64,
    /// It asked to be left alone until then, by `Retry-After`.
    pub quiet_until: Option<Timestamp>,
    /// Its breaker lets nothing through until then, or until a sender starts; `None` while it is closed
    /// (webhooks.md 5.13).
    pub breaker_until: Option<Timestamp>,
    /// Rises with each change.
    pub version: i64,
    /// From when on it may be asked after somebody enabled it; only read, see [`note_enabled`].
    pub enabled_at: Option<Timestamp>,
    /// While it is set aside: when it is asked next, if ever; only read, see [`probed`].
    pub probe_at: Option<Timestamp>,
}

/// How an endpoint has answered lately; nothing is known of one that is gone.
pub async fn health(tx: &Tx, no: i64) -> Result<Health> {
    let read = |r: &mut Row| {
        Ok(Health {
            first_failure_at: r.next()?,
            failures: r.next()?,
            last_success_at: r.next()?,
            failed_hours: r.next()?,
            last_failed_hour: r.next()?,
            notices: r.next()?,
            quiet_until: r.next()?,
            breaker_until: r.next()?,
            version: r.next()?,
            enabled_at: r.next()?,
            probe_at: r.next()?,
        })
    };
    Ok(tx.opt(HEALTH, args![no], read).await?.unwrap_or_default())
}

/// Writes how endpoints have answered, unless what is written already is newer.
pub async fn put_health(tx: &Tx, healths: &[(i64, Health)]) -> Result<()> {
    let row = |(no, h): &(i64, Health)| {
        args![
            *no,
            h.first_failure_at,
            h.failures,
            h.last_success_at,
            h.failed_hours,
            h.last_failed_hour,
            h.notices,
            h.quiet_until,
            h.breaker_until,
            h.version
        ]
    };
    tx.each(HEALTH_PUT, healths.iter().map(row).collect()).await
}

/// An endpoint that signs with Ed25519, whoever asks: its public keys are for everybody.
pub async fn find_public(tx: &Tx, id: EndpointId) -> Result<Option<i64>> {
    tx.opt(PUBLIC, args![id], Row::next).await
}

/// Which endpoint, and what a change can change of it.
fn changeable(e: &Endpoint) -> Vec<crate::Value> {
    let types = json::words_to(e.event_types.iter().map(|t| t.as_str()));
    args![
        e.no,
        e.url,
        e.description,
        types,
        e.status.as_str(),
        e.disabled_reason,
        e.updated_at,
        e.settings.rate_per_second,
        e.settings.burst,
        e.settings.max_in_flight,
        e.settings.order.as_str(),
        e.settings.timeout_ms,
        e.settings.retry_schedule.as_deref().map(json::numbers_to),
        json::words_to(e.header_names.iter().map(String::as_str)),
        e.headers_sealed,
        e.settings.key_modes.partner.as_str(),
        e.settings.key_modes.standard.as_str(),
        e.settings.ed25519,
        e.settings.park_after,
        e.settings.self_heal,
        e.settings.disable_on_gone,
        e.certificate.as_ref().map(|c| &c.subject),
        e.certificate.as_ref().map(|c| &c.fingerprint),
        e.certificate.as_ref().map(|c| c.expires_at),
        e.certificate.as_ref().map(|c| &c.sealed),
        e.filter
    ]
}

pub(crate) fn endpoint(r: &mut Row) -> Result<Endpoint> {
    Ok(Endpoint {
        no: r.next()?,
        id: r.next()?,
        livemode: r.next()?,
        url: r.next()?,
        description: r.next()?,
        event_types: json::words_from(&r.next::<String>()?, EventType::parse)?,
        status: EndpointStatus::parse(&r.next::<String>()?)
            .ok_or_else(|| crate::Error::Inconsistent("endpoint status".into()))?,
        disabled_reason: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
        first_failure_at: r.next()?,
        failures: r.next()?,
        last_success_at: r.next()?,
        settings: settings(r)?,
        header_names: json::words_from(&r.next::<String>()?, |name| Some(name.to_owned()))?,
        headers_sealed: r.next()?,
        certificate: certificate(r)?,
        mailbox_id: r.next()?,
        filter: r.next()?,
    })
}

fn certificate(r: &mut Row) -> Result<Option<ClientCertificate>> {
    let (subject, fingerprint) = (r.next::<Option<String>>()?, r.next::<Option<String>>()?);
    let (expires_at, sealed) = (r.next()?, r.next()?);
    Ok(match (subject, fingerprint, expires_at, sealed) {
        (Some(subject), Some(fingerprint), Some(expires_at), Some(sealed)) => {
            Some(ClientCertificate { subject, fingerprint, expires_at, sealed })
        }
        _ => None,
    })
}

fn settings(r: &mut Row) -> Result<Settings> {
    Ok(Settings {
        rate_per_second: r.next()?,
        burst: r.next()?,
        max_in_flight: r.next()?,
        order: Order::parse(&r.next::<String>()?)
            .ok_or_else(|| crate::Error::Inconsistent("order of an endpoint".into()))?,
        timeout_ms: r.next()?,
        retry_schedule: r
            .next::<Option<String>>()?
            .map(|text| json::words_from(&text, |word| word.parse().ok()))
            .transpose()?,
        key_modes: KeyModes { partner: key_mode(r)?, standard: key_mode(r)? },
        ed25519: r.next()?,
        park_after: r.next()?,
        self_heal: r.next()?,
        disable_on_gone: r.next()?,
    })
}

fn key_mode(r: &mut Row) -> Result<KeyMode> {
    KeyMode::parse(&r.next::<String>()?)
        .ok_or_else(|| crate::Error::Inconsistent("key mode of an endpoint".into()))
}
