//! Mail brought along from another house (email-api.md 6.12).

use std::io::Write as _;

use app::email::imports::run::run;
use axum::http::Method;
use domain::id::Uuid;
use domain::{Timestamp, hours, minutes};
use serde_json::{Value, json};
use storage::Tx;
use testkit::server::Call;
use testkit::{Agent, Answer, Organization, Receiver, TestServer};

pub(super) fn mail(id: &str, from: &str, day: u32) -> String {
    format!(
        "From: {from}\r\nTo: x@y.example\r\nMessage-ID: <{id}@old.example>\r\nSubject: {id}\r\n\
         Date: Wed, {day:02} Jul 2020 09:30:00 +0000\r\n\r\nHello.\r\n"
    )
}

pub(super) fn mbox(mails: &[String]) -> Vec<u8> {
    let mut file = String::new();
    for mail in mails {
        file.push_str("From x@y.example Wed Jul  1 09:30:15 2020\r\n");
        file.push_str(mail);
        file.push_str("\r\n");
    }
    file.into_bytes()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, content) in entries {
        let file = archive.new_file(name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let encoder =
            flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(content).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

async fn create(agent: &Agent<'_>, body: Value) -> (Value, String) {
    let made = agent.post(&agent.path("/imports"), body).await.expect(201);
    assert_eq!(made["upload"]["expires_in_seconds"], 300);
    (made["job"].clone(), made["upload"]["url"].as_str().unwrap().to_owned())
}

/// Uploads as the clients do: a form, without a key.
async fn upload(server: &TestServer, url: &str, file: &[u8]) -> Answer {
    let path = url.strip_prefix("https://app.example.com").unwrap();
    let mut body = b"--sep\r\nContent-Disposition: form-data; name=\"file\"; filename=\"mail\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n"
        .to_vec();
    body.extend(file);
    body.extend(b"\r\n--sep--\r\n");
    let headers = [("content-type", "multipart/form-data; boundary=sep")];
    server
        .call(Call { method: Method::POST, path, key: None, headers: &headers, body: body.into() })
        .await
}

fn path(agent: &Agent<'_>, job: &Value, rest: &str) -> String {
    agent.path(&format!("/imports/{}{rest}", job["id"].as_str().unwrap()))
}

/// The whole way of one file, and the job at its end.
pub(super) async fn import(agent: &Agent<'_>, body: Value, file: &[u8]) -> Value {
    let (job, url) = create(agent, body).await;
    assert_eq!(upload(agent.server, &url, file).await.status, 204);
    let started = agent.post(&path(agent, &job, "/start"), json!({})).await.expect(200);
    assert_eq!(
        (&started["status"], &started["upload_size_bytes"]),
        (&json!("queued"), &json!(file.len()))
    );
    agent.server.settle().await;
    agent.get(&path(agent, &job, "")).await.expect(200)
}

fn counts(job: &Value) -> Vec<i64> {
    ["processed", "imported", "skipped_duplicate", "failed", "rejected_unsafe"]
        .map(|name| job[format!("messages_{name}")].as_i64().unwrap())
        .to_vec()
}

#[tokio::test]
async fn check_22_e1_an_eml_is_imported_as_it_was_and_told_to_nobody() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let receiver = Receiver::start().await;
    ann.subscribe(&receiver.url(), &["message.received"]).await;
    let rules = "/api/v1/identities/ann/mail-contact-rules";
    let rule =
        json!({"action": "block", "match_type": "exact_email", "match_target": "bob@old.example"});
    ann.post(rules, rule).await.expect(201);
    let file = mail("1", "bob@old.example", 1);
    let job = import(&ann, json!({"mark_as_read": false}), file.as_bytes()).await;
    assert_eq!((&job["status"], &job["error_detail"]), (&json!("completed"), &Value::Null));
    assert_eq!(counts(&job), [1, 1, 0, 0, 0]);
    assert!(job["started_at"].is_string() && job["finished_at"].is_string());
    let message = &ann.messages().await[0];
    assert_eq!((&message["import_job_id"], &message["is_read"]), (&job["id"], &json!(false)));
    assert_eq!(message["created_at"], "2020-07-01T09:30:00.000Z");
    assert_eq!(
        (&message["direction"], &message["status"]),
        (&json!("inbound"), &json!("received"))
    );
    assert_eq!(receiver.received().len(), 0, "E-1");

    let again = import(&ann, json!({}), file.as_bytes()).await;
    assert_eq!(counts(&again), [1, 0, 1, 0, 0]);
    assert_eq!(ann.messages().await.len(), 1);
}

#[tokio::test]
async fn an_mbox_gives_each_message_its_direction_and_a_bad_one_stops_none() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let mut mails = vec![
        mail("1", "bob@old.example", 1),
        mail("2", &ann.address().to_uppercase(), 2),
        mail("3", "Ann.Old@old.example", 3),
        "this is no header\r\n\r\nx\r\n".to_owned(),
        format!("{}\r\nx\r\n", "X-A: 1\r\n".repeat(1_001)),
    ];
    mails.extend((4..70).map(|n| mail(&n.to_string(), "bob@old.example", 4)));
    let body = json!({"source_format": "auto", "original_addresses": ["ann.old@Old.example"]});
    let job = import(&ann, body, &mbox(&mails)).await;
    assert_eq!(counts(&job), [71, 69, 0, 1, 1], "{job}");
    let all = ann.messages().await;
    let of = |id: &str| all.iter().find(|m| m["subject"] == id).unwrap();
    assert_eq!(of("1")["direction"], "inbound");
    assert_eq!((&of("2")["direction"], &of("2")["status"]), (&json!("outbound"), &json!("sent")));
    assert_eq!(of("3")["direction"], "outbound");
    assert_eq!(all.last().unwrap()["subject"], "1", "M-1: by when they were written");
}

