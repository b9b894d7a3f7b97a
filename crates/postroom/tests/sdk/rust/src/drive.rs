//! The steps, in the words that both versions of the SDK have in common; `super` has the others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::hooks::Hooks;
use super::sdk::contacts::{
    ContactEmail, CreateContactParams, ListContactsParams, UpdateContactParams,
};
use super::sdk::error::InkboxError;
use super::sdk::identities::exceptions::{BlockingNamespace, HandleUnavailableError};
use super::sdk::identities::types::Unset;
use super::sdk::mail::{ContactRuleStatus, FilterMode, MailRuleAction, MailRuleMatchType, Message};
use super::sdk::webhooks::{MailContactBucket, MailWebhookEventType};
use super::sdk::whoami::WhoamiResponse;
use super::sdk::{AgentIdentity, Inkbox};
use super::{cause, change, clerk};

mod hooks;
mod letters;
mod records;

/// How long to wait for what the server's tasks do, and how often to look.
const WAIT: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// Two agents of an organization, and a client that is one of them.
struct House {
    inkbox: Arc<Inkbox>,
    desk: AgentIdentity,
    clerk: AgentIdentity,
    agent: AgentIdentity,
}

impl House {
    fn to_desk(&self) -> [String; 1] {
        [self.desk.email_address().unwrap()]
    }

    fn send(
        &self,
        subject: &str,
        text: &str,
        cc: Option<&[String]>,
    ) -> Result<Message, InkboxError> {
        let to = self.to_desk();
        self.clerk.send_email(&to, subject, Some(text), None, cc, None, None, None, false)
    }

    /// The one message of the desk with these words; they are taken in by a task.
    fn found(&self, words: &str) -> Message {
        let boxes = self.inkbox.mailboxes();
        until("what is searched", || boxes.search(&self.to_desk()[0], words, 10).unwrap().pop())
    }
}

fn done(what: &str) {
    println!("{what}");
}

/// What is found once the server has written it down.
fn until<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    let ends = Instant::now() + WAIT;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < ends, "{what} did not come");
        std::thread::sleep(LOOK);
    }
}

/// Runs all steps as an organization that has nothing yet, and leaves nothing.
pub fn drive(base_url: &str, key: &str) {
    let inkbox = Inkbox::builder(key).base_url(base_url).build().unwrap();
    let WhoamiResponse::ApiKey(me) = inkbox.whoami().unwrap() else { panic!("a key is no person") };
    assert!(me.organization_id.is_some() && me.created_at.is_some());
    done("whoami");

    let house = identities(inkbox, base_url);
    mailboxes(&house);
    let mut hooks = hooks::subscriptions(&house);
    letters::letters(&house, &mut hooks);
    letters::threads(&house, &mut hooks);
    contact_rules(&house);
    contacts(&house, &mut hooks);
    hooks::deliveries(&house);
    records::notes(&house);
    records::rules(&house);
    records::import(&house);
    refusals(&house);
    ends(&house);
}

fn identities(inkbox: Arc<Inkbox>, base_url: &str) -> House {
    let (desk, clerk) = (inkbox.create_identity("desk").unwrap(), clerk(&inkbox));
    assert!(desk.tunnel().is_none() && desk.phone_number().is_none());
    assert_eq!(desk.mail_filter_mode(), FilterMode::Blacklist);
    change(&desk, Unset::Value(Some("answers customers".to_owned())), "whitelist");
    let found = inkbox.get_identity("desk").unwrap();
    assert_eq!(found.description().as_deref(), Some("answers customers"));
    assert_eq!(desk.mail_filter_mode(), FilterMode::Whitelist);
    change(&desk, Unset::Value(None), "blacklist");
    assert_eq!(desk.description(), None);
    let handles: Vec<_> =
        inkbox.list_identities().unwrap().into_iter().map(|i| i.agent_handle).collect();
    assert_eq!(handles, ["clerk", "desk"]);
    done("identities");

    let made = inkbox.api_keys().create("desk", None, Some(desk.id())).unwrap();
    let client = Inkbox::builder(made.api_key).base_url(base_url).build().unwrap();
    let agent = client.get_identity("desk").unwrap();
    assert_eq!(agent.id(), desk.id());
    done("api keys");
    House { inkbox, desk, clerk, agent }
}

fn mailboxes(house: &House) {
    let boxes = house.inkbox.mailboxes();
    assert_eq!(boxes.list().unwrap().len(), 2);
    let address = house.desk.email_address().unwrap();
    let changed = boxes.update(&address, Some(FilterMode::Whitelist)).unwrap();
    assert_eq!(
        (changed.id, changed.filter_mode),
        (house.desk.mailbox().unwrap().id, FilterMode::Whitelist)
    );
    boxes.update(&address, Some(FilterMode::Blacklist)).unwrap();
    let found = boxes.get(&address).unwrap();
    assert_eq!((found.storage_used_bytes, found.storage_limit_bytes), (0, Some(128 << 10)));
    assert_eq!(found.agent_identity_id, Some(house.desk.id()));
    assert!(address.ends_with(&found.sending_domain));
    assert!(house.inkbox.domains().list(None).unwrap().is_empty());
    done("mailboxes, domains");
}

