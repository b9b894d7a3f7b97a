//! Steps that only the SDK of version 0.7 has words for.

use inkbox_07::Inkbox;
use inkbox_07::contacts::{ContactFactKind, CreateContactParams};
use inkbox_07::error::InkboxError;
use inkbox_07::identities::types::Unset;
use inkbox_07::mail::{
    Attachment, CreateDraftOptions, DraftRecipients, MailboxUpdateOptions, UpdateDraftOptions,
};
use inkbox_07::webhooks::WebhookSubscriptionScope;
use uuid::Uuid;

/// A place where nothing comes, as nothing happens while it is known.
const NOWHERE: &str = "http://127.0.0.1:9999/never";

/// Runs them with two agents of its own, who go again.
pub fn drive(base_url: &str, key: &str) {
    let inkbox = Inkbox::builder(key).base_url(base_url).build().unwrap();
    let writer = inkbox.create_identity("writer").unwrap();
    let reader = inkbox.create_identity("reader").unwrap();
    let (from, to) = (writer.email_address().unwrap(), reader.email_address().unwrap());
    drafts(&inkbox, &from, &to);
    keys(&inkbox, &from, &to);
    settings(&inkbox, &from);
    facts(&inkbox);
    subscriptions(&inkbox, reader.id());
    writer.delete().unwrap();
    reader.delete().unwrap();
}

fn subscriptions(inkbox: &Inkbox, owner: Uuid) {
    let webhooks = inkbox.webhooks();
    let hooks = webhooks.subscriptions();
    let kinds = ["message.sent".to_owned()];
    let made = hooks.create_for_identity(owner, NOWHERE, &kinds, None, Some("t0ken")).unwrap();
    let (signing_key, made) = (made.signing_key, made.subscription);
    assert!(signing_key.is_some() && made.auth_token.as_deref() == Some("t0ken"));
    let scope = Some(WebhookSubscriptionScope::Identity);
    let listed = hooks.list_with_scope(None, None, Some(owner), None, None, scope).unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [made.id]);
    assert!(!hooks.update(made.id, None, None, None, Some(None)).unwrap().has_auth_token);
    hooks.delete_with_scope(made.id, scope).unwrap();
    println!("subscriptions of an identity");
}

fn drafts(inkbox: &Inkbox, from: &str, to: &str) {
    let drafts = inkbox.drafts();
    let attachment = Attachment {
        filename: "a.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        content_base64: "YQ==".to_owned(),
        content_id: None,
    };
    let new = CreateDraftOptions { subject: Some("Plan".to_owned()), ..Default::default() };
    let draft = drafts.create(from, &new).unwrap().summary;
    assert_eq!((draft.generation, draft.to_addresses.len()), (1, 0));
    let recipients = DraftRecipients { to: Some(vec![to.to_owned()]), ..Default::default() };
    let change = UpdateDraftOptions {
        recipients: Some(Some(recipients)),
        body_text: Some(Some("See you".to_owned())),
        ..Default::default()
    };
    let changed = drafts.update(from, &draft.id, 1, &change).unwrap();
    assert_eq!((changed.summary.generation, changed.body_text.as_deref()), (2, Some("See you")));
    let late = drafts.update(from, &draft.id, 1, &change);
    assert!(matches!(late, Err(InkboxError::Api { status_code: 409, .. })));
    let changed = drafts.add_attachments(from, &draft.id, 2, &[attachment]).unwrap();
    assert_eq!(changed.attachment_metadata.len(), 1);
    assert_eq!(drafts.download_attachment(from, &draft.id, 0, 3).unwrap().content, b"a");
    let copy = drafts.duplicate(from, &draft.id, 3).unwrap().summary;
    let listed: Vec<_> = drafts.list(from, Some(1)).unwrap().iter().map(|one| one.id).collect();
    assert_eq!(listed, [copy.id, draft.id]);
    drafts.delete(from, &copy.id, copy.generation).unwrap();
    assert_eq!(drafts.remove_attachment(from, &draft.id, 0, 3).unwrap().summary.generation, 4);
    assert_eq!(drafts.send(from, &draft.id, 4).unwrap().subject.as_deref(), Some("Plan"));
    assert!(drafts.list(from, None).unwrap().is_empty());
    println!("drafts");
}

fn keys(inkbox: &Inkbox, from: &str, to: &str) {
    let to = [to.to_owned()];
    let send = |subject: &str| {
        let text = Some("x");
        inkbox.messages().send_with_idempotency_key(
            from, &to, subject, text, None, None, None, None, None, false, "once",
        )
    };
    let sent = send("Once").unwrap();
    assert_eq!(send("Once").unwrap().id, sent.id);
    assert_eq!(inkbox.message_sends().lookup_email(from, "mail.send", "once").unwrap(), sent.id);
    let twice = send("Twice");
    assert!(matches!(twice, Err(InkboxError::IdempotencyKeyReused { .. })), "{twice:?}");
    println!("keys of sends");
}

fn settings(inkbox: &Inkbox, address: &str) {
    let boxes = inkbox.mailboxes();
    let options = MailboxUpdateOptions {
        signature_text: Unset::Value(Some("The writer".to_owned())),
        signature_enabled: Some(true),
        ..Default::default()
    };
    boxes.update_with_options(address, &options).unwrap();
    assert_eq!(boxes.list_with_options().unwrap().len(), 2);
    boxes.get_with_options(address).unwrap();
    println!("signature, filter modes of both directions");
}

fn facts(inkbox: &Inkbox) {
    let known = CreateContactParams { given_name: Some("Ann".to_owned()), ..Default::default() };
    let known = inkbox.contacts().create(&known).unwrap().id.to_string();
    let facts = inkbox.contacts().facts();
    let fact = facts.create(&known, "Likes short letters", ContactFactKind::Preference).unwrap();
    let id = fact.id.to_string();
    let changed = facts.update(&known, &id, Some("Likes long letters"), None).unwrap();
    assert_eq!(changed.content, "Likes long letters");
    assert_eq!(facts.list_including_expired(&known).unwrap().len(), 1);
    facts.delete(&known, &id).unwrap();
    assert!(facts.list(&known).unwrap().is_empty());
    println!("facts");
}
