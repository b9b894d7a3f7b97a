create table balances (
    partner_id {id} not null references partners (id), livemode boolean not null,
    available_minor bigint not null, held_minor bigint not null, currency text not null,
    primary key (partner_id, livemode)
);

create table ledger_entries (
    id {id} primary key, partner_id {id} not null, livemode boolean not null, kind text not null,
    amount_minor bigint not null, action_id {id}, note text, at bigint not null
);
create index ledger_entries_of on ledger_entries (partner_id, livemode, id);
create index ledger_entries_action on ledger_entries (action_id) where action_id is not null;

create table service_prices (
    partner_id {id} not null references partners (id), service text not null, price_minor bigint not null,
    primary key (partner_id, service)
);

-- When an assignment of a mailbox was active; usage is counted from these alone.
create table usage_intervals (
    no {pk}, partner_id {id} not null, livemode boolean not null, customer_id {id} not null,
    mailbox_id {id} not null, location_id {id} not null, from_at bigint not null, to_at bigint
);
create index usage_intervals_of on usage_intervals (partner_id, livemode, from_at);
create index usage_intervals_open on usage_intervals (customer_id) where to_at is null;

create table usage_snapshots (
    partner_id {id} not null, livemode boolean not null, day text not null, active_count bigint not null,
    taken_at bigint not null, primary key (partner_id, livemode, day)
);

-- A month that was closed, with the answer as it was then.
create table usage_periods (
    id {id} primary key, partner_id {id} not null, livemode boolean not null, period text not null,
    answer text not null, lines_sha256 {bytes} not null, closed_at bigint not null,
    unique (partner_id, livemode, period)
);

-- The lines of a closed month, in order; each is the JSON that is shown.
create table usage_lines (
    partner_id {id} not null, livemode boolean not null, period text not null, n bigint not null,
    line text not null, primary key (partner_id, livemode, period, n)
) {rowless};
