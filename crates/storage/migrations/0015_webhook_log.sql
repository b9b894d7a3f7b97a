-- Where an attempt of a subscription went: its log has a row for each, and its URL can change. Null for the
-- endpoints of partners and operators, which pay nothing for the index.
alter table attempts add column url text;
-- Under which it stands in that log. The first one stands there under the id of its delivery.
alter table attempts add column id {id};
create unique index attempts_named on attempts (id) where id is not null;
create index attempts_logged on attempts (endpoint_no, at) where url is not null;
