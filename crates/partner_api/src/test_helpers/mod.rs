//! `/api/v1/test_helpers/*`: what people and time do in the live world, at once in the test world.
//!
//! Only for test keys; to a live key these routes do not exist.

pub(crate) mod clock;
pub(crate) mod compliance;
pub(crate) mod mail;
pub(crate) mod webhooks;
