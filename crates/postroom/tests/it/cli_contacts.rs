//! `postroom contact`: the address book as an operator types it.

use serde_json::json;

use crate::cli::{Shell, text};

const UNKNOWN: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

#[test]
fn a_contact_is_made_found_changed_and_deleted() {
    let shell = Shell::on_an_install();
    let names = ["--given-name", "Ann", "--family-name", "Lee", "--company", "Lee & Co"];
    let emails = ["--email", "Ann@x.io", "--email", "lee@y.io", "--phone", "+15125550100"];
    let made = shell.json(&[&["contact", "create"], &names[..], &emails].concat());
    let id = text(&made, "id");
    assert_eq!((text(&made, "name"), &made["seen_by"]), ("Ann Lee", &json!(["everybody"])));
    assert_eq!(shell.json(&["contact", "show", id]), made);
    for by in [["--email", "ANN@x.io"], ["--domain", "y.io"], ["--phone", "+15125550100"]] {
        assert_eq!(
            shell.json(&[&["contact", "lookup"], &by[..]].concat()),
            json!([made]),
            "{by:?}"
        );
    }
    assert_eq!(shell.json(&["contact", "lookup", "--email", "bo@x.io"]), json!([]));
    assert_eq!(shell.json(&["contact", "list", "--query", "lee &"]), json!([made]));
    let set = ["contact", "set", id, "--company", "", "--title", "Cook", "--email", "al@x.io"];
    let changed = shell.json(&set);
    assert_eq!((&changed["company_name"], text(&changed, "job_title")), (&json!(null), "Cook"));
    assert_eq!((&changed["emails"], text(&changed, "name")), (&json!(["al@x.io"]), "Ann Lee"));
    let table = shell.run(&["contact", "list"]).expect(0);
    assert_eq!(table.table()[0], ["NAME", "EMAILS", "PHONES", "COMPANY_NAME", "ID"]);
    assert!(shell.run(&["contact", "delete", id]).expect(1).err.contains("--yes"));
    shell.run(&["contact", "delete", id, "--yes"]).expect(0);
    assert_eq!(shell.json(&["contact", "list"]), json!([]));
}

#[test]
fn what_can_t_be_a_contact_is_refused_with_the_reason() {
    let shell = Shell::on_an_install();
    let refused = |arguments: &[&str], reason: &str| {
        let said = shell.run(&[&["contact"], arguments].concat());
        assert!(said.status != 0 && said.err.contains(reason), "{arguments:?}: {}", said.err);
    };
    refused(&["create", "--notes", "who?"], "needs a name");
    refused(&["create", "--email", "nobody"], "emails/0/value");
    refused(&["create", "--given-name", "x", "--birthday", "1990-02-30"], "birthday");
    refused(&["create", "--given-name", "x", "--to", "nobody"], "Identity not found");
    refused(&["show", UNKNOWN], "Contact not found");
    refused(&["lookup"], "--email");
}

#[test]
fn agents_are_let_see_a_contact_and_no_longer() {
    let shell = Shell::on_an_install();
    let id_of = |handle: &str| text(&shell.json(&["identity", "create", handle]), "id").to_owned();
    let (ann, bob) = (id_of("ann"), id_of("bob"));
    let made = shell.json(&["contact", "create", "--given-name", "Cy", "--to", "ann"]);
    let id = text(&made, "id");
    assert_eq!(made["seen_by"], json!([ann]));
    let seen_by =
        |arguments: &[&str]| shell.json(&[&["contact"], arguments].concat())["seen_by"].clone();
    assert_eq!(seen_by(&["grant", id, "--to", "bob"]), json!([ann, bob]));
    assert_eq!(seen_by(&["revoke", id, "--from", "ann"]), json!([bob]));
    assert_eq!(seen_by(&["grant", id]), json!(["everybody"]));
    assert_eq!(seen_by(&["create", "--given-name", "Di", "--private"]), json!([]));
}

#[test]
fn cards_come_in_and_go_out_and_facts_are_kept_and_dropped() {
    let shell = Shell::on_an_install();
    let card =
        |name: &str| format!("BEGIN:VCARD\nVERSION:4.0\nFN:{name}\nEMAIL:{name}@x.io\nEND:VCARD\n");
    shell.write("people.vcf", [card("ann"), card("bo"), card("ann")].concat());
    let told = shell.json(&["contact", "import", "people.vcf"]);
    let status: Vec<_> = told.as_array().unwrap().iter().map(|one| text(one, "status")).collect();
    assert_eq!(status, ["created", "created", "conflict"]);
    let (ann, bo) = (text(&told[0], "id"), text(&told[1], "id"));
    assert_eq!(text(&told[2], "id"), ann);
    let out = shell.run(&["contact", "export", bo, ann]).expect(0).out;
    let (first, last) = (out.find("FN:bo\r\n").unwrap(), out.find("FN:ann\r\n").unwrap());
    assert!(first < last, "{out}");
    let add = ["contact", "facts", ann, "--add", "Writes in German", "--kind", "preference"];
    let facts = shell.json(&add);
    assert_eq!(
        (text(&facts[0], "content"), text(&facts[0], "kind")),
        ("Writes in German", "preference")
    );
    assert_eq!(shell.json(&["contact", "show", ann])["facts"], json!(["Writes in German"]));
    let gone = ["contact", "facts", ann, "--delete", text(&facts[0], "id")];
    assert_eq!(shell.json(&gone), json!([]));
}
