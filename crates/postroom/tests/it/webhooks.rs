//! Endpoints and deliveries over HTTP (postal.md appendix B, scenarios 24 and 25).

use domain::partner::PartnerSettings;
use domain::{days, minutes};
use serde_json::json;
use testkit::{Act, Mailroom, Receiver, Rough, TestServer, story};

fn body() -> serde_json::Value {
    json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true})
}

#[tokio::test]
async fn an_event_reaches_the_receiver_and_the_seeds_verifier_accepts_it() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let endpoint =
        crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    let secret = endpoint["secret"].as_str().unwrap();
    let customer = crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    assert!(received[0].verifies(secret));
    assert_eq!(received[0].header("x-innbocks-event-type"), "customer.created");
    let event = received[0].json();
    assert_eq!(event["data"]["customer_id"], customer["id"]);
    assert_eq!(received[0].header("x-innbocks-event-id"), event["id"].as_str().unwrap());
    let read =
        crm.get(&format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap())).await;
    assert_eq!(read.expect(200)["secret"], json!(null));
}

#[tokio::test]
async fn s24_three_failures_and_a_success_are_four_attempts_of_one_delivery() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    receiver.answer_with(&[500, 500, 500]);
    let endpoint =
        crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    for _ in 0..3 {
        server.advance(minutes(10)).await;
    }
    let received = receiver.received();
    assert_eq!(received.len(), 4);
    for attempt in &received {
        assert!(attempt.verifies(endpoint["secret"].as_str().unwrap()));
        assert_eq!(
            attempt.header("x-innbocks-delivery-id"),
            received[0].header("x-innbocks-delivery-id")
        );
        assert_eq!(attempt.body, received[0].body);
    }
    let log = crm.get("/api/v1/webhook-deliveries").await.expect(200);
    let attempts = log["data"][0]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 4);
    for attempt in attempts {
        assert!(attempt["phases"]["head_us"].as_i64().unwrap() > 0, "{attempt}");
        assert_eq!(attempt["phases"]["tls_us"], json!(null));
    }
}

#[tokio::test]
async fn case_11_the_log_shows_the_headers_of_each_answer_and_where_a_redirect_led() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let moved =
        b"HTTP/1.1 301 Moved\r\nSet-Cookie: a=1; Path=/\r\nX-Name: Zo\xeb\r\nSet-Cookie: b=2\r\n\
        Location: https://new.example.com/hooks\r\ncontent-length: 0\r\n\r\n";
    let scripts = vec![vec![Act::write(moved.to_vec())], vec![Act::Close]];
    let receiver = Rough::start(scripts).await;
    let url = format!("http://{}/hooks", receiver.addr);
    crm.post("/api/v1/webhook-endpoints", json!({"url": url})).await.expect(201);
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    server.advance(minutes(1)).await;
    let log = crm.get("/api/v1/webhook-deliveries").await.expect(200);
    let attempts = log["data"][0]["attempts"].as_array().unwrap();
    let header = |name: &str, value: &str| json!({"name": name, "value": value});
    let expected = json!([
        header("location", "https://new.example.com/hooks"),
        header("set-cookie", "a=1; Path=/"),
        header("set-cookie", "b=2"),
        header("x-name", "Zo\u{fffd}"),
        header("content-length", "0"),
    ]);
    assert_eq!(
        (&attempts[0]["status_code"], &attempts[0]["response_headers"]),
        (&json!(301), &expected)
    );
    assert_eq!(
        (&attempts[1]["status_code"], &attempts[1]["response_headers"]),
        (&json!(null), &json!([]))
    );
}

#[tokio::test]
async fn the_log_says_what_holds_a_delivery_and_until_when() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let made = json!({"url": receiver.url(), "retry_schedule": [1, 60]});
    let endpoint = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    receiver.answer_with(&[500; 6]);
    crm.post("/api/v1/customers", body()).await.expect(201);
    let shown = async || {
        let log = crm.get("/api/v1/webhook-deliveries").await.expect(200);
        let first = &log["data"][0];
        (first["held_by"].clone(), first["held_until"].clone(), first["next_attempt_at"].clone())
    };
    let (held_by, held_until, next) = shown().await;
    assert_eq!((held_by, held_until), (json!(null), json!(null)), "due since {next}");
    server.settle().await;
    let (held_by, held_until, next) = shown().await;
    assert_eq!((held_by, &held_until), (json!("schedule"), &next));
    for n in 2..=6 {
        crm.post("/api/v1/customers", json!({"email": format!("{n}@example.com"), "name": "N"}))
            .await
            .expect(201);
    }
    server.settle().await;
    let (held_by, held_until, next) = shown().await;
    assert_eq!(held_by, "breaker");
    assert!(held_until.as_str() > next.as_str(), "{held_until} is after {next}");
    crm.post(&format!("{path}/pause"), json!({})).await.expect(200);
    let (held_by, held_until, _) = shown().await;
    assert_eq!((held_by, held_until), (json!("endpoint"), json!(null)));
    crm.post(&format!("{path}/resume"), json!({})).await.expect(200);
    server.advance(minutes(2)).await;
    assert_eq!(shown().await, (json!(null), json!(null), json!(null)));
}

