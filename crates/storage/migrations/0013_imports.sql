-- Mail that is brought along from another house. upload names the parts of the file in the blob store;
-- is_open until the job is over and they are gone. processed says where to go on: it commits with the messages.
create table imports (
    no {pk}, id {id} not null unique, partner_id {id} not null, mailbox_id {id} not null, status text not null,
    format text not null, addresses text, mark_as_read boolean not null, upload {id}, upload_size bigint,
    processed bigint not null, imported bigint not null, duplicates bigint not null, failed bigint not null,
    rejected bigint not null, error text, created_at bigint not null, updated_at bigint not null, started_at bigint,
    finished_at bigint, is_open boolean not null
);
create index imports_listed on imports (mailbox_id, created_at, no);
create index imports_of on imports (partner_id, created_at);
create unique index imports_in_flight on imports (mailbox_id) where status in ('pending_upload', 'queued', 'running');
create index imports_open on imports (no) where is_open;
