//! Who sees identities, contacts and notes (email-api.md 5.5, V-1 to V-11): one set of rules, and where the three
//! differ. Identities and notes are seen by nobody at first, contacts by all; notes know no grant to all.

use serde_json::{Value, json};
use testkit::{Agent, Answer, Mailroom, Organization, TestServer};

const NOBODY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

/// Something that can be seen.
struct Thing {
    list: &'static str,
    path: String,
    /// What a grant names the viewer by.
    viewer: &'static str,
    knows_all: bool,
}

/// An organization with agents ann, bob and cyd; ann, a contact and a note can be seen.
struct World<'a> {
    house: Organization<'a>,
    ann: Agent<'a>,
    bob: Agent<'a>,
    cyd: Agent<'a>,
    things: [Thing; 3],
}

fn id<'a>(agent: &'a Agent<'_>) -> &'a Value {
    &agent.identity["id"]
}

impl<'a> World<'a> {
    async fn open(server: &'a TestServer) -> Self {
        Self::of(server, &Mailroom::open(server).await).await
    }

    /// Where nobody was granted anything.
    async fn of(server: &'a TestServer, mailroom: &Mailroom) -> Self {
        let house = Organization::of(server, mailroom, "acme").await;
        let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
        let cyd = house.agent("cyd").await;
        let contact = json!({"given_name": "Di", "access_identity_ids": []});
        let contact = house.admin.post("/api/v1/contacts", contact).await.expect(201);
        let note = house.admin.post("/api/v1/notes", json!({"body": "x"})).await.expect(201);
        let thing = |list, one: &Value, viewer, knows_all| {
            let path = format!("{list}/{}", one.as_str().expect("a name"));
            Thing { list, path, viewer, knows_all }
        };
        let things = [
            thing("/api/v1/identities", &json!("ann"), "viewer_identity_id", true),
            thing("/api/v1/contacts", &contact["id"], "identity_id", true),
            thing("/api/v1/notes", &note["id"], "identity_id", false),
        ];
        Self { house, ann, bob, cyd, things }
    }

    async fn grant(&self, thing: &Thing, viewer: &Value) -> Answer {
        self.house.admin.post(&thing.access(), json!({thing.viewer: viewer})).await
    }

    async fn revoke(&self, thing: &Thing, viewer: &Agent<'_>) -> Answer {
        self.house.admin.delete(&thing.access_of(viewer)).await
    }

    async fn viewers(&self, thing: &Thing) -> Vec<Value> {
        let all = self.house.admin.get(&thing.access()).await.expect(200);
        all.as_array().expect("a list").iter().map(|g| g[thing.viewer].clone()).collect()
    }

    fn that_know_all(&self) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(|thing| thing.knows_all)
    }
}

impl Thing {
    fn access(&self) -> String {
        format!("{}/access", self.path)
    }

    fn access_of(&self, viewer: &Agent<'_>) -> String {
        format!("{}/access/{}", self.path, id(viewer).as_str().expect("an id"))
    }

    /// Whether it is there for somebody, in the list and by itself (V-10).
    async fn is_seen_by(&self, who: &Agent<'_>) -> bool {
        let list = who.get(self.list).await.expect(200);
        let name = self.path.rsplit('/').next().expect("a name");
        let names = |one: &Value| one["id"] == name || one["agent_handle"] == name;
        let is_listed = list.as_array().expect("a list").iter().any(names);
        who.get(&self.path).await.expect(if is_listed { 200 } else { 404 });
        is_listed
    }
}

#[tokio::test]
async fn v1_at_first_an_identity_and_a_note_are_seen_by_administrators_only() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in &world.things {
        assert_eq!(world.viewers(thing).await, [Value::Null; 0], "{}", thing.path);
        assert!(!thing.is_seen_by(&world.bob).await && thing.is_seen_by(&world.house.admin).await);
    }
    // Q5: a contact is everybody's unless it is said otherwise.
    let contact = json!({"given_name": "Ed"});
    let contact = world.house.admin.post("/api/v1/contacts", contact).await.expect(201);
    assert_eq!(contact["access"][0]["identity_id"], Value::Null);
}

#[tokio::test]
async fn v2_a_grant_to_all_reaches_who_is_there_and_who_comes_later() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in world.that_know_all() {
        world.grant(thing, &Value::Null).await.expect(201);
        assert!(thing.is_seen_by(&world.bob).await && thing.is_seen_by(&world.cyd).await);
    }
    let dan = world.house.agent("dan").await;
    for thing in world.that_know_all() {
        assert!(thing.is_seen_by(&dan).await);
    }
    // A note knows no such grant.
    world.grant(&world.things[2], &Value::Null).await.expect(422);
}

#[tokio::test]
async fn v3_a_grant_to_all_takes_the_place_of_all_others() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in world.that_know_all() {
        world.grant(thing, id(&world.bob)).await.expect(201);
        // The second time it is the same.
        for _ in 0..2 {
            world.grant(thing, &Value::Null).await.expect(201);
            assert_eq!(world.viewers(thing).await, [Value::Null]);
        }
    }
}

