//! Server-rendered pages: the documents at `/developers`.
//!
//! Pages only show; what the API does is in `partner_api`, and the text of the guides in `docs/`.

mod developers;

pub use developers::{Brand, developers};
