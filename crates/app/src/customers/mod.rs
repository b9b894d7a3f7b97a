//! Customers: invited, looked up, changed, activated, let go.
//!
//! The life of a customer is `domain::customer`; what a customer's form says is `crate::compliance`.

pub mod create;
pub mod get;
pub mod view;

pub use view::CustomerView;
