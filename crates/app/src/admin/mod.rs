//! The operator's side: who runs a mailroom, where, for which partners, with which numbers and keys.
//!
//! What belongs to one partner takes an [`OpCtx`](crate::OpCtx) like any use-case. What exists before
//! any partner does takes a [`StaffCtx`], which names the operator and who acts for it.

pub mod keys;
pub mod lanes;
pub mod locations;
pub mod mailboxes;
pub mod operators;
pub mod partners;

mod staff;

use domain::Field;

pub use staff::{StaffCtx, staff_ctx};

/// Collects what is wrong with an input, so that all of it is told at once.
#[derive(Default)]
struct Problems(Vec<Field>);

impl Problems {
    fn need(&mut self, ok: bool, param: &str, message: &str) {
        if !ok {
            self.0.push(Field::new(param, "invalid", message));
        }
    }

    fn none(self) -> domain::Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(domain::Error::invalid(self.0)) }
    }
}

/// True for a name that fits a list: 1 to 100 characters, none of them a control.
fn is_name(text: &str) -> bool {
    let characters = text.chars().count();
    (1..=100).contains(&characters)
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control)
}

/// True for a word that can stand in a URL and a command: 2 to 40 of a-z, 0-9 and -, a letter first.
fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    (2..=40).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

const SLUG_RULE: &str = "a slug has 2 to 40 characters of a-z, 0-9 and -, and begins with a letter";
const NAME_RULE: &str = "a name has 1 to 100 characters";
