//! The unmodified Python SDK from PyPI against a running server (checklist 5, 22, 26).

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
    drive(&python, "drive.py", &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_22_the_python_sdk_writes_drafts_and_brings_letters_along() {
    let Ok(python) = std::env::var(PYTHON) else {
        eprintln!("left out: {PYTHON} names no Python with the package inkbox");
        return;
    };
    let server = TestServer::start().await;
    drive(&python, "drafts.py", &server).await;
}

/// Runs a script, which must end well, as an organization of a server whose tasks run meanwhile.
async fn drive(python: &str, script: &str, server: &TestServer) {
    let organization = Organization::open(server).await;
    let running = server.tasks.start();
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk");
    let driven = Command::new(python)
        .args([&format!("{scripts}/{script}"), &format!("http://{}", server.addr)])
        .arg(&organization.admin.key)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    running.stop().await;
    let said = String::from_utf8_lossy(&driven.stdout);
    let failed = String::from_utf8_lossy(&driven.stderr);
    assert!(driven.status.success(), "{said}{failed}");
}