#[tokio::test]
async fn v4_a_grant_to_one_beside_that_to_all_is_redundant() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in world.that_know_all() {
        world.grant(thing, &Value::Null).await.expect(201);
        let redundant = world.grant(thing, id(&world.cyd)).await.expect(409);
        assert_eq!(redundant["detail"]["error"], "redundant_grant");
        assert!(redundant["detail"]["detail"].is_string());
        assert_eq!(world.viewers(thing).await, [Value::Null]);
    }
}

#[tokio::test]
async fn v5_what_was_granted_already_is_a_conflict() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in &world.things {
        let made = world.grant(thing, id(&world.bob)).await.expect(201);
        assert_eq!(made[thing.viewer], *id(&world.bob));
        assert!(thing.is_seen_by(&world.bob).await && !thing.is_seen_by(&world.cyd).await);
        let again = world.grant(thing, id(&world.bob)).await.expect(409);
        assert!(again["detail"].is_string(), "{again}");
        assert_eq!(world.viewers(thing).await, [id(&world.bob).clone()]);
    }
}

#[tokio::test]
async fn v6_only_identities_of_the_organization_are_granted_to_and_none_to_itself() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let world = World::of(&server, &mailroom).await;
    let eve = Organization::of(&server, &mailroom, "other").await.agent("eve").await;
    for thing in &world.things {
        for nobody in [&json!(NOBODY), &json!("x"), id(&eve)] {
            world.grant(thing, nobody).await.expect(404);
        }
    }
    world.grant(&world.things[0], id(&world.ann)).await.expect(422);
}

#[tokio::test]
async fn v7_what_is_taken_from_one_under_a_grant_to_all_stays_with_the_others() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in &world.things {
        world.revoke(thing, &world.bob).await.expect(404);
    }
    for thing in world.that_know_all() {
        world.grant(thing, &Value::Null).await.expect(201);
        world.revoke(thing, &world.bob).await.expect(204);
        assert!(!thing.is_seen_by(&world.bob).await && thing.is_seen_by(&world.cyd).await);
        world.revoke(thing, &world.bob).await.expect(404);
        let unknown = format!("{}/{NOBODY}", thing.access());
        world.house.admin.delete(&unknown).await.expect(404);
    }
    // Who comes later is not among the others.
    let dan = world.house.agent("dan").await;
    for thing in world.that_know_all() {
        assert!(!thing.is_seen_by(&dan).await);
    }
}

#[tokio::test]
async fn v8_an_identity_sees_itself_whoever_else_does() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    let identity = &world.things[0];
    assert!(identity.is_seen_by(&world.ann).await);
    world.grant(identity, id(&world.bob)).await.expect(201);
    assert!(identity.is_seen_by(&world.ann).await);
    world.grant(identity, &Value::Null).await.expect(201);
    world.revoke(identity, &world.bob).await.expect(204);
    assert!(identity.is_seen_by(&world.ann).await && !identity.is_seen_by(&world.bob).await);
}

#[tokio::test]
async fn v9_only_the_organization_grants() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in &world.things {
        world.grant(thing, id(&world.bob)).await.expect(201);
        let body = json!({thing.viewer: id(&world.cyd)});
        world.bob.post(&thing.access(), body).await.expect(403);
        world.bob.delete(&thing.access_of(&world.cyd)).await.expect(403);
    }
    let [identity, contact, note] = &world.things;
    // Not even of itself; but a contact and a note are given up by who sees them (A-5, section 10).
    world.ann.post(&identity.access(), json!({"viewer_identity_id": null})).await.expect(403);
    world.bob.delete(&identity.access_of(&world.bob)).await.expect(403);
    for thing in [contact, note] {
        world.bob.delete(&thing.access_of(&world.bob)).await.expect(204);
        assert!(!thing.is_seen_by(&world.bob).await);
    }
}

#[tokio::test]
async fn v10_sending_is_free_to_whom_one_does_not_see() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    assert!(!world.things[0].is_seen_by(&world.bob).await);
    world.bob.send(&[world.ann.address()], "Hello", "?").await;
    server.settle().await;
    assert_eq!(world.ann.messages().await.len(), 1);
}

#[tokio::test]
async fn v11_grants_go_with_who_granted_and_with_who_was_granted_to() {
    let server = TestServer::start().await;
    let world = World::open(&server).await;
    for thing in &world.things {
        for viewer in [&world.bob, &world.cyd] {
            world.grant(thing, id(viewer)).await.expect(201);
        }
    }
    world.house.admin.delete("/api/v1/identities/cyd").await.expect(204);
    for thing in &world.things {
        assert_eq!(world.viewers(thing).await, [id(&world.bob).clone()], "{}", thing.path);
    }
    world.house.admin.delete("/api/v1/identities/ann").await.expect(204);
    assert!(!world.things[0].is_seen_by(&world.bob).await);
    // Nobody is seen through the name of one who is gone.
    world.house.admin.get(&world.things[0].access()).await.expect(404);
}
