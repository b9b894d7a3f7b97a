//! Customers: invited, looked up, changed, activated, let go.
//!
//! The life of a customer is `domain::customer`; what a customer's form says is `crate::compliance`.

pub mod activate;
pub(crate) mod assign;
pub(crate) mod change;
pub mod create;
pub mod get;
pub mod suspend;
pub mod view;

pub use view::CustomerView;
