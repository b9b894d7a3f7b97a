//! The one integration suite: a whole server in process, over HTTP, on each engine.

mod customers;
mod document;
mod webhooks;