#[tokio::test]
async fn s25_case_21_the_old_secret_verifies_until_the_switch_and_the_new_one_after_it() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let old =
        crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", old["id"].as_str().unwrap());
    let new = crm.post(&format!("{path}/rotate-secret"), json!({})).await.expect(200);
    let (old, new) = (old["secret"].as_str().unwrap(), new["secret"].as_str().unwrap());
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    assert!(receiver.received()[0].verifies(old) && !receiver.received()[0].verifies(new));
    crm.post(&format!("{path}/switch-secret"), json!({})).await.expect(200);
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    assert!(receiver.received()[1].verifies(new) && !receiver.received()[1].verifies(old));
    server.advance(days(2)).await;
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    assert!(receiver.received()[2].verifies(new));
    assert_eq!(receiver.received()[2].header("x-innbocks-signature").matches("v1=").count(), 1);
}

#[tokio::test]
async fn a_deleted_endpoint_receives_nothing_more() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let endpoint =
        crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    crm.post("/api/v1/customers", body()).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    crm.delete(&path).await.expect(200);
    server.settle().await;
    assert!(receiver.received().is_empty());
    crm.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn case_46_a_test_event_is_signed_and_says_that_it_is_no_live_one() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let endpoint =
        crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}/test", endpoint["id"].as_str().unwrap());
    crm.post(&path, json!({"type": "mail.scanned"})).await.expect(201);
    server.settle().await;
    let received = receiver.received();
    assert!(received[0].verifies(endpoint["secret"].as_str().unwrap()));
    assert_eq!(received[0].json()["type"], "mail.scanned");
    assert_eq!(received[0].json()["livemode"], false);
}

#[tokio::test]
async fn g9_case_41_an_address_that_is_not_public_is_refused_when_it_is_saved() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    for url in
        ["http://example.com/hook", "https://10.0.0.1/hook", "https://user:secret@example.com/"]
    {
        let error = crm.post("/api/v1/webhook-endpoints", json!({"url": url})).await;
        assert_eq!(error.refused(422, "validation_failed")["param"], "url", "{url}");
    }
}

#[tokio::test]
async fn case_49_settings_are_read_changed_and_refused_and_headers_are_sent_but_never_shown() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let made = json!({
        "url": receiver.url(), "rate_per_second": 20, "burst": 40, "order": "key",
        "timeout_ms": 5000, "retry_schedule": [600, 3600],
        "headers": {"Authorization": "Bearer s3cret", "X-Acme-Tenant": "7"},
    });
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    assert_eq!(made["headers"]["authorization"], "[redacted]");
    assert_eq!(made["disable_on_gone"], true);
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    let change =
        json!({"burst": null, "order": null, "max_in_flight": 2, "disable_on_gone": false});
    let changed = crm.patch(&path, change).await.expect(200);
    assert_eq!(
        (&changed["max_in_flight"], &changed["disable_on_gone"]),
        (&json!(2), &json!(false))
    );
    assert_eq!((&changed["burst"], &changed["order"]), (&json!(null), &json!("none")));
    assert_eq!((&changed["rate_per_second"], &changed["timeout_ms"]), (&json!(20), &json!(5000)));

    receiver.answer_with(&[500]);
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    server.advance(minutes(9)).await;
    assert_eq!(receiver.received().len(), 1, "its own schedule says ten minutes");
    server.advance(minutes(4)).await;
    assert_eq!(receiver.received()[1].header("authorization"), "Bearer s3cret");
    assert_eq!(receiver.received()[1].header("x-acme-tenant"), "7");
    let log = crm.get("/api/v1/webhook-deliveries").await.expect(200);
    assert!(!log.to_string().contains("s3cret"));

    for (member, value) in [
        ("rate_per_second", json!(0)),
        ("burst", json!("many")),
        ("max_in_flight", json!(33)),
        ("order", json!("sorted")),
        ("timeout_ms", json!(30_001)),
        ("retry_schedule", json!([])),
        ("disable_on_gone", json!("no")),
        ("retry_schedule/1", json!([5, 604_801])),
        ("headers", json!({"X-A": 1})),
        ("headers/webhook-id", json!({"webhook-id": "x"})),
        ("headers/x-a", json!({"X-A": "1", "x-a": "2"})),
        ("headers/X-A", json!({"X-A": "[redacted]"})),
    ] {
        let name = member.split('/').next().unwrap();
        let error = crm.patch(&path, json!({name: value})).await;
        assert_eq!(error.refused(422, "validation_failed")["param"], name, "{member}");
    }
}

