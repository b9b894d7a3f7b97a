-- The trace of the request that caused it, as W3C Trace Context writes it; null where none was sent.
alter table events add column traceparent text;
-- Of a test: the n of the one secret that signs it; null where all live ones do.
alter table deliveries add column signer bigint;
-- A row that is due before it only asks whether its receiver is back, and uses up nothing of the ladder until then.
alter table ready add column counts_at bigint;
