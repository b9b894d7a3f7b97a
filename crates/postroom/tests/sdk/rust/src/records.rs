//! Steps about cards, correspondence, notes, rules of the older routes, and letters that are brought along.

use super::super::sdk::contacts::{
    CorrespondenceChannelStatus, CorrespondenceContentMode, CorrespondenceItem, CorrespondenceQuery,
};
use super::super::sdk::mail::{
    MailImportFormat, MailImportJobStatus, MailRuleAction, MailRuleMatchType,
};
use super::{House, LOOK, WAIT, done, refused};

const LETTER: &str = "From: ann@old.example\r\nTo: desk@old.example\r\nMessage-ID: <1@old.example>\r\n\
    Subject: An old letter\r\nDate: Wed, 01 Jul 2020 09:30:00 +0000\r\n\r\nHello.\r\n";

/// With a contact who wrote before.
pub fn correspondence(house: &House, contact: &str) {
    let contacts = house.inkbox.contacts();
    let mut query = CorrespondenceQuery {
        identity_id: Some(house.desk.id()),
        content: Some(CorrespondenceContentMode::Full),
        email_limit: Some(1),
        ..Default::default()
    };
    let page = contacts.correspondence().get(contact, &query).unwrap();
    assert!(page.items.len() == 1 && page.channels.len() >= 4);
    assert_eq!(page.channels[0].status, CorrespondenceChannelStatus::Available);
    let CorrespondenceItem::Email(newest) = &page.items[0] else { panic!("no message") };
    assert_eq!(newest.body_text.as_deref(), Some("x"));
    query.cursor = page.next_cursor;
    assert_eq!(contacts.correspondence().get(contact, &query).unwrap().items.len(), 1);

    let card = contacts.vcards().export_vcard(contact).unwrap();
    let told = contacts.vcards().import_vcards(card.into_bytes(), None).unwrap();
    assert_eq!((told.created_count, told.error_count), (0, 1));
    assert_eq!(
        told.results[0].conflicting_contact_id.map(|id| id.to_string()),
        Some(contact.into())
    );
    assert!(!contacts.access().list(contact).unwrap().is_empty());
    done("correspondence, cards");
}

pub fn notes(house: &House) {
    let (notes, desk) = (house.inkbox.notes(), house.desk.id());
    let note = notes.create("Net 30.", Some("Terms")).unwrap();
    assert_eq!(notes.access().grant(note.id, desk).unwrap().identity_id, desk);
    refused(409, notes.access().grant(note.id, desk));
    assert_eq!(notes.list(Some("net"), Some(desk), None, None, None).unwrap()[0].id, note.id);
    assert_eq!(notes.update(note.id, Some(None), Some("Net 45.")).unwrap().title, None);
    notes.access().revoke(note.id, desk).unwrap();
    assert!(notes.access().list(note.id).unwrap().is_empty());
    notes.delete(note.id).unwrap();
    refused(404, notes.get(note.id));
    done("notes");
}

/// The routes by mailbox, and the lists of the organization.
#[expect(deprecated, reason = "the server has these routes for as long as the client")]
pub fn rules(house: &House) {
    use {MailRuleAction::Block, MailRuleMatchType::ExactEmail};
    let (rules, mailbox) = (house.inkbox.mail_contact_rules(), house.desk.mailbox().unwrap());
    let address = mailbox.email_address;
    let rule = rules.create(&address, Block, ExactEmail, "Ann@Spam.example").unwrap();
    assert_eq!((rule.mailbox_id, rule.match_target.as_str()), (mailbox.id, "ann@spam.example"));
    assert_eq!(rules.list(&address, None, None, None, None).unwrap().len(), 1);
    assert_eq!(rules.list_all(Some(mailbox.id), None, None, None, None).unwrap()[0].id, rule.id);
    let by_identity = house.inkbox.mail_identity_contact_rules();
    let owner = house.desk.id();
    assert_eq!(by_identity.list_all(Some(&owner), None, None, None, None).unwrap()[0].id, rule.id);
    rules.delete(&address, &rule.id.to_string()).unwrap();
    assert!(by_identity.list_all(None, None, None, None, None).unwrap().is_empty());
    assert!(house.desk.get_signing_key_status().unwrap().configured);
    done("rules by mailbox, status of the signing key");
}

/// The upload goes to the address that is reached here, which need not be the public one of the server.
pub fn import(house: &House) {
    let file = std::env::temp_dir().join(format!("postroom-{}.eml", house.desk.id()));
    std::fs::write(&file, LETTER).unwrap();
    let (imports, address) = (house.inkbox.mailboxes().imports(), &house.to_desk()[0]);
    let made = imports.create(address, MailImportFormat::Eml, None, true).unwrap();
    let id = made.job.id.to_string();
    refused(409, imports.create(address, MailImportFormat::Eml, None, true));
    let mut upload = imports.refresh_upload_target(address, &id).unwrap();
    let path = upload.url.splitn(4, '/').nth(3).expect("a path");
    upload.url = format!("{}/{path}", house.inkbox.base_url());
    imports.upload(&upload, &file).unwrap();
    std::fs::remove_file(&file).unwrap();
    imports.start(address, &id).unwrap();
    let job = imports.wait(address, &id, Some(WAIT), Some(LOOK)).unwrap();
    assert_eq!((job.status, job.messages_imported), (MailImportJobStatus::Completed, 1));
    assert_eq!(house.found("old letter").import_job_id, Some(job.id));
    assert_eq!(imports.list(address, None, 10).unwrap().items.len(), 1);
    done("import");
}
