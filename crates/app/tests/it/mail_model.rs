//! One letter as postal.md 3.4 to 3.9 has it: what may be asked and done, what is told, what its status
//! is. Written from the text, not from the code; [`crate::mail_walks`] holds the code against it.

use domain::action::{ActionKind, ActionStatus};
use domain::event::EventType;
use domain::mail::MailStatus;
use domain::{ErrorCode, Timestamp, days, hours};

/// A step; a number counts actions from the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Scan, again if need be.
    Scan(bool),
    /// Behind a scan, or at once.
    Forward(bool),
    Shred(bool),
    /// At a time, or at none yet.
    Pickup(bool),
    WalkIn,
    Schedule(usize),
    Start(usize),
    Complete(usize),
    Cancel(usize),
    CancelByOperator(usize),
    Reject(usize),
    NoShow(usize),
    Delete,
    Hold(bool),
    Missing,
    Found,
    Wait,
}

#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) kind: ActionKind,
    pub(crate) status: ActionStatus,
    waits_for: Option<usize>,
    asked_at: Timestamp,
    ends_at: Option<Timestamp>,
}

impl Ask {
    fn is_open(&self) -> bool {
        use ActionStatus::{InProgress, Requested, Scheduled};
        [Requested, Scheduled, InProgress].contains(&self.status)
    }
}

/// What postal.md says of one letter. `left` is how it left the house, if it did.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) left: Option<MailStatus>,
    is_held: bool,
    /// Oldest first.
    pub(crate) asks: Vec<Ask>,
    pub(crate) told: Vec<EventType>,
}

pub(crate) type Verdict = std::result::Result<(), ErrorCode>;

fn must(holds: bool, code: ErrorCode) -> Verdict {
    if holds { Ok(()) } else { Err(code) }
}

impl Model {
    fn open(&self, kind: ActionKind) -> Option<usize> {
        self.asks.iter().position(|a| a.kind == kind && a.is_open())
    }

    fn was_done(&self, kind: ActionKind) -> bool {
        self.asks.iter().any(|a| a.kind == kind && a.status == ActionStatus::Completed)
    }

    pub(crate) fn status(&self) -> MailStatus {
        let of = |kind| self.open(kind).map(|n| self.asks[n].status);
        match (self.left, of(ActionKind::Pickup)) {
            (Some(left), _) => left,
            (None, Some(ActionStatus::Requested)) => MailStatus::PickupRequested,
            (None, Some(_)) => MailStatus::PickupScheduled,
            (None, None) if of(ActionKind::Forward).is_some() => MailStatus::ForwardRequested,
            (None, None) if of(ActionKind::Shred).is_some() => MailStatus::ShredRequested,
            (None, None) if of(ActionKind::Scan).is_some() => MailStatus::ScanRequested,
            (None, None) if self.was_done(ActionKind::Scan) => MailStatus::Scanned,
            (None, None) => MailStatus::Arrived,
        }
    }

    /// A1 to A3, and H1's legal hold.
    pub(crate) fn may_ask(&self, kind: ActionKind, after_scan: bool) -> Verdict {
        use ActionKind::{Forward, Pickup, Scan, Shred};
        must(self.left != Some(MailStatus::Deleted), ErrorCode::MailNotFound)?;
        must(self.left.is_none(), ErrorCode::MailNotActionable)?;
        let is_busy = [Forward, Shred, Pickup].into_iter().any(|k| self.open(k).is_some());
        let is_read = self.open(Scan).is_some();
        let is_free = !is_busy && (!is_read || (kind != Scan && after_scan));
        must(is_free, ErrorCode::ActionConflict)?;
        must(kind != Shred || !self.is_held, ErrorCode::LegalHold)
    }

    fn ask(&mut self, kind: ActionKind, after_scan: bool, now: Timestamp) -> Verdict {
        self.may_ask(kind, after_scan)?;
        self.told.push(match kind {
            ActionKind::Scan => EventType::MailScanRequested,
            ActionKind::Forward => EventType::MailForwardRequested,
            ActionKind::Shred => EventType::MailShredRequested,
            ActionKind::Pickup => EventType::MailPickupRequested,
        });
        let waits_for = self.open(ActionKind::Scan);
        let status = ActionStatus::Requested;
        self.asks.push(Ask { kind, status, waits_for, asked_at: now, ends_at: None });
        Ok(())
    }

    fn plan(&mut self, n: usize, ends_at: Timestamp) {
        self.asks[n].status = ActionStatus::Scheduled;
        self.asks[n].ends_at = Some(ends_at);
        self.told.push(EventType::MailPickupScheduled);
    }

    fn end_all(&mut self) {
        self.asks
            .iter_mut()
            .filter(|a| a.is_open())
            .for_each(|a| a.status = ActionStatus::Cancelled);
    }

    fn done(&mut self, n: usize) {
        self.asks[n].status = ActionStatus::Completed;
        let (left, told) = match self.asks[n].kind {
            ActionKind::Scan => (None, Some(EventType::MailScanned)),
            ActionKind::Forward => (Some(MailStatus::Forwarded), Some(EventType::MailForwarded)),
            ActionKind::Shred => (Some(MailStatus::Shredded), Some(EventType::MailShredded)),
            ActionKind::Pickup => (Some(MailStatus::PickedUp), None),
        };
        self.left = left;
        self.told.extend(told);
    }

