//! What both APIs do with a request before they know what it asks: whose address it came from, how often
//! that partner may call, when its key was last used, under which name the install was reached.
//!
//! Keys themselves are `app::authenticate`; refusals are written by each API in its own shape.

pub mod limits;
pub mod origin;
pub mod uses;
