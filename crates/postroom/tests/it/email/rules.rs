//! Contact rules and filter modes (email-api.md 6.14, C-1 to C-10) and what they do to messages (M-5, M-8).

use serde_json::{Value, json};
use testkit::{Agent, Organization, Receiver, TestServer};

use super::messages::{ingest, mail};

const RULES: &str = "/api/v1/identities/bob/mail-contact-rules";

fn rule(action: &str, match_type: &str, target: &str) -> Value {
    json!({"action": action, "match_type": match_type, "match_target": target})
}

fn path(rule: &Value) -> String {
    format!("{RULES}/{}", rule["id"].as_str().unwrap())
}

fn targets(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|r| r["match_target"].as_str().unwrap()).collect()
}

async fn set_mode(house: &Organization<'_>, mode: &str) {
    let change = json!({"mail_filter_mode": mode});
    house.admin.patch("/api/v1/identities/bob", change).await.expect(200);
}

#[tokio::test]
async fn c1_c3_c5_rules_are_listed_newest_first_normalised_and_for_both_directions() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    for (match_type, target, shown) in [
        ("domain", "@One.Example", "one.example"),
        ("domain", "https://two.example/", "two.example"),
        ("exact_email", "Ann.Lee@Three.Example", "ann.lee@three.example"),
    ] {
        let made = bob.post(RULES, rule("block", match_type, target)).await.expect(201);
        assert_eq!((&made["match_target"], &made["direction"]), (&json!(shown), &json!("both")));
        assert_eq!(made["status"], "active");
        server.clock.advance(domain::seconds(1));
    }
    let newest_first = ["ann.lee@three.example", "two.example", "one.example"];
    assert_eq!(targets(&bob.get(RULES).await.expect(200)), newest_first);
    let second = bob.get(&format!("{RULES}?limit=1&offset=1")).await.expect(200);
    assert_eq!(targets(&second), ["two.example"]);
    let exact = bob.get(&format!("{RULES}?match_type=exact_email&action=block")).await.expect(200);
    assert_eq!(targets(&exact), ["ann.lee@three.example"]);
    for wrong in ["limit=0", "limit=201", "offset=-1", "action=maybe", "match_type=all"] {
        bob.get(&format!("{RULES}?{wrong}")).await.expect(422);
    }
    for wrong in [
        rule("forbid", "domain", "x.example"),
        rule("block", "subject", "x.example"),
        rule("block", "exact_email", "no address"),
        rule("block", "domain", "two words"),
        json!({"action": "block"}),
    ] {
        bob.post(RULES, wrong).await.expect(422);
    }
    bob.get(&format!("{RULES}?limit=200")).await.expect(200);
}

#[tokio::test]
async fn c2_of_whom_a_rule_speaks_is_for_ever() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    let made = bob.post(RULES, rule("block", "domain", "x.example")).await.expect(201);
    for change in [
        json!({"match_target": "y.example"}),
        json!({"match_type": "exact_email"}),
        json!({"action": "allow", "match_target": "x.example"}),
    ] {
        house.admin.patch(&path(&made), change).await.expect(422);
    }
    let same = house.admin.get(&path(&made)).await.expect(200);
    assert_eq!((&same["action"], &same["match_target"]), (&json!("block"), &json!("x.example")));
    let changed = house.admin.patch(&path(&made), json!({"action": "allow"})).await.expect(200);
    assert_eq!(changed["action"], "allow");
}

#[tokio::test]
async fn c6_a_row_answers_both_generations_of_clients_on_every_route() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    bob.post(RULES, rule("block", "domain", "x.example")).await.expect(201);
    let of_ann = "/api/v1/identities/ann/mail-contact-rules";
    ann.post(of_ann, rule("block", "domain", "y.example")).await.expect(201);
    let (identity, mailbox) = (bob.identity["id"].as_str().unwrap(), bob.mailbox_id());
    for path in [
        RULES.to_owned(),
        bob.path("/contact-rules"),
        format!("/api/v1/mail/contact-rules?agent_identity_id={identity}"),
        format!("/api/v1/mail/contact-rules?mailbox_id={mailbox}"),
    ] {
        let rows = house.admin.get(&path).await.expect(200);
        assert_eq!(targets(&rows), ["x.example"], "{path}");
        assert_eq!(
            (&rows[0]["agent_identity_id"], &rows[0]["mailbox_id"]),
            (&json!(identity), &json!(mailbox))
        );
    }
    let all = house.admin.get("/api/v1/mail/contact-rules").await.expect(200);
    assert_eq!(targets(&all), ["y.example", "x.example"]);
    bob.get("/api/v1/mail/contact-rules").await.expect(403);
    bob.get(of_ann).await.expect(404);
}