#[tokio::test]
async fn case_7_a_filter_is_shown_as_it_was_given_taken_away_by_null_and_refused_by_its_path() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let filter = json!({"any": [
        {"exact": {"external_customer_id": "nobody"}}, {"suffix": {"type": ".verified"}},
    ]});
    let made = json!({"url": receiver.url(), "event_types": ["customer.*"], "filter": filter});
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    assert_eq!((&made["filter"], made["event_types"].as_array().unwrap().len()), (&filter, 4));
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    assert_eq!(receiver.received().len(), 0);
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    for (filter, at) in [
        (json!("customer_id"), "/filter"),
        (json!({"exact": {"colour": "red"}}), "/filter/exact"),
        (json!({"not": {"prefix": {"customer_id": 7}}}), "/filter/not/prefix/customer_id"),
        (json!({"exact": {"partner_id": "ptn_123"}}), "/filter"),
    ] {
        let error = crm.patch(&path, json!({"filter": filter})).await;
        assert_eq!(error.refused(422, "validation_failed")["details"][0]["field"], at);
    }
    assert_eq!(crm.get(&path).await.expect(200)["filter"], filter);
    assert_eq!(crm.patch(&path, json!({"filter": null})).await.expect(200)["filter"], json!(null));
    crm.post("/api/v1/customers", body()).await;
    server.settle().await;
}

#[tokio::test]
async fn g10_in_order_by_key_a_customers_events_follow_one_another_and_no_other_waits_for_them() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let endpoint = json!({"url": receiver.url(), "order": "key", "max_in_flight": 1});
    crm.post("/api/v1/webhook-endpoints", endpoint).await.expect(201);
    receiver.answer_with(&[500]);
    let slow = story::resident(&acme, &crm, "crm_1").await;
    story::invited(&crm, "crm_2").await;
    server.settle().await;
    let sequences = |ours: bool| -> Vec<i64> {
        let events = receiver.received().into_iter().map(|received| received.json());
        let events = events.filter(|event| (event["data"]["customer_id"] == slow) == ours);
        events.map(|event| event["sequence"].as_i64().unwrap()).collect()
    };
    assert_eq!((sequences(true), sequences(false)), (vec![1], vec![1]));
    server.advance(minutes(1)).await;
    let later = sequences(true);
    assert!(later.len() > 3, "{later:?}");
    let expected: Vec<i64> = (1..).take(later.len() - 1).collect();
    assert_eq!(later, [vec![1], expected].concat());
}

#[tokio::test]
async fn the_log_shows_each_attempt_and_the_payload_as_it_was_sent() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    receiver.answer_with(&[503]);
    crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    let customer = crm.post("/api/v1/customers", body()).await.expect(201);
    let pending = crm.get("/api/v1/webhook-deliveries?status=pending").await.expect(200);
    assert_eq!(pending["data"][0]["attempt_count"], 0);
    server.settle().await;
    let retrying = crm.get("/api/v1/webhook-deliveries?status=retrying").await.expect(200);
    assert_eq!(retrying["data"][0]["last_response"]["status_code"], 503);
    server.advance(minutes(10)).await;
    let path =
        format!("/api/v1/webhook-deliveries?customer_id={}", customer["id"].as_str().unwrap());
    let log = crm.get(&path).await.expect(200);
    assert_eq!(log["data"][0]["status"], "succeeded");
    assert_eq!(log["data"][0]["attempt_count"], 2);
    assert_eq!(log["data"][0]["payload"], receiver.received()[1].json());
    let events = crm.get("/api/v1/events").await.expect(200);
    assert_eq!(events["data"][0], receiver.received()[1].json());
}

#[tokio::test]
async fn pages_of_events_follow_one_another_and_a_cursor_fits_its_list_only() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    for _ in 0..3 {
        crm.post("/api/v1/customers", body()).await.expect(201);
    }
    let first = crm.get("/api/v1/events?limit=2").await;
    let page = first.expect(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    assert!(first.header("link").unwrap().ends_with("rel=\"next\""));
    let cursor = page["next_cursor"].as_str().unwrap();
    let second = crm.get(&format!("/api/v1/events?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    assert_eq!(second["has_more"], false);
    let other = crm.get(&format!("/api/v1/events?type=mail.arrived&cursor={cursor}")).await;
    other.refused(400, "cursor_invalid");
}