#[tokio::test]
async fn an_archive_gives_what_is_mail_and_one_that_is_a_trap_is_refused() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let (one, many) = (
        mail("1", "a@b.example", 1),
        mbox(&[mail("2", "a@b.example", 2), mail("3", "a@b.example", 3)]),
    );
    let file = zip(&[
        ("mail/1.EML", one.as_bytes()),
        ("Takeout/All.mbox", &many),
        ("Takeout/readme.html", b"<p>hi</p>"),
        ("__MACOSX/mail/._1.eml", one.as_bytes()),
    ]);
    let job = import(&ann, json!({}), &file).await;
    assert_eq!((&job["status"], counts(&job)), (&json!("completed"), vec![3, 3, 0, 0, 0]));

    let nested = zip(&[("in.zip", &file)]);
    let bomb = zip(&[("bomb.eml", &vec![b'a'; 8 << 20])]);
    let none = zip(&[("readme.txt", b"hi")]);
    for (file, reason) in [
        (&nested[..], "another archive"),
        (&bomb[..], "200 times"),
        (&none[..], "no message"),
        (&b"PK\x03\x04 and so on"[..], "can't be read"),
    ] {
        let job = import(&ann, json!({}), file).await;
        assert_eq!(job["status"], "failed");
        assert!(job["error_detail"].as_str().unwrap().contains(reason), "{job}");
    }
    assert_eq!(ann.messages().await.len(), 3);
}

#[tokio::test]
async fn one_import_at_a_time_and_twenty_a_day() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    for _ in 0..19 {
        let (job, _) = create(&ann, json!({})).await;
        let second = ann.post(&ann.path("/imports"), json!({})).await.expect(409);
        assert_eq!(second["detail"]["error"], "mail_import_already_in_flight");
        let cancelled = ann.post(&path(&ann, &job, "/cancel"), json!({})).await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        ann.post(&path(&ann, &job, "/start"), json!({})).await.expect(409);
    }
    let (job, _) = create(&bob, json!({})).await;
    let refused = ann.post(&ann.path("/imports"), json!({})).await;
    assert!(refused.header("retry-after").is_some());
    let refused = refused.expect(429);
    assert_eq!(refused["detail"]["error"], "mail_import_quota_exceeded");
    assert_eq!(refused["detail"]["retry_after_seconds"], 86_401);
    ann.get(&path(&bob, &job, "")).await.expect(404);
    ann.post(&ann.path("/imports"), json!({"source_format": "pst"})).await.expect(422);

    // An upload that never comes holds its place for a day.
    server.advance(hours(25)).await;
    let job = bob.get(&path(&bob, &job, "")).await.expect(200);
    assert_eq!(job["status"], "failed");
    create(&bob, json!({})).await;
    let page = ann.get(&ann.path("/imports?limit=2")).await.expect(200);
    assert_eq!((page["items"].as_array().unwrap().len(), &page["has_more"]), (2, &json!(true)));
}

