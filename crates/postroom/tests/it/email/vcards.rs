//! Contacts as vCards (email-api.md 7.6).

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Agent, Answer, Organization, TestServer};

const CONTACTS: &str = "/api/v1/contacts";
const NOBODY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

async fn import(who: &Agent<'_>, media: &str, cards: impl Into<Vec<u8>>) -> Answer {
    let path = format!("{CONTACTS}/import");
    let body: Vec<u8> = cards.into();
    who.call_with(Method::POST, &path, &[("content-type", media)], body.into()).await
}

fn card(lines: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{lines}END:VCARD\r\n")
}

fn id(contact: &Value) -> &str {
    contact["id"].as_str().expect("an id")
}

async fn make(who: &Agent<'_>, body: Value) -> Value {
    who.post(CONTACTS, body).await.expect(201)
}

#[tokio::test]
async fn each_card_of_an_import_is_made_a_contact_or_told_why_not() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let known = make(&house.admin, json!({"emails": [{"value": "Known@x.io"}]})).await;
    let hidden = json!({"emails": [{"value": "hidden@x.io"}], "access_identity_ids": []});
    make(&house.admin, hidden).await;
    let cards = [
        card(
            "FN:Ann Lee\r\nN:Lee;Ann;;;\r\nEMAIL;TYPE=work,pref:al@x.io\r\nEMAIL:AL@X.io\r\nBDAY:19900228\r\n",
        ),
        card("FN:Somebody\r\nEMAIL:other@x.io\r\nEMAIL:KNOWN@x.io\r\n"),
        card("NOTE:nameless\r\n"),
        card(&format!("FN:{}\r\n", "x".repeat(256))),
        card("FN:Not an address\r\nEMAIL:nobody\r\n"),
        card("FN:Again\r\nEMAIL:al@x.io\r\n"),
        card("FN:By phone\r\nTEL:+1 555 555 0100\r\n"),
        card("FN:By the same phone\r\nTEL:+15555550100\r\n"),
        card("FN:Shares a phone\r\nTEL:+15555550100\r\nEMAIL:own@x.io\r\n"),
        card("FN:Like a hidden one\r\nEMAIL:hidden@x.io\r\n"),
    ];
    let told = import(&ann, "text/vcard; charset=utf-8", cards.concat()).await.expect(200);
    let results = told["results"].as_array().unwrap();
    let status: Vec<_> = results.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(
        status,
        [
            "created", "conflict", "error", "error", "error", "conflict", "created", "conflict",
            "created", "created"
        ],
        "{told:#}"
    );
    assert_eq!((&told["created_count"], &told["error_count"]), (&json!(4), &json!(6)));
    assert_eq!(results[1]["conflicting_contact_id"], known["id"]);
    assert_eq!(results[5]["conflicting_contact_id"], results[0]["contact"]["id"]);
    assert!(results[4]["error"].as_str().unwrap().contains("emails/0/value"), "{told:#}");
    let made = &results[0]["contact"];
    assert_eq!((&made["creation_source"], &made["given_name"]), (&json!("vcard"), &json!("Ann")));
    let email = json!([{"label": "work", "value": "al@x.io", "is_primary": true}]);
    assert_eq!((&made["emails"], &made["birthday"]), (&email, &json!("1990-02-28")));
    assert_eq!(ann.get(&format!("{CONTACTS}/{}", id(made))).await.expect(200), *made);
}

#[tokio::test]
async fn an_import_is_a_text_of_cards_within_its_limits() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let one = card("FN:x\r\n");
    import(&house.admin, "text/x-vcard", one.clone()).await.expect(200);
    for media in ["application/json", "text/plain", ""] {
        import(&house.admin, media, one.clone()).await.expect(415);
    }
    import(&house.admin, "text/vcard", "FN:\u{e9}".chars().map(|c| c as u8).collect::<Vec<_>>())
        .await
        .expect(400);
    import(&house.admin, "text/vcard", "no card").await.expect(422);
    import(&house.admin, "text/vcard", one.repeat(1001)).await.expect(422);
    let note = "x".repeat(5 << 20);
    import(&house.admin, "text/vcard", card(&format!("FN:x\r\nNOTE:{note}\r\n"))).await.expect(413);
}

#[tokio::test]
async fn contacts_are_exported_one_by_one_and_many_at_once_and_can_be_read_again() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let profile = json!({
        "given_name": "J\u{fc}rg", "family_name": "Lee; the 2nd", "birthday": "1990-02-28", "notes": "two\nlines",
        "emails": [{"label": "work", "value": "J@x.io", "is_primary": true}],
        "phones": [{"value_e164": "+15555550100"}], "websites": [{"url": "https://x.io/a,b"}],
        "addresses": [{"street": "1 Main St", "city": "Austin", "postal": "78701"}],
        "custom_fields": [{"label": "k", "value": "v"}],
    });
    let first = make(&house.admin, profile.clone()).await;
    let second = make(&house.admin, json!({"company_name": "Acme"})).await;
    let hidden = make(&house.admin, json!({"company_name": "?", "access_identity_ids": []})).await;
    let file = ann.get(&format!("{CONTACTS}/{}.vcf", id(&first))).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), Some("text/vcard; charset=utf-8"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    let text = String::from_utf8(file.bytes.to_vec()).unwrap();
    assert!(text.starts_with("BEGIN:VCARD\r\nVERSION:4.0\r\n"), "{text}");
    for nothing in [id(&hidden), NOBODY, "x"] {
        ann.get(&format!("{CONTACTS}/{nothing}.vcf")).await.expect(404);
    }
    let export = async |ids: Value| {
        ann.post(&format!("{CONTACTS}/vcard-export"), json!({"contact_ids": ids})).await
    };
    let both = export(json!([first["id"], second["id"], first["id"]])).await.expect(200);
    assert_eq!((&both["content_type"], &both["contact_count"]), (&json!("text/vcard"), &json!(2)));
    assert!(both["vcard"].as_str().unwrap().starts_with(&text));
    export(json!([first["id"], hidden["id"]])).await.expect(404);
    for wrong in [json!([]), Value::Null, json!(vec![NOBODY; 26])] {
        export(wrong).await.expect(422);
    }
    // What was written reads as the same contact.
    house.admin.delete(&format!("{CONTACTS}/{}", id(&first))).await.expect(204);
    let told = import(&ann, "text/vcard", text).await.expect(200);
    let again = &told["results"][0]["contact"];
    for (name, value) in profile.as_object().unwrap() {
        let shown = &first[name];
        assert_eq!(&again[name], shown, "{name}: {value}");
    }
}

#[tokio::test]
async fn words_beside_contacts_are_no_ids() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let post = async |word: &str| house.admin.post(&format!("{CONTACTS}/{word}"), json!({})).await;
    assert_eq!(post("with-permissions").await.expect(404)["detail"], "Not Found");
    post("bulk-delete").await.expect(422);
    post("vcard-export").await.expect(422);
    post("import").await.expect(415);
    house.admin.get(&format!("{CONTACTS}/lookup")).await.expect(422);
    for rest in ["communication-policy", "permissions", "correspondences"] {
        let path = format!("{CONTACTS}/{NOBODY}/{rest}");
        assert_eq!(house.admin.get(&path).await.expect(404)["detail"], "Not Found");
    }
}
