//! Customers, their recipients and their forwarding addresses.

use domain::Timestamp;
use domain::address::Address;
use domain::customer::{
    Customer, DeactivationReason, ForwardingAddress, Recipient, RecipientStatus, RemailInstruction,
};
use domain::id::{AddressId, CustomerId, MailboxId, RecipientId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, json, statements};

/// In the order in which [`customer`] reads them.
macro_rules! columns {
    () => {
        "id, operator_id, partner_id, livemode, external_customer_id, email, name, first_name, last_name, phone,
        business_name, service_type, status, status_reason, compliance_status, billing_mode, billing_status,
        prepay, paid_through, billing_lapsed_at, plan_id, location_id, mailbox_id, locale, tags, metadata,
        notification_prefs, default_address_id, invite_token, invited_at, activated_at, verified_at,
        mailbox_active_at, deactivation_scheduled_at, deactivated_at, deactivation_reason, remail_until,
        remail_instruction, event_sequence, version, created_at, updated_at"
    };
}

statements! {
    INSERT = "insert into customers (id, version, partner_id, external_customer_id, email, name, first_name, last_name,
        phone, business_name, service_type, status, status_reason, compliance_status, billing_mode, billing_status,
        prepay, paid_through, billing_lapsed_at, plan_id, location_id, mailbox_id, locale, tags, metadata,
        notification_prefs, default_address_id, invite_token, invited_at, activated_at, verified_at,
        mailbox_active_at, deactivation_scheduled_at, deactivated_at, deactivation_reason, remail_until,
        remail_instruction, updated_at, email_folded, operator_id, livemode, event_sequence, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
        $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43)
        on conflict (partner_id, livemode, external_customer_id) where external_customer_id is not null do nothing";
    GET = concat!("select ", columns!(), " from customers
        where id = $1 and partner_id = $2 and livemode = $3");
    GET_LOCKED = concat!("select ", columns!(), " from customers
        where id = $1 and partner_id = $2 and livemode = $3 {lock}");
    BY_EXTERNAL = concat!("select ", columns!(), " from customers
        where external_customer_id = $1 and partner_id = $2 and livemode = $3");
    BY_INVITE = concat!("select ", columns!(), " from customers where invite_token = $1");
    LIST = concat!("select ", columns!(), " from customers
        where partner_id = $1 and livemode = $2 and id < $3
        and (external_customer_id = $4 or $4 is null) and (email_folded = $5 or $5 is null)
        and ($6 like '%,' || status || ',%' or $6 is null)
        and ($7 like '%,' || compliance_status || ',%' or $7 is null)
        and (location_id = $8 or $8 is null)
        and (created_at >= $9 or $9 is null) and (created_at < $10 or $10 is null)
        and (updated_at >= $11 or $11 is null) and (updated_at < $12 or $12 is null)
        order by id desc limit $13");
    UPDATE = "update customers set version = version + 1,
        external_customer_id = $4, email = $5, name = $6, first_name = $7, last_name = $8, phone = $9,
        business_name = $10, service_type = $11, status = $12, status_reason = $13, compliance_status = $14,
        billing_mode = $15, billing_status = $16, prepay = $17, paid_through = $18, billing_lapsed_at = $19,
        plan_id = $20, location_id = $21, mailbox_id = $22, locale = $23, tags = $24, metadata = $25,
        notification_prefs = $26, default_address_id = $27, invite_token = $28, invited_at = $29,
        activated_at = $30, verified_at = $31, mailbox_active_at = $32, deactivation_scheduled_at = $33,
        deactivated_at = $34, deactivation_reason = $35, remail_until = $36, remail_instruction = $37,
        updated_at = $38, email_folded = $39
        where id = $1 and version = $2 and partner_id = $3";
    NEXT_SEQUENCE = "update customers set event_sequence = event_sequence + 1 where id = $1 returning event_sequence";
    RESEND_INSERT = "insert into invite_resends (customer_id, at) values ($1, $2)";
    RESENDS = "select count(*) from invite_resends where customer_id = $1 and at > $2";
    DEPARTURE_PUT = "insert into departures (customer_id, reason, note, instruction, address, complete_open_actions)
        values ($1, $2, $3, $4, $5, $6) on conflict (customer_id) do update set reason = excluded.reason,
        note = excluded.note, instruction = excluded.instruction, address = excluded.address,
        complete_open_actions = excluded.complete_open_actions";
    DEPARTURE_GET = "select reason, note, instruction, address, complete_open_actions from departures
        where customer_id = $1";
    MAIL_HELD = "select count(*) from mail_items where customer_id = $1 and (mailbox_id = $2 or mailbox_id is null)
        and custody = 'in_house' and deleted_at is null";
    RECIPIENT_INSERT = "insert into recipients (id, customer_id, kind, name, status, created_at)
        values ($1, $2, $3, $4, $5, $6)";
    RECIPIENT_LIST = "select id, customer_id, kind, name, status from recipients where customer_id = $1 order by id";
    RECIPIENT_MARK = "update recipients set status = $2 where id = $1";
    ADDRESS_INSERT = "insert into forwarding_addresses (id, customer_id, address, is_on_form, created_at)
        values ($1, $2, $3, $4, $5)";
    ADDRESS_ON_FORM = "update forwarding_addresses set is_on_form = true where id = $1";
    ADDRESS_GET = "select id, customer_id, address, is_on_form, created_at from forwarding_addresses
        where id = $1 and customer_id = $2";
}

/// Stores a new customer; false when the partner has one with this `external_customer_id`.
pub async fn insert(tx: &Tx, c: &Customer) -> Result<bool> {
    let fixed = args![c.operator_id, c.livemode, c.event_sequence, c.created_at];
    Ok(tx.exec(INSERT, [changeable(c), fixed].concat()).await? == 1)
}

pub async fn find(tx: &Tx, scope: &Scope, id: CustomerId) -> Result<Option<Customer>> {
    tx.opt(GET, args![id, scope.partner_id(), scope.livemode()], customer).await
}

/// Finds a customer whose row is about to change, and keeps others from changing it meanwhile.
pub async fn find_locked(tx: &Tx, scope: &Scope, id: CustomerId) -> Result<Option<Customer>> {
    tx.opt(GET_LOCKED, args![id, scope.partner_id(), scope.livemode()], customer).await
}

pub async fn find_by_external_id(
    tx: &Tx,
    scope: &Scope,
    external: &str,
) -> Result<Option<Customer>> {
    tx.opt(BY_EXTERNAL, args![external, scope.partner_id(), scope.livemode()], customer).await
}

/// The customer who holds an invitation; the token is the authentication.
pub async fn find_by_invite(tx: &Tx, token: &str) -> Result<Option<Customer>> {
    tx.opt(BY_INVITE, args![token], customer).await
}

/// What a list of customers is narrowed to; every member is optional.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    pub external_customer_id: Option<String>,
    pub email: Option<String>,
    pub statuses: Vec<String>,
    pub compliance_statuses: Vec<String>,
    pub location_id: Option<domain::id::LocationId>,
    pub created: (Option<Timestamp>, Option<Timestamp>),
    pub updated: (Option<Timestamp>, Option<Timestamp>),
}

/// Customers older than `before`, newest first.
pub async fn list(
    tx: &Tx,
    scope: &Scope,
    filter: &CustomerFilter,
    before: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<Customer>> {
    let any_of = |words: &[String]| (!words.is_empty()).then(|| format!(",{},", words.join(",")));
    let row = args![
        scope.partner_id(),
        scope.livemode(),
        before.unwrap_or(CustomerId::MAX),
        filter.external_customer_id,
        filter.email.as_ref().map(|e| e.to_lowercase()),
        any_of(&filter.statuses),
        any_of(&filter.compliance_statuses),
        filter.location_id,
        filter.created.0,
        filter.created.1,
        filter.updated.0,
        filter.updated.1,
        limit
    ];
    tx.all(LIST, row, customer).await
}

/// Stores a changed customer whose version is still the one that was read; false when it is not.
/// The version rises by one, the event sequence is left alone.
pub async fn update(tx: &Tx, c: &Customer) -> Result<bool> {
    Ok(tx.exec(UPDATE, changeable(c)).await? == 1)
}

/// Takes the next number of the customer's events.
pub async fn next_sequence(tx: &Tx, id: CustomerId) -> Result<i64> {
    tx.one(NEXT_SEQUENCE, args![id], Row::next).await
}

/// Notes that an invitation was sent again.
pub async fn resend_insert(tx: &Tx, id: CustomerId, now: Timestamp) -> Result<()> {
    tx.post(RESEND_INSERT, args![id, now]).await
}

/// How often an invitation was sent again since a moment.
pub async fn resends_since(tx: &Tx, id: CustomerId, since: Timestamp) -> Result<i64> {
    tx.one(RESENDS, args![id, since], Row::next).await
}

/// How a customer leaves.
#[derive(Clone, Debug)]
pub struct Departure {
    pub reason: DeactivationReason,
    pub note: Option<String>,
    pub instruction: Option<RemailInstruction>,
    /// Where mail that still comes is sent.
    pub address: Option<Address>,
    pub complete_open_actions: bool,
}

/// Keeps how a customer leaves, in place of what was said before.
pub async fn departure_put(tx: &Tx, id: CustomerId, d: &Departure) -> Result<()> {
    let address = d.address.as_ref().map(json::address_to);
    let row = args![id, d.reason, d.note, d.instruction, address, d.complete_open_actions];
    tx.post(DEPARTURE_PUT, row).await
}

pub async fn departure_find(tx: &Tx, id: CustomerId) -> Result<Option<Departure>> {
    let read = |r: &mut Row| {
        Ok(Departure {
            reason: r.next()?,
            note: r.next()?,
            instruction: r.next()?,
            address: r.next::<Option<String>>()?.map(|a| json::address_from(&a)).transpose()?,
            complete_open_actions: r.next()?,
        })
    };
    tx.opt(DEPARTURE_GET, args![id], read).await
}

/// Mail items of a customer that wait in the mailroom for one of the customer's numbers.
pub async fn mail_held(tx: &Tx, id: CustomerId, mailbox: MailboxId) -> Result<i64> {
    tx.one(MAIL_HELD, args![id, mailbox], Row::next).await
}

pub async fn recipient_insert(tx: &Tx, r: &Recipient, now: Timestamp) -> Result<()> {
    tx.post(RECIPIENT_INSERT, args![r.id, r.customer_id, r.kind, r.name, r.status, now]).await
}

pub async fn recipient_list(tx: &Tx, customer: &Customer) -> Result<Vec<Recipient>> {
    let read = |r: &mut Row| {
        Ok(Recipient {
            id: r.next()?,
            customer_id: r.next()?,
            kind: r.next()?,
            name: r.next()?,
            status: r.next()?,
        })
    };
    tx.all(RECIPIENT_LIST, args![customer.id], read).await
}

/// Moves a recipient to another state.
pub async fn recipient_mark(tx: &Tx, id: RecipientId, to: RecipientStatus) -> Result<()> {
    tx.post(RECIPIENT_MARK, args![id, to]).await
}

pub async fn address_insert(tx: &Tx, a: &ForwardingAddress) -> Result<()> {
    let row = args![a.id, a.customer_id, json::address_to(&a.address), a.is_on_form, a.created_at];
    tx.post(ADDRESS_INSERT, row).await
}

pub async fn address_find(
    tx: &Tx,
    customer: &Customer,
    id: AddressId,
) -> Result<Option<ForwardingAddress>> {
    let read = |r: &mut Row| {
        Ok(ForwardingAddress {
            id: r.next()?,
            customer_id: r.next()?,
            address: json::address_from(&r.next::<String>()?)?,
            is_on_form: r.next()?,
            created_at: r.next()?,
        })
    };
    tx.opt(ADDRESS_GET, args![id, customer.id], read).await
}

/// Marks an address as standing on the customer's form (item 6).
pub async fn address_put_on_form(tx: &Tx, id: AddressId) -> Result<()> {
    tx.post(ADDRESS_ON_FORM, args![id]).await
}

/// Which customer, in which version, and what a change can change.
fn changeable(c: &Customer) -> Vec<crate::Value> {
    args![
        c.id,
        c.version,
        c.partner_id,
        c.external_customer_id,
        c.email,
        c.name,
        c.first_name,
        c.last_name,
        c.phone,
        c.business_name,
        c.service_type,
        c.status,
        c.status_reason,
        c.compliance_status,
        c.billing_mode,
        c.billing_status,
        c.prepay,
        c.paid_through,
        c.billing_lapsed_at,
        c.plan_id,
        c.location_id,
        c.mailbox_id,
        c.locale,
        json::texts_to(&c.tags),
        json::pairs_to(&c.metadata),
        json::switches_to(&c.notification_prefs),
        c.default_address_id,
        c.invite_token,
        c.invited_at,
        c.activated_at,
        c.verified_at,
        c.mailbox_active_at,
        c.deactivation_scheduled_at,
        c.deactivated_at,
        c.deactivation_reason,
        c.remail_until,
        c.remail_instruction,
        c.updated_at,
        c.email.to_lowercase()
    ]
}

fn customer(r: &mut Row) -> Result<Customer> {
    Ok(Customer {
        id: r.next()?,
        operator_id: r.next()?,
        partner_id: r.next()?,
        livemode: r.next()?,
        external_customer_id: r.next()?,
        email: r.next()?,
        name: r.next()?,
        first_name: r.next()?,
        last_name: r.next()?,
        phone: r.next()?,
        business_name: r.next()?,
        service_type: r.next()?,
        status: r.next()?,
        status_reason: r.next()?,
        compliance_status: r.next()?,
        billing_mode: r.next()?,
        billing_status: r.next()?,
        prepay: r.next()?,
        paid_through: r.next()?,
        billing_lapsed_at: r.next()?,
        plan_id: r.next()?,
        location_id: r.next()?,
        mailbox_id: r.next()?,
        locale: r.next()?,
        tags: json::texts_from(&r.next::<String>()?)?,
        metadata: json::pairs_from(&r.next::<String>()?)?,
        notification_prefs: json::switches_from(&r.next::<String>()?)?,
        default_address_id: r.next()?,
        invite_token: r.next()?,
        invited_at: r.next()?,
        activated_at: r.next()?,
        verified_at: r.next()?,
        mailbox_active_at: r.next()?,
        deactivation_scheduled_at: r.next()?,
        deactivated_at: r.next()?,
        deactivation_reason: r.next()?,
        remail_until: r.next()?,
        remail_instruction: r.next()?,
        event_sequence: r.next()?,
        version: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
    })
}
