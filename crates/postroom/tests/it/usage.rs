//! Usage over HTTP (scenario 30; the counting itself is proven in `domain` and `app`).

use domain::days;
use domain::partner::PartnerSettings;
use serde_json::json;
use testkit::{Mailroom, TestServer, story};

#[tokio::test]
async fn s30_the_counts_add_up_and_the_lines_sum_to_what_is_billed() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    for n in 0..3 {
        let id = story::invited(&crm, &format!("crm_{n}")).await;
        story::approve(&acme, &id).await;
        if n == 0 {
            server.clock.advance(days(1));
            crm.post(&format!("/api/v1/customers/{id}/deactivate"), json!({})).await.expect(200);
        }
    }
    let usage = crm.get("/api/v1/billing/usage?period=2026-11&include=lines").await.expect(200);
    let count = |name: &str| usage[name].as_i64().unwrap();
    assert_eq!((count("opening_active"), count("activated"), count("deactivated")), (0, 3, 1));
    assert_eq!(count("closing_active"), 2);
    assert_eq!(usage["billable_mailboxes"], json!(3.0));
    let lines = usage["lines"]["data"].as_array().unwrap();
    let units: f64 = lines.iter().map(|l| l["billable_units"].as_f64().unwrap()).sum();
    assert_eq!(json!(units), json!(3.0));
    crm.get("/api/v1/billing/usage?period=yesterday").await.refused(400, "invalid_parameter");
}
