-- An organization's address book. profile is all that people wrote about a contact, as JSON; name is what is shown
-- of it, search what a search by words looks through, in lower case.
create table contacts (
    id {id} primary key, partner_id {id} not null references partners (id), name text not null,
    name_key text not null, search text not null, profile text not null, creation_source text not null,
    review_status text not null, reviewed_at bigint, reviewed_by text, created_by {id},
    created_at bigint not null, updated_at bigint not null
);
create index contacts_by_name on contacts (partner_id, name_key, id);
create index contacts_by_change on contacts (partner_id, updated_at, id);

-- Under which addresses, in lower case, and numbers a contact is found. The profile has them as they were written.
create table contact_emails (
    partner_id {id} not null, canonical text not null, contact_id {id} not null, domain text not null,
    primary key (partner_id, canonical, contact_id)
) {rowless};
create index contact_emails_of on contact_emails (contact_id);
create index contact_emails_domain on contact_emails (partner_id, domain);
create table contact_phones (
    partner_id {id} not null, digits text not null, contact_id {id} not null,
    primary key (partner_id, digits, contact_id)
) {rowless};
create index contact_phones_of on contact_phones (contact_id);

-- Who may see a contact beside administrators; identity_id null is every identity of the organization.
create table contact_grants (
    id {id} primary key, contact_id {id} not null, identity_id {id}, created_at bigint not null
);
create unique index contact_grants_of on contact_grants (contact_id, identity_id);
create unique index contact_grants_to_all on contact_grants (contact_id) where identity_id is null;
create index contact_grants_to on contact_grants (identity_id) where identity_id is not null;

create table contact_facts (
    id {id} primary key, contact_id {id} not null, content text not null, kind text,
    created_at bigint not null, updated_at bigint not null
);
create index contact_facts_of on contact_facts (contact_id, updated_at);

-- Texts that agents share. search is title and body in lower case.
create table notes (
    id {id} primary key, partner_id {id} not null references partners (id), title text, body text not null,
    search text not null, created_by text not null, created_at bigint not null, updated_at bigint not null
);
create index notes_by_change on notes (partner_id, updated_at, id);
create index notes_by_age on notes (partner_id, created_at, id);
create table note_grants (
    id {id} primary key, note_id {id} not null, identity_id {id} not null, created_at bigint not null,
    unique (note_id, identity_id)
);
create index note_grants_to on note_grants (identity_id);
