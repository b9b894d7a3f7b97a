//! The address book: making, changing, finding and deleting contacts, and who sees them.

use serde_json::{Value, json};
use testkit::{Agent, Mailroom, Organization, TestServer};

const CONTACTS: &str = "/api/v1/contacts";
const NOBODY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn path(contact: &Value) -> String {
    format!("{CONTACTS}/{}", contact["id"].as_str().expect("an id"))
}

async fn make(who: &Agent<'_>, body: Value) -> Value {
    who.post(CONTACTS, body).await.expect(201)
}

/// Whether a contact is there for somebody, by every way to read one.
async fn sees(who: &Agent<'_>, contact: &Value) -> bool {
    let listed = who.get(CONTACTS).await.expect(200);
    let listed = listed.as_array().unwrap().iter().any(|c| c["id"] == contact["id"]);
    let expected = if listed { 200 } else { 404 };
    who.get(&path(contact)).await.expect(expected);
    who.get(&format!("{}/access", path(contact))).await.expect(expected);
    listed
}

async fn names(who: &Agent<'_>, query: &str) -> Vec<String> {
    let found = who.get(&format!("{CONTACTS}{query}")).await.expect(200);
    found.as_array().unwrap().iter().map(|c| text(&c["preferred_name"])).collect()
}

#[tokio::test]
async fn check_12_a0_a1_a2_a3_a4_a5_a6_a7_who_sees_a_contact() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let (ann_id, bob_id) = (&ann.identity["id"], &bob.identity["id"]);
    //
    let contact = make(&house.admin, json!({"given_name": "Cy"})).await;
    assert_eq!(contact["access"][0]["identity_id"], Value::Null);
    assert!(sees(&ann, &contact).await && sees(&bob, &contact).await);
    let access = format!("{}/access", path(&contact));
    let grant = async |to: &Value| house.admin.post(&access, json!({"identity_id": to})).await;
    // A-2, and the key must be there.
    assert_eq!(grant(ann_id).await.expect(409)["detail"]["error"], "redundant_grant");
    house.admin.post(&access, json!({})).await.expect(422);
    //
    house.admin.delete(&format!("{access}/{}", text(ann_id))).await.expect(204);
    assert!(!sees(&ann, &contact).await && sees(&bob, &contact).await);
    house.admin.delete(&format!("{access}/{}", text(ann_id))).await.expect(404);
    // an explicit list does not cover who comes later; a wildcard does.
    let cyd = house.agent("cyd").await;
    assert!(!sees(&cyd, &contact).await);
    // A-3, and only the organization grants.
    assert!(grant(bob_id).await.expect(409)["detail"].is_string());
    bob.post(&access, json!({"identity_id": cyd.identity["id"]})).await.expect(403);
    grant(&json!(NOBODY)).await.expect(404);
    //
    grant(&Value::Null).await.expect(201);
    assert_eq!(house.admin.get(&access).await.expect(200).as_array().unwrap().len(), 1);
    assert!(sees(&ann, &contact).await && sees(&cyd, &contact).await);
    //
    bob.delete(&format!("{access}/{}", text(ann_id))).await.expect(403);
    bob.delete(&format!("{access}/{}", text(bob_id))).await.expect(204);
    assert!(!sees(&bob, &contact).await && sees(&ann, &contact).await);
    //
    assert!(sees(&house.admin, &contact).await);
}

#[tokio::test]
async fn k1_k2_k7_who_may_see_a_new_contact_and_what_it_needs() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let house = Organization::of(&server, &mailroom, "acme").await;
    let other = Organization::of(&server, &mailroom, "other").await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let new = |access: Value| json!({"company_name": "Acme", "access_identity_ids": access});
    let hidden = make(&house.admin, new(json!([]))).await;
    assert!(!sees(&ann, &hidden).await && sees(&house.admin, &hidden).await);
    let for_bob = make(&house.admin, new(json!([bob.identity["id"]]))).await;
    assert!(!sees(&ann, &for_bob).await && sees(&bob, &for_bob).await);
    for nobody in [json!(NOBODY), json!("x"), other.agent("eve").await.identity["id"].clone()] {
        house.admin.post(CONTACTS, new(json!([nobody]))).await.expect(404);
    }
    // The agent that makes a contact sees it.
    let own = make(&ann, new(json!([]))).await;
    assert_eq!(own["created_by_identity_id"], ann.identity["id"]);
    assert!(sees(&ann, &own).await && !sees(&bob, &own).await);
    // Of another organization nothing is there.
    assert!(!sees(&other.admin, &own).await);
    // K-2
    for empty in [json!({}), json!({"notes": "?", "preferred_name": "  ", "emails": []})] {
        house.admin.post(CONTACTS, empty).await.expect(400);
    }
    // K-7
    let more = json!({"colour": "red"});
    make(&house.admin, json!({"given_name": "x", "colour": "red"})).await;
    house.admin.patch(&path(&own), more.clone()).await.expect(200);
    ann.patch(&ann.path(""), more).await.expect(422);
}

