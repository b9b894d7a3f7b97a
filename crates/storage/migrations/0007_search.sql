-- Words of messages; a row in message_unindexed is a message whose words are not there yet.
{words table};
create table message_unindexed (message_no {pk});

-- Large raw messages that no message has any more, until their bytes are deleted too. While is_deleting, nobody
-- may store the same bytes again.
create table raw_garbage (sha256 {bytes} primary key, at bigint not null, is_deleting boolean not null) {rowless};

-- A deleted identity whose messages are still there.
alter table identities add column swept_at bigint;
create index identities_unswept on identities (deleted_at) where deleted_at is not null and swept_at is null;
