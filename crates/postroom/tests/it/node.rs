//! The assembled server: which pages stand beside the API, and to whom they need no key.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use domain::minutes;
use domain::partner::PartnerSettings;
use metrics_exporter_prometheus::PrometheusBuilder;
use postroom::config::Config;
use postroom::node::{self, Node};
use serde_json::json;
use testkit::{Mailroom, Receiver, TestServer};

/// Status, head and body of a page.
pub(crate) fn get(addr: SocketAddr, path: &str) -> (u16, String) {
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

#[tokio::test]
async fn what_waited_for_a_paused_endpoint_is_told_apart() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let made = json!({"url": receiver.url()});
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    crm.post(&format!("{path}/pause"), json!({})).await.expect(200);
    let customer = json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true});
    crm.post("/api/v1/customers", customer).await.expect(201);
    server.advance(minutes(1)).await;
    crm.post(&format!("{path}/resume"), json!({})).await.expect(200);
    server.settle().await;
    let text = recorder.handle().render();
    let told = "postroom_delivery_wait_seconds_count{lane=\"held\",try=\"first\"} 1";
    assert!(text.lines().any(|line| line == told), "{text}");
}

#[tokio::test]
async fn the_metrics_tell_how_deliveries_fare_and_name_nobody() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    receiver.answer_with(&[500]);
    crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    let customer = json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true});
    crm.post("/api/v1/customers", customer).await.expect(201);
    server.settle().await;
    server.advance(minutes(1)).await;
    let text = recorder.handle().render();
    for line in [
        "postroom_delivery_wait_seconds_count{lane=\"quick\",try=\"first\"} 1",
        "postroom_delivery_wait_seconds_count{lane=\"slow\",try=\"retry\"} 1",
        "postroom_delivery_attempt_seconds_count{result=\"down\"} 1",
        "postroom_delivery_attempt_seconds_count{result=\"ok\"} 1",
        "postroom_delivery_phase_seconds_count{phase=\"connect\"} 1",
        "postroom_delivery_phase_seconds_count{phase=\"write\"} 2",
        "postroom_delivery_phase_seconds_count{phase=\"head\"} 2",
        "postroom_delivery_phase_seconds_count{phase=\"body\"} 2",
        "postroom_delivery_write_seconds_count 2",
        "postroom_deliveries_owed 0",
        "postroom_deliveries_oldest_due_seconds 0",
        "postroom_delivery_lanes_waiting{for=\"slot\"} 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is missing: {text}");
    }
    assert!(!text.contains("whe_") && !text.contains("acme"), "{text}");
}