#[tokio::test]
async fn a_file_is_taken_by_its_link_only_and_while_the_job_waits() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let (job, url) = create(&ann, json!({})).await;
    ann.post(&path(&ann, &job, "/start"), json!({})).await.expect(409);
    let file = mail("1", "a@b.example", 1);
    upload(&server, &url.replace("signature=", "signature=x"), file.as_bytes()).await.expect(403);
    server.clock.advance(minutes(6));
    upload(&server, &url, file.as_bytes()).await.expect(403);
    let fresh = ann.post(&path(&ann, &job, "/upload-url"), json!({})).await.expect(200);
    let url = fresh["url"].as_str().unwrap();
    // More than one part, and then another file in its place.
    assert_eq!(upload(&server, url, &vec![b'x'; 9 << 20]).await.status, 204);
    assert_eq!(upload(&server, url, file.as_bytes()).await.status, 204);
    ann.post(&path(&ann, &job, "/start"), json!({})).await.expect(200);
    upload(&server, url, b"late").await.expect(409);
    ann.post(&path(&ann, &job, "/upload-url"), json!({})).await.expect(409);
    server.settle().await;
    assert_eq!(ann.get(&path(&ann, &job, "")).await.expect(200)["messages_imported"], 1);
}

#[tokio::test]
async fn m7_a_full_mailbox_ends_an_import_and_what_is_there_is_not_stored_again() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let large = |n: u32| {
        format!("{}{}", mail(&n.to_string(), "a@b.example", n), "text\r\n".repeat(8 << 20))
    };
    let mut mails: Vec<_> = (1..=2).map(large).collect();
    mails.push(mail("3", "a@b.example", 3));
    let job = import(&ann, json!({}), &mbox(&mails)).await;
    assert_eq!(counts(&job), [3, 3, 0, 0, 0], "{job}");
    let used =
        house.admin.get(&ann.path("")).await.expect(200)["storage_used_bytes"].as_i64().unwrap();
    assert!(used > 96 << 20, "{used}");
    let job = import(&ann, json!({}), &mbox(&mails)).await;
    assert_eq!(counts(&job), [3, 0, 3, 0, 0]);
}

#[tokio::test]
async fn an_import_of_many_runs_goes_on_where_the_last_run_ended() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    // Behind its beginning, which the second run can't read any more, there is more than one run takes.
    let large = (0..10).map(|n| mail(&format!("large {n}"), "a@b.example", 1) + &noise(n, 500_000));
    let large: Vec<_> = large.collect();
    let small: Vec<_> = (0..2_100).map(|n| mail(&n.to_string(), "a@b.example", 1)).collect();
    let archive = zip(&[
        ("1.mbox", &mbox(&large)),
        ("2.mbox", &mbox(&small[..1_000])),
        ("3.mbox", &mbox(&small[1_000..])),
    ]);
    for (format, file, imported) in
        [("mbox", mbox(&[large, small].concat()), 2_110), ("zip", archive, 0)]
    {
        let (job, url) = create(&ann, json!({"source_format": format})).await;
        assert_eq!(upload(&server, &url, &file).await.status, 204);
        ann.post(&path(&ann, &job, "/start"), json!({})).await.expect(200);
        run(&server.app).await.unwrap();
        forget_beginning(&server).await;
        server.settle().await;
        let job = ann.get(&path(&ann, &job, "")).await.expect(200);
        assert_eq!(counts(&job), [2_110, imported, 2_110 - imported, 0, 0], "{job}");
    }
}

/// Text that does not become smaller when it is packed.
fn noise(seed: u64, n_bytes: usize) -> String {
    let mut state = seed + 1;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
    };
    let text: Vec<char> = std::iter::repeat_with(next).take(n_bytes).collect();
    text.chunks(70).map(|line| line.iter().collect::<String>() + "\r\n").collect()
}

/// Deletes the first part of the file of the one job that is under way.
async fn forget_beginning(server: &TestServer) {
    let due = async |tx: &Tx| storage::email::imports::due(tx, Timestamp::from_micros(0), 1).await;
    let job = server.app.db.read(due).await.unwrap().remove(0);
    assert!(!job.status.is_over());
    let name = Uuid(job.upload.unwrap()).simple();
    let key = blob::Key::parse(&format!("import/{name}/0")).unwrap();
    server.app.blobs.delete(&key).await.unwrap();
}
