//! `postroom mail` and `postroom action`, as the mailroom's clerks type them, and what partners then
//! read and are told.

use domain::Clock as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use postroom::node::{self, Node};
use postroom::system::SystemClock;
use serde_json::{Value, json};
use tasks::Tasks;
use testkit::receiver::Receiver;

use crate::cli::{Shell, text};
use crate::cli_compliance::{APPROVE, WITNESS, read};

/// Lets webhooks reach a receiver of the test.
pub(crate) const ON_LOOPBACK: &str =
    "[webhooks]\nallow_http = true\nallow_networks = [\"127.0.0.0/8\"]\n";
const UNKNOWN_MAIL: &str = "mail_01kb3v7m2zq8e4x5n6p7r8s9ta";
const UNKNOWN_ACTION: &str = "act_01kb3v7m2zq8e4x5n6p7r8s9ta";

impl Shell {
    /// An install whose one customer, `ext:crm_1`, has an open mailbox at a site that never closes.
    pub(crate) fn with_mailbox() -> Self {
        let shell = Self::with_form();
        shell.run(WITNESS).expect(0);
        shell.run(APPROVE).expect(0);
        let open = ["--days", "1,2,3,4,5,6,7", "--shred-hold-hours", "0"];
        shell.run(&[&["location", "set", "SITE1"], &open[..]].concat()).expect(0);
        shell
    }

    /// Logs an item for the customer; answers its id.
    fn logged(&self, arguments: &[&str]) -> String {
        let item = self.json(&[&["mail", "log", "ext:crm_1"], arguments].concat());
        text(&item, "id").to_owned()
    }

    /// Asks for work on an item; answers the action's id.
    fn asked(&self, kind: &str, mail: &str, arguments: &[&str]) -> String {
        let action = self.json(&[&["mail", kind, mail], arguments].concat());
        text(&action, "id").to_owned()
    }

    fn action(&self, verb: &str, id: &str, arguments: &[&str]) -> Value {
        self.json(&[&["action", verb, id], arguments].concat())
    }

    fn complete(&self, kind: &str, id: &str, arguments: &[&str]) -> Value {
        self.action("start", id, &[]);
        self.json(&[&["action", "complete", kind, id], arguments].concat())
    }
}

/// A day on which a pickup can be planned in any time zone.
fn day_after_tomorrow() -> String {
    SystemClock.now().date_in("UTC").plus_days(2).to_string()
}

#[tokio::test]
async fn mail_is_logged_scanned_and_collected_by_commands_and_partners_see_and_hear_of_it() {
    let shell = Shell::with_mailbox();
    shell.write("postroom.toml", ON_LOOPBACK);
    let receiver = Receiver::start().await;
    let endpoint = shell.json(&["endpoint", "create", &receiver.url()]);
    let key = shell.run(&["key", "create", "--scope", "mail:read"]).expect(0).out;

    let package =
        ["package", "--tracking-number", "1Z9999999999999999", "--size-mm", "300x200x100"];
    let mail = shell.logged(&[&package[..], &["--weight-g", "900", "--as", "Ada"]].concat());
    let scan = shell.asked("scan", &mail, &["--contents-photo", "--notes", "the label too"]);
    let queue = shell.json(&["action", "queue", "--kind", "scan,forward"]);
    assert_eq!(
        (text(&queue[0], "id"), text(&queue[0]["options"], "notes")),
        (&*scan, "the label too")
    );
    assert_eq!(shell.complete("scan", &scan, &["--pages", "2"])["status"], "completed");
    let pickup = shell.asked("pickup", &mail, &["--date", &day_after_tomorrow()]);
    let planned = shell.action("show", &pickup, &[]);
    assert_eq!(
        (text(&planned, "status"), text(&planned, "mail_status")),
        ("scheduled", "pickup_scheduled")
    );
    let code = text(&planned["result"]["pickup"], "code");
    let done = shell.complete("pickup", &pickup, &["--to", "Jane Smith", "--code", code]);
    assert_eq!((text(&done, "mail_status"), text(&done, "performed_by")), ("picked_up", "wes"));
    assert_eq!(shell.json(&["action", "queue"]), json!([]));

    let config = shell.config();
    let app = node::open(&config).await.unwrap();
    Tasks::new(&app, tasks::Options::default()).unwrap().settle().await.unwrap();
    let secret = text(&endpoint, "secret");
    let received = receiver.received();
    assert!(received.iter().all(|r| r.verifies(secret)));
    let mut told: Vec<_> = received.iter().map(|r| r.json()["type"].clone()).collect();
    told.sort_unstable_by_key(ToString::to_string);
    let expected = [
        "mail.arrived",
        "mail.pickup_requested",
        "mail.pickup_scheduled",
        "mail.scan_requested",
        "mail.scanned",
        "package.arrived",
    ];
    assert_eq!(told, expected);

    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let node = Node::start(&config, app, metrics).await.unwrap();
    let seen = read(&node, key.trim(), &format!("/api/v1/mail/{mail}")).await;
    assert_eq!((text(&seen, "status"), text(&seen, "performed_by")), ("picked_up", "Ada"));
    assert_eq!((&seen["scan"]["pages"], &seen["dimensions_mm"]["width"]), (&json!(2), &json!(200)));
    assert!(!seen.to_string().contains("\"code\""), "the code is for the desk");
    node.stop().await;
}

