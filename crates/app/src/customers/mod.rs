//! Customers: invited, looked up, changed, activated, let go.
//!
//! The life of a customer is `domain::customer`; what a customer's form says is `crate::compliance`.

pub mod activate;
pub(crate) mod assign;
pub mod billing;
mod bodies;
pub(crate) mod change;
pub mod create;
pub mod deactivate;
pub mod get;
pub mod invite;
pub mod list;
pub mod reactivate;
pub mod recipients;
pub mod suspend;
pub mod update;
pub mod view;

pub use view::CustomerView;
