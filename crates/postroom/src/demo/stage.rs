//! How the demo prints: numbered steps, the line that does the same, what came back, what arrived.

use std::io::IsTerminal as _;

use super::receiver::Arrival;
use crate::out;

/// See the module. Colour only on a terminal, and not where `NO_COLOR` is set.
pub(super) struct Stage {
    in_color: bool,
    n_steps: usize,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const RED: &str = "31";
const CYAN: &str = "36";

impl Stage {
    pub(super) fn new() -> Self {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { in_color: std::io::stdout().is_terminal() && !is_refused, n_steps: 0 }
    }

    /// A line between steps.
    pub(super) fn note(text: &str) {
        out::line(text);
    }

    /// Begins a step: one line that says what happens.
    pub(super) fn step(&mut self, text: &str) {
        self.n_steps += 1;
        let number = format!("{:>2}", self.n_steps);
        out::line(format_args!("\n{} {}", self.paint(BOLD, &number), self.paint(BOLD, text)));
    }

    /// The command that does the same.
    pub(super) fn same(&self, command: &str) {
        for (n, line) in command.lines().enumerate() {
            let prompt = if n == 0 { "$" } else { " " };
            out::line(format_args!("   {}", self.paint(DIM, &format!("{prompt} {line}"))));
        }
    }

    /// What came back.
    pub(super) fn back(&self, text: &str) {
        out::line(format_args!("   {} {text}", self.paint(GREEN, "=>")));
    }

    /// An event that arrived at the receiver.
    pub(super) fn heard(&self, arrival: &Arrival) {
        let (color, verdict) = if arrival.is_verified {
            (GREEN, "signature holds")
        } else {
            (RED, "SIGNATURE DOES NOT HOLD")
        };
        out::line(format_args!(
            "   {} {:<3} {:<34} {}  {}",
            self.paint(CYAN, "<-"),
            format!("#{}", arrival.sequence),
            arrival.kind,
            self.paint(DIM, &arrival.event_id),
            self.paint(color, verdict)
        ));
    }

    /// An event of the e-mail half that arrived, and whose signature holds.
    pub(super) fn told(&self, kind: &str, event_id: &str) {
        out::line(format_args!(
            "   {} {kind:<20} {}  {}",
            self.paint(CYAN, "<-"),
            self.paint(DIM, event_id),
            self.paint(GREEN, "signature holds")
        ));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.in_color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