#[test]
fn mail_is_listed_a_page_at_a_time_and_narrowed() {
    let shell = Shell::with_mailbox();
    let first = shell.logged(&["letter", "--sender", "Travis County", "--flags", "government,tax"]);
    let second = shell.logged(&["postcard"]);
    let page = shell.run(&["mail", "list", "ext:crm_1", "--limit", "1"]).expect(0);
    assert_eq!((page.table()[0][0], page.table()[1][0]), ("ID", &*second));
    assert!(page.err.contains(&format!("--after {second}")), "{}", page.err);
    let rest = shell.json(&["mail", "list", "ext:crm_1", "--after", &second]);
    assert_eq!((rest.as_array().unwrap().len(), text(&rest[0], "id")), (1, &*first));
    let taxed = shell.json(&["mail", "list", "ext:crm_1", "--flags", "tax", "--status", "arrived"]);
    assert_eq!((taxed.as_array().unwrap().len(), text(&taxed[0], "id")), (1, &*first));
    shell.asked("scan", &second, &[]);
    let waiting = shell.json(&["mail", "list", "ext:crm_1", "--open-action"]);
    assert_eq!(
        (waiting.as_array().unwrap().len(), text(&waiting[0], "status")),
        (1, "scan_requested")
    );
    shell.run(&["mail", "list", "ext:nobody"]).expect(5);
}

