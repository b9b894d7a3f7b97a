//! Mail actions and certificates of destruction.

use domain::Timestamp;
use domain::action::{Action, Requester};
use domain::id::{ActionId, CertificateId, CustomerId, LocationId, MailId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, json, statements};

statements! {
    INSERT = "insert into mail_actions (id, mail_id, customer_id, partner_id, livemode, kind, status, requested_by_kind,
        requested_by_id, options, result, depends_on, not_before, due_at, charge_minor, hold_id, warnings,
        requested_at, scheduled_at, version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    OF_MAIL = "select id, mail_id, customer_id, kind, status, requested_by_kind, requested_by_id, options, result,
        depends_on, not_before, due_at, performed_by, reason_code, reason_text, charge_minor, hold_id, warnings,
        requested_at, scheduled_at, started_at, completed_at, cancelled_at, version from mail_actions
        where mail_id = $1 order by requested_at desc, id desc";
    GET = "select id, mail_id, customer_id, kind, status, requested_by_kind, requested_by_id, options, result,
        depends_on, not_before, due_at, performed_by, reason_code, reason_text, charge_minor, hold_id, warnings,
        requested_at, scheduled_at, started_at, completed_at, cancelled_at, version from mail_actions
        where id = $1 and partner_id = $2 and livemode = $3";
    OPEN = "select id, mail_id, customer_id, kind, status, requested_by_kind, requested_by_id, options, result,
        depends_on, not_before, due_at, performed_by, reason_code, reason_text, charge_minor, hold_id, warnings,
        requested_at, scheduled_at, started_at, completed_at, cancelled_at, version from mail_actions
        where partner_id = $1 and livemode = $2 and status in ('requested', 'scheduled', 'in_progress')
        order by due_at, id limit $3";
    OPEN_OF_CUSTOMER = "select id, mail_id, customer_id, kind, status, requested_by_kind, requested_by_id, options,
        result, depends_on, not_before, due_at, performed_by, reason_code, reason_text, charge_minor, hold_id,
        warnings, requested_at, scheduled_at, started_at, completed_at, cancelled_at, version from mail_actions
        where customer_id = $1 and status in ('requested', 'scheduled', 'in_progress') order by id";
    UPDATE = "update mail_actions set status = $3, result = $4, performed_by = $5, reason_code = $6, reason_text = $7,
        charge_minor = $8, scheduled_at = $9, started_at = $10, completed_at = $11, cancelled_at = $12, due_at = $13,
        version = version + 1 where id = $1 and version = $2";
    PICKUPS_PLANNED = "select count(*) from mail_actions a join mail_items m on m.id = a.mail_id
        where a.kind = 'pickup' and a.status in ('scheduled', 'in_progress')
        and a.due_at >= $2 and a.due_at < $3 and m.location_id = $1";
    CERTIFICATE = "insert into certificates (id, action_id, method, witnessed_by, at) values ($1, $2, $3, $4, $5)";
}

pub async fn insert(tx: &Tx, scope: &Scope, a: &Action) -> Result<()> {
    let row = args![
        a.id,
        a.mail_id,
        a.customer_id,
        scope.partner_id(),
        scope.livemode(),
        a.kind,
        a.status,
        a.requested_by.kind,
        a.requested_by.id,
        a.options,
        a.result,
        a.depends_on,
        a.not_before,
        a.due_at,
        a.charge_minor,
        a.hold_id,
        json::texts_to(&a.warnings),
        a.requested_at,
        a.scheduled_at,
        a.version
    ];
    tx.post(INSERT, row).await
}

/// Actions of an item, newest first.
pub async fn of_mail(tx: &Tx, mail: MailId) -> Result<Vec<Action>> {
    tx.all(OF_MAIL, args![mail], action).await
}

pub async fn find(tx: &Tx, scope: &Scope, id: ActionId) -> Result<Option<Action>> {
    tx.opt(GET, args![id, scope.partner_id(), scope.livemode()], action).await
}

/// Open actions of a partner: the work queue, the most urgent first.
pub async fn open(tx: &Tx, scope: &Scope, limit: i64) -> Result<Vec<Action>> {
    tx.all(OPEN, args![scope.partner_id(), scope.livemode(), limit], action).await
}

/// Open actions of one customer.
pub async fn open_of_customer(tx: &Tx, customer: CustomerId) -> Result<Vec<Action>> {
    tx.all(OPEN_OF_CUSTOMER, args![customer], action).await
}

/// Pickups that are planned at a location to begin within a span of time, whoever's they are.
pub async fn pickups_planned(
    tx: &Tx,
    location: LocationId,
    from: Timestamp,
    until: Timestamp,
) -> Result<i64> {
    tx.one(PICKUPS_PLANNED, args![location, from, until], Row::next).await
}

/// Stores a changed action whose version is still the one that was read; false when it is not.
pub async fn update(tx: &Tx, a: &Action) -> Result<bool> {
    let row = args![
        a.id,
        a.version,
        a.status,
        a.result,
        a.performed_by,
        a.reason_code,
        a.reason_text,
        a.charge_minor,
        a.scheduled_at,
        a.started_at,
        a.completed_at,
        a.cancelled_at,
        a.due_at
    ];
    Ok(tx.exec(UPDATE, row).await? == 1)
}

/// Certifies a destruction.
pub async fn certificate_insert(
    tx: &Tx,
    id: CertificateId,
    action: ActionId,
    method: &str,
    witness: &str,
    at: Timestamp,
) -> Result<()> {
    tx.post(CERTIFICATE, args![id, action, method, witness, at]).await
}

fn action(r: &mut Row) -> Result<Action> {
    Ok(Action {
        id: r.next()?,
        mail_id: r.next()?,
        customer_id: r.next()?,
        kind: r.next()?,
        status: r.next()?,
        requested_by: Requester { kind: r.next()?, id: r.next()? },
        options: r.next()?,
        result: r.next()?,
        depends_on: r.next()?,
        not_before: r.next()?,
        due_at: r.next()?,
        performed_by: r.next()?,
        reason_code: r.next()?,
        reason_text: r.next()?,
        charge_minor: r.next()?,
        hold_id: r.next()?,
        warnings: json::texts_from(&r.next::<String>()?)?,
        requested_at: r.next()?,
        scheduled_at: r.next()?,
        started_at: r.next()?,
        completed_at: r.next()?,
        cancelled_at: r.next()?,
        version: r.next()?,
    })
}
