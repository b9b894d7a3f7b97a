//! The one integration suite: a whole server in process, over HTTP, on each engine.

mod customers;
mod document;
mod entrance;
mod lifecycle;
mod usage;
mod walks;
mod webhooks;
