//! `/developers`: guides, errors, events and the reference, each as a page and as Markdown.
//!
//! Everything is written once as Markdown ([`guides`], [`events`], [`reference`]) and shown by one
//! renderer ([`markdown`]), so that a page and its twin cannot differ. [`site`] puts the pages
//! together, [`serve`] answers requests.

mod events;
mod guides;
mod highlight;
mod markdown;
mod reference;
mod schema;
mod serve;
mod site;

use axum::Router;
use serde_json::Value;

/// How an install shows itself to developers. White-label installs change all of it.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Stands in titles and in the corner of each page.
    pub name: String,
    /// The origin without a final slash. A request's own host takes its place, its scheme stays.
    pub public_url: String,
    /// The prefix of the seed's delivery headers, such as `X-Innbocks-`.
    pub header_prefix: String,
}

/// The OpenAPI documents that the references are made from.
#[derive(Clone, Debug)]
pub struct Documents {
    pub partner: Value,
    pub email: Value,
}

/// The routes of the pages. Nothing is rendered, and no document asked for, before the first request.
pub fn developers(
    documents: impl Fn() -> Documents + Send + Sync + 'static,
    brand: Brand,
) -> Router {
    serve::router(Box::new(documents), brand)
}
