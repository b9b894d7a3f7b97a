create table operators (
    id {id} primary key, name text not null, slug text not null unique, created_at bigint not null
);

create table locations (
    id {id} primary key, operator_id {id} not null references operators (id),
    name text not null, code text not null, address text not null, designator text not null,
    timezone text not null, status text not null, services text not null,
    opens_minute bigint not null, closes_minute bigint not null, open_weekdays text not null,
    pickups_per_hour bigint not null, shred_hold_hours bigint not null, quarantine_days bigint not null,
    scan_due_hours bigint not null, created_at bigint not null,
    unique (operator_id, code)
);

create table partners (
    id {id} primary key, operator_id {id} not null references operators (id),
    name text not null, slug text not null unique, kind text not null, status text not null,
    settings text not null, order_form text not null, test_clock_ahead bigint not null,
    created_at bigint not null
);

create table mailbox_pools (
    id {id} primary key, operator_id {id} not null references operators (id),
    location_id {id} not null references locations (id), partner_id {id} references partners (id),
    name text not null, strategy text not null, created_at bigint not null,
    unique (location_id, name)
);

create table location_grants (
    partner_id {id} not null references partners (id),
    location_id {id} not null references locations (id),
    pool_id {id} not null references mailbox_pools (id),
    primary key (partner_id, location_id)
);

-- shuffle is a random number drawn when the row is made: the lowest one that is free is a random pick.
create table mailboxes (
    id {id} primary key, operator_id {id} not null, location_id {id} not null references locations (id),
    pool_id {id} not null references mailbox_pools (id), number bigint not null, shuffle bigint not null,
    ever_used boolean not null, status text not null, customer_id {id}, assigned_at bigint,
    reserved_until bigint, opened_on text, closed_on text, remail_until text, reusable_from text,
    unique (location_id, number)
);
create index mailboxes_free on mailboxes (pool_id, number) where status = 'available';
create index mailboxes_free_shuffled on mailboxes (pool_id, shuffle) where status = 'available';
create index mailboxes_used on mailboxes (pool_id, number) where ever_used;
create index mailboxes_reserved on mailboxes (reserved_until) where status = 'reserved';
create index mailboxes_remail on mailboxes (remail_until) where status = 'remail';
create index mailboxes_quarantine on mailboxes (reusable_from) where status = 'quarantine';

-- Here and in what else is written with each new customer the database checks no references: the
-- transaction has just read or written the other row, and each check costs as much as the row.
create table mailbox_assignments (
    id {pk}, mailbox_id {id} not null, customer_id {id} not null,
    from_at bigint not null, to_at bigint, reason text
);
create index mailbox_assignments_of on mailbox_assignments (mailbox_id, from_at);

create table api_keys (
    id {id} primary key, partner_id {id} not null references partners (id), livemode boolean not null,
    name text not null, last4 text not null, digest {bytes} not null unique, scopes text not null,
    networks text not null, expires_at bigint, revoked_at bigint, last_used_at bigint,
    rotated_from {id}, created_at bigint not null
);
create index api_keys_of on api_keys (partner_id, livemode);

create table idempotency_records (
    partner_id {id} not null, livemode boolean not null, idempotency_key text not null,
    fingerprint {bytes} not null, answer {bytes} not null, request_id text not null,
    path text not null, created_at bigint not null, expires_at bigint not null,
    primary key (partner_id, livemode, idempotency_key)
);
create index idempotency_records_expiring on idempotency_records (expires_at);

-- A record is written once. chain_no and hash are filled once, by the task that links the chain.
create table audit_records (
    no {pk}, id {id} not null, at bigint not null, operator_id {id} not null, partner_id {id},
    livemode boolean not null, actor_kind text not null, actor_id text, verb text not null,
    subject text not null, detail text not null, request_id text,
    chain_no bigint unique, hash {bytes}
);
create index audit_records_unlinked on audit_records (no) where chain_no is null;
create index audit_records_of on audit_records (operator_id, no);
