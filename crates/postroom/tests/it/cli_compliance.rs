//! `postroom compliance`, as the mailroom's staff type it, and what partners then read.

use axum::http::Method;
use bytes::Bytes;
use metrics_exporter_prometheus::PrometheusBuilder;
use postroom::client;
use postroom::node::{self, Node};
use serde_json::{Value, json};

use crate::cli::{Said, Shell, text};
use crate::cli_customers::with_jane;

const SUBMIT: &[&str] = &["compliance", "submit", "ext:crm_1", "--form", "form.json"];
const IMAGES: &[&str] = &["--photo-id", "passport.pdf", "--address-id", "lease.pdf"];
pub(crate) const WITNESS: &[&str] =
    &["compliance", "witness", "ext:crm_1", "--witness", "Wes Witness", "--signer", "Jane Smith"];
pub(crate) const APPROVE: &[&str] = &["compliance", "approve", "ext:crm_1", "--all-passed"];

impl Shell {
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    /// The example of a form and two images beside the database, with Jane invited.
    fn with_papers() -> Self {
        let shell = with_jane();
        shell.write("form.json", shell.run(&["compliance", "form", "--example"]).expect(0).out);
        shell.write("passport.pdf", b"%PDF-1.7 passport");
        shell.write("lease.pdf", b"%PDF-1.7 lease");
        shell
    }

    /// The same with the form handed in.
    pub(crate) fn with_form() -> Self {
        let shell = Self::with_papers();
        shell.run(&[SUBMIT, IMAGES].concat()).expect(0);
        shell
    }

    /// A step on Jane's form, and the status that it leads to.
    fn step(&self, arguments: &[&str]) -> String {
        text(&self.json(arguments), "status").to_owned()
    }
}

fn fixed(said: &Said) -> bool {
    said.err.contains("fix: ")
}

#[tokio::test]
async fn a_customer_gets_an_open_mailbox_through_commands_and_the_api_shows_it() {
    let shell = Shell::new();
    let made = shell.json(&["init"]);
    shell.write("form.json", shell.run(&["compliance", "form", "--example"]).expect(0).out);
    shell.write("passport.pdf", b"%PDF-1.7 passport");
    shell.write("lease.pdf", b"%PDF-1.7 lease");
    let create = ["customer", "create", "jane@example.com", "Jane Smith", "--prepay"];
    let jane = shell.json(&[&create[..], &["--external-id", "crm_1"]].concat());
    shell.run(&["customer", "accept", text(&jane, "onboarding_url")]).expect(0);
    assert_eq!(shell.step(&[SUBMIT, IMAGES].concat()), "pending_notary");
    assert_eq!(shell.step(WITNESS), "pending_review");
    assert_eq!(shell.step(APPROVE), "mailbox_active");

    let config = shell.config();
    let app = node::open(&config).await.unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let node = Node::start(&config, app, metrics).await.unwrap();
    let key = text(&made, "live_key");
    let customer = read(&node, key, "/api/v1/customers/ext:crm_1").await;
    assert_eq!((text(&customer, "status"), customer["id"].clone()), ("active", jane["id"].clone()));
    assert_eq!(customer["mailbox"]["usable"], true);
    let compliance = read(&node, key, "/api/v1/customers/ext:crm_1/compliance").await;
    assert_eq!(text(&compliance, "status"), "mailbox_active");
    assert_eq!(text(&compliance["review"], "decision"), "approve");
    assert!(compliance["notarization"].get("witness_name").is_none(), "staff alone see names");
    node.stop().await;
}

