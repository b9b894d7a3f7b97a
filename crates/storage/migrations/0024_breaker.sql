-- Until when the breaker of the endpoint lets nothing through; null while it is closed.
alter table endpoints add column breaker_until bigint;