fn contact_rules(house: &House) {
    use {
        MailRuleAction::{Allow, Block},
        MailRuleMatchType::Domain,
    };
    let desk = &house.desk;
    let rule = desk.create_mail_contact_rule(Block, Domain, "spam.example").unwrap();
    assert_eq!((rule.agent_identity_id, rule.status), (desk.id(), ContactRuleStatus::Active));
    let listed =
        desk.list_mail_contact_rules(Some(Block), Some(Domain), Some(10), Some(0)).unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [rule.id]);
    match desk.create_mail_contact_rule(Allow, Domain, "spam.example") {
        Err(InkboxError::DuplicateContactRule { existing_rule_id, .. }) => {
            assert_eq!(existing_rule_id, rule.id)
        }
        other => panic!("an equal rule: {other:?}"),
    }
    let id = rule.id.to_string();
    assert_eq!(desk.update_mail_contact_rule(&id, Allow).unwrap().action, Allow);
    desk.delete_mail_contact_rule(&id).unwrap();
    refused(404, desk.get_mail_contact_rule(&id));
    done("contact rules");
}

fn contacts(house: &House, hooks: &mut Hooks) {
    let contacts = house.inkbox.contacts();
    let address = house.clerk.email_address().unwrap();
    let email = ContactEmail { label: None, value: address.clone(), is_primary: true };
    let known = CreateContactParams {
        preferred_name: Some("The clerk".to_owned()),
        emails: Some(vec![email]),
        ..Default::default()
    };
    let known = contacts.create(&known).unwrap();
    let id = known.id.to_string();
    let loud = address.to_uppercase();
    let found = contacts.lookup(Some(&loud), None, None, None, None).unwrap();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [known.id]);
    let change = UpdateContactParams {
        company_name: Some(Some("Postroom".to_owned())),
        ..Default::default()
    };
    assert_eq!(contacts.update(&id, &change).unwrap().company_name.as_deref(), Some("Postroom"));
    let search = ListContactsParams { q: Some("clerk".to_owned()), ..Default::default() };
    assert_eq!(contacts.list(&search).unwrap()[0].id, known.id);
    assert!(contacts.facts().list(&id).unwrap().is_empty());
    assert!(contacts.vcards().export_vcard(&id).unwrap().starts_with("BEGIN:VCARD"));

    house.send("Who is it", "x", Some(&house.to_desk())).unwrap();
    let event = hooks.next("/desk", MailWebhookEventType::MessageReceived).data;
    assert_eq!(event.message.subject.as_deref(), Some("Who is it"));
    let peer = &event.contacts[0];
    assert_eq!(
        (peer.bucket, &peer.id, peer.name.as_deref()),
        (MailContactBucket::From, &id, Some("The clerk"))
    );
    let oneself = &event.agent_identities[0];
    assert_eq!((oneself.bucket, oneself.agent_handle.as_str()), (MailContactBucket::Cc, "desk"));
    records::correspondence(house, &id);
    contacts.delete(&id).unwrap();
    refused(404, contacts.get(&id));
    done("contacts, and peers in webhooks");
}

fn refusals(house: &House) {
    let long = "0123456789abcdef ".repeat(20_000);
    match house.send("Long", &long, None).map_err(cause) {
        Err(InkboxError::StorageLimitExceeded { limit_bytes, upgrade_url, .. }) => {
            assert!(limit_bytes == Some(128 << 10) && upgrade_url.starts_with("https://"));
        }
        other => panic!("a full mailbox: {other:?}"),
    }
    let Err(taken) = house.inkbox.create_identity("desk") else {
        panic!("a handle was taken twice")
    };
    let taken = HandleUnavailableError::from_error(&taken).expect("the refusal of a handle");
    assert_eq!(taken.blocking_namespace, Some(BlockingNamespace::Identities));
    refused(404, house.inkbox.get_identity("nobody"));
    done("refusals that the client knows");
}

fn ends(house: &House) {
    house.clerk.delete().unwrap();
    house.desk.delete().unwrap();
    assert!(house.inkbox.list_identities().unwrap().is_empty());
    refused(401, house.agent.refresh());
    done("delete");
}

/// The server must refuse a request with this status.
fn refused<T>(status: u16, answer: Result<T, InkboxError>) {
    match answer {
        Err(InkboxError::Api { status_code, .. }) if status_code == status => {}
        Err(error) => panic!("not {status}: {error}"),
        Ok(_) => panic!("not refused, {status} was expected"),
    }
}
