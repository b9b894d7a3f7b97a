//! A server of pictures on loopback, as a partner's own would be.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header;
use axum::routing::get;

/// The smallest picture: one grey pixel as PNG.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, b'I', b'E',
    b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// Answers `front.png`, and 404 to everything else.
pub struct Pictures {
    addr: SocketAddr,
}

impl Pictures {
    pub async fn start() -> Self {
        let picture = get(async || ([(header::CONTENT_TYPE, "image/png")], PIXEL));
        let router = Router::new().route("/front.png", picture);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr }
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.addr)
    }
}
