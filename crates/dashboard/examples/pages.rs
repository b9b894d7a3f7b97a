//! Serves the developer pages alone, with the committed documents: for whoever writes a guide.
//!
//! `cargo run -p dashboard --example pages [ADDRESS]`, then http://127.0.0.1:8080/developers.

use dashboard::{Brand, Documents, developers};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let documents = Documents {
        partner: serde_json::from_str(include_str!("../../../openapi/partner.json"))?,
        email: serde_json::from_str(include_str!("../../../openapi/email.json"))?,
    };
    let brand = Brand {
        name: "Postroom".to_owned(),
        public_url: "http://127.0.0.1:8080".to_owned(),
        header_prefix: "X-Innbocks-".to_owned(),
    };
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    axum::serve(listener, developers(move || documents.clone(), brand)).await
}