    /// Steps on the item.
    pub(crate) fn take(&mut self, step: Step, now: Timestamp) -> Verdict {
        let is_deleted = self.left == Some(MailStatus::Deleted);
        let newest = self.asks.len();
        match step {
            Step::Scan(again) => {
                self.may_ask(ActionKind::Scan, false)?;
                must(again || !self.was_done(ActionKind::Scan), ErrorCode::AlreadyScanned)?;
                self.ask(ActionKind::Scan, false, now)?;
            }
            Step::Forward(after_scan) => self.ask(ActionKind::Forward, after_scan, now)?,
            Step::Shred(after_scan) => self.ask(ActionKind::Shred, after_scan, now)?,
            Step::Pickup(is_planned) => {
                self.ask(ActionKind::Pickup, false, now)?;
                if is_planned {
                    self.plan(newest, window(now).1);
                }
            }
            Step::WalkIn => {
                self.ask(ActionKind::Pickup, false, now)?;
                self.plan(newest, now);
                self.done(newest);
            }
            Step::Delete if is_deleted => {}
            Step::Delete => {
                let begun = [ActionStatus::InProgress, ActionStatus::Completed];
                let is_touched = self.asks.iter().any(|a| begun.contains(&a.status));
                must(self.left.is_none() && !is_touched, ErrorCode::MailNotDeletable)?;
                self.end_all();
                self.left = Some(MailStatus::Deleted);
            }
            Step::Hold(on) => {
                must(!is_deleted, ErrorCode::MailNotFound)?;
                self.is_held = on;
            }
            Step::Missing => {
                must(!is_deleted, ErrorCode::MailNotFound)?;
                let can_be = matches!(self.left, None | Some(MailStatus::Forwarded));
                must(can_be, ErrorCode::MailNotActionable)?;
                self.end_all();
                self.left = Some(MailStatus::Missing);
            }
            Step::Found => {
                must(!is_deleted, ErrorCode::MailNotFound)?;
                let is_missing = self.left == Some(MailStatus::Missing);
                must(is_missing, ErrorCode::MailNotActionable)?;
                let sent = self.was_done(ActionKind::Forward);
                self.left = sent.then_some(MailStatus::Forwarded);
            }
            Step::Wait => {
                let is_missed = |a: &Ask| a.ends_at.is_some_and(|at| at.plus(hours(24)) <= now);
                for ask in self.asks.iter_mut().filter(|a| a.status == ActionStatus::Scheduled) {
                    if is_missed(ask) {
                        ask.status = ActionStatus::Requested;
                    }
                }
            }
            _ => panic!("{step:?} is of an action"),
        }
        Ok(())
    }

    /// Steps on the action with this number.
    pub(crate) fn work(&mut self, step: Step, n: usize, now: Timestamp) -> Verdict {
        use ActionStatus::{InProgress, Requested, Scheduled};
        must(self.left != Some(MailStatus::Deleted), ErrorCode::MailNotFound)?;
        let Ask { kind, status, waits_for, asked_at, ends_at } = self.asks[n].clone();
        let is_pickup = kind == ActionKind::Pickup;
        let fits = match step {
            Step::Schedule(_) if is_pickup => matches!(status, Requested | Scheduled),
            Step::Schedule(_) => kind != ActionKind::Scan && status == Requested,
            Step::Start(_) => {
                let is_held_back = kind == ActionKind::Shred && now < asked_at.plus(hours(24));
                let waits = waits_for.is_some_and(|scan| self.asks[scan].is_open());
                (status == Scheduled || (status == Requested && !is_pickup))
                    && !(is_held_back || waits)
            }
            Step::Complete(_) => status == InProgress,
            Step::Cancel(_) => matches!(status, Requested | Scheduled),
            Step::NoShow(_) => {
                is_pickup && status == Scheduled && ends_at.is_some_and(|at| at <= now)
            }
            _ => matches!(status, Requested | Scheduled | InProgress),
        };
        must(fits, ErrorCode::ActionConflict)?;
        let destroys =
            kind == ActionKind::Shred && matches!(step, Step::Start(_) | Step::Complete(_));
        must(!destroys || !self.is_held, ErrorCode::LegalHold)?;
        match step {
            Step::Schedule(_) if is_pickup => self.plan(n, window(now).1),
            Step::Schedule(_) => self.asks[n].status = Scheduled,
            Step::Start(_) => self.asks[n].status = InProgress,
            Step::Complete(_) => self.done(n),
            Step::NoShow(_) => self.asks[n].status = Requested,
            Step::Reject(_) => self.asks[n].status = ActionStatus::Rejected,
            _ => self.asks[n].status = ActionStatus::Cancelled,
        }
        Ok(())
    }
}

/// The next hour from ten o'clock in Austin, on a weekday.
pub(crate) fn window(now: Timestamp) -> (Timestamp, Timestamp) {
    let friday = Timestamp::parse("2026-11-20T16:00:00Z").unwrap();
    let is_open = |day: i64| !matches!(day % 7, 1 | 2);
    let day = (0..60).find(|day| is_open(*day) && friday.plus(days(*day)) > now).unwrap();
    (friday.plus(days(day)), friday.plus(days(day) + hours(1)))
}
