-- The trace of the request that caused it, as W3C Trace Context writes it; null where none was sent.
alter table events add column traceparent text;
-- Of a test: the n of the one secret that signs it; null where all live ones do.
alter table deliveries add column signer bigint;
