//! What is one mailbox, and what it counts to.

use domain::{days, hours};

use super::*;

fn november() -> Period {
    Period::month(Date::parse("2026-11-21").unwrap(), "America/Chicago")
}

/// An interval of a customer from an hour of November to another one.
fn row(no: i64, customer: u8, from: i64, to: Option<i64>) -> UsageInterval {
    let at = |hour| november().starts_at().plus(hours(hour));
    UsageInterval {
        no,
        customer_id: CustomerId([customer; 16]),
        mailbox_id: MailboxId([u8::try_from(no).unwrap(); 16]),
        location_id: LocationId([1; 16]),
        from: at(from),
        to: to.map(at),
    }
}

fn whole(rows: Vec<UsageInterval>, method: CountMethod) -> Tally {
    tally(rows, &november(), method, november().ends_at())
}

/// Opening, activated, deactivated, closing, days, billable.
fn figures(tally: &Tally) -> [i64; 6] {
    let c = &tally.counts;
    assert_eq!(c.opening + c.activated - c.deactivated, c.closing);
    let n = [c.opening, c.activated, c.deactivated, c.closing, c.mailbox_days];
    [n[0], n[1], n[2], n[3], n[4], c.billable_hundredths]
}

#[test]
fn a_number_move_is_one_mailbox() {
    let moved = vec![row(1, 7, -48, Some(100)), row(2, 7, 100, None)];
    let tally = whole(moved, CountMethod::DistinctActive);
    assert_eq!(figures(&tally), [1, 0, 0, 1, 30, 100]);
    assert_eq!(tally.stays.len(), 1);
    assert_eq!(tally.stays[0].mailbox_id, MailboxId([2; 16]));
}

#[test]
fn a_pause_takes_its_days_away_and_adds_no_mailbox() {
    // Active on the days 1 to 2 and from day 11 on; the first day has 25 hours.
    let paused = vec![row(1, 7, 0, Some(49)), row(2, 7, 241, None)];
    let tally = whole(paused, CountMethod::DistinctActive);
    assert_eq!(figures(&tally), [0, 1, 0, 1, 22, 100]);
    assert_eq!(tally.stays.iter().map(|s| s.units_hundredths).collect::<Vec<_>>(), [100, 0]);
}

#[test]
fn a_pause_within_a_day_counts_that_day_once() {
    let paused = vec![row(1, 7, 0, Some(10)), row(2, 7, 12, Some(20))];
    assert_eq!(figures(&whole(paused, CountMethod::Prorated))[4], 1);
}

#[test]
fn two_customers_are_two_mailboxes_whatever_they_share() {
    let rows = vec![row(1, 7, 0, Some(100)), row(2, 8, 100, None)];
    assert_eq!(figures(&whole(rows, CountMethod::DistinctActive)), [0, 2, 1, 1, 31, 200]);
}

#[test]
fn lines_add_up_to_the_billable_quantity() {
    let rows = || {
        let mut rows = vec![row(1, 1, -48, None), row(2, 2, 30, Some(200)), row(3, 3, 400, None)];
        rows.push(row(4, 2, 300, Some(350)));
        rows
    };
    for method in CountMethod::ALL.iter().filter(|m| **m != CountMethod::AverageDaily) {
        let tally = whole(rows(), *method);
        let units: i64 = tally.stays.iter().map(|s| s.units_hundredths).sum();
        assert_eq!(units, tally.counts.billable_hundredths, "{method}");
        figures(&tally);
    }
}

#[test]
fn what_began_after_the_moment_is_not_there_yet() {
    let rows = vec![row(1, 1, 100, None)];
    let before = november().starts_at().plus(days(1));
    let tally = tally(rows, &november(), CountMethod::DistinctActive, before);
    assert_eq!(figures(&tally), [0, 0, 0, 0, 0, 0]);
    assert!(tally.stays.is_empty());
}
