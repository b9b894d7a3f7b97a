-- The fingerprint of the client certificate whose end was told of, so that each is told of once.
alter table endpoints add column certificate_told text;
create index endpoints_certificate on endpoints (certificate_expires_at) where certificate_expires_at is not null;
