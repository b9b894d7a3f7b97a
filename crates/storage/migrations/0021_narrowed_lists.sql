-- A list that is narrowed to what few of very many messages are begins at the first of them.
drop index messages_listed;
create index messages_listed on messages (mailbox_id, direction, created_at, no);
drop index threads_listed;
create index threads_listed on threads (mailbox_id, folder, last_message_at, id);