#[tokio::test]
async fn c7_c8_mode_and_rules_decide_and_the_address_beats_its_domain() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let (exact, domain) = (ann.address(), "agents.localhost");
    let mut n = 0;
    for mode in ["blacklist", "whitelist"] {
        set_mode(&house, mode).await;
        for by_address in [None, Some("allow"), Some("block")] {
            for by_domain in [None, Some("allow"), Some("block")] {
                let mut made = Vec::new();
                for (action, kind, target) in
                    [(by_address, "exact_email", exact), (by_domain, "domain", domain)]
                {
                    if let Some(action) = action {
                        made.push(bob.post(RULES, rule(action, kind, target)).await.expect(201));
                    }
                }
                let passes = match by_address.or(by_domain) {
                    Some(action) => action == "allow",
                    None => mode == "blacklist",
                };
                n += 1;
                let subject = format!("n{n}");
                ann.send(&[bob.address()], &subject, "x").await;
                let arrived = bob.messages().await.iter().any(|m| m["subject"] == subject);
                assert_eq!(arrived, passes, "{mode}, {by_address:?}, {by_domain:?}");
                for rule in made {
                    house.admin.delete(&path(&rule)).await.expect(204);
                }
            }
        }
    }
}

async fn is_there(agent: &Agent<'_>, path: &str) -> bool {
    let status = agent.get(&agent.path(path)).await.status.as_u16();
    assert!(matches!(status, 200 | 404), "{path} answered {status}");
    status == 200
}

#[tokio::test]
async fn c9_m5_e1_what_was_blocked_is_the_organizations_alone_and_told_to_nobody() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    bob.post(RULES, rule("block", "domain", "partner.example")).await.expect(201);
    ingest(&bob, &mail("1", "")).await;
    server.settle().await;
    assert_eq!(receiver.received().len(), 0);
    let all = house.admin.get(&bob.path("/messages")).await.expect(200);
    let blocked = &all["items"][0];
    let (id, thread) = (blocked["id"].as_str().unwrap(), blocked["thread_id"].as_str().unwrap());
    let message = format!("/messages/{id}");
    let thread = format!("/threads/{thread}");
    let found = bob.get(&bob.path("/search?q=order")).await.expect(200);
    assert_eq!(found["items"], json!([]));
    for path in ["/messages", "/threads", "/threads?folder=blocked"] {
        assert_eq!(bob.get(&bob.path(path)).await.expect(200)["items"], json!([]), "{path}");
    }
    assert!(!is_there(&bob, &message).await && !is_there(&bob, &thread).await);
    bob.patch(&bob.path(&message), json!({"is_read": true})).await.expect(404);
    bob.delete(&bob.path(&message)).await.expect(404);
    for end in ["reply-all", "forward"] {
        let body = json!({"recipients": {"to": ["x@y.example"]}, "body_text": "x"});
        bob.post(&bob.path(&format!("{message}/{end}")), body).await.expect(404);
    }
    let for_admin = house.admin.get(&bob.path(&thread)).await.expect(200);
    assert_eq!(for_admin["folder"], "blocked");
    let moved = house.admin.patch(&bob.path(&thread), json!({"folder": "blocked"})).await;
    moved.expect(422);
}

