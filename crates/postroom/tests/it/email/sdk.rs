//! The unmodified Python SDK from PyPI against a running server (checklist 5, 26).

use std::process::Stdio;

use tokio::process::Command;

use testkit::{Organization, TestServer};

/// The Python in which the SDK is installed; without it there is nothing to drive.
const PYTHON: &str = "POSTROOM_SDK_PYTHON";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_05_check_26_the_python_sdk_works_unmodified_and_verifies_what_it_is_sent() {
    let Ok(python) = std::env::var(PYTHON) else {
        eprintln!("left out: {PYTHON} names no Python with the package inkbox");
        return;
    };
    let email = app::email::Settings { storage_limit: Some(128 << 10), ..Default::default() };
    let server = TestServer::start_with(email).await;
    let organization = Organization::open(&server).await;
    let running = server.tasks.start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/drive.py");
    let driven = Command::new(python)
        .args([script, &format!("http://{}", server.addr), &organization.admin.key])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    running.stop().await;
    let said = String::from_utf8_lossy(&driven.stdout);
    let failed = String::from_utf8_lossy(&driven.stderr);
    assert!(driven.status.success(), "{said}{failed}");
}
