//! Steps about messages and threads, and the events that tell of them.

use super::super::sdk::mail::{Attachment, ForwardMode, MessageDirection, ThreadFolder};
use super::super::sdk::webhooks::{
    MailBodyState, MailWebhookEventType, MessageStatus, WebhookContextItem,
};
use super::{Hooks, House, done};

/// An address of the server's simulator.
const BOUNCES: &str = "bounce@simulator.agents.localhost";

pub fn letters(house: &House, hooks: &mut Hooks) {
    use MailWebhookEventType::{MessageBounced, MessageDelivered, MessageReceived, MessageSent};
    let attachment = Attachment {
        filename: "numbers.csv".to_owned(),
        content_type: "text/csv".to_owned(),
        content_base64: "YSxiCjEsMgo=".to_owned(),
        content_id: None,
    };
    let to = house.to_desk();
    let (text, attachments) = (Some("Here it is."), [attachment]);
    let sent = house.clerk.send_email(
        &to,
        "Invoice 881",
        text,
        None,
        None,
        None,
        None,
        Some(&attachments),
        false,
    );
    let sent = sent.unwrap();
    assert!(sent.has_attachments && sent.direction == MessageDirection::Outbound);
    for (kind, status) in
        [(MessageSent, MessageStatus::Sent), (MessageDelivered, MessageStatus::Delivered)]
    {
        let event = hooks.next("/clerk", kind).data;
        assert_eq!((event.message.id, event.message.status), (sent.id.to_string(), status));
    }
    let event = hooks.next("/desk", MessageReceived);
    assert!(event.id.starts_with("evt_"));
    let message = event.data.message;
    assert_eq!(
        (message.body.as_deref(), message.body_state),
        (text, Some(MailBodyState::Complete))
    );
    assert_eq!(message.email_address, house.desk.email_address());
    assert!(event.data.context.is_some() && message.bcc_addresses.is_none());
    done("send, and webhooks that verify and fit the types");

    let bounces = [BOUNCES.to_owned()];
    let lost = house
        .clerk
        .send_email(&bounces, "Lost", text, None, None, None, None, None, false)
        .unwrap();
    let bounced = hooks.next("/clerk", MessageBounced).data.message;
    assert_eq!((bounced.id, bounced.status), (lost.id.to_string(), MessageStatus::Bounced));
    done("bounce");

    let inbound = house.agent.iter_unread_emails(None, Some(MessageDirection::Inbound)).unwrap();
    assert_eq!(inbound.iter().map(|m| m.id.to_string()).collect::<Vec<_>>(), [message.id]);
    let detail = house.agent.get_message(&inbound[0].id.to_string()).unwrap();
    assert_eq!((detail.message.is_read, detail.body_text.as_deref()), (true, text));
    assert!(detail.updated_at.is_some());
    let messages = house.inkbox.messages();
    let id = inbound[0].id.to_string();
    let link = messages.get_attachment(&to[0], &id, "numbers.csv", false).unwrap();
    assert!(link["url"].as_str().is_some_and(|url| url.starts_with("http")));
    assert!(messages.star(&to[0], &id).unwrap().is_starred);
    assert!(!messages.mark_unread(&to[0], &id).unwrap().is_read);
    house.agent.mark_emails_read(std::slice::from_ref(&id)).unwrap();
    assert!(house.agent.iter_unread_emails(None, None).unwrap().is_empty());
    assert_eq!(house.found("invoice").id, inbound[0].id);
    done("read, attachments, flags, search");
}

pub fn threads(house: &House, hooks: &mut Hooks) {
    let (agent, clerk) = (&house.agent, &house.clerk);
    let first = agent.iter_emails(None, None).unwrap().remove(0);
    let text = Some("Thank you.");
    let reply = agent.reply_all_email(&first.id.to_string(), None, text, None, None, None).unwrap();
    assert_eq!(
        (reply.subject.as_deref(), reply.thread_id),
        (Some("Re: Invoice 881"), first.thread_id)
    );
    let id = first.thread_id.unwrap().to_string();
    let thread = agent.get_thread(&id).unwrap();
    assert_eq!((thread.thread.message_count, thread.messages.len()), (2, 2));
    let (all, address) = (house.inkbox.threads(), &house.to_desk()[0]);
    assert!(all.list_folders(address).unwrap().contains(&ThreadFolder::Inbox));
    let moved = all.update(address, &id, Some(ThreadFolder::Archive)).unwrap();
    assert_eq!(moved.folder, ThreadFolder::Archive);
    assert_eq!(all.list(address, Some(ThreadFolder::Archive), None).unwrap().len(), 1);
    done("reply all, threads");

    let back = hooks.next("/clerk", MailWebhookEventType::MessageReceived).data.message.id;
    let to = house.to_desk();
    let forward = clerk
        .forward_email(
            &back,
            Some(&to),
            None,
            None,
            ForwardMode::Inline,
            None,
            Some("For you."),
            None,
            None,
            true,
            None,
            false,
        )
        .unwrap();
    assert_eq!(forward.subject.as_deref(), Some("Fwd: Re: Invoice 881"));
    let event = hooks.next("/clerk", MailWebhookEventType::MessageForwarded);
    assert_eq!(event.data.message.id, forward.id.to_string());
    hooks.next("/desk", MailWebhookEventType::MessageReceived);
    done("forward");

    clerk.reply_all_email(&back, None, Some("Sure."), None, None, None).unwrap();
    let event = hooks.next("/desk", MailWebhookEventType::MessageReceived).data;
    let context = event.context.and_then(|context| context.email).unwrap();
    let said: Vec<_> = context.items.iter().map(snippet).collect();
    assert_eq!(said, ["Here it is.", "Thank you."]);
    // One by one, so that there are pages.
    let messages = house.inkbox.messages();
    assert_eq!(messages.list(&to[0], Some(1), None).unwrap().len(), 4);
    messages.delete(&to[0], &reply.id.to_string()).unwrap();
    assert_eq!(messages.list(&to[0], Some(1), None).unwrap().len(), 3);
    done("context, pages, delete");
}

fn snippet(item: &WebhookContextItem) -> &str {
    let WebhookContextItem::Mail(item) = item else { panic!("no message: {item:?}") };
    item.snippet.as_deref().unwrap()
}
