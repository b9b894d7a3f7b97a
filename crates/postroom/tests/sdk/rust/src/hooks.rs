//! Steps about webhooks: subscriptions, what comes of them, the log.

use super::super::sdk::AgentIdentity;
use super::super::sdk::signing_keys::verify_webhook;
use super::super::sdk::webhooks::{
    MailWebhookEventType, MailWebhookPayload, WebhookContextClassConfig, WebhookContextConfig,
    WebhookSubscriptionStatus,
};
use super::super::{move_to, subscribe};
use super::{House, done, refused, until};
use crate::receiver::Receiver;

/// Where events come, and how they are verified.
pub struct Hooks {
    receiver: Receiver,
    /// A path, and the key by which what comes there is signed.
    keys: Vec<(&'static str, String)>,
    /// What came before it was asked for.
    early: Vec<(String, MailWebhookPayload)>,
}

impl Hooks {
    /// The first event of a type at a path. All that comes must be signed and fit the SDK's types.
    pub fn next(&mut self, at: &str, kind: MailWebhookEventType) -> MailWebhookPayload {
        loop {
            let wanted = |(path, event): &(String, MailWebhookPayload)| {
                path == at && event.event_type == kind
            };
            if let Some(found) = self.early.iter().position(wanted) {
                return self.early.remove(found).1;
            }
            let told = self.receiver.next();
            let (_, key) = self
                .keys
                .iter()
                .find(|(path, _)| *path == told.path)
                .expect("a path that was given");
            assert!(
                verify_webhook(&told.body, &told.headers, key).unwrap(),
                "the signature does not hold"
            );
            let changed = [told.body.as_slice(), b" "].concat();
            assert!(
                !verify_webhook(&changed, &told.headers, key).unwrap(),
                "the signature holds for all"
            );
            let event = serde_json::from_slice(&told.body).unwrap();
            self.early.push((told.path, event));
        }
    }
}

/// Makes the two that the other steps listen to, and one that goes again.
pub fn subscriptions(house: &House) -> Hooks {
    let receiver = Receiver::start();
    let all = ["received", "sent", "forwarded", "delivered", "bounced", "failed"];
    let all = all.map(|kind| format!("message.{kind}"));
    let mailbox = |of: &AgentIdentity| of.mailbox().unwrap().id;
    let context = WebhookContextConfig {
        email: Some(WebhookContextClassConfig::Count { count: 2 }),
        ..Default::default()
    };
    let (inkbox, at) = (&house.inkbox, mailbox(&house.desk));
    let desk = subscribe(inkbox, &receiver.url("/desk"), &all[..1], at, Some(&context));
    let clerk = subscribe(inkbox, &receiver.url("/clerk"), &all, mailbox(&house.clerk), None);
    assert_eq!(clerk.subscription.event_types, all);
    assert_eq!(clerk.subscription.owner_identity_id, Some(house.clerk.id()));

    let webhooks = inkbox.webhooks();
    let hooks = webhooks.subscriptions();
    let spare = subscribe(inkbox, &receiver.url("/spare"), &all, at, None);
    assert!(spare.signing_key.is_none(), "the identity has its key already");
    let spare = spare.subscription;
    assert_eq!(spare.status, WebhookSubscriptionStatus::Active);
    let moved = receiver.url("/moved");
    assert_eq!(move_to(inkbox, spare.id, &moved).url, moved);
    let listed = hooks.list(Some(at), None, None, None, None).unwrap();
    assert!(listed.iter().any(|one| one.id == desk.subscription.id));
    let listed = hooks.list(None, None, None, Some(&moved), Some("message.sent")).unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [spare.id]);
    hooks.delete(spare.id).unwrap();
    refused(404, hooks.get(spare.id));
    done("subscriptions");

    let keys = vec![("/desk", desk.signing_key.unwrap()), ("/clerk", clerk.signing_key.unwrap())];
    Hooks { receiver, keys, early: Vec::new() }
}

pub fn deliveries(house: &House) {
    let hooks = house.inkbox.webhooks();
    let bounces = || {
        let kind = Some("message.bounced");
        hooks.deliveries().list(None, None, kind, Some(true), None, None).unwrap().pop()
    };
    let told = until("the delivery", bounces);
    assert_eq!(told.response_status, Some(204));
    let again = hooks.deliveries().replay(told.id).unwrap();
    assert_eq!((again.is_replay, again.event_id), (true, told.event_id));
    done("deliveries, replay");
}
