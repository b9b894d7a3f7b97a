//! Notes, and who sees them (email-api.md 10).

use serde_json::{Value, json};
use testkit::{Agent, Mailroom, Organization, TestServer};

const NOTES: &str = "/api/v1/notes";
const NOBODY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

fn path(note: &Value) -> String {
    format!("{NOTES}/{}", note["id"].as_str().expect("an id"))
}

async fn write(who: &Agent<'_>, title: Option<&str>, body: &str) -> Value {
    who.server.clock.advance(domain::seconds(1));
    who.post(NOTES, json!({"title": title, "body": body})).await.expect(201)
}

async fn bodies(who: &Agent<'_>, query: &str) -> Vec<String> {
    let found = who.get(&format!("{NOTES}{query}")).await.expect(200);
    let text = |note: &Value| note["body"].as_str().expect("a body").to_owned();
    found.as_array().expect("a list").iter().map(text).collect()
}

#[tokio::test]
async fn a_note_is_written_changed_and_deleted() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let note = write(&ann, Some("Rates"), "Net 30.\nNo discount.").await;
    assert_eq!((&note["created_by"], &note["status"]), (&ann.identity["id"], &json!("active")));
    assert_eq!(note["access"][0]["identity_id"], ann.identity["id"]);
    assert_eq!(ann.get(&path(&note)).await.expect(200), note);
    let patch = async |body: Value| ann.patch(&path(&note), body).await.expect(200);
    let changed = patch(json!({"body": "Net 45."})).await;
    assert_eq!((&changed["title"], &changed["body"]), (&json!("Rates"), &json!("Net 45.")));
    assert_eq!(patch(json!({"title": null})).await["title"], Value::Null);
    ann.delete(&path(&note)).await.expect(204);
    ann.get(&path(&note)).await.expect(404);
    ann.delete(&path(&note)).await.expect(404);
}

#[tokio::test]
async fn a_note_has_a_body_and_no_writer_of_ones_own_choosing() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let note = write(&house.admin, None, "x".repeat(100_000).as_str()).await;
    for wrong in [
        json!({}),
        json!({"body": ""}),
        json!({"body": null}),
        json!({"body": "x".repeat(100_001)}),
        json!({"body": "x", "title": "x".repeat(256)}),
        json!({"body": "x", "created_by": "somebody"}),
    ] {
        house.admin.post(NOTES, wrong).await.expect(422);
    }
    for wrong in [json!({"body": null}), json!({"body": ""}), json!({"created_by": "somebody"})] {
        house.admin.patch(&path(&note), wrong).await.expect(422);
    }
}

#[tokio::test]
async fn a_note_is_seen_by_its_writer_by_whom_it_was_granted_to_and_by_administrators() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let house = Organization::of(&server, &mailroom, "acme").await;
    let other = Organization::of(&server, &mailroom, "other").await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let (ann_id, bob_id) = (&ann.identity["id"], &bob.identity["id"]);
    // What the organization writes is nobody's at first.
    let note = write(&house.admin, None, "plan").await;
    assert_eq!(note["access"], json!([]));
    let access = format!("{}/access", path(&note));
    let grant = async |to: &Value| house.admin.post(&access, json!({"identity_id": to})).await;
    ann.get(&path(&note)).await.expect(404);
    ann.get(&access).await.expect(404);
    ann.patch(&path(&note), json!({"body": "x"})).await.expect(404);
    ann.delete(&path(&note)).await.expect(404);
    other.admin.get(&path(&note)).await.expect(404);
    assert_eq!(bodies(&ann, "").await, [""; 0]);
    let made = grant(ann_id).await.expect(201);
    assert_eq!(made["note_id"], note["id"]);
    grant(ann_id).await.expect(409);
    for nobody in [json!(NOBODY), json!("x"), other.agent("eve").await.identity["id"].clone()] {
        grant(&nobody).await.expect(404);
    }
    for wrong in [json!({}), json!({"identity_id": null})] {
        house.admin.post(&access, wrong).await.expect(422);
    }
    // Who sees it may change it, and grant nothing.
    ann.patch(&path(&note), json!({"body": "plan B"})).await.expect(200);
    ann.post(&access, json!({"identity_id": bob_id})).await.expect(403);
    grant(bob_id).await.expect(201);
    let viewers = ann.get(&access).await.expect(200);
    let viewers: Vec<_> = viewers.as_array().unwrap().iter().map(|g| &g["identity_id"]).collect();
    assert_eq!(viewers, [ann_id, bob_id]);
    // An agent gives up its own grant and no other.
    let of = |id: &Value| format!("{access}/{}", id.as_str().unwrap());
    ann.delete(&of(bob_id)).await.expect(403);
    ann.delete(&of(ann_id)).await.expect(204);
    ann.get(&path(&note)).await.expect(404);
    house.admin.delete(&of(ann_id)).await.expect(404);
    house.admin.delete(&of(bob_id)).await.expect(204);
    bob.get(&path(&note)).await.expect(404);
    house.admin.get(&path(&note)).await.expect(200);
}

#[tokio::test]
async fn notes_are_listed_by_change_or_by_age_searched_and_paged() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let first = write(&ann, Some("Ärger"), "one").await;
    write(&ann, None, "two 100%").await;
    write(&bob, None, "three").await;
    server.clock.advance(domain::seconds(1));
    ann.patch(&path(&first), json!({"body": "one_"})).await.expect(200);
    assert_eq!(bodies(&ann, "").await, ["one_", "two 100%"]);
    assert_eq!(bodies(&ann, "?order=created").await, ["two 100%", "one_"]);
    assert_eq!(bodies(&house.admin, "").await, ["one_", "three", "two 100%"]);
    assert_eq!(bodies(&house.admin, "?limit=1&offset=1").await, ["three"]);
    for (query, expected) in
        [("q=%C3%A4rg", "one_"), ("q=100%25", "two 100%"), ("q=E_", "one_"), ("q=THREE", "three")]
    {
        assert_eq!(bodies(&house.admin, &format!("?{query}")).await, [expected], "{query}");
    }
    let of = |who: &Agent<'_>| format!("?identity_id={}", who.identity["id"].as_str().unwrap());
    assert_eq!(bodies(&house.admin, &of(&bob)).await, ["three"]);
    assert_eq!(bodies(&ann, &of(&bob)).await, [""; 0]);
    for wrong in ["order=name", "limit=201", "limit=0", "offset=-1", "identity_id=bob"] {
        ann.get(&format!("{NOTES}?{wrong}")).await.expect(422);
    }
    ann.get(&format!("{NOTES}?q={}", "x".repeat(201))).await.expect(422);
}

#[tokio::test]
async fn check_14_notes_outlive_identities_and_their_grants_do_not() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let note = write(&ann, None, "kept").await;
    house.admin.delete("/api/v1/identities/ann").await.expect(204);
    let kept = house.admin.get(&path(&note)).await.expect(200);
    assert_eq!((&kept["body"], &kept["access"]), (&json!("kept"), &json!([])));
}
