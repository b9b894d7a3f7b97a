//! Identities, who sees whom, mailboxes and contact rules.

use app::email::domains;
use domain::email::DomainStatus;
use serde_json::{Value, json};
use testkit::{Agent, Organization, TestServer};

fn id<'a>(agent: &'a Agent<'_>) -> &'a str {
    agent.identity["id"].as_str().unwrap()
}

async fn sees(viewer: &Agent<'_>, handle: &str) -> bool {
    let list = viewer.get("/api/v1/identities/").await.expect(200);
    let listed = list.as_array().unwrap().iter().any(|i| i["agent_handle"] == handle);
    let status = viewer.get(&format!("/api/v1/identities/{handle}")).await.status.as_u16();
    assert_eq!(status, if listed { 200 } else { 404 });
    listed
}

#[tokio::test]
async fn check_01_paths_with_and_without_a_slash_and_raw_or_encoded_addresses_answer_the_same() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let ann = organization.agent("ann").await;
    for (one, other) in [
        ("/api/v1/identities/", "/api/v1/identities"),
        ("/api/v1/identities/ann/", "/api/v1/identities/@ANN"),
        (
            "/api/v1/mail/mailboxes/ann@agents.localhost",
            "/api/v1/mail/mailboxes/ann%40agents.localhost",
        ),
        ("/api/v1/mail/mailboxes/ann", "/api/v1/mail/mailboxes/ANN@agents.localhost/"),
    ] {
        assert_eq!(ann.get(one).await.expect(200), ann.get(other).await.expect(200), "{one}");
    }
}

#[tokio::test]
async fn check_11_a_handle_is_taken_once_in_the_whole_install_and_says_where() {
    let server = TestServer::start().await;
    let mailroom = testkit::Mailroom::open(&server).await;
    let acme = Organization::of(&server, &mailroom, "acme").await;
    let other = Organization::of(&server, &mailroom, "other").await;
    acme.agent("desk").await;
    let body = json!({"agent_handle": "@Desk", "mailbox": {}});
    let refused = other.admin.post("/api/v1/identities/", body).await.expect(409);
    assert_eq!(refused["detail"]["code"], "agent_handle_unavailable");
    assert_eq!(refused["detail"]["blocking_namespace"], "identities");
    for wrong in ["ab", "-abc", "a--b", "postmaster", "a_b"] {
        let body = json!({"agent_handle": wrong});
        let refused = acme.admin.post("/api/v1/identities/", body).await.expect(422);
        assert_eq!(refused["detail"][0]["loc"], json!(["body", "agent_handle"]));
    }
}

#[tokio::test]
async fn check_12_v1_to_v11_who_sees_an_identity() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob, cy) =
        (house.agent("ann").await, house.agent("bob").await, house.agent("cyd").await);
    let access = "/api/v1/identities/ann/access";
    let grant =
        async |viewer: Value| house.admin.post(access, json!({"viewer_identity_id": viewer})).await;
    // V-1, V-8, V-9, V-10
    assert!(!sees(&bob, "ann").await && sees(&ann, "ann").await && sees(&house.admin, "ann").await);
    ann.post(access, json!({"viewer_identity_id": id(&bob)})).await.expect(403);
    // V-6
    grant(json!("0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001")).await.expect(404);
    grant(json!(id(&ann))).await.expect(422);
    // V-5
    grant(json!(id(&bob))).await.expect(201);
    assert!(sees(&bob, "ann").await && !sees(&cy, "ann").await);
    assert!(grant(json!(id(&bob))).await.expect(409)["detail"].is_string());
    // V-2, V-3
    let all = house.admin.post(access, json!({})).await.expect(201);
    assert_eq!(all["viewer_identity_id"], Value::Null);
    assert_eq!(house.admin.get(access).await.expect(200).as_array().unwrap().len(), 1);
    assert!(sees(&cy, "ann").await);
    // V-4
    let redundant = grant(json!(id(&bob))).await.expect(409);
    assert_eq!(redundant["detail"]["error"], "redundant_grant");
    assert!(redundant["detail"]["detail"].is_string());
    // V-7
    house.admin.delete(&format!("{access}/{}", id(&bob))).await.expect(204);
    assert!(!sees(&bob, "ann").await && sees(&cy, "ann").await);
    house.admin.delete(&format!("{access}/{}", id(&bob))).await.expect(404);
    // V-11
    house.admin.delete("/api/v1/identities/cyd").await.expect(204);
    assert_eq!(house.admin.get(access).await.expect(200), json!([]));
}

