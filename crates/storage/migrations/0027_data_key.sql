-- The key that this install's secrets are sealed with, itself sealed once for each master key that may open it.
create table data_key_slots (
    master_id {bytes} not null primary key, sealed {bytes} not null, made_at bigint not null
);