#[tokio::test]
async fn c9_what_answers_a_blocked_message_is_not_blocked_with_it() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    let address = "ann.lee@partner.example";
    let made = bob.post(RULES, rule("block", "exact_email", address)).await.expect(201);
    ingest(&bob, &mail("1", "")).await;
    // Somebody else who had the blocked message as well answers it.
    let other = mail("2", "In-Reply-To: <1@p.example>\n");
    ingest(&bob, &other.replace("Ann.Lee@Partner.example", "sam@else.example")).await;
    let seen = bob.messages().await;
    assert_eq!(seen.len(), 1);
    let thread = format!("/threads/{}", seen[0]["thread_id"].as_str().unwrap());
    let shown = bob.get(&bob.path(&thread)).await.expect(200);
    assert_eq!((&shown["folder"], &shown["message_count"]), (&json!("inbox"), &json!(1)));
    // And a blocked message that answers a visible one pulls nothing out of sight.
    ingest(&bob, &mail("3", "In-Reply-To: <2@p.example>\n")).await;
    assert_eq!(bob.get(&bob.path(&thread)).await.expect(200)["message_count"], 1);
    house.admin.delete(&path(&made)).await.expect(204);
    ingest(&bob, &mail("4", "In-Reply-To: <2@p.example>\n")).await;
    assert_eq!(bob.get(&bob.path(&thread)).await.expect(200)["message_count"], 2);
}

#[tokio::test]
async fn c10_the_mode_is_one_whichever_route_changes_it() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    bob.post(RULES, rule("allow", "domain", "x.example")).await.expect(201);
    let modes = async || {
        let identity = bob.get("/api/v1/identities/bob").await.expect(200);
        let mailbox = bob.get(&bob.path("")).await.expect(200);
        assert_eq!(identity["mailbox"]["filter_mode"], mailbox["filter_mode"]);
        assert_eq!(identity["mail_inbound_filter_mode"], mailbox["inbound_filter_mode"]);
        assert_eq!(mailbox["filter_mode_change_notice"], Value::Null);
        [identity["mail_filter_mode"].clone(), mailbox["filter_mode"].clone()]
    };
    assert_eq!(modes().await, ["blacklist", "blacklist"]);
    set_mode(&house, "whitelist").await;
    assert_eq!(modes().await, ["whitelist", "whitelist"]);
    let change = json!({"filter_mode": "blacklist"});
    let changed = house.admin.patch(&bob.path(""), change.clone()).await.expect(200);
    let notice = json!({"new_filter_mode": "blacklist", "redundant_rule_action": "allow",
        "redundant_rule_count": 1});
    assert_eq!(changed["filter_mode_change_notice"], notice);
    assert_eq!(modes().await, ["blacklist", "blacklist"]);
    // The notice comes with the change that really changed something.
    let same = house.admin.patch(&bob.path(""), change).await.expect(200);
    assert_eq!(same["filter_mode_change_notice"], Value::Null);
    house.admin.patch(&bob.path(""), json!({"filter_mode": "greylist"})).await.expect(422);
}

#[tokio::test]
async fn m8_q30_only_a_rule_that_names_its_direction_holds_what_is_sent() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let bob = house.agent("bob").await;
    let send = async |to: &str| {
        let body = json!({"recipients": {"to": [to]}, "subject": "Hello", "body_text": "x"});
        bob.post(&bob.path("/messages"), body).await
    };
    bob.post(RULES, rule("block", "domain", "quiet.example")).await.expect(201);
    send("ann@quiet.example").await.expect(201);
    let mut loud = rule("block", "domain", "loud.example");
    loud["direction"] = json!("outbound");
    let made = bob.post(RULES, loud).await.expect(201);
    let refused = send("Ann@Loud.example").await.expect(403);
    let detail = &refused["detail"];
    assert_eq!(detail["error"], "recipient_blocked");
    assert_eq!(
        (&detail["matched_rule_id"], &detail["address"]),
        (&made["id"], &json!("Ann@Loud.example"))
    );
    assert!(detail["reason"].is_string() && detail["message"].is_string());
    let change = json!({"direction": "inbound"});
    assert_eq!(house.admin.patch(&path(&made), change).await.expect(200)["direction"], "inbound");
    send("ann@loud.example").await.expect(201);
    let change = json!({"mail_outbound_filter_mode": "whitelist"});
    house.admin.patch("/api/v1/identities/bob", change).await.expect(200);
    let refused = send("sam@else.example").await.expect(403);
    assert_eq!(refused["detail"]["matched_rule_id"], Value::Null);
}