#[tokio::test]
async fn check_12_v10_v11_visibility_holds_no_mail_back_and_a_grant_ends_with_either_side() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let access = |handle: &str| format!("/api/v1/identities/{handle}/access");
    // V-10: nobody sees anybody, and mail goes both ways.
    ann.send(&[bob.address()], "Hello", "x").await;
    bob.send(&[ann.address()], "Hello", "x").await;
    assert_eq!((ann.messages().await.len(), bob.messages().await.len()), (2, 2));
    // V-9: agents read their own grants and change none.
    house.admin.post(&access("ann"), json!({"viewer_identity_id": id(&bob)})).await.expect(201);
    house.admin.post(&access("bob"), json!({"viewer_identity_id": null})).await.expect(201);
    let own = ann.get(&access("ann")).await.expect(200);
    assert_eq!(own[0]["viewer_identity_id"], bob.identity["id"]);
    ann.get(&access("bob")).await.expect(403);
    ann.delete(&format!("{}/{}", access("ann"), id(&bob))).await.expect(403);
    assert!(sees(&ann, "bob").await && sees(&bob, "ann").await);
    // V-6: who is not there cannot be granted anything.
    house.admin.post(&access("ann"), json!({"viewer_identity_id": "nobody"})).await.expect(404);
    house.admin.get(&access("nobody")).await.expect(404);
    // V-11: the target goes, then comes another of its name, whom nobody was granted to see.
    house.admin.delete("/api/v1/identities/bob").await.expect(204);
    assert_eq!(house.admin.get(&access("ann")).await.expect(200), json!([]));
    house.admin.get(&access("bob")).await.expect(404);
    let cyd = house.agent("cyd").await;
    assert!(!sees(&cyd, "ann").await && !sees(&ann, "cyd").await);
}

#[tokio::test]
async fn check_14_a_deleted_identity_takes_mailbox_subscriptions_and_keys_with_it() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let receiver = testkit::Receiver::start().await;
    ann.subscribe(&receiver.url(), &["message.received"]).await;
    let rule = json!({"action": "block", "match_type": "domain", "match_target": "x.example"});
    ann.post("/api/v1/identities/ann/mail-contact-rules", rule).await.expect(201);
    house.admin.delete("/api/v1/identities/ann").await.expect(204);
    house.admin.get("/api/v1/identities/ann").await.expect(404);
    for path in ["", "/messages", "/threads", "/drafts", "/contact-rules"] {
        house.admin.get(&ann.path(path)).await.expect(404);
    }
    let left = house.admin.get("/api/v1/webhooks/subscriptions").await.expect(200);
    assert_eq!(left["subscriptions"], json!([]));
    assert_eq!(house.admin.get("/api/v1/mail/contact-rules").await.expect(200), json!([]));
    ann.get("/api/whoami").await.expect(401);
    let again = json!({"agent_handle": "ann"});
    house.admin.post("/api/v1/identities/", again).await.expect(409);
    // Nobody is there any more: the message is captured as one to the outside.
    bob.send(&[ann.address()], "Hello", "?").await;
    server.settle().await;
    assert_eq!(receiver.received().len(), 0);
}

#[tokio::test]
async fn check_13_a_patch_clears_keeps_and_answers_with_the_mailbox() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let path = "/api/v1/identities/ann";
    let changed =
        ann.patch(path, json!({"display_name": null, "description": ""})).await.expect(200);
    assert_eq!((&changed["display_name"], &changed["description"]), (&Value::Null, &json!("")));
    assert_eq!(changed["mailbox"]["id"], ann.identity["mailbox"]["id"]);
    ann.patch(path, json!({"mail_filter_mode": "whitelist"})).await.expect(403);
    let both = json!({"mail_filter_mode": "whitelist", "mail_inbound_filter_mode": "whitelist"});
    house.admin.patch(path, both).await.expect(422);
    let renamed = ann.patch(path, json!({"agent_handle": "anna"})).await.expect(200);
    assert_eq!(renamed["email_address"], ann.identity["email_address"]);
    ann.get(path).await.expect(404);
    ann.get("/api/v1/identities/anna").await.expect(200);
}

