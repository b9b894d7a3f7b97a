//! Work on mail items: asked for, scheduled, carried out, withdrawn.
//!
//! Which steps are allowed is `domain::action`; where the item is, `crate::mail`.

pub mod cancel;
pub mod complete;
mod consolidation;
pub mod forward;
mod news;
pub mod open;
pub mod pickup;
pub mod price;
mod request;
pub mod scan;
pub mod shred;
pub mod simulated;
pub mod work;

use domain::action::Action;
use domain::{Error, Result};
use serde_json::{Map, Value};

/// An action and the item that it is about.
#[derive(Clone, Debug)]
pub struct ActionView {
    pub action: Action,
    pub mail: crate::mail::MailView,
}

/// Refuses to go on when a row that was locked changed all the same.
pub(crate) fn must_win(won: bool) -> Result<()> {
    if won {
        Ok(())
    } else {
        Err(Error::internal("storing a change", "the row was changed by another"))
    }
}

/// Puts a member into an action's `result`.
pub(crate) fn set_result(action: &mut Action, name: &str, value: Value) {
    let mut result = result_of(action);
    result.insert(name.to_owned(), value);
    action.result = Value::Object(result).to_string();
}

/// The object in an action's `result`.
pub(crate) fn result_of(action: &Action) -> Map<String, Value> {
    serde_json::from_str::<Value>(&action.result)
        .ok()
        .and_then(|value| value.as_object().cloned())
        .unwrap_or_default()
}
