//! When a recipient is tried again, and what the simulator answers (email-engine.md 3.6, 1.5).

use super::message::RecipientState;
use crate::{hours, minutes, seconds};

/// Waits before each try after the first, in microseconds; the last one ends 70 hours after the first try.
pub const WAITS: [i64; 13] = [
    minutes(1),
    minutes(5),
    minutes(15),
    minutes(30),
    hours(1),
    hours(2),
    hours(4),
    hours(6),
    hours(8),
    hours(12),
    hours(12),
    hours(12),
    hours(12),
];

/// What a mail server, or the simulator in its place, said about one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub verdict: Verdict,
    /// The enhanced code and the text of the answer.
    pub code: &'static str,
    pub text: &'static str,
    /// The kind of trouble (email-engine.md 3.8); empty when there is none.
    pub class: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    TryLater,
    Refused,
}

/// What happens to a recipient after a reply: its new state, and in how many microseconds something more
/// happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    pub state: RecipientState,
    pub again_in: Option<i64>,
}

/// What follows a reply to a try, of which `tries` came before.
pub fn after(reply: Reply, tries: i64) -> Next {
    let (state, again_in) = match reply.verdict {
        Verdict::Accepted => (RecipientState::Delivered, None),
        Verdict::Refused => (RecipientState::Bounced, None),
        Verdict::TryLater => match usize::try_from(tries).ok().and_then(|n| WAITS.get(n)) {
            Some(wait) => (RecipientState::Deferred, Some(*wait)),
            None => (RecipientState::Expired, None),
        },
    };
    Next { state, again_in }
}

crate::words! {
    /// Recipients that play an outcome: the local parts at `simulator.` and the install's domain.
    pub enum Simulated {
        Delivered = "delivered",
        Bounce = "bounce",
        Blocked = "blocked",
        Full = "full",
        Defer2 = "defer2",
        LateBounce = "late-bounce",
        Complaint = "complaint",
        Slow = "slow",
        OutOfOffice = "ooo",
        Echo = "reply",
    }
}

const OK: Reply = Reply { verdict: Verdict::Accepted, code: "2.0.0", text: "Ok", class: "" };
const UNKNOWN: Reply = Reply {
    verdict: Verdict::Refused,
    code: "5.1.1",
    text: "no such mailbox",
    class: "invalid_recipient",
};

impl Simulated {
    /// What it says to a try, of which `tries` came before.
    pub fn reply(self, tries: i64) -> Reply {
        let later = |code, text, class| Reply { verdict: Verdict::TryLater, code, text, class };
        match self {
            Self::Bounce => UNKNOWN,
            Self::Blocked => Reply {
                verdict: Verdict::Refused,
                code: "5.7.1",
                text: "refused by policy",
                class: "content_rejected",
            },
            Self::Full => later("4.2.2", "mailbox full", "mailbox_full"),
            Self::Defer2 if tries < 2 => later("4.7.1", "try again later", "greylisted"),
            Self::Slow if tries < 1 => later("4.4.2", "answers slowly", "tls_or_connection"),
            Self::Delivered
            | Self::Defer2
            | Self::LateBounce
            | Self::Complaint
            | Self::Slow
            | Self::OutOfOffice
            | Self::Echo => OK,
        }
    }

    /// What happens to a delivered message after all, and in how many microseconds.
    pub fn afterwards(self) -> Option<(i64, RecipientState, Reply)> {
        match self {
            Self::LateBounce => Some((seconds(2), RecipientState::Bounced, UNKNOWN)),
            Self::Complaint => {
                let abuse =
                    Reply { text: "the recipient complained", class: "complaint", ..UNKNOWN };
                let abuse = Reply { code: "5.7.0", ..abuse };
                Some((seconds(2), RecipientState::Complained, abuse))
            }
            Self::Delivered
            | Self::Bounce
            | Self::Blocked
            | Self::Full
            | Self::Defer2
            | Self::Slow
            | Self::OutOfOffice
            | Self::Echo => None,
        }
    }

    /// How long it lets its first answer wait, in microseconds.
    pub const fn slowness(self) -> Option<i64> {
        if matches!(self, Self::Slow) { Some(seconds(20)) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_given_up_after_fourteen_tries_in_three_days() {
        let full = |tries| after(Simulated::Full.reply(tries), tries);
        for (tries, wait) in (0..).zip(WAITS) {
            assert_eq!(full(tries), Next { state: RecipientState::Deferred, again_in: Some(wait) });
        }
        assert_eq!(full(13), Next { state: RecipientState::Expired, again_in: None });
        assert!(WAITS.iter().sum::<i64>() < hours(72));
    }

    #[test]
    fn the_simulator_plays_each_outcome() {
        let state = |who: Simulated, tries| after(who.reply(tries), tries).state;
        assert_eq!(state(Simulated::Delivered, 0), RecipientState::Delivered);
        assert_eq!(state(Simulated::Bounce, 0), RecipientState::Bounced);
        assert_eq!(state(Simulated::Blocked, 0), RecipientState::Bounced);
        assert_eq!(state(Simulated::Defer2, 1), RecipientState::Deferred);
        assert_eq!(state(Simulated::Defer2, 2), RecipientState::Delivered);
    }
}
