//! The unmodified SDKs of Python and Rust against a running server (checklist 5, 6, 7, 22, 26, 35).

use std::process::Stdio;

use tokio::process::Command;

use testkit::{Organization, TestServer};

/// The Python in which the SDK is installed; without it there is nothing to drive.
const PYTHON: &str = "POSTROOM_SDK_PYTHON";

/// The program of `tests/sdk/rust`, which holds two versions of the SDK; likewise.
const RUST: &str = "POSTROOM_SDK_RUST";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_05_check_26_the_python_sdk_works_unmodified_and_verifies_what_it_is_sent() {
    let Ok(python) = std::env::var(PYTHON) else {
        eprintln!("left out: {PYTHON} names no Python with the package inkbox");
        return;
    };
    drive(&small_mailboxes().await, Command::new(python).arg(script("drive.py"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_22_the_python_sdk_writes_drafts_and_brings_letters_along() {
    let Ok(python) = std::env::var(PYTHON) else {
        eprintln!("left out: {PYTHON} names no Python with the package inkbox");
        return;
    };
    let server = TestServer::start().await;
    drive(&server, Command::new(python).arg(script("drafts.py"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_05_check_06_check_07_check_26_check_35_the_rust_sdk_works_unmodified() {
    let Ok(program) = std::env::var(RUST) else {
        eprintln!("left out: {RUST} names no program that is built with the crate inkbox");
        return;
    };
    for version in ["0.5", "0.7"] {
        drive(&small_mailboxes().await, Command::new(&program).arg(version)).await;
    }
}

/// A server whose mailboxes are soon full.
async fn small_mailboxes() -> TestServer {
    let email = app::email::Settings { storage_limit: Some(128 << 10), ..Default::default() };
    TestServer::start_with(email).await
}

fn script(name: &str) -> String {
    format!("{}/tests/sdk/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Runs a client, which must end well, as an organization of a server whose tasks run meanwhile.
async fn drive(server: &TestServer, client: &mut Command) {
    let organization = Organization::open(server).await;
    let running = server.tasks.start();
    let driven = client
        .args([&format!("http://{}", server.addr), &organization.admin.key])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    running.stop().await;
    let said = String::from_utf8_lossy(&driven.stdout);
    let failed = String::from_utf8_lossy(&driven.stderr);
    assert!(driven.status.success(), "{said}{failed}");
}
