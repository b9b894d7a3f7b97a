-- What a mailbox sent on the day that it last sent on, counted from 1970 in UTC; 0 is none.
alter table mailbox_usage add column sent_on bigint not null default 0;
alter table mailbox_usage add column n_sent bigint not null default 0;
