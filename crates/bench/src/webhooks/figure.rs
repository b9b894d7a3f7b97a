//! One line of the table: what was measured, what it came to, and what it should come to.

use serde_json::{Value, json};

use super::load::Latency;

/// The columns of the table, in the order of [`Figure::row`].
pub(super) const COLUMNS: [&str; 5] = ["figure", "engine", "value", "to reach", "besides"];

/// See the module.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) engine: &'static str,
    pub(super) value: f64,
    /// Digits after the point.
    pub(super) digits: usize,
    pub(super) goal: Option<Goal>,
    /// What helps to judge the value.
    pub(super) besides: String,
}

/// What a value should come to.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    pub(super) fn new(name: impl Into<String>, engine: &'static str, value: f64) -> Self {
        Self { name: name.into(), engine, value, digits: 1, goal: None, besides: String::new() }
    }

    pub(super) fn whole(self) -> Self {
        Self { digits: 0, ..self }
    }

    pub(super) fn fine(self) -> Self {
        Self { digits: 2, ..self }
    }

    pub(super) fn at_least(self, goal: f64) -> Self {
        Self { goal: Some(Goal::AtLeast(goal)), ..self }
    }

    pub(super) fn at_most(self, goal: f64) -> Self {
        Self { goal: Some(Goal::AtMost(goal)), ..self }
    }

    pub(super) fn besides(self, besides: impl Into<String>) -> Self {
        Self { besides: besides.into(), ..self }
    }

    pub(super) fn row(&self) -> Value {
        let goal = match self.goal {
            None => String::new(),
            Some(Goal::AtLeast(goal)) => format!(">= {goal}{}", verdict(self.value >= goal)),
            Some(Goal::AtMost(goal)) => format!("<= {goal}{}", verdict(self.value <= goal)),
        };
        json!({
            "figure": self.name,
            "engine": self.engine,
            "value": format!("{:.*}", self.digits, self.value),
            "to reach": goal,
            "besides": self.besides,
        })
    }
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "" } else { ", missed" }
}

/// Times in milliseconds, sorted: every one is kept, so that no bucket rounds a percentile.
pub(super) struct Spread(Vec<f64>);

impl Spread {
    pub(super) fn of(latencies: &[Latency], pick: impl Fn(&Latency) -> u32) -> Self {
        let mut all: Vec<f64> = latencies.iter().map(|l| f64::from(pick(l)) / 1000.0).collect();
        all.sort_unstable_by(f64::total_cmp);
        Self(all)
    }

    /// The value below which so many of a thousand lie.
    pub(super) fn at(&self, per_mille: usize) -> f64 {
        self.0
            .get((self.0.len() * per_mille / 1000).min(self.0.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn max(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }
}
