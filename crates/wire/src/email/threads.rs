//! Threads (email-api.md 6.10).

use domain::Result;
use domain::email::Folder;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::messages::Message;
use crate::reader::Fields;

/// Messages that answer one another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Thread {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub mailbox_id: String,
    /// Of its first message.
    #[schema(required = true)]
    pub subject: Option<String>,
    /// inbox, spam, blocked or archive.
    pub folder: String,
    pub message_count: i64,
    #[schema(format = DateTime)]
    pub last_message_at: String,
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl Thread {
    pub fn of(t: &domain::email::Thread) -> Self {
        Self {
            id: t.id.to_string(),
            mailbox_id: t.mailbox_id.to_string(),
            subject: t.subject.clone(),
            folder: t.folder.to_string(),
            message_count: t.message_count,
            last_message_at: t.last_message_at.to_string(),
            created_at: t.created_at.to_string(),
        }
    }
}

/// A thread with its messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ThreadDetail {
    #[serde(flatten)]
    pub thread: Thread,
    /// Oldest first, without their texts.
    pub messages: Vec<Message>,
}

/// Where to move a thread.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_folder takes")]
pub struct ThreadMove {
    /// inbox, spam or archive.
    folder: String,
}

/// Reads a [`ThreadMove`].
pub fn read_folder(body: Value) -> Result<Folder> {
    let mut f = Fields::lenient(body)?;
    let folder = f.parsed("folder", Folder::parse, "inbox, spam or archive");
    f.finish()?;
    Ok(folder.unwrap_or(Folder::Inbox))
}
