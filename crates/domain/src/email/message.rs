//! A message, where it lies, and what became of it (email-api.md 6.2, email-engine.md 3.3, 3.4).

use crate::Timestamp;
use crate::id::{EmailMailboxId, ImportId, MessageId, ThreadId};

/// Recipients of one send, all three lists together.
pub const RECIPIENTS_MAX: usize = 50;
/// Characters of a subject.
pub const SUBJECT_CHARS_MAX: usize = 998;
/// Bytes of attachments of one send, decoded.
pub const ATTACHMENT_BYTES_MAX: usize = 25 << 20;

crate::words! { pub enum Direction { Inbound = "inbound", Outbound = "outbound" } }

crate::words! {
    /// What became of a message. Declared in the order in which it may rise; it never steps back.
    pub enum MessageStatus {
        Received = "received",
        Queued = "queued",
        Sent = "sent",
        Delivered = "delivered",
        Failed = "failed",
        Bounced = "bounced",
    }
}

crate::words! {
    /// Where a thread lies. What a contact rule refused is kept in `blocked`, for administrators only.
    pub enum Folder { Inbox = "inbox", Spam = "spam", Blocked = "blocked", Archive = "archive" }
}

crate::words! {
    /// What became of a message for one recipient.
    pub enum RecipientState {
        Queued = "queued",
        Deferred = "deferred",
        HandedOff = "handed_off",
        Delivered = "delivered",
        Bounced = "bounced",
        Complained = "complained",
        Suppressed = "suppressed",
        Expired = "expired",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

/// A message as lists show it; its text and attachments are read from its raw bytes.
#[derive(Clone, Debug)]
pub struct Message {
    pub no: i64,
    pub id: MessageId,
    pub mailbox_id: EmailMailboxId,
    pub thread_id: ThreadId,
    pub direction: Direction,
    pub status: MessageStatus,
    /// RFC 5322 Message-ID, with its angle brackets.
    pub message_id: String,
    /// As the sender wrote them.
    pub from_address: String,
    pub from_name: Option<String>,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    /// Known of outbound messages only.
    pub bcc: Vec<String>,
    pub reply_to: Vec<String>,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub subject: Option<String>,
    pub snippet: Option<String>,
    pub is_read: bool,
    pub is_starred: bool,
    pub has_attachments: bool,
    /// Made by forwarding a stored message.
    pub is_forward: bool,
    /// A contact rule refused it.
    pub is_blocked: bool,
    pub first_opened_at: Option<Timestamp>,
    pub open_count: i64,
    pub import_id: Option<ImportId>,
    /// Bytes of the raw message, and their SHA-256.
    pub size: i64,
    pub raw: [u8; 32],
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Messages that answer one another.
#[derive(Clone, Debug)]
pub struct Thread {
    pub id: ThreadId,
    pub mailbox_id: EmailMailboxId,
    /// Of its first message.
    pub subject: Option<String>,
    pub folder: Folder,
    pub message_count: i64,
    pub last_message_at: Timestamp,
    pub created_at: Timestamp,
}

/// The status of a message from the states of its recipients (email-engine.md 3.4): one bad recipient must
/// not hide, and that we gave up is said only when nothing is pending.
pub fn roll_up(states: &[RecipientState]) -> MessageStatus {
    use RecipientState as S;
    let count = |group: &[S]| states.iter().filter(|state| group.contains(state)).count();
    let bad = count(&[S::Bounced, S::Complained, S::Suppressed]);
    let given_up = count(&[S::Expired, S::Failed, S::Cancelled]);
    let delivered = count(&[S::Delivered]);
    let handed_off = count(&[S::HandedOff]);
    let pending = count(&[S::Queued, S::Deferred]);
    if bad > 0 {
        MessageStatus::Bounced
    } else if given_up > 0 && pending == 0 {
        MessageStatus::Failed
    } else if delivered > 0 && delivered == states.len() {
        MessageStatus::Delivered
    } else if delivered + handed_off > 0 {
        MessageStatus::Sent
    } else {
        MessageStatus::Queued
    }
}

#[cfg(test)]
mod tests {
    use RecipientState as S;

    use super::*;

    #[test]
    fn one_bad_recipient_shows_at_once_and_giving_up_shows_at_the_end() {
        assert_eq!(roll_up(&[S::Queued, S::Delivered]), MessageStatus::Sent);
        assert_eq!(roll_up(&[S::Queued, S::Bounced]), MessageStatus::Bounced);
        assert_eq!(roll_up(&[S::Queued, S::Failed]), MessageStatus::Queued);
        assert_eq!(roll_up(&[S::Delivered, S::Failed]), MessageStatus::Failed);
        assert_eq!(roll_up(&[S::Delivered, S::Delivered]), MessageStatus::Delivered);
        assert_eq!(roll_up(&[S::HandedOff, S::Delivered]), MessageStatus::Sent);
        assert_eq!(roll_up(&[S::Queued]), MessageStatus::Queued);
    }

    #[test]
    fn the_order_of_recipients_does_not_matter() {
        for a in S::ALL {
            for b in S::ALL {
                assert_eq!(roll_up(&[*a, *b]), roll_up(&[*b, *a]));
            }
        }
    }
}