#[tokio::test]
async fn c7_to_c10_rules_and_modes_decide_whose_mail_arrives() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let receiver = testkit::Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    let rules = "/api/v1/identities/bob/mail-contact-rules";
    let rule =
        json!({"action": "block", "match_type": "domain", "match_target": "@Agents.localhost"});
    let made = bob.post(rules, rule.clone()).await.expect(201);
    assert_eq!(
        (&made["match_target"], &made["direction"]),
        (&json!("agents.localhost"), &json!("both"))
    );
    let twice = bob.post(rules, rule).await.expect(409);
    assert_eq!(twice["detail"]["existing_rule_id"], made["id"]);

    ann.send(&[bob.address()], "Blocked", "x").await;
    assert_eq!(bob.messages().await.len(), 0);
    let for_admin = house.admin.get(&bob.path("/messages")).await.expect(200);
    assert_eq!(for_admin["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        house.admin.get(&bob.path("/threads/folders")).await.expect(200),
        json!(["blocked"])
    );
    assert_eq!(bob.get(&bob.path("/threads/folders")).await.expect(200), json!([]));
    server.settle().await;
    assert_eq!(receiver.received().len(), 0, "C-9: what was blocked is told to nobody");

    // C-8: the address is stronger than its domain.
    let allow =
        json!({"action": "allow", "match_type": "exact_email", "match_target": ann.address()});
    bob.post(rules, allow).await.expect(201);
    ann.send(&[bob.address()], "Welcome", "x").await;
    assert_eq!(bob.messages().await.len(), 1);

    // C-2, and only the organization changes rules.
    let one = format!("{rules}/{}", made["id"].as_str().unwrap());
    bob.patch(&one, json!({"action": "allow"})).await.expect(403);
    house.admin.patch(&one, json!({"match_target": "x.io"})).await.expect(422);
    house.admin.patch(&one, json!({"action": "allow"})).await.expect(200);
    let old = bob.get(&format!("/api/v1/mail/mailboxes/{}/contact-rules", bob.address())).await;
    let listed = old.expect(200);
    assert_eq!(listed[0]["mailbox_id"], bob.identity["mailbox"]["id"]);
    house.admin.delete(&one).await.expect(204);

    // C-7, C-10: the mode is the identity's and shows on the mailbox.
    let path = bob.path("");
    bob.patch(&path, json!({"filter_mode": "whitelist"})).await.expect(403);
    let changed = house.admin.patch(&path, json!({"filter_mode": "whitelist"})).await.expect(200);
    assert_eq!(changed["filter_mode_change_notice"]["redundant_rule_action"], "block");
    let identity = bob.get("/api/v1/identities/bob").await.expect(200);
    assert_eq!(identity["mail_filter_mode"], "whitelist");
    for wrong in ["display_name", "webhook_url", "nonsense"] {
        bob.patch(&path, json!({wrong: "x"})).await.expect(422);
    }
}

#[tokio::test]
async fn check_10_a_mailbox_lies_on_the_default_domain_the_installs_or_a_verified_one() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ctx = app::operator_ctx(&server.app, &house.slug, true, "olga").await.unwrap();
    let act = async |status: Option<DomainStatus>| {
        let work = async move |tx: &app::Tx, ctx: &app::OpCtx| match status {
            None => domains::register(tx, ctx, "Mail.Example.com").await,
            Some(status) => domains::judge(tx, ctx, "mail.example.com", status, None).await,
        };
        ctx.app.act(&ctx, work).await.unwrap()
    };
    let make = async |handle: &str, mailbox: Value| {
        let body = json!({"agent_handle": handle, "mailbox": mailbox});
        house.admin.post("/api/v1/identities/", body).await
    };
    make("one", json!({"sending_domain": "mail.example.com"})).await.expect(404);
    act(None).await;
    make("one", json!({"sending_domain": "mail.example.com"})).await.expect(409);
    let default = "/api/v1/domains/mail.example.com/set-default";
    house.admin.post(default, json!({})).await.expect(409);
    act(Some(DomainStatus::Verified)).await;
    let agent = house.agent("two").await;
    agent.post(default, json!({})).await.expect(403);
    let chosen = house.admin.post(default, json!({})).await.expect(200);
    assert_eq!(chosen["default_domain"], "mail.example.com");
    let listed = agent.get("/api/v1/domains/?status=verified").await.expect(200);
    assert_eq!(
        (&listed[0]["domain"], &listed[0]["is_default"]),
        (&json!("mail.example.com"), &json!(true))
    );

    let address = |made: Value| made["email_address"].as_str().unwrap().to_owned();
    let free = make("three", json!({"email_local_part": "sales"})).await.expect(201);
    assert_eq!(address(free), "sales@mail.example.com");
    let own = make("four", json!({"sending_domain": null})).await.expect(201);
    assert_eq!(address(own), "four@agents.localhost");
    let other = json!({"sending_domain": null, "email_local_part": "other"});
    make("five", other).await.expect(422);
    let taken = make("six", json!({"email_local_part": "sales"})).await.expect(409);
    assert_eq!(taken["detail"]["blocking_namespace"], "mail");
    let cleared = house.admin.post("/api/v1/domains/agents.localhost/set-default", json!({})).await;
    assert_eq!(cleared.expect(200)["default_domain"], Value::Null);
}
