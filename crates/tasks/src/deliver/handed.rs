//! Parcels that came with the news of their commit, and so need not be read.
//!
//! A parcel that is read tells in the same moment that it is still owed, and which settings its endpoint has. One that was
//! handed over tells how that was when it was committed. So it is good for a moment only, as one is that was read and is
//! on its way; and it is sent only while its endpoint, which this process reads again whenever it changes it, is as
//! it was then. What another process changes, a node or the command line, is seen that moment later.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use storage::queue::{Parcel, Place};
use tokio::time::Instant;

/// How long a parcel is good. Those that have to wait longer are read when their turn comes.
const GOOD_FOR: Duration = Duration::from_millis(50);
/// Parcels kept, those that were taken counted for as long as they would have been good. Each is of 8 KiB at most.
const PARCELS_MAX: usize = 4096;

/// See the module.
#[derive(Default)]
pub(super) struct Handed {
    by_delivery: HashMap<i64, Parcel>,
    /// In the order of their coming; some of them were taken.
    came: VecDeque<(Instant, i64)>,
}

impl Handed {
    /// Keeps a parcel, if there is room.
    pub(super) fn put(&mut self, parcel: Parcel, now: Instant) {
        self.forget_old(now);
        if self.came.len() < PARCELS_MAX {
            self.came.push_back((now, parcel.owed.delivery_no));
            self.by_delivery.insert(parcel.owed.delivery_no, parcel);
        }
    }

    /// The parcel that stands at a place, if it was handed over a moment ago.
    pub(super) fn take(&mut self, place: Place, now: Instant) -> Option<Parcel> {
        self.forget_old(now);
        let parcel = self.by_delivery.remove(&place.delivery_no)?;
        (parcel.owed.due_at == place.due_at).then_some(parcel)
    }

    /// Lets go of what is good no more.
    pub(super) fn forget_old(&mut self, now: Instant) {
        while let Some((at, delivery_no)) = self.came.front()
            && now.duration_since(*at) > GOOD_FOR
        {
            self.by_delivery.remove(delivery_no);
            self.came.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::Timestamp;
    use domain::event::EventType;
    use domain::id::{DeliveryId, EventId};
    use storage::queue::Owed;

    use super::*;

    const DUE_AT: Timestamp = Timestamp::from_micros(1_000_000);

    fn place(delivery_no: i64) -> Place {
        Place { due_at: DUE_AT, delivery_no }
    }

    fn parcel(endpoint_no: i64, delivery_no: i64) -> Parcel {
        Parcel {
            owed: Owed {
                endpoint_no,
                due_at: DUE_AT,
                delivery_no,
                attempt: 0,
                tries: 0,
                slow_downs: 0,
                counts_at: None,
            },
            delivery_id: DeliveryId([0; 16]),
            event_id: EventId([0; 16]),
            kind: EventType::MailArrived,
            payload: Bytes::new(),
            created_at: DUE_AT,
            waits: false,
            is_replay: false,
            original_id: None,
            settings_at: DUE_AT,
            is_test: false,
            signer: None,
            trace: None,
        }
    }

    #[test]
    fn a_parcel_is_taken_once_at_its_place_and_within_a_moment() {
        let (mut handed, now) = (Handed::default(), Instant::now());
        for delivery_no in 0..3 {
            handed.put(parcel(1, delivery_no), now);
        }
        assert_eq!(handed.take(place(0), now + GOOD_FOR).unwrap().owed.delivery_no, 0);
        assert!(handed.take(place(0), now).is_none());
        let moved = Place { due_at: DUE_AT.plus(1), delivery_no: 1 };
        assert!(handed.take(moved, now).is_none());
        assert!(handed.take(place(2), now + GOOD_FOR + Duration::from_millis(1)).is_none());
        assert!(handed.came.is_empty() && handed.by_delivery.is_empty());
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let (mut handed, now) = (Handed::default(), Instant::now());
        for delivery_no in 0..5000 {
            handed.put(parcel(1, delivery_no), now);
        }
        assert_eq!((handed.by_delivery.len(), handed.came.len()), (PARCELS_MAX, PARCELS_MAX));
        handed.put(parcel(1, 5001), now + GOOD_FOR * 2);
        assert_eq!(handed.by_delivery.len(), 1);
    }
}
