//! A message that is being written (email-api.md 6.11).
//!
//! What it says becomes a message when it is sent; until then nothing of it need be complete.

use crate::Timestamp;
use crate::id::{DraftId, EmailMailboxId, MessageId, ThreadId};

/// Drafts of one mailbox: more than a person or a program writes at once.
pub const DRAFTS_MAX: i64 = 1_000;
/// Attachments of one draft.
pub const ATTACHMENTS_MAX: usize = 100;
/// Message-IDs that a draft names as those before it.
pub const REFERENCES_MAX: usize = 100;

/// A draft. In a list its texts and attachments are left out.
#[derive(Clone, Debug)]
pub struct Draft {
    pub no: i64,
    pub id: DraftId,
    pub mailbox_id: EmailMailboxId,
    /// Starts at 1 and rises by one with each change, which names the one that it saw.
    pub generation: i64,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub bcc: Vec<String>,
    pub subject: Option<String>,
    pub snippet: Option<String>,
    pub reply_to: Option<String>,
    pub thread_id: Option<ThreadId>,
    /// The Message-ID that it answers, and those before it.
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub track_opens: bool,
    /// The message that it forwards.
    pub forward: Option<Forward>,
    pub attachment_count: i64,
    /// Pictures inside the text do not count.
    pub has_attachments: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub text: Option<String>,
    pub html: Option<String>,
    /// What stands above a forwarded message.
    pub note_text: Option<String>,
    pub note_html: Option<String>,
    pub attachments: Vec<DraftAttachment>,
}

/// What is forwarded, and how it goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    pub message_id: MessageId,
    /// As it is, attached; else below the note.
    pub is_wrapped: bool,
    /// Whether its attachments go along below the note.
    pub with_original: bool,
}

/// A file that goes along.
#[derive(Clone, Debug)]
pub struct DraftAttachment {
    /// Names it within the draft, and stays when others are taken away.
    pub part: i64,
    pub filename: String,
    pub content_type: String,
    pub content_id: Option<String>,
    pub size: i64,
    /// The SHA-256 of its bytes.
    pub raw: [u8; 32],
}

impl Draft {
    /// Bytes that it takes of the mailbox's room.
    pub fn size(&self) -> i64 {
        let texts = [&self.text, &self.html, &self.note_text, &self.note_html];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let files: i64 = self.attachments.iter().map(|a| a.size).sum();
        files + i64::try_from(texts).unwrap_or(i64::MAX)
    }

    /// The place for another attachment.
    pub fn next_part(&self) -> i64 {
        self.attachments.iter().map(|a| a.part + 1).max().unwrap_or(0)
    }
}
