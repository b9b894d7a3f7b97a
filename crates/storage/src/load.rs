//! How far an install gives way when its database can't keep up (webhooks.md 5.18).
//!
//! What is measured is how many units wait to write, of those that may. Nothing is remembered: who is about
//! to do something that can wait asks first. What each rung means is done where it is done: in `app` for what is
//! asked for, in `tasks` for what goes on by itself, in the engine for commits.

use crate::engine::QUEUE_UNITS_MAX;

/// What is given up, the least missed first; each rung with all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    #[default]
    Calm,
    /// Nothing of the past is sent again: replays are refused, recoveries wait.
    NoReplays,
    /// Receivers that are slow or fail get fewer of the slots.
    FewSlow,
    /// More units share a commit, and wait longer for it.
    WideCommits,
    /// Events that a partner can do without for a while are stored and not sent.
    Shed,
    /// Changes that emit events are refused; others still go through, as far as there is room.
    Refuse,
}

/// From how many waiting units on.
const RUNGS: [(usize, Rung); 5] = [
    (QUEUE_UNITS_MAX / 16, Rung::NoReplays),
    (QUEUE_UNITS_MAX / 8, Rung::FewSlow),
    (WIDE_FROM, Rung::WideCommits),
    (QUEUE_UNITS_MAX / 2, Rung::Shed),
    (QUEUE_UNITS_MAX / 16 * 15, Rung::Refuse),
];
pub(crate) const WIDE_FROM: usize = QUEUE_UNITS_MAX / 4;

impl Rung {
    pub(crate) fn of(n_waiting: usize) -> Self {
        let reached = RUNGS.iter().rev().find(|(from, _)| n_waiting >= *from);
        reached.map_or(Self::Calm, |(_, rung)| *rung)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_climbed_one_by_one_and_left_at_once() {
        let climbed: Vec<Rung> =
            [0, 255, 256, 511, 512, 1023, 1024, 2047, 2048, 3839, 3840, 4096].map(Rung::of).into();
        let expected = [
            Rung::Calm,
            Rung::NoReplays,
            Rung::FewSlow,
            Rung::WideCommits,
            Rung::Shed,
            Rung::Refuse,
        ];
        assert_eq!(climbed, expected.map(|rung| [rung; 2]).concat());
        assert!(climbed.is_sorted());
    }
}
