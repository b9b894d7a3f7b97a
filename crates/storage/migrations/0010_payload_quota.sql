-- Bytes of the payloads of a partner's stored events, and how far its quota was told to be used up, in percent.
alter table partners add column stored_bytes bigint not null default 0;
alter table partners add column quota_told bigint not null default 0;
-- Of events up to this number the payloads are counted.
create table payload_count (counted_to bigint not null);
insert into payload_count (counted_to) values (0);