#[tokio::test]
async fn k3_k4_k5_k6_lists_keep_their_form_and_are_judged() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let emails = json!([{"value": "Ann.Lee@X.io"}, {"label": "work", "value": "al@y.io", "is_primary": true}]);
    let contact = make(
        &house.admin,
        json!({"given_name": "Ann", "family_name": "Lee", "birthday": "1990-02-28", "notes": "two\nlines",
            "emails": emails, "phones": [{"value_e164": "+15555550100"}],
            "websites": [{"url": "https://x.io"}], "dates": [{"label": "met", "date": "2020-01-01"}],
            "addresses": [{"city": "Austin", "postal": "78701"}], "custom_fields": [{"label": "k", "value": "v"}]}),
    )
    .await;
    // K-4, K-5
    assert_eq!(
        contact["emails"][0],
        json!({"label": null, "value": "Ann.Lee@X.io", "is_primary": false})
    );
    assert_eq!(contact["preferred_name"], "Ann Lee");
    assert_eq!(contact["addresses"][0]["postal"], "78701");
    let same = house.admin.get(&path(&contact)).await.expect(200);
    assert_eq!(same, contact);
    // K-6
    make(&house.admin, json!({"emails": [{"value": "ANN.LEE@x.io"}]})).await;
    // K-3
    for (wrong, place) in [
        (json!({"emails": [{"value": "a@x.io"}, {"value": "A@X.IO"}]}), "emails"),
        (
            json!({"emails": [{"value": "a@x.io", "is_primary": true}, {"value": "b@x.io", "is_primary": true}]}),
            "emails",
        ),
        (json!({"emails": [{"value": "nobody"}]}), "emails"),
        (json!({"phones": [{"value_e164": "555-0100"}]}), "phones"),
        (json!({"given_name": "x", "birthday": "1990-02-30"}), "birthday"),
        (json!({"given_name": "x".repeat(129)}), "given_name"),
        (
            json!({"emails": (0..51).map(|i| json!({"value": format!("a{i}@x.io")})).collect::<Value>()}),
            "emails",
        ),
    ] {
        let refused = house.admin.post(CONTACTS, wrong).await.expect(422);
        assert_eq!(refused["detail"][0]["loc"][1], place, "{refused}");
    }
}

#[tokio::test]
async fn check_16_a_merge_patch_keeps_clears_and_replaces() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let contact = make(
        &ann,
        json!({"given_name": "Bo", "job_title": "Cook", "emails": [{"value": "bo@x.io"}], "dates": [{"date": "2020-01-01"}]}),
    )
    .await;
    let patch = async |body: Value| ann.patch(&path(&contact), body).await.expect(200);
    let changed = patch(json!({"family_name": "Ek"})).await;
    assert_eq!(
        (&changed["preferred_name"], &changed["job_title"]),
        (&json!("Bo Ek"), &json!("Cook"))
    );
    let changed =
        patch(json!({"job_title": null, "dates": null, "emails": [{"value": "ek@y.io"}]})).await;
    assert_eq!((&changed["job_title"], &changed["dates"]), (&Value::Null, &json!([])));
    assert_eq!(changed["given_name"], "Bo");
    assert_eq!(names(&ann, "/lookup?email=bo@x.io").await, [""; 0]);
    assert_eq!(names(&ann, "/lookup?email=EK@y.io").await, ["Bo Ek"]);
    let reviewed = patch(json!({"review_status": "unreviewed"})).await;
    assert_eq!(
        (&reviewed["is_confirmed"], &reviewed["review_status"]),
        (&json!(false), &json!("unreviewed"))
    );
    assert!(reviewed["reviewed_at"].is_string());
    assert_eq!(names(&ann, "?review_status=confirmed").await, [""; 0]);
    assert_eq!(names(&ann, "?review_status=confirmed&review_status=unreviewed").await.len(), 1);
    let nothing = json!({"given_name": null, "family_name": null, "emails": null});
    ann.patch(&path(&contact), nothing).await.expect(400);
}

