-- Until when a receiver asked to be left alone, for whoever sends to it next.
alter table endpoints add column quiet_until bigint;
