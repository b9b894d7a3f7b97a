-- What an organization chose for its e-mail half; without a row, the defaults. The key signs for all of its
-- identities where signing_key_mode is 'organization'.
create table organizations (
    partner_id {id} primary key references partners (id), default_domain_id {id},
    signing_key_mode text not null, signing_key_sealed {bytes}, signing_key_at bigint
);

-- An agent and its mailbox are one row: they are born and die together.
create table identities (
    id {id} primary key, partner_id {id} not null references partners (id), handle text not null,
    display_name text, description text, contact_sharing boolean not null, imessage boolean not null,
    mailbox_id {id} not null unique, address text not null, inbound_filter text not null,
    outbound_filter text not null, signature_html text, signature_text text, signature_enabled boolean not null,
    storage_limit bigint, signing_key_sealed {bytes}, signing_key_at bigint, created_at bigint not null,
    updated_at bigint not null, mailbox_updated_at bigint not null, deleted_at bigint
);
create index identities_of on identities (partner_id, created_at);
create unique index identities_handle on identities (partner_id, handle) where deleted_at is null;
create unique index identities_address on identities (address) where deleted_at is null;

-- Handles that nobody can take: in use (free_at is null), or of an identity that was renamed or deleted.
create table handles (handle text primary key, identity_id {id} not null, free_at bigint);

-- Apart from the identity, because every message changes it.
create table mailbox_usage (mailbox_id {id} primary key, used_bytes bigint not null);

-- Who may see an identity; viewer_id null is every identity of the organization.
create table identity_grants (
    id {id} primary key, target_id {id} not null, viewer_id {id}, created_at bigint not null
);
create unique index identity_grants_of on identity_grants (target_id, viewer_id);
create unique index identity_grants_to_all on identity_grants (target_id) where viewer_id is null;

-- holds_outbound: who made it named its direction. Older clients know of none and mean inbound mail.
create table contact_rules (
    id {id} primary key, partner_id {id} not null, identity_id {id} not null, action text not null,
    match_type text not null, target text not null, status text not null, direction text not null,
    holds_outbound boolean not null, created_at bigint not null, updated_at bigint not null,
    unique (identity_id, match_type, target)
);
create index contact_rules_of on contact_rules (partner_id, created_at);

-- Bytes as they were received, once however many mailboxes have them. data is null where they are in the
-- blob store.
create table raw_messages (
    sha256 {bytes} primary key, size bigint not null, codec text not null, data {bytes}, refs bigint not null
) {rowless};

create table threads (
    id {id} primary key, mailbox_id {id} not null, subject text, folder text not null,
    message_count bigint not null, last_message_at bigint not null, created_at bigint not null
);
create index threads_listed on threads (mailbox_id, last_message_at, id);

-- Every Message-ID that a mailbox knows of, its own and those that were only referred to.
create table message_refs (
    mailbox_id {id} not null, ref {bytes} not null, thread_id {id} not null,
    primary key (mailbox_id, ref)
) {rowless};
create index message_refs_thread on message_refs (thread_id);

-- no is drawn at created_at, so that it orders as created_at does.
create table messages (
    no {pk}, id {id} not null unique, mailbox_id {id} not null, thread_id {id} not null, direction text not null,
    status text not null, message_id text not null, ref {bytes} not null, from_address text not null, from_name text,
    to_addresses text not null, cc_addresses text not null, bcc_addresses text not null, reply_to text not null,
    in_reply_to text, reference_ids text not null, subject text, snippet text, is_read boolean not null,
    is_starred boolean not null, has_attachments boolean not null, is_forward boolean not null,
    is_blocked boolean not null, first_opened_at bigint, open_count bigint not null, import_id {id},
    size bigint not null, raw {bytes} not null, sender {bytes}, created_at bigint not null, updated_at bigint not null
);
create index messages_listed on messages (mailbox_id, created_at, no);
create index messages_thread on messages (thread_id, created_at);
create index messages_known on messages (mailbox_id, ref);

-- What became of an outbound message for each recipient. due_at is when something is to be done for it, null
-- where nothing is left to do; tries counts what was done.
create table message_recipients (
    message_no bigint not null, place bigint not null, bucket text not null, address text not null,
    state text not null, class text, code text, detail text, at bigint not null, tries bigint not null,
    due_at bigint,
    primary key (message_no, place)
) {rowless};
create index message_recipients_due on message_recipients (due_at) where due_at is not null;

-- A subscription is an endpoint with a mailbox, and this. by_identity: it was made for the identity, and is
-- shown so.
create table subscriptions (
    endpoint_no {pk}, by_identity boolean not null, context_config text
);
alter table endpoints add column mailbox_id {id};
create index endpoints_of_mailbox on endpoints (mailbox_id) where mailbox_id is not null;
alter table events add column mailbox_id {id};

-- An e-mail API key is an organization's, and with an identity that agent's alone.
alter table api_keys add column kind text not null default 'partner';
alter table api_keys add column identity_id {id};
alter table api_keys add column description text;
create index api_keys_of_identity on api_keys (identity_id) where identity_id is not null;
