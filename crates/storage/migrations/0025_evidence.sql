-- Rises with each change of how an endpoint has answered.
alter table endpoints add column health_version bigint not null default 0;
