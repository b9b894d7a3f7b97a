//! Where the events of one tenant are found on SQLite, which are filed late and many at once.
//!
//! A commit writes each page that it changed as a whole. In an index by tenant the next entry of each tenant
//! is on a page of its own, so that with 200 tenants two such indexes were two thirds of all that was written for an
//! event. Instead an event is noted at the end of `unfiled_events`, and the writer moves a thousand notes to
//! `filed_events` at a time, sorted. `{events}` stands for both together, in the order of either
//! key. PostgreSQL logs entries and not pages; there it stands for the table and its indexes.
//!
//! Triggers note and forget, so that nobody who stores or deletes an event needs to know. The newest note stays: the
//! next event's position is after it, whatever the clock says.

/// Notes from which on they are filed. Whoever reads looks through as many; more would make that slow, fewer
/// the filing dear.
pub(super) const UNFILED_MAX: usize = 1000;

/// A marker and what it stands for on SQLite and on PostgreSQL.
pub(super) const MARKERS: [(&str, &str, &str); 2] =
    [("{events}", "tenant_events", "events"), ("{filing tables}", TABLES, "")];

/// Files all notes but the newest, of events that are still there; then [`CLEAR`] takes the notes away.
pub(super) const FILE: &str = "insert into filed_events (partner_id, livemode, id, position, sequence, no)
    select u.partner_id, u.livemode, u.id, u.position, u.sequence, u.no from unfiled_events u
    where u.position < (select max(position) from unfiled_events) and exists (select 1 from events e where e.no = u.no)
    order by u.partner_id, u.livemode, u.id";
pub(super) const CLEAR: &str =
    "delete from unfiled_events where position < (select max(position) from unfiled_events)";

macro_rules! found {
    ($table:literal) => {
        concat!(
            "select f.partner_id, f.livemode, f.id, f.position, f.sequence, f.no, e.operator_id, e.type, e.customer_id,
            e.mail_id, e.action_id, e.request_id, e.payload, e.created_at, e.mailbox_id, e.original_id, e.traceparent,
            e.told_as from ",
            $table,
            // A cross join is made in the order in which it is written.
            " f cross join events e on e.no = f.no"
        )
    };
}

const TABLES: &str = concat!(
    "create table filed_events (
        partner_id blob not null, livemode boolean not null, id blob not null, position bigint not null,
        sequence bigint not null, no bigint not null, primary key (partner_id, livemode, id)
    ) without rowid;
    create table unfiled_events (
        position integer primary key, partner_id blob not null, livemode boolean not null, id blob not null,
        sequence bigint not null, no bigint not null
    );
    insert into filed_events (partner_id, livemode, id, position, sequence, no)
        select partner_id, livemode, id, position, sequence, no from events order by partner_id, livemode, id;
    create index filed_events_stream on filed_events (partner_id, livemode, position, sequence, no);
    drop index events_of;
    drop index events_stream;
    create view tenant_events as ",
    found!("filed_events"),
    " union all ",
    found!("unfiled_events"),
    ";
    create trigger events_noted after insert on events begin
        insert into unfiled_events (position, partner_id, livemode, id, sequence, no)
            values (new.position, new.partner_id, new.livemode, new.id, new.sequence, new.no);
    end;
    create trigger events_forgotten after delete on events begin
        delete from filed_events
            where partner_id = old.partner_id and livemode = old.livemode and id = old.id;
        delete from unfiled_events
            where position = old.position and position < (select max(position) from unfiled_events);
    end"
);
