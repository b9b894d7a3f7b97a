//! Server-rendered pages: the documents at `/developers`, and the invitation at `/invite`.
//!
//! Pages only show; what the API does is in `partner_api`, and the text of the guides in `docs/`.

mod developers;
mod invite;

pub use developers::{Brand, Documents, developers};
pub use invite::invite;
