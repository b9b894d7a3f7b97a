-- The id under which an event is told, where it is another's: what subscriptions with different wishes are told of one
-- thing differs, and so is stored as events of their own.
alter table events add column told_as {id};
