//! `postroom customer`, as the mailroom's staff type it.

use serde_json::json;

use crate::cli::{Shell, text};

const JANE: &[&str] = &["customer", "create", "jane@example.com", "Jane Smith", "--prepay"];
const EXTERNAL: &[&str] = &["--external-id", "crm_1"];

/// An install with one invited customer, `ext:crm_1`.
pub(crate) fn with_jane() -> Shell {
    let shell = Shell::on_an_install();
    shell.run(&[JANE, EXTERNAL].concat()).expect(0);
    shell
}

#[test]
fn a_customer_is_invited_again_accepted_suspended_and_let_go() {
    let shell = with_jane();
    let first = shell.json(&["customer", "show", "ext:crm_1"]);
    assert_eq!((text(&first, "status"), text(&first["mailbox"], "pmb_number")), ("invited", "301"));
    let again = shell.json(&["customer", "resend-invite", "ext:crm_1"]);
    shell.run(&["customer", "accept", text(&first, "onboarding_url")]).expect(5);
    let accepted = shell.json(&["customer", "accept", text(&again, "onboarding_url")]);
    assert_eq!(accepted["status"], "active");
    let suspend = ["customer", "suspend", "ext:crm_1", "--note", "mail came back"];
    assert_eq!(shell.json(&suspend)["status_reason"], "operator_hold");
    assert_eq!(shell.json(&["customer", "reinstate", "ext:crm_1"])["status"], "active");
    let leave = ["customer", "deactivate", "ext:crm_1", "--reason", "moved"];
    let unsure = shell.run(&leave).expect(1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    let left = shell.json(&[&leave[..], &["--yes"]].concat());
    assert_eq!(
        (text(&left, "status"), text(&left, "deactivation_reason")),
        ("deactivated", "moved")
    );
}

#[test]
fn what_a_customer_says_of_itself_is_changed_and_taken_away() {
    let shell = with_jane();
    let address = ["--street", "9 Elm St", "--city", "Austin", "--state", "tx", "--zip", "78701"];
    let set = ["customer", "set", "ext:crm_1", "--phone", "(512) 555-1234", "--number", "310"];
    let pairs = ["--metadata", "tier=gold", "--metadata", "since=2020", "--tag", "vip"];
    let changed = shell.json(&[&set[..], &pairs, &address].concat());
    assert_eq!(changed["phone"], "+15125551234");
    assert_eq!(changed["metadata"], json!({"since": "2020", "tier": "gold"}));
    assert_eq!(changed["mailbox"]["pmb_number"], "310");
    let less = ["customer", "set", "ext:crm_1", "--phone", "", "--metadata", "tier=", "--tag", ""];
    let less = shell.json(&less);
    assert_eq!((&less["phone"], &less["tags"]), (&json!(null), &json!([])));
    assert_eq!(less["metadata"], json!({"since": "2020"}));
    let wrong = shell.run(&["customer", "set", "ext:crm_1", "--phone", "call me"]).expect(2);
    assert!(wrong.err.contains("phone: "), "{}", wrong.err);
}

#[test]
fn customers_are_listed_a_page_at_a_time_and_narrowed() {
    let shell = with_jane();
    let john = ["customer", "create", "john@example.com", "John Roe", "--location", "SITE1"];
    let john = shell.json(&john);
    let page = shell.run(&["customer", "list", "--limit", "1"]).expect(0);
    let go_on = format!("--after {}", text(&john, "id"));
    assert!(page.out.contains("John Roe") && page.err.contains(&go_on), "{}{}", page.out, page.err);
    let rest = shell.json(&["customer", "list", "--after", text(&john, "id")]);
    assert_eq!((rest.as_array().unwrap().len(), text(&rest[0], "name")), (1, "Jane Smith"));
    shell.run(&["customer", "activate", text(&john, "id")]).expect(0);
    let active = ["customer", "list", "--status", "active,suspended", "--location", "SITE1"];
    let active = shell.run(&active).expect(0);
    let table = active.table();
    assert_eq!((table.len(), table[0][0], table[1][0]), (2, "ID", text(&john, "id")));
    assert_eq!(shell.json(&["customer", "list", "--test"]), json!([]));
}

#[test]
fn recipients_are_added_and_taken_away_and_not_authorised_before_approval() {
    let shell = with_jane();
    let add = ["customer", "recipients", "add", "ext:crm_1", "Acme LLC", "--kind", "business"];
    let added = shell.json(&add);
    assert_eq!(text(&added, "status"), "pending");
    let of = |verb| ["customer", "recipients", verb, "ext:crm_1", text(&added, "id")];
    shell.run(&of("authorise")).expect(6);
    assert_eq!(shell.json(&of("remove"))["status"], "removed");
    let all = shell.json(&["customer", "recipients", "list", "ext:crm_1"]);
    assert_eq!((&all[0]["name"], &all[0]["status"]), (&json!("Acme LLC"), &json!("removed")));
}

#[test]
fn an_unknown_customer_is_not_found_and_a_forbidden_step_says_what_can_be_done() {
    let shell = with_jane();
    for verb in ["show", "activate", "reinstate", "settle"] {
        shell.run(&["customer", verb, "cus_01kb3v7m2zq8e4x5n6p7r8s9ta"]).expect(5);
    }
    let early = shell.run(&["customer", "reinstate", "ext:crm_1"]).expect(6);
    assert!(early.err.contains("fix: have the invitation taken up"), "{}", early.err);
}
