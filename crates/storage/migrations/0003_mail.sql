create table mail_items (
    id {id} primary key, operator_id {id} not null, partner_id {id} not null, livemode boolean not null,
    customer_id {id} not null references customers (id), mailbox_id {id}, location_id {id} not null,
    kind text not null, subtype text, custody text not null, content text not null, carrier text,
    tracking_number text, sender_name text, addressed_to text, recipient_id {id}, accountable text not null,
    flags text not null, weight_g bigint, length_mm bigint, width_mm bigint, height_mm bigint,
    received_at bigint not null, free_storage_until text, created_via text not null, created_by_key {id},
    performed_by text, external_mail_id text, metadata text not null, deleted_at bigint,
    version bigint not null, created_at bigint not null, updated_at bigint not null
);
create index mail_items_of on mail_items (customer_id, received_at, id);
create index mail_items_tracking on mail_items (customer_id, tracking_number) where tracking_number is not null;
create index mail_items_disowned on mail_items (operator_id, updated_at, id)
    where custody = 'in_house' and deleted_at is null and flags like '%not_mine%';
create index mail_items_created on mail_items (partner_id, livemode, created_at);

-- What arrived and could not be matched to a box yet.
create table unmatched_mail (
    id {id} primary key, operator_id {id} not null, location_id {id} not null references locations (id),
    details text not null, created_at bigint not null
);
create index unmatched_mail_of on unmatched_mail (operator_id, created_at, id);

create table mail_photos (
    id {id} primary key, mail_id {id} not null references mail_items (id), position bigint not null,
    kind text not null, status text not null, source_url text, blob text, thumbnail text, content_type text,
    failure text, tries bigint not null, due_at bigint not null
);
create index mail_photos_of on mail_photos (mail_id, position);
create index mail_photos_due on mail_photos (due_at) where status = 'pending';

create table mail_actions (
    id {id} primary key, mail_id {id} not null references mail_items (id),
    customer_id {id} not null references customers (id), partner_id {id} not null, livemode boolean not null,
    kind text not null, status text not null, requested_by_kind text not null, requested_by_id text,
    options text not null, result text not null, depends_on {id}, not_before bigint, due_at bigint,
    performed_by text, reason_code text, reason_text text, charge_minor bigint, hold_id {id},
    warnings text not null, requested_at bigint not null, scheduled_at bigint, started_at bigint,
    completed_at bigint, cancelled_at bigint, version bigint not null
);
create index mail_actions_of on mail_actions (mail_id);
create index mail_actions_open on mail_actions (customer_id)
    where status in ('requested', 'scheduled', 'in_progress');
create index mail_actions_pickups on mail_actions (due_at)
    where kind = 'pickup' and status in ('scheduled', 'in_progress');
create index mail_actions_completed on mail_actions (partner_id, livemode, completed_at)
    where status = 'completed';

create table certificates (
    id {id} primary key, action_id {id} not null references mail_actions (id), method text not null,
    witnessed_by text not null, at bigint not null
);

-- Steps that the test world takes by itself: a form that passes, an action that completes.
create table simulations (
    no {pk}, partner_id {id} not null, subject {id} not null, step text not null, due_at bigint not null
);
create index simulations_due on simulations (due_at);
