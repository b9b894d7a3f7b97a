create table customers (
    id {id} primary key, operator_id {id} not null, partner_id {id} not null,
    livemode boolean not null, external_customer_id text, email text not null, email_folded text not null,
    name text not null, first_name text, last_name text, phone text, business_name text, service_type text,
    status text not null, status_reason text, compliance_status text not null,
    billing_mode text not null, billing_status text not null, prepay boolean not null, paid_through text,
    billing_lapsed_at bigint, plan_id text, location_id {id} not null,
    mailbox_id {id}, locale text, tags text not null, metadata text not null,
    notification_prefs text not null, default_address_id {id}, invite_token text,
    invited_at bigint, activated_at bigint, verified_at bigint, mailbox_active_at bigint,
    deactivation_scheduled_at bigint, deactivated_at bigint, deactivation_reason text,
    remail_until text, remail_instruction text,
    event_sequence bigint not null, version bigint not null, created_at bigint not null, updated_at bigint not null
);
create unique index customers_external on customers (partner_id, livemode, external_customer_id)
    where external_customer_id is not null;
create index customers_of on customers (partner_id, livemode, id);
create index customers_email on customers (partner_id, livemode, email_folded);
create unique index customers_invite on customers (invite_token) where invite_token is not null;
create index customers_invited on customers (invited_at) where status = 'invited';
create index customers_leaving on customers (deactivation_scheduled_at)
    where deactivation_scheduled_at is not null;
create index customers_paid on customers (paid_through)
    where paid_through is not null and status <> 'deactivated';
create index customers_lapsed on customers (billing_lapsed_at)
    where billing_lapsed_at is not null and status <> 'deactivated';
create index customers_open_at on customers (location_id) where compliance_status = 'mailbox_active';
create index customers_approved on customers (id) where compliance_status = 'approved';

-- Each time an invitation was sent again; a few a day are allowed.
create table invite_resends (customer_id {id} not null references customers (id), at bigint not null);
create index invite_resends_of on invite_resends (customer_id, at);

-- How a customer leaves, or left: what was said then.
create table departures (
    customer_id {id} primary key references customers (id), reason text not null, note text,
    instruction text, address text, complete_open_actions boolean not null
);

create table recipients (
    id {id} primary key, customer_id {id} not null references customers (id),
    kind text not null, name text not null, status text not null, created_at bigint not null
);
create index recipients_of on recipients (customer_id);

create table forwarding_addresses (
    id {id} primary key, customer_id {id} not null references customers (id),
    address text not null, is_on_form boolean not null, created_at bigint not null
);
create index forwarding_addresses_of on forwarding_addresses (customer_id);

create table forms (
    id {id} primary key, customer_id {id} not null, revision bigint not null,
    edition text not null, status text not null, data text not null, signed_at bigint, submitted_at bigint,
    approved_at bigint, rejected_at bigint, closed_on text, created_at bigint not null,
    unique (customer_id, revision)
);

create table documents (
    id {id} primary key, customer_id {id} not null references customers (id), role text not null,
    kind text not null, issuing_entity text, number_sealed {bytes}, number_last4 text, expires_on text,
    name_on_document text, address text, sha256 {bytes} not null, status text not null, created_at bigint not null
);
create index documents_of on documents (customer_id);
create index documents_expiring on documents (expires_on) where status = 'accepted';

create table notarisations (
    id {id} primary key, form_id {id} not null references forms (id), method text not null,
    status text not null, witness_name text not null, commission_state text, session_from bigint,
    session_to bigint, completed_at bigint, reasons text not null, created_at bigint not null
);
create index notarisations_of on notarisations (form_id);

create table reviews (
    id {id} primary key, customer_id {id} not null references customers (id), form_id {id} not null,
    decision text not null, reasons text not null, checklist text not null, note text,
    decided_by text not null, decided_at bigint not null
);
create index reviews_of on reviews (customer_id);

create table compliance_history (
    customer_id {id} not null, n bigint not null, status text not null,
    at bigint not null, primary key (customer_id, n)
) {rowless};

-- What a changed profile asks of a customer whose form is approved, and by when.
create table compliance_requirements (
    customer_id {id} not null references customers (id), requirement text not null, due_at bigint not null,
    primary key (customer_id, requirement)
);
create index compliance_requirements_due on compliance_requirements (due_at);

create table crd_records (
    customer_id {id} primary key references customers (id), operator_id {id} not null, form_id {id} not null,
    state text not null, updated_at bigint not null
);
create index crd_records_open on crd_records (operator_id, state, updated_at);