#[tokio::test]
async fn check_15_a_lookup_takes_exactly_one_parameter_and_answers_with_all_that_are_visible() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let first = json!({"preferred_name": "First", "emails": [{"value": "Both@Mail.X.io"}], "phones": [{"value_e164": "+15555550100"}]});
    make(&house.admin, first).await;
    make(&house.admin, json!({"preferred_name": "Second", "emails": [{"value": "both@mail.x.io"}, {"value": "two_b@y.io"}]})).await;
    make(&house.admin, json!({"preferred_name": "Hidden", "emails": [{"value": "both@mail.x.io"}], "access_identity_ids": []})).await;
    for wrong in ["", "?email=a@x.io&phone=%2B15555550100", "?colour=red", "?email="] {
        ann.get(&format!("{CONTACTS}/lookup{wrong}")).await.expect(422);
    }
    for (query, expected) in [
        ("email=BOTH@mail.x.io", vec!["First", "Second"]),
        ("email=nobody@x.io", vec![]),
        ("email_contains=TH@ma", vec!["First", "Second"]),
        ("email_contains=two_b", vec!["Second"]),
        ("email_contains=two%25b", vec![]),
        ("email_contains=t%5Fb", vec![]),
        ("email_domain=Mail.X.io", vec!["First", "Second"]),
        ("email_domain=x.io", vec![]),
        ("phone=%2B15555550100", vec!["First"]),
        ("phone=%2B1555555010", vec![]),
        ("phone_contains=555-0100", vec!["First"]),
    ] {
        assert_eq!(names(&ann, &format!("/lookup?{query}")).await, expected, "{query}");
    }
    let all = names(&house.admin, "/lookup?email=both@mail.x.io").await;
    assert_eq!(all, ["First", "Second", "Hidden"]);
}

#[tokio::test]
async fn a_list_is_ordered_searched_and_paged() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    for (name, notes) in [("beta", "likes 100%"), ("Alpha", ""), ("gamma", "ÄRGER_1")] {
        server.advance(domain::seconds(1)).await;
        make(&house.admin, json!({"preferred_name": name, "notes": notes})).await;
    }
    assert_eq!(names(&ann, "").await, ["Alpha", "beta", "gamma"]);
    assert_eq!(names(&ann, "?order=recent").await, ["gamma", "Alpha", "beta"]);
    assert_eq!(names(&ann, "?limit=1&offset=1").await, ["beta"]);
    assert_eq!(names(&ann, "?q=ALP").await, ["Alpha"]);
    assert_eq!(names(&ann, "?q=%C3%A4rger_").await, ["gamma"]);
    assert_eq!(names(&ann, "?q=100%25").await, ["beta"]);
    assert_eq!(names(&ann, "?q=1%25").await, [""; 0]);
    for wrong in ["order=age", "limit=0", "offset=10001", "review_status=maybe"] {
        ann.get(&format!("{CONTACTS}?{wrong}")).await.expect(422);
    }
    ann.get(&format!("{CONTACTS}?q={}", "x".repeat(101))).await.expect(422);
}

#[tokio::test]
async fn contacts_are_deleted_one_by_one_and_many_at_once() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        let access = if name == "c" { json!([]) } else { Value::Null };
        let new = json!({"preferred_name": name, "emails": [{"value": "x@x.io"}], "access_identity_ids": access});
        made.push(make(&house.admin, new).await);
    }
    ann.delete(&path(&made[0])).await.expect(204);
    ann.delete(&path(&made[0])).await.expect(404);
    let ids: Vec<_> = made.iter().map(|c| c["id"].clone()).collect();
    let bulk = format!("{CONTACTS}/bulk-delete");
    let outcome = ann.post(&bulk, json!({"contact_ids": ids})).await.expect(200);
    assert_eq!((&outcome["deleted_count"], &outcome["error_count"]), (&json!(1), &json!(2)));
    let said: Vec<_> =
        outcome["results"].as_array().unwrap().iter().map(|r| text(&r["status"])).collect();
    assert_eq!(said, ["error", "deleted", "error"]);
    assert_eq!(outcome["results"][0]["error_code"], "not_found");
    assert_eq!(names(&house.admin, "/lookup?email=x@x.io").await, ["c"]);
    ann.post(&bulk, json!({})).await.expect(422);
}

#[tokio::test]
async fn check_14_contacts_outlive_identities_and_their_grants_do_not() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let new = json!({"given_name": "Cy", "access_identity_ids": [ann.identity["id"], bob.identity["id"]]});
    let contact = make(&house.admin, new).await;
    house.admin.delete("/api/v1/identities/ann").await.expect(204);
    let kept = house.admin.get(&path(&contact)).await.expect(200);
    let viewers: Vec<_> =
        kept["access"].as_array().unwrap().iter().map(|g| &g["identity_id"]).collect();
    assert_eq!(viewers, [&bob.identity["id"]]);
}
