//! What holds for every call: paths, keys, refusals (email-api.md 16, lines 1 to 8).

use app::email::domains;
use axum::http::Method;
use domain::email::DomainStatus;
use serde_json::{Value, json};
use testkit::contract::email_contract;
use testkit::{Agent, Organization, Persona, TestServer};

/// Every documented GET whose path names nothing but an identity or its mailbox.
fn readable(agent: &Agent<'_>) -> Vec<String> {
    let paths = email_contract().document()["paths"].as_object().unwrap().iter();
    let with_get = paths.filter(|(_, item)| item["get"].is_object());
    let handle = agent.identity["agent_handle"].as_str().unwrap();
    let filled = with_get.map(|(path, _)| {
        path.replace("{email_address}", agent.address()).replace("{agent_handle}", handle)
    });
    filled.filter(|path| !path.contains('{')).collect()
}

#[tokio::test]
async fn check_01_r1_every_path_answers_the_same_with_and_without_a_final_slash() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let paths = readable(&ann);
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        let (plain, slashed) =
            (house.admin.get(&path).await, house.admin.get(&format!("{path}/")).await);
        assert!(!plain.status.is_redirection(), "{path}");
        assert_eq!(plain.status, slashed.status, "{path}");
        assert_eq!(plain.json(), slashed.json(), "{path}");
    }
}

#[tokio::test]
async fn check_02_without_a_key_401_and_without_a_route_404_both_as_json_with_a_sentence() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let nobody = Persona::anonymous(&server);
    for path in readable(&ann) {
        let refused = nobody.get(&path).await.expect(401);
        assert!(refused["detail"].is_string(), "{path}: {refused}");
    }
    let mut stranger = ann.clone();
    for key in ["", "nonsense", "ApiKey_0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001.secret"] {
        key.clone_into(&mut stranger.key);
        let refused = stranger.get("/api/whoami").await.expect(401);
        assert!(refused["detail"].is_string(), "{refused}");
    }
    for path in ["/api/v1/nonsense", "/api/v1/vault/secrets", "/api/v1/mail/mailboxes/ann/nonsense"]
    {
        assert_eq!(ann.get(path).await.expect(404), json!({"detail": "Not Found"}), "{path}");
    }
    // There is no create and no delete of mailboxes (6.1).
    for (method, path) in
        [(Method::POST, "/api/v1/mail/mailboxes".to_owned()), (Method::DELETE, ann.path(""))]
    {
        let refused = house.admin.call(method, &path, &[], None).await.expect(405);
        assert!(refused["detail"].is_string(), "{refused}");
    }
}

#[tokio::test]
async fn check_03_r2_at_and_plus_in_a_path_are_read_raw_and_encoded() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ctx = app::operator_ctx(&server.app, &house.slug, true, "olga").await.unwrap();
    let verified = async |tx: &app::Tx, ctx: &app::OpCtx| {
        domains::register(tx, ctx, "mail.example.com").await?;
        domains::judge(tx, ctx, "mail.example.com", DomainStatus::Verified, None).await
    };
    ctx.app.act(&ctx, verified).await.unwrap();
    let mailbox = json!({"sending_domain": "mail.example.com", "email_local_part": "sales+eu"});
    let body = json!({"agent_handle": "sales", "mailbox": mailbox});
    let made = house.admin.post("/api/v1/identities/", body).await.expect(201);
    assert_eq!(made["email_address"], "sales+eu@mail.example.com");
    for address in [
        "sales+eu@mail.example.com",
        "sales+eu%40mail.example.com",
        "sales%2Beu@mail.example.com",
        "sales%2beu%40mail%2Eexample.com",
        "SALES+EU@Mail.Example.com",
    ] {
        let path = format!("/api/v1/mail/mailboxes/{address}");
        let found = house.admin.get(&path).await.expect(200);
        assert_eq!(found["id"], made["mailbox"]["id"], "{address}");
        house.admin.get(&format!("{path}/messages")).await.expect(200);
    }
    house.admin.get("/api/v1/mail/mailboxes/sales%20eu@mail.example.com").await.expect(404);
    assert_eq!(house.admin.get("/api/v1/identities/%73ales").await.expect(200)["id"], made["id"]);
}

