//! Events of many tenants are found in their order, whether they were just stored or were filed since.

use bytes::Bytes;
use domain::event::EventType;
use domain::id::{EventId, OperatorId, PartnerId};
use domain::partner::{OrderForm, Partner, PartnerKind, PartnerSettings, PartnerStatus};
use storage::events::{self, Event, EventFilter};
use storage::replays::{self, Reissue};
use storage::tenancy::Scope;
use storage::{Db, Engine, Error, Row, Tx, args, expunge, stream};

use crate::support::{NOW, fresh};

/// Enough that most are filed, and some are not.
const EVENTS: u16 = 2600;
const TENANTS: u16 = 3;
const PAGE: i64 = 70;
/// As many as wait to be filed, the newest, which always stays, among them.
const UNFILED_MAX: i64 = 1000;
/// Events that are stored together.
const UNIT: u16 = 50;

fn scope(tenant: u16) -> Scope {
    let partner = Partner {
        id: PartnerId([tenant.to_be_bytes()[1]; 16]),
        operator_id: OperatorId([9; 16]),
        name: "Acme".to_owned(),
        slug: format!("acme-{tenant}"),
        kind: PartnerKind::Brand,
        status: PartnerStatus::Live,
        settings: PartnerSettings::default(),
        order_form: OrderForm::first("America/Chicago"),
        test_clock_ahead: 0,
        created_at: NOW,
        stored_bytes: 0,
    };
    Scope::of(&partner, true)
}

fn id(n: u16) -> EventId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&n.to_be_bytes());
    EventId(bytes)
}

/// Ids fall where `n` rises within ten, so that they are not in the order in which events are committed.
fn event(n: u16) -> Event {
    Event {
        no: i64::from(n) + 1,
        id: id(n / 10 * 10 + 9 - n % 10),
        kind: EventType::MailArrived,
        customer_id: None,
        mail_id: None,
        action_id: None,
        sequence: 0,
        request_id: None,
        trace: None,
        payload: Bytes::from_static(b"{}"),
        created_at: NOW,
        mailbox_id: None,
        told_as: None,
    }
}

async fn store(db: &Db, numbers: std::ops::Range<u16>) {
    for first in numbers.clone().step_by(usize::from(UNIT)) {
        let last = numbers.end.min(first + UNIT);
        let unit = async move |tx: &Tx| {
            for n in first..last {
                events::publish(tx, &scope(n % TENANTS), &event(n), &[]).await?;
            }
            Ok::<_, Error>(())
        };
        db.write(unit).await.unwrap();
    }
}

/// All events of a tenant, page by page, newest first.
async fn listed(db: &Db, tenant: u16) -> Vec<EventId> {
    let mut all: Vec<EventId> = Vec::new();
    loop {
        let before = all.last().copied();
        let unit = async move |tx: &Tx| {
            events::list(tx, &scope(tenant), &EventFilter::default(), before, PAGE).await
        };
        let page = db.read(unit).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.iter().map(|e| e.id));
    }
}

/// All events of a tenant as they are streamed, from before the first, once all that was stored is settled.
async fn streamed(db: &Db, tenant: u16) -> Vec<EventId> {
    let horizon = async || db.read(async |tx: &Tx| stream::horizon(tx).await).await.unwrap();
    let begun = horizon().await.begun;
    // Other tests have transactions open on the same server.
    let settled = loop {
        let settled = horizon().await.settled;
        if settled >= begun {
            break settled;
        }
    };
    let unit = async move |tx: &Tx| {
        stream::before_newest(tx, &scope(tenant), settled, i64::from(EVENTS)).await
    };
    let (mut mark, _) = db.read(unit).await.unwrap();
    let mut all: Vec<EventId> = Vec::new();
    loop {
        let unit = async move |tx: &Tx| stream::page(tx, &scope(tenant), mark, settled, PAGE).await;
        let page = db.read(unit).await.unwrap();
        let Some(last) = page.last() else { return all };
        mark = last.mark;
        all.extend(page.iter().map(|e| e.id));
    }
}

/// Events of a tenant in the order in which they were stored.
fn stored(tenant: u16, until: u16) -> Vec<EventId> {
    (0..until).filter(|n| n % TENANTS == tenant).map(|n| event(n).id).collect()
}

#[tokio::test]
async fn events_are_listed_and_streamed_without_a_gap_whether_they_are_filed_or_not() {
    let db = fresh().await;
    let mut until = 0;
    // Before anything is filed, right before and after it is, and long after.
    for next in [1, 998, 1003, EVENTS] {
        store(&db, until..next).await;
        until = next;
        for tenant in 0..TENANTS {
            let mut expected = stored(tenant, until);
            assert_eq!(streamed(&db, tenant).await, expected, "{until}");
            expected.sort_unstable();
            expected.reverse();
            assert_eq!(listed(&db, tenant).await, expected, "{until}");
        }
        let left = unfiled(&db).await;
        assert!(left.is_none_or(|n| n <= UNFILED_MAX), "{left:?} of {until} are not filed");
    }
}

/// Notes of events that are not filed yet, on SQLite.
async fn unfiled(db: &Db) -> Option<i64> {
    const COUNT: &str = "select count(*) from unfiled_events";
    if db.engine() != Engine::Sqlite {
        return None;
    }
    db.write(async |tx: &Tx| tx.opt(COUNT, args![], Row::next).await).await.unwrap()
}

#[tokio::test]
async fn events_that_left_are_not_found_and_what_was_told_again_is() {
    let db = fresh().await;
    store(&db, 0..1498).await;
    // One that is filed, one that is not, and the newest.
    for n in [300, 1494, 1497] {
        let unit = async move |tx: &Tx| expunge::delete(tx, event(n).no, &[], NOW).await;
        db.write(unit).await.unwrap();
    }
    let again = Reissue {
        no: 5000,
        id: id(6000),
        payload: Bytes::from_static(b"{}"),
        request_id: None,
        trace: None,
        at: NOW,
    };
    let unit = async move |tx: &Tx| replays::reissue(tx, event(3).no, &again).await;
    db.write(unit).await.unwrap();
    store(&db, 1498..EVENTS).await;
    let mut expected = stored(0, EVENTS);
    let gone = [300, 1494, 1497].map(|n| event(n).id);
    expected.retain(|id| !gone.contains(id));
    expected.insert(expected.iter().position(|id| *id == event(1500).id).unwrap(), id(6000));
    assert_eq!(streamed(&db, 0).await, expected);
    expected.sort_unstable();
    expected.reverse();
    assert_eq!(listed(&db, 0).await, expected);
}
