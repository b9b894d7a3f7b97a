-- Keys that are never shown are integers (no); ids are for the wire. Of custom headers the names can be shown,
-- the values only sent.
create table endpoints (
    no {pk}, id {id} not null unique, partner_id {id} not null references partners (id),
    livemode boolean not null, url text not null, description text, event_types text not null,
    status text not null, disabled_reason text, created_at bigint not null, updated_at bigint not null,
    deleted_at bigint, first_failure_at bigint, failures bigint not null, last_success_at bigint,
    rate_per_second bigint, burst bigint, max_in_flight bigint, order_mode text not null, timeout_ms bigint not null,
    retry_schedule text, header_names text not null, headers_sealed {bytes},
    key_mode text not null, standard_key_mode text not null, ed25519 boolean not null,
    certificate_subject text, certificate_sha256 text, certificate_expires_at bigint, certificate_sealed {bytes},
    failed_hours bigint not null default 0, last_failed_hour bigint not null default 0, notices bigint not null default 0,
    -- park_after belongs to an order. While self_heal is set and the endpoint failed: when it is asked next, and
    -- how often it has answered. enabled_at is from when on it may be asked after somebody enabled it.
    park_after bigint, self_heal boolean not null default false, probe_at bigint,
    probes_ok bigint not null default 0, enabled_at bigint
);
-- Of all, the deleted as well: of an index of the others alone a server that has not counted its rows yet thinks
-- that it is empty, and reads the whole of it to find one endpoint by its number.
create index endpoints_of on endpoints (partner_id, livemode);

-- n rises with each rotation; the live ones sign, current first. The pair is there where the endpoint asked
-- for Ed25519.
create table endpoint_secrets (
    endpoint_no bigint not null, n bigint not null, sealed {bytes} not null, is_current boolean not null,
    created_at bigint not null, expires_at bigint, pair_sealed {bytes}, public_key text,
    primary key (endpoint_no, n)
);

create table events (
    no {pk}, id {id} not null unique, operator_id {id} not null, partner_id {id} not null,
    livemode boolean not null, type text not null, customer_id {id}, mail_id {id}, action_id {id},
    sequence bigint not null, request_id text, payload {bytes} not null, created_at bigint not null,
    -- The event that this one tells again, where it was re-issued.
    original_id {id},
    -- Rises in the order in which changes were committed, as far as stream.rs needs it.
    position bigint not null
);
create index events_stream on events (partner_id, livemode, position);
create index events_of on events (partner_id, livemode, id);
create index events_test on events (no) where livemode = false;

create table deliveries (
    no {pk}, id {id} not null unique, event_no bigint not null, endpoint_no bigint not null,
    partner_id {id} not null, livemode boolean not null, created_at bigint not null,
    -- is_test: sent to try a receiver, and no evidence of how it answers.
    replay boolean not null default false, is_test boolean not null default false
);
-- Those made with their event are found through it. One more index of tenants would be one more place to write
-- for each event.
create index deliveries_replayed on deliveries (partner_id, livemode, id) where replay = true;
create index deliveries_event on deliveries (event_no);
create index deliveries_test on deliveries (no) where livemode = false;

-- What is owed. A row leaves when its delivery is done, dead or cancelled; a retry moves it to a later due.
-- attempt counts the attempts made; tries and slow_downs, how much of the ladder they used up.
-- order_key is null unless the endpoint asked for an order: of one key, a row waits for those of lower order_no.
create table ready (
    endpoint_no bigint not null, due_at bigint not null, delivery_no bigint not null, attempt bigint not null,
    tries bigint not null, slow_downs bigint not null, order_key bigint, order_no bigint,
    primary key (endpoint_no, due_at, delivery_no)
) {rowless};
create index ready_in_order on ready (endpoint_no, order_key, order_no, delivery_no) where order_key is not null;

create table dead (
    endpoint_no bigint not null, at bigint not null, delivery_no bigint not null, reason text not null,
    primary key (endpoint_no, at, delivery_no)
) {rowless};
create index dead_of on dead (delivery_no);

-- outcome: succeeded, retrying, failed, cancelled. next_at is when a retrying one is due. key_n is the n of the
-- secret that signed first; null where nothing was sent. phases is how long the parts of it took.
create table attempts (
    delivery_no bigint not null, n bigint not null, endpoint_no bigint not null, at bigint not null,
    duration_us bigint not null, outcome text not null, status_code bigint, error text, ip text,
    request_headers text not null, response_headers text, response_body {bytes}, next_at bigint,
    key_n bigint, phases {bytes},
    primary key (delivery_no, n)
) {rowless};

-- What the costliest lanes cost in the last report of their nodes, which writes over the one before.
create table lane_costs (
    endpoint_no {pk}, since bigint not null, until bigint not null, attempts bigint not null, failed bigint not null,
    busy_us bigint not null
);

-- Many nodes on one database: the row that a node renews, and whose a shard of the endpoints is. They are
-- apart so that a heartbeat never waits for the completions that check an epoch.
create table node_lease (node {id} primary key, expires_at bigint not null, is_leaving boolean not null);
create table shard_owner (shard {pk}, node {id}, epoch bigint not null);
insert into shard_owner (shard, epoch)
    with recursive n (i) as (select 0 union all select i + 1 from n where i < 255) select i, 0 from n;

-- A background job: pages of dead deliveries are owed again, in the order of the key of dead.
create table recoveries (
    no {pk}, id {id} not null unique, partner_id {id} not null, livemode boolean not null,
    endpoint_no bigint not null, since bigint not null, until bigint not null, event_types text not null,
    state text not null, matched bigint not null, oldest bigint, newest bigint, moved bigint not null,
    cursor_at bigint not null, cursor_no bigint not null, created_at bigint not null, ended_at bigint
);
create index recoveries_of on recoveries (endpoint_no, no);
create index recoveries_running on recoveries (no) where state = 'running';

-- What was taken out before its time: receipts of ids and hashes, and the deliveries whose last attempt can
-- still come in, so that it is taken out as well.
create table expunge_receipts (
    id {id} primary key, partner_id {id} not null, livemode boolean not null, created_at bigint not null,
    document text not null, proof {bytes} not null
);
create index expunge_receipts_of on expunge_receipts (partner_id, livemode, id);
create table expunged (delivery_no {pk}, at bigint not null);
