-- The trace of the request that caused it, as W3C Trace Context writes it; null where none was sent.
alter table events add column traceparent text;
