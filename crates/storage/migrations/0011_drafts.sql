-- A message that is being written. generation rises with each change; no is drawn at created_at.
create table drafts (
    no {pk}, id {id} not null unique, mailbox_id {id} not null, generation bigint not null,
    to_addresses text not null, cc_addresses text not null, bcc_addresses text not null, subject text,
    snippet text, reply_to text, thread_id {id}, in_reply_to text, reference_ids text not null,
    track_opens boolean not null, forward_id {id}, is_wrapped boolean not null, with_original boolean not null,
    attachment_count bigint not null, has_attachments boolean not null, created_at bigint not null,
    updated_at bigint not null, body_text text, body_html text, note_text text, note_html text
);
create index drafts_listed on drafts (mailbox_id, created_at, no);

-- Its attachments; their bytes are in raw_messages, by their hash.
create table draft_attachments (
    draft_no bigint not null, part bigint not null, filename text not null, content_type text not null,
    content_id text, size bigint not null, raw {bytes} not null,
    primary key (draft_no, part)
) {rowless};
