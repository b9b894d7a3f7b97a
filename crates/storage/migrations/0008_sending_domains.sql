-- Domains that organizations send from. A domain is one organization's in the whole install.
create table sending_domains (
    id {id} primary key, partner_id {id} not null references partners (id), domain text not null unique,
    status text not null, ownership_token text not null, failure_reason text, verified_at bigint,
    last_checked_at bigint, created_at bigint not null
);
create index sending_domains_of on sending_domains (partner_id, created_at);
