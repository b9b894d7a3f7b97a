-- Whether an answer of 410 switches the endpoint off, or is one refusal among others.
alter table endpoints add column disable_on_gone boolean not null default true;