pub(crate) async fn read(node: &Node, key: &str, path: &str) -> Value {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    let host = node.addr.to_string();
    let answer = client::send(&host, Method::GET, path, &headers, Bytes::new()).await.unwrap();
    assert_eq!(answer.status, 200, "{path}");
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn an_incomplete_form_is_refused_with_all_that_it_lacks() {
    let shell = Shell::with_papers();
    let bare = shell.run(SUBMIT).expect(2);
    assert!(bare.err.contains("identity/photo_id: ") && bare.err.contains("identity/address_id: "));
    shell.write("form.json", r#"{"frist_name": "Jane"}"#);
    let unknown = shell.run(SUBMIT).expect(2);
    assert!(unknown.err.contains("frist_name"), "{}", unknown.err);
    shell.write("form.json", "first_name: Jane");
    assert!(fixed(&shell.run(SUBMIT).expect(2)));
}

#[test]
fn a_document_can_be_uploaded_before_the_form() {
    let shell = Shell::with_papers();
    let upload = ["compliance", "upload", "ext:crm_1", "photo_id", "passport.pdf"];
    let said = ["--type", "passport", "--number", "X1234567", "--expires", "2035-05-01"];
    let document = shell.json(&[&upload[..], &said].concat());
    assert_eq!((text(&document, "number_last4"), text(&document, "status")), ("4567", "uploaded"));
    assert_eq!(shell.step(&[SUBMIT, &["--address-id", "lease.pdf"]].concat()), "pending_notary");
    shell.run(&[&upload[..], &said].concat()).expect(6);
}

#[test]
fn an_unknown_customer_exits_5_and_a_forbidden_step_6_with_what_can_be_done() {
    let shell = Shell::with_papers();
    for verb in ["show", "form", "open", "resubmit"] {
        shell.run(&["compliance", verb, "ext:nobody"]).expect(5);
    }
    let steps: &[&[&str]] = &[WITNESS, APPROVE, &["compliance", "open", "ext:crm_1"]];
    for step in steps {
        let early = shell.run(step).expect(6);
        assert!(early.err.contains("fix: have the form submitted first"), "{}", early.err);
    }
    shell.run(&[SUBMIT, IMAGES].concat()).expect(0);
    assert!(fixed(&shell.run(&[SUBMIT, IMAGES].concat()).expect(6)));
}

#[test]
fn a_form_comes_back_with_reasons_and_is_handed_in_again() {
    let shell = Shell::with_form();
    let fail = ["compliance", "witness-fail", "ext:crm_1", "--witness", "Wes Witness"];
    assert_eq!(shell.step(&[&fail[..], &["--reason", "name_mismatch"]].concat()), "pending_form");
    assert_eq!(shell.step(SUBMIT), "pending_notary");
    assert_eq!(shell.step(WITNESS), "pending_review");
    let changes = ["compliance", "request-changes", "ext:crm_1", "--reason", "id_unreadable"];
    let back = shell.json(&[&changes[..], &["--refuse", "photo_id", "--as", "Ada"]].concat());
    assert_eq!(text(&back, "status"), "pending_form");
    assert_eq!(back["review"]["staff"]["decided_by"], "Ada");
    shell.run(SUBMIT).expect(2);
    shell.run(&[SUBMIT, &["--photo-id", "passport.pdf"]].concat()).expect(0);
    shell.run(WITNESS).expect(0);
    let reject = ["compliance", "reject", "ext:crm_1", "--reason", "duplicate_applicant,other"];
    shell.run(&reject).expect(2);
    assert_eq!(shell.step(&[&reject[..], &["--note", "the same person"]].concat()), "rejected");
    let shown = shell.run(&["compliance", "show", "ext:crm_1"]).expect(0);
    assert!(shown.out.contains("duplicate_applicant, other"), "{}", shown.out);
    assert_eq!(shell.step(&["compliance", "resubmit", "ext:crm_1"]), "pending_form");
}

#[test]
fn a_reviewer_goes_through_the_rules_one_by_one() {
    let shell = Shell::with_form();
    shell.run(WITNESS).expect(0);
    let approve = ["compliance", "approve", "ext:crm_1", "--passed", "R-8,R-9,R-10,R-13"];
    let lacking = shell.run(&approve).expect(2);
    assert!(lacking.err.contains("R-12 must be passed"), "{}", lacking.err);
    let over = ["--failed", "R-12=maiden name on the lease"];
    assert_eq!(shell.step(&[&approve[..], &over].concat()), "mailbox_active");
    let help = shell.run(&["compliance", "approve", "--help"]).expect(0);
    assert!(help.out.contains("R-12  name and address on the documents"), "{}", help.out);
}

#[test]
fn an_approved_form_is_renewed_recorded_and_ended_by_fraud() {
    let shell = Shell::with_form();
    shell.run(WITNESS).expect(0);
    shell.run(APPROVE).expect(0);
    assert!(fixed(&shell.run(&["compliance", "pause", "ext:crm_1"]).expect(6)));
    assert!(fixed(&shell.run(&["compliance", "lapse", "ext:crm_1"]).expect(6)));
    let mut form = shell.json(&["compliance", "form", "ext:crm_1"]);
    form["middle_initial"] = json!("Q");
    shell.write("form.json", form.to_string());
    let renew = [&["compliance", "renew"], &SUBMIT[2..], &WITNESS[3..], &["--all-passed"]].concat();
    let renewed = shell.json(&renew);
    assert_eq!(
        (text(&renewed, "status"), &renewed["form_1583"]["revision"]),
        ("mailbox_active", &json!(2))
    );
    let list = shell.json(&["compliance", "crd", "list"]);
    assert_eq!(list[0]["form_id"], renewed["form_1583"]["id"]);
    let record = |state| shell.run(&["compliance", "crd", "record", "ext:crm_1", state]);
    assert!(fixed(&record("needs_image").expect(6)));
    record("entered").expect(0);
    assert_eq!(shell.json(&["compliance", "crd", "list"]), json!([]));
    let fraud = ["compliance", "reject-for-fraud", "ext:crm_1", "--note", "a forged passport"];
    shell.run(&fraud).expect(1);
    let ended = shell.json(&[&fraud[..], &["--yes"]].concat());
    assert_eq!(
        (text(&ended, "status"), &ended["review"]["reasons"]),
        ("rejected", &json!(["other"]))
    );
    assert_eq!(shell.json(&["customer", "show", "ext:crm_1"])["status"], "suspended");
}
