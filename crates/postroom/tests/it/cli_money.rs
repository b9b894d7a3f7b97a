//! `postroom usage` and `postroom balance`, as the operator's bookkeeper types them.

use serde_json::json;

use crate::cli::{Shell, text};

#[test]
fn usage_shows_the_counts_of_all_methods_and_the_mailboxes_behind_them() {
    let shell = Shell::with_mailbox();
    shell.run(&["mail", "log", "ext:crm_1", "letter"]).expect(0);
    let usage = shell.json(&["usage", "show", "--lines"]);
    assert_eq!((text(&usage, "count_method"), text(&usage, "status")), ("distinct_active", "open"));
    assert_eq!(
        (&usage["activated"], &usage["operations"]["mail_received"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(usage["by_method"].as_object().unwrap().len(), 5);
    assert_eq!(
        (&usage["by_method"]["peak"], &usage["billable_mailboxes"]),
        (&json!(1.0), &json!(1.0))
    );
    assert_eq!(usage["lines"]["data"][0]["external_customer_id"], "crm_1");
    let said = shell.run(&["usage", "show", "--lines"]).expect(0);
    assert!(said.table().last().unwrap().contains(&"crm_1"), "{}", said.out);
    let span = ["usage", "show", "--from", "2025-01-01", "--to", "2025-12-31"];
    let before = shell.json(&span);
    assert_eq!(
        (text(&before, "period"), &before["mailbox_days"]),
        ("2025-01-01/2025-12-31", &json!(0))
    );
    let wrong = shell.run(&["usage", "show", "--period", "November"]).expect(2);
    assert!(wrong.err.contains("2026-11"), "{}", wrong.err);
    assert_eq!(shell.json(&["usage", "close"])["closed"], 0);
}

#[test]
fn usage_is_exported_for_a_spreadsheet_that_runs_none_of_it() {
    let shell = Shell::with_mailbox();
    shell.run(&["customer", "set", "ext:crm_1", "--external-id", "=1+\"1\""]).expect(0);
    let export = shell.run(&["usage", "export"]).expect(0);
    let lines: Vec<&str> = export.out.lines().collect();
    assert!(lines[0].starts_with("location_code,pmb_number,customer_id,external_customer_id,"));
    assert!(lines[1].starts_with("SITE1,301,cus_"), "{}", lines[1]);
    assert!(lines[1].contains(r#","'=1+""1""","#), "{}", lines[1]);
    assert_eq!(lines.len(), 2);
    assert!(export.err.contains("1 lines, SHA-256 "), "{}", export.err);
    let empty = shell.run(&["usage", "export", "--period", "2025-01"]).expect(0);
    assert_eq!(empty.out.lines().count(), 1);
    shell.run(&["usage", "export", "--from", "2025-01-01"]).expect(2);
}

#[test]
fn a_balance_is_paid_in_held_for_work_taken_and_given_back() {
    let shell = Shell::with_mailbox();
    let none = shell.run(&["balance", "show", "--json"]).expect(0);
    assert!(none.json().is_null() && none.err.contains("top-up"), "{}", none.err);
    let early = shell.run(&["balance", "adjust", "-1", "--note", "a coffee"]).expect(5);
    assert!(early.err.contains("fix: "), "{}", early.err);
    shell.run(&["balance", "set-price", "scan", "150"]).expect(0);
    assert_eq!(shell.json(&["balance", "prices"])[0]["price_minor"], 150);
    let paid = shell.json(&["balance", "top-up", "200", "--note", "wire"]);
    assert_eq!((&paid["available_minor"], text(&paid, "currency")), (&json!(200), "USD"));
    let [first, second] = [(); 2].map(|()| shell.json(&["mail", "log", "ext:crm_1", "letter"]));
    let scan = shell.json(&["mail", "scan", text(&first, "id")]);
    let held = shell.json(&["balance", "show"]);
    assert_eq!((&held["available_minor"], &held["held_minor"]), (&json!(50), &json!(150)));
    let poor = shell.run(&["mail", "scan", text(&second, "id")]).expect(6);
    assert!(poor.err.contains("insufficient_prepay_balance"), "{}", poor.err);
    let scan = text(&scan, "id");
    shell.run(&["action", "start", scan]).expect(0);
    shell.run(&["action", "complete", "scan", scan, "--pages", "1"]).expect(0);
    shell.run(&["balance", "refund", scan, "151", "--note", "soiled"]).expect(2);
    let refunded = shell.json(&["balance", "refund", scan, "100", "--note", "soiled"]);
    assert_eq!((&refunded["available_minor"], &refunded["held_minor"]), (&json!(150), &json!(0)));
    shell.run(&["balance", "adjust", "-50", "--note", "postage"]).expect(0);
    let page = shell.run(&["balance", "entries", "--limit", "2"]).expect(0);
    let table = page.table();
    assert_eq!((table[1][2..4].to_vec(), table[2][2]), (vec!["adjust", "-50"], "refund"));
    let rest = shell.json(&["balance", "entries", "--after", table[2][0]]);
    let kinds: Vec<_> = rest.as_array().unwrap().iter().map(|e| text(e, "kind")).collect();
    assert_eq!(kinds, ["capture", "hold", "topup"]);
    shell.run(&["balance", "set-price", "scan", "--none"]).expect(0);
    assert_eq!(shell.json(&["balance", "prices"]), json!([]));
    assert!(shell.json(&["balance", "show", "--test"]).is_null(), "the test world has its own");
}
