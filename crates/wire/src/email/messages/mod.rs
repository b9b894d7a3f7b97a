//! Messages: what is shown of them, and the bodies that send, answer, forward and flag them (email-api.md 6.2 to 6.9).

mod forward;
mod parts;
mod reply;
mod send;
mod show;

use domain::Result;
use serde_json::Value;
use utoipa::ToSchema;

pub use forward::{ForwardMessage, ForwardMode, MessageForward};
pub(crate) use parts::{ADDRESS_CHARS_MAX, check_body, check_recipients, read_attachments};
pub use parts::{ATTACHMENTS_MAX, AttachmentSend, BODY_CHARS_MAX, NewAttachment, Recipients, To};
pub use reply::{MessageReplyAll, ReplyAll};
pub use send::{MessageSend, SendMessage};
pub(crate) use show::given;
pub use show::{
    AttachmentLink, AttachmentMetadata, Content, Ingested, Message, MessageDetail,
    ReplyAllRecipients, SendLookup,
};

use crate::reader::Fields;

/// Flags to change; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_flags takes")]
pub struct MessageFlags {
    is_read: Option<bool>,
    is_starred: Option<bool>,
}

/// Reads a [`MessageFlags`]: whether read, whether starred.
pub fn read_flags(body: Value) -> Result<(Option<bool>, Option<bool>)> {
    let mut f = Fields::lenient(body)?;
    let flags = (f.opt_bool("is_read"), f.opt_bool("is_starred"));
    f.finish()?;
    Ok(flags)
}