#[test]
fn an_item_is_marked_lost_found_and_kept_from_the_shredder() {
    let shell = Shell::with_mailbox();
    let mail = shell.logged(&["letter"]);
    let scan = shell.asked("scan", &mail, &[]);
    assert_eq!(shell.json(&["mail", "missing", &mail])["status"], "missing");
    assert_eq!(shell.action("show", &scan, &[])["reason_text"], "mail_missing");
    shell.run(&["mail", "scan", &mail]).expect(6);
    assert_eq!(shell.json(&["mail", "found", &mail])["status"], "arrived");
    shell.run(&["mail", "mark", &mail, "legal_hold"]).expect(0);
    let held = shell.run(&["mail", "shred", &mail]).expect(6);
    assert!(held.err.contains("legal_hold"), "{}", held.err);
    shell.run(&["mail", "mark", &mail, "legal_hold", "--off"]).expect(0);
    let shred = shell.asked("shred", &mail, &[]);
    let proof = ["--bin-barcode", "BIN-7", "--witness", "Olga", "--item-barcode"];
    shell.action("start", &shred, &[]);
    let complete = [&["action", "complete", "shred", &shred], &proof[..]].concat();
    let mismatch = shell.run(&[&complete[..], &[UNKNOWN_MAIL]].concat()).expect(2);
    assert!(mismatch.err.contains("item_barcode: "), "{}", mismatch.err);
    assert_eq!(shell.json(&[&complete[..], &[&mail]].concat())["mail_status"], "shredded");
    let unsure = shell.run(&["mail", "return-to-sender", &mail]).expect(1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
}

#[test]
fn a_forward_goes_to_the_address_that_is_typed_and_leaves_the_house() {
    let shell = Shell::with_mailbox();
    let mail = shell.logged(&["letter"]);
    let nowhere = shell.run(&["mail", "forward", &mail]).expect(2);
    assert!(nowhere.err.contains("forwarding_address_required"), "{}", nowhere.err);
    let to = ["--street", "1 Main St", "--city", "Denver", "--state", "CO", "--zip", "80202"];
    let forward = shell.asked("forward", &mail, &[&to[..], &["--expedited"]].concat());
    let queue = shell.run(&["action", "queue"]).expect(0);
    assert_eq!(queue.table()[1][2..5], ["forward", "requested", "expedited"]);
    assert_eq!(shell.action("schedule", &forward, &[])["status"], "scheduled");
    let sent = ["--carrier", "usps", "--tracking-number", "9400111899223100001234"];
    let done = shell.complete("forward", &forward, &sent);
    assert_eq!(
        (text(&done, "mail_status"), text(&done["shipment"], "carrier")),
        ("forwarded", "usps")
    );
}

#[test]
fn a_forward_that_costs_more_than_was_agreed_waits_for_approval() {
    let shell = Shell::with_mailbox();
    let mail = shell.logged(&["package"]);
    let to = ["--street", "1 Main St", "--city", "Denver", "--state", "CO", "--zip", "80202"];
    let forward = shell.asked("forward", &mail, &[&to[..], &["--max-cost-minor", "900"]].concat());
    let weighed = shell.action("weigh", &forward, &["1245"]);
    assert_eq!(weighed["result"]["requires_price_approval"], true);
    let early = shell.run(&["action", "start", &forward]).expect(6);
    assert!(early.err.contains("fix: have the price approved"), "{}", early.err);
    shell.action("approve-price", &forward, &[]);
    let done = shell.complete("forward", &forward, &["--untracked"]);
    assert_eq!(done["charge"]["amount_minor"], 1245);
    let twice = shell.run(&["action", "approve-price", &forward]).expect(6);
    assert!(twice.err.contains("fix: "), "{}", twice.err);
}

#[test]
fn an_item_is_logged_by_the_number_on_it_and_handed_to_who_walks_in() {
    let shell = Shell::with_mailbox();
    let mail = shell.json(&["mail", "log", "box:SITE1:301", "letter"]);
    assert_eq!(mail["external_customer_id"], "crm_1");
    let mail = text(&mail, "id");
    let given = ["mail", "hand-over", mail, "--to", "Jane Smith", "--id-type", "passport"];
    assert_eq!(shell.json(&given)["mail_status"], "picked_up");
    let again = shell.run(&given).expect(6);
    assert!(again.err.contains("fix: "), "{}", again.err);
    shell.run(&["mail", "log", "box:SITE1:302", "letter"]).expect(5);
    shell.run(&["mail", "log", "box:NOWHERE:302", "letter"]).expect(5);
    let inside = "https://10.0.0.1/front.jpg";
    shell.run(&["mail", "log", "ext:crm_1", "letter", "--photo", inside]).expect(2);
}

#[test]
fn an_item_without_an_owner_waits_until_one_is_found_or_goes_back() {
    let shell = Shell::with_mailbox();
    let keep = ["intake", "keep", "SITE1", "letter", "--addressed-to"];
    let kept = shell.json(&[&keep[..], &["J. Smyth", "--flags", "tax"]].concat());
    let id = text(&kept, "id");
    let list = shell.run(&["intake", "list"]).expect(0);
    assert_eq!(list.table()[1][..3], [id, "SITE1", "letter"]);
    shell.run(&["mail", "show", id]).expect(5);
    shell.run(&["intake", "assign", id, "ext:nobody"]).expect(5);
    let found = shell.json(&["intake", "assign", id, "ext:crm_1"]);
    assert_eq!((text(&found, "id"), text(&found, "performed_by")), (id, "wes"));
    assert_eq!(found["flags"], json!(["tax", "unauthorised_name"]));
    assert_eq!(shell.json(&["intake", "list"]), json!([]));
    let stray = shell.json(&[&keep[..], &["Nobody"]].concat());
    let back = ["intake", "return", text(&stray, "id")];
    let unsure = shell.run(&back).expect(1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    shell.run(&[&back[..], &["--yes"]].concat()).expect(0);
    shell.run(&[&back[..], &["--yes"]].concat()).expect(5);
    shell.run(&["intake", "keep", "NOWHERE", "letter"]).expect(5);
}

#[test]
fn an_item_of_the_wrong_customer_goes_to_the_right_one() {
    let shell = Shell::with_mailbox();
    let mail = shell.logged(&["letter"]);
    let unsure = shell.run(&["mail", "reassign", &mail, "ext:nobody"]).expect(1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    shell.run(&["mail", "reassign", &mail, "ext:nobody", "--yes"]).expect(5);
    shell.run(&["mail", "disown", &mail]).expect(0);
    let waiting = shell.run(&["intake", "resort"]).expect(0);
    assert_eq!(waiting.table()[1][0], mail);
    shell.run(&["mail", "scan", &mail]).expect(6);
    shell.run(&["mail", "accept", &mail]).expect(0);
    assert_eq!(shell.json(&["intake", "resort"]), json!([]));
    let own = shell.run(&["mail", "reassign", &mail, "ext:crm_1", "--yes"]).expect(2);
    assert!(own.err.contains("customer_id: "), "{}", own.err);
}

#[test]
fn work_is_refused_withdrawn_and_planned_anew() {
    let shell = Shell::with_mailbox();
    let mail = shell.logged(&["letter"]);
    let scan = shell.asked("scan", &mail, &[]);
    let rejected = shell.action("reject", &scan, &["unreadable", "--note", "soaked"]);
    assert_eq!((text(&rejected, "status"), text(&rejected, "reason_text")), ("rejected", "soaked"));
    let pickup = shell.asked("pickup", &mail, &["--person", "Jane Smith"]);
    let day = day_after_tomorrow();
    let (from, until) = (format!("{day}T17:00:00Z"), format!("{day}T18:00:00Z"));
    let window = ["--from", &*from, "--until", &*until];
    assert_eq!(shell.action("schedule", &pickup, &window)["status"], "scheduled");
    let early = shell.run(&["action", "no-show", &pickup]).expect(6);
    assert!(early.err.contains("fix: wait for its end"), "{}", early.err);
    assert_eq!(shell.action("cancel", &pickup, &[])["status"], "cancelled");
    assert_eq!(shell.json(&["mail", "show", &mail])["status"], "arrived");
}

#[test]
fn unknown_ids_exit_5_and_conflicts_6_with_what_can_be_done() {
    let shell = Shell::with_mailbox();
    for verb in ["show", "scan", "forward", "shred", "pickup", "missing", "found"] {
        shell.run(&["mail", verb, UNKNOWN_MAIL]).expect(5);
    }
    for verb in ["show", "schedule", "start", "cancel", "no-show"] {
        let unknown = shell.run(&["action", verb, UNKNOWN_ACTION]).expect(5);
        assert!(unknown.err.contains("fix: "), "{}", unknown.err);
    }
    shell.run(&["mail", "log", "ext:nobody", "letter"]).expect(5);
    let what = shell.run(&["mail", "log", "ext:crm_1", "elephant"]).expect(2);
    assert!(what.err.contains("type: "), "{}", what.err);
    let mail = shell.logged(&["letter"]);
    let scan = shell.asked("scan", &mail, &[]);
    let again = shell.run(&["mail", "scan", &mail]).expect(6);
    assert!(again.err.contains(&format!("fix: wait until {scan} ends")), "{}", again.err);
    let early = shell.run(&["action", "complete", "scan", &scan, "--pages", "1"]).expect(6);
    assert!(early.err.contains("fix: "), "{}", early.err);
    let delete = ["mail", "delete", &mail, "--yes"];
    let ours = shell.run(&delete).expect(6);
    assert!(ours.err.contains("fix: "), "{}", ours.err);
}
