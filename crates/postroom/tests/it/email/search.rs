//! Searching, and what deletion leaves.

use serde_json::json;
use testkit::{Agent, Organization, TestServer};

async fn found(agent: &Agent<'_>, query: &str) -> Vec<String> {
    let page = agent.get(&agent.path(&format!("/search?q={query}"))).await.expect(200);
    assert_eq!((&page["next_cursor"], &page["has_more"]), (&json!(null), &json!(false)));
    let items = page["items"].as_array().unwrap().iter();
    items.map(|m| m["subject"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_search_finds_every_word_in_subject_people_text_and_files_and_nothing_of_others() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    ann.send(&[bob.address()], "Rechnung für März", "Ihre Überweisung an 東京電力").await;
    ann.send(&[bob.address()], "Other", "A bill; the word Rechnung stands in the text only.").await;
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "With a file", "body_text": "x",
        "attachments": [{"filename": "Bericht 2026.txt", "content_type": "text/plain", "content_base64": "aGk="}]});
    ann.post(&ann.path("/messages"), body).await.expect(201);
    server.settle().await;

    assert_eq!(
        found(&bob, "rechnung").await,
        ["Rechnung für März", "Other"],
        "the subject counts more"
    );
    assert_eq!(found(&bob, "RECHNUNG%20marz").await, ["Rechnung für März"]);
    assert_eq!(found(&bob, "uberweisung+%E6%9D%B1%E4%BA%AC").await, ["Rechnung für März"]);
    assert_eq!(found(&bob, "bericht").await, ["With a file"]);
    assert_eq!(found(&bob, "ann").await.len(), 3);
    assert_eq!(found(&bob, "nothing").await, Vec::<String>::new());
    for odd in ["%22", "AND", "a%20OR%20b", "NEAR(", "'%3B--", "*", "subject:x"] {
        found(&bob, odd).await;
    }
    bob.get(&bob.path("/search")).await.expect(422);
    bob.get(&bob.path(&format!("/search?q={}", "x".repeat(501)))).await.expect(422);

    let message = &bob.messages().await[0];
    bob.delete(&bob.path(&format!("/messages/{}", message["id"].as_str().unwrap())))
        .await
        .expect(204);
    assert_eq!(found(&bob, "bericht").await, Vec::<String>::new());
    assert_eq!(found(&ann, "bericht").await, ["With a file"], "the sender keeps its copy");
}

#[tokio::test]
async fn the_messages_of_a_deleted_identity_are_taken_out_and_shared_bytes_stay() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    // Too varied to be compressed into a row.
    let mut seed = 1_u32;
    let mut letter = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b"abcdefghijklmnopqrstuvwxyz\n"[(seed >> 16) as usize % 27])
    };
    let text: String = (0..200_000).map(|_| letter()).collect();
    ann.send(&[bob.address()], "Long", &text).await;
    server.settle().await;
    house.admin.delete("/api/v1/identities/ann").await.expect(204);
    server.settle().await;
    let message = bob.messages().await[0].clone();
    let path = bob.path(&format!("/messages/{}", message["id"].as_str().unwrap()));
    assert!(bob.get(&path).await.expect(200)["body_text"].as_str().unwrap().len() > 100_000);
    assert_eq!(found(&bob, "long").await, ["Long"]);

    let raw = async || {
        let all = server.app.db.read(async |tx: &storage::Tx| {
            storage::email::sweep::garbage(tx, domain::Timestamp::from_micros(i64::MAX), 10).await
        });
        all.await.unwrap()
    };
    bob.delete(&path).await.expect(204);
    let [sha256] = raw().await[..] else { panic!("the bytes wait to be deleted") };
    let key = blob::Key::content(blob::Family::Message, &sha256);
    assert!(server.app.blobs.get(&key).await.unwrap().is_some());
    server.advance(domain::minutes(11)).await;
    assert!(raw().await.is_empty() && server.app.blobs.get(&key).await.unwrap().is_none());
}
