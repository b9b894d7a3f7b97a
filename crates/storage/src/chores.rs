//! What time has made due, across all tenants: candidates for the steps that nobody asks for.
//!
//! A candidate is only a hint; whoever takes the step looks again under the customer's lock. Each
//! statement walks an index from the longest due, and a page begins after those that cannot be helped.

use domain::id::PartnerId;
use domain::{Date, Timestamp};

use crate::{Result, Row, Tx, args, statements};

domain::words! {
    /// A kind of step.
    pub enum Chore {
        /// M2: a reserved number whose time is over.
        LapsedReservation = "lapsed_reservation",
        /// M5: a remail window that ended.
        EndedRemail = "ended_remail",
        /// M6: a number that has rested.
        EndedQuarantine = "ended_quarantine",
        /// C8: an invitation that nobody used.
        StaleInvite = "stale_invite",
        /// C6: a service that was to end today.
        ScheduledDeactivation = "scheduled_deactivation",
        /// C4, V11: a paid time that ended, grace included.
        EndedPayment = "ended_payment",
        /// C4, V11: a word of payment withdrawn, grace included.
        WithdrawnPayment = "withdrawn_payment",
        /// a document that expired.
        ExpiredDocument = "expired_document",
        /// V10: something that was to be renewed and was not.
        OverdueRequirement = "overdue_requirement",
        /// V11: an open mailbox at a location that is not active.
        PausedLocation = "paused_location",
        /// P6: a pickup that nobody came for.
        MissedPickup = "missed_pickup",
        /// V8: an approved customer who may be waiting for nothing any more.
        Openable = "openable",
    }
}

/// Whose time it is: everybody's, or that of one partner's test world, which runs ahead.
#[derive(Clone, Copy, Debug)]
pub struct World {
    pub only: Option<PartnerId>,
    pub now: Timestamp,
}

/// A customer, a mailbox or an action, by the bytes of its id, for whom a step may be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub partner_id: PartnerId,
    pub livemode: bool,
    pub subject: [u8; 16],
}

statements! {
    AHEAD = "select id, test_clock_ahead from partners where test_clock_ahead > 0 order by id";
    LAPSED_RESERVATION = "select c.partner_id, c.livemode, c.id from mailboxes m join customers c on c.id = m.customer_id
        where m.status = 'reserved' and m.reserved_until <= $1 and (c.partner_id = $2 or $2 is null)
        and (c.livemode = false or $2 is null)
        order by m.reserved_until limit $3 offset $4";
    ENDED_REMAIL = "select c.partner_id, c.livemode, m.id from mailboxes m join customers c on c.id = m.customer_id
        where m.status = 'remail' and m.remail_until < $1 and (c.partner_id = $2 or $2 is null)
        and (c.livemode = false or $2 is null)
        order by m.remail_until limit $3 offset $4";
    ENDED_QUARANTINE = "select c.partner_id, c.livemode, m.id from mailboxes m join customers c on c.id = m.customer_id
        where m.status = 'quarantine' and m.reusable_from <= $1 and (c.partner_id = $2 or $2 is null)
        and (c.livemode = false or $2 is null)
        order by m.reusable_from limit $3 offset $4";
    STALE_INVITE = "select c.partner_id, c.livemode, c.id from customers c
        where c.status = 'invited' and c.invited_at <= $1 and (c.partner_id = $2 or $2 is null)
        and (c.livemode = false or $2 is null)
        order by c.invited_at limit $3 offset $4";
    SCHEDULED_DEACTIVATION = "select c.partner_id, c.livemode, c.id from customers c
        where c.deactivation_scheduled_at <= $1 and (c.partner_id = $2 or $2 is null)
        and (c.livemode = false or $2 is null)
        order by c.deactivation_scheduled_at limit $3 offset $4";
    ENDED_PAYMENT = "select c.partner_id, c.livemode, c.id from customers c
        where c.paid_through < $1 and c.status <> 'deactivated' and c.prepay and c.billing_status <> 'suspended'
        and (c.partner_id = $2 or $2 is null) and (c.livemode = false or $2 is null)
        order by c.paid_through limit $3 offset $4";
    WITHDRAWN_PAYMENT = "select c.partner_id, c.livemode, c.id from customers c
        where c.billing_lapsed_at <= $1 and c.status <> 'deactivated' and c.billing_status <> 'suspended'
        and (c.partner_id = $2 or $2 is null) and (c.livemode = false or $2 is null)
        order by c.billing_lapsed_at limit $3 offset $4";
    EXPIRED_DOCUMENT = "select c.partner_id, c.livemode, c.id from documents d
        join customers c on c.id = d.customer_id where d.status = 'accepted' and d.expires_on < $1
        and c.status <> 'deactivated' and c.compliance_status in ('approved', 'mailbox_active')
        and (c.partner_id = $2 or $2 is null) and (c.livemode = false or $2 is null)
        order by d.expires_on limit $3 offset $4";
    OVERDUE_REQUIREMENT = "select c.partner_id, c.livemode, c.id from compliance_requirements r
        join customers c on c.id = r.customer_id where r.due_at <= $1 and c.compliance_status = 'mailbox_active'
        and c.status <> 'deactivated' and (c.partner_id = $2 or $2 is null)
        and (c.livemode = false or $2 is null)
        order by r.due_at limit $3 offset $4";
    PAUSED_LOCATION = "select c.partner_id, c.livemode, c.id from customers c
        where c.location_id in (select id from locations where status <> 'active') and c.compliance_status = 'mailbox_active'
        and c.status <> 'deactivated' and c.created_at <= $1 and (c.partner_id = $2 or $2 is null)
        and (c.livemode = false or $2 is null)
        order by c.location_id limit $3 offset $4";
    // The first condition on the status is that of the index, the second is what is asked.
    MISSED_PICKUP = "select a.partner_id, a.livemode, a.id from mail_actions a
        where a.kind = 'pickup' and a.status in ('scheduled', 'in_progress') and a.status = 'scheduled'
        and a.due_at <= $1 and (a.partner_id = $2 or $2 is null) and (a.livemode = false or $2 is null)
        order by a.due_at limit $3 offset $4";
    OPENABLE = "select c.partner_id, c.livemode, c.id from customers c join locations l on l.id = c.location_id
        where c.compliance_status = 'approved' and c.status in ('invited', 'active')
        and c.billing_status in ('active', 'grace') and l.status = 'active' and c.created_at <= $1
        and (c.partner_id = $2 or $2 is null) and (c.livemode = false or $2 is null)
        order by c.id limit $3 offset $4";
}

