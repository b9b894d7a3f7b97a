-- Where an import reads on: a byte of an mbox or an entry of an archive, the messages before it, and how much the
-- entries before it unpacked to. Those under way read from the start once more, and pass over what is processed.
alter table imports add column place bigint not null default 0;
alter table imports add column place_before bigint not null default 0;
alter table imports add column place_unpacked bigint not null default 0;