#[tokio::test]
async fn check_06_c4_an_equal_rule_is_named_by_its_id() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    house.agent("ann").await;
    let rules = "/api/v1/identities/ann/mail-contact-rules";
    let rule =
        |target: &str| json!({"action": "block", "match_type": "domain", "match_target": target});
    house.admin.post(rules, rule("other.example")).await.expect(201);
    let made = house.admin.post(rules, rule("spam.example")).await.expect(201);
    // Equal is what speaks of the same people, whatever it says of them.
    let mut again = rule("@SPAM.example");
    again["action"] = json!("allow");
    let refused = house.admin.post(rules, again).await.expect(409);
    assert_eq!(refused["detail"]["existing_rule_id"], made["id"]);
}

#[tokio::test]
async fn check_07_m7_a_full_mailbox_sends_nothing_and_says_where_its_end_is() {
    const LIMIT: i64 = 20_000;
    let email = app::email::Settings { storage_limit: Some(LIMIT), ..Default::default() };
    let server = TestServer::start_with(email).await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    assert_eq!(ann.get(&ann.path("")).await.expect(200)["storage_limit_bytes"], LIMIT);
    bob.send(&[ann.address()], "Hello", "x").await;
    let inbound = ann.messages().await[0].clone();
    let of = |end: &str| ann.path(&format!("/messages/{}/{end}", inbound["id"].as_str().unwrap()));
    let long = "0123456789abcdef ".repeat(2000);
    let to = json!({"to": [bob.address()]});
    for (path, body) in [
        (ann.path("/messages"), json!({"recipients": to, "subject": "Long", "body_text": long})),
        (of("reply-all"), json!({"body_text": long})),
        (of("forward"), json!({"recipients": to, "body_text": long})),
    ] {
        let refused = ann.post(&path, body).await.expect(402);
        let detail = &refused["detail"];
        assert_eq!(detail["error"], "storage_limit_exceeded", "{path}");
        assert_eq!(detail["limit_bytes"], LIMIT, "{path}");
        assert!(detail["message"].is_string() && detail["upgrade_url"].is_string(), "{detail}");
    }
    assert_eq!(ann.messages().await.len(), 1, "nothing was stored");

    // M-13: what is deleted makes room at once.
    let text = "0123456789abcdef ".repeat(700);
    let first = ann.send(&["x@partner.example"], "Half", &text).await;
    let body = json!({"recipients": to, "subject": "Half", "body_text": text});
    ann.post(&ann.path("/messages"), body.clone()).await.expect(402);
    let path = ann.path(&format!("/messages/{}", first["id"].as_str().unwrap()));
    ann.delete(&path).await.expect(204);
    ann.post(&ann.path("/messages"), body).await.expect(201);
}

/// Every item of a list, page by page; after each page something else happens.
async fn walk(agent: &Agent<'_>, list: &str, between: impl AsyncFn()) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = agent.get(&agent.path(&format!("/{list}?limit=2{cursor}"))).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().cloned());
        assert!(page.as_object().unwrap().contains_key("next_cursor"), "R-7");
        assert_eq!(page["has_more"], page["next_cursor"].is_string(), "R-6");
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        let is_base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(next.chars().all(is_base64url), "R-9: {next}");
        cursor = format!("&cursor={next}");
        between().await;
    }
}

#[tokio::test]
async fn check_08_r6_to_r9_pages_hold_everything_once_while_more_arrives() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let draft = async |n: &str| {
        bob.post(&bob.path("/drafts"), json!({"subject": n})).await.expect(201);
    };
    // Some of one moment, so that more than time must tell them apart.
    for n in 0..7 {
        ann.send(&[bob.address()], &format!("n{n}"), "x").await;
        draft(&format!("n{n}")).await;
        if n % 3 == 0 {
            server.clock.advance(domain::seconds(1));
        }
    }
    for list in ["messages", "threads", "drafts"] {
        let more = async || {
            server.clock.advance(domain::seconds(1));
            ann.send(&[bob.address()], "late", "x").await;
            draft("late").await;
        };
        let seen = walk(&bob, list, more).await;
        let mut subjects: Vec<_> = seen.iter().map(|i| i["subject"].as_str().unwrap()).collect();
        subjects.retain(|subject| *subject != "late");
        assert_eq!(subjects, ["n6", "n5", "n4", "n3", "n2", "n1", "n0"], "{list}");
    }
    for list in ["messages", "threads", "drafts", "imports"] {
        let refused = bob.get(&bob.path(&format!("/{list}?cursor=garbled"))).await.expect(422);
        assert!(refused["detail"].is_string(), "R-8: {refused}");
    }
}
