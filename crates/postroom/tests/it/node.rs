//! The assembled server: which pages stand beside the API, and to whom they need no key.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use metrics_exporter_prometheus::PrometheusBuilder;
use postroom::config::Config;
use postroom::node::{self, Node};

/// Status, head and body of a page.
fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: post.example\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    (text[9..12].parse().unwrap(), text)
}

#[tokio::test]
async fn the_server_shows_its_pages_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let environment = [
        ("POSTROOM_SERVER_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
        ("POSTROOM_SERVER_NAME".to_owned(), "Acme Post".to_owned()),
        ("POSTROOM_DATABASE_URL".to_owned(), format!("sqlite:{}", at("data.sqlite"))),
        ("POSTROOM_STORAGE_PATH".to_owned(), at("blobs")),
        ("POSTROOM_SECRETS_KEY".to_owned(), "07".repeat(32)),
    ];
    let config = Config::load(None, environment.into_iter()).unwrap();
    let app = node::open(&config).await.unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let node = Node::start(&config, app, metrics).await.unwrap();
    let addr = node.addr;
    let pages = [
        ("/developers", "Acme Post"),
        ("/developers/webhooks", "http://post.example"),
        ("/llms.txt", "http://post.example"),
        ("/api/openapi.json", "http://post.example"),
        ("/invite/invite.css", "text/css"),
        ("/healthz", "ok"),
        ("/readyz", "ok"),
        ("/metrics", "text/plain"),
    ];
    let asked = tokio::task::spawn_blocking(move || {
        pages.map(|(path, words)| (path, words, get(addr, path)))
    });
    for (path, words, (status, text)) in asked.await.unwrap() {
        assert_eq!(status, 200, "{path}: {text}");
        assert!(text.contains(words), "{path} lacks {words}: {text}");
    }
    node.stop().await;
}