/// Everybody at the machine's time, then each test world whose clock runs ahead of it.
pub async fn worlds(tx: &Tx, now: Timestamp) -> Result<Vec<World>> {
    let read = |r: &mut Row| Ok(World { only: Some(r.next()?), now: now.plus(r.next()?) });
    let ahead = tx.all(AHEAD, args![], read).await?;
    Ok(std::iter::once(World { only: None, now }).chain(ahead).collect())
}

/// What a chore compares a row's time with.
#[derive(Clone, Copy, Debug)]
pub enum Due {
    /// Rows whose instant is at or before this one.
    By(Timestamp),
    /// Rows whose day is before this one; of quarantines, also the day itself.
    Before(Date),
}

/// Candidates, the longest due first, without the first `skip` of them.
pub async fn candidates(
    tx: &Tx,
    chore: Chore,
    world: &World,
    due: Due,
    skip: i64,
    limit: i64,
) -> Result<Vec<Candidate>> {
    let read = |r: &mut Row| {
        let (partner_id, livemode) = (r.next()?, r.next()?);
        let id: domain::id::CustomerId = r.next()?;
        Ok(Candidate { partner_id, livemode, subject: id.0 })
    };
    let bound = match due {
        Due::By(at) => args![at],
        Due::Before(day) => args![day],
    };
    let row = [bound, args![world.only, limit, skip]].concat();
    tx.all(statement(chore), row, read).await
}

const fn statement(chore: Chore) -> &'static str {
    match chore {
        Chore::LapsedReservation => LAPSED_RESERVATION,
        Chore::EndedRemail => ENDED_REMAIL,
        Chore::EndedQuarantine => ENDED_QUARANTINE,
        Chore::StaleInvite => STALE_INVITE,
        Chore::ScheduledDeactivation => SCHEDULED_DEACTIVATION,
        Chore::EndedPayment => ENDED_PAYMENT,
        Chore::WithdrawnPayment => WITHDRAWN_PAYMENT,
        Chore::ExpiredDocument => EXPIRED_DOCUMENT,
        Chore::OverdueRequirement => OVERDUE_REQUIREMENT,
        Chore::PausedLocation => PAUSED_LOCATION,
        Chore::MissedPickup => MISSED_PICKUP,
        Chore::Openable => OPENABLE,
    }
}
