//! Actions over HTTP and by the operator's hand (postal.md appendix B, scenarios 14, 16 to 21).

use app::mail_actions::complete::{Destruction, Outcome, complete};
use app::mail_actions::work::start;
use domain::ErrorCode;
use domain::hours;
use domain::mail::{MailFlag, MailType};
use domain::partner::PartnerSettings;
use serde_json::json;
use testkit::{Answer, Mailroom, TestServer, story};

fn id_of(answer: &Answer) -> String {
    answer.expect(201)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn s14_s20_a_scan_is_told_twice_and_ends_the_right_to_delete() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let mail = id_of(&crm.post("/api/v1/mail", letter(&id)).await);
    let path = format!("/api/v1/mail/{mail}");
    let scan = id_of(&crm.post(&format!("{path}/scan"), json!({})).await);
    crm.post(&format!("{path}/scan"), json!({})).await.refused(409, "action_conflict");
    let ctx = acme.ctx(true).await;
    let action = scan.clone();
    ctx.app.act(&ctx, async move |tx, ctx| start(tx, ctx, &action).await).await.unwrap();
    let done = Outcome::Scanned { pages: 3 };
    ctx.app.act(&ctx, async move |tx, ctx| complete(tx, ctx, &scan, &done).await).await.unwrap();
    let read = crm.get(&path).await.expect(200);
    assert_eq!(
        (read["status"].as_str(), read["scan"]["pages"].as_i64()),
        (Some("scanned"), Some(3))
    );
    assert!(read["free_storage_until"].is_string());
    crm.delete(&path).await.refused(409, "mail_not_deletable");
    crm.post(&format!("{path}/scan"), json!({})).await.refused(409, "already_scanned");
    crm.post(&format!("{path}/scan"), json!({"rescan": true})).await.expect(201);
    let events = server.events(&ctx).await;
    let told: Vec<_> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert!(told.ends_with(&[
        "mail.arrived",
        "mail.scan_requested",
        "mail.scanned",
        "mail.scan_requested"
    ]));
}

fn letter(customer: &str) -> serde_json::Value {
    json!({
        "customer_id": customer, "type": "letter", "photos": ["https://example.com/front.jpg"],
        "performed_by": "warehouse_user_42",
    })
}

#[tokio::test]
async fn s16_a_forward_needs_an_address_and_says_when_it_is_not_on_the_form() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let mail = id_of(&crm.post("/api/v1/mail", letter(&id)).await);
    let path = format!("/api/v1/mail/{mail}/forward");
    crm.post(&path, json!({})).await.refused(422, "forwarding_address_required");
    let address =
        json!({"line1": "1 Main St", "city": "Denver", "state": "CO", "postal_code": "80202"});
    let made = crm.post(&path, json!({"address": address})).await.expect(201);
    assert_eq!(made["warnings"], json!(["price_on_weighing", "transfer_address_not_on_form_1583"]));
    let compliance = crm.get(&format!("/api/v1/customers/{id}/compliance")).await.expect(200);
    let due = compliance["requirements"]["eventually_due"].as_array().unwrap();
    assert!(due.contains(&json!("form_1583.transfer_address")), "{due:?}");
}

#[tokio::test]
async fn s17_s18_s19_a_shred_is_guarded_and_waits_for_its_hold() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let letter = id_of(&crm.post("/api/v1/mail", letter(&id)).await);
    crm.post(&format!("/api/v1/mail/{letter}/pickup"), json!({})).await.expect(201);
    let refused = crm.post(&format!("/api/v1/mail/{letter}/shred"), json!({})).await;
    refused.refused(409, "action_conflict");
    let check = story::logged(&acme, &id, MailType::Letter, &[MailFlag::Check]).await;
    let path = format!("/api/v1/mail/{check}/shred");
    crm.post(&path, json!({})).await.refused(409, "confirmation_required");
    let shred = id_of(&crm.post(&path, json!({"confirm_sensitive": true})).await);
    let ctx = acme.ctx(true).await;
    let action = shred.clone();
    let early = ctx.app.act(&ctx, async move |tx, ctx| start(tx, ctx, &action).await).await;
    assert_eq!(early.unwrap_err().code(), ErrorCode::ActionConflict);
    server.clock.advance(hours(24));
    let ctx = acme.ctx(true).await;
    let action = shred.clone();
    ctx.app.act(&ctx, async move |tx, ctx| start(tx, ctx, &action).await).await.unwrap();
    let mut proof = Destruction {
        item_barcode: "mail_other".to_owned(),
        bin_barcode: "BIN-7".to_owned(),
        witness: "Wes".to_owned(),
        method: "crosscut".to_owned(),
    };
    let (action, wrong) = (shred.clone(), Outcome::Shredded(proof.clone()));
    let mismatch =
        ctx.app.act(&ctx, async move |tx, ctx| complete(tx, ctx, &action, &wrong).await).await;
    assert_eq!(mismatch.unwrap_err().code(), ErrorCode::ValidationFailed);
    proof.item_barcode.clone_from(&check);
    let right = Outcome::Shredded(proof);
    ctx.app.act(&ctx, async move |tx, ctx| complete(tx, ctx, &shred, &right).await).await.unwrap();
    let read = crm.get(&format!("/api/v1/mail/{check}")).await.expect(200);
    assert_eq!(read["status"], "shredded");
    assert_eq!(server.events(&ctx).await.last().unwrap()["type"], "mail.shredded");
    let gone = crm.post(&format!("/api/v1/mail/{check}/scan"), json!({})).await;
    gone.refused(409, "mail_not_actionable");
}

#[tokio::test]
async fn s21_a_pickup_inside_opening_hours_is_scheduled_at_once_and_its_code_is_not_told() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let mail = id_of(&crm.post("/api/v1/mail", letter(&id)).await);
    let path = format!("/api/v1/mail/{mail}/pickup");
    let sunday =
        json!({"window": {"start": "2026-11-22T16:00:00Z", "end": "2026-11-22T17:00:00Z"}});
    crm.post(&path, sunday).await.refused(422, "validation_failed");
    let monday =
        json!({"window": {"start": "2026-11-23T16:00:00Z", "end": "2026-11-23T17:00:00Z"}});
    let made = crm.post(&path, monday).await.expect(201);
    assert_eq!(made["status"], "scheduled");
    let events = server.events(&acme.ctx(true).await).await;
    let told: Vec<_> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert!(told.ends_with(&["mail.pickup_requested", "mail.pickup_scheduled"]), "{told:?}");
    assert!(!events.last().unwrap().to_string().contains("\"code\""));
    assert!(!made.to_string().contains("\"code\""));
}
