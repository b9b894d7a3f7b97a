//! An identity: an agent and its e-mail mailbox, which are born and die together (email-api.md 5, 6.1).

use crate::Timestamp;
use crate::email::rule::FilterMode;
use crate::id::{EmailMailboxId, IdentityId, PartnerId};

/// Characters of a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 255;
/// Characters of a description, which is for people of the organization only.
pub const DESCRIPTION_CHARS_MAX: usize = 5000;
/// Characters of each form of a signature.
pub const SIGNATURE_CHARS_MAX: usize = 16_384;
/// Identities of one organization; each is asked for by a person or by their program.
pub const IDENTITIES_MAX: i64 = 10_000;

/// An agent and its mailbox.
#[derive(Clone, Debug)]
pub struct Identity {
    pub id: IdentityId,
    pub partner_id: PartnerId,
    pub handle: String,
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub contact_sharing: bool,
    pub imessage: bool,
    pub mailbox_id: EmailMailboxId,
    /// The mailbox's address, in lower case. It stays when the handle changes.
    pub address: String,
    pub inbound_filter: FilterMode,
    pub outbound_filter: FilterMode,
    pub signature: Signature,
    /// Bytes of raw messages that the mailbox may hold; `None` is no limit.
    pub storage_limit: Option<i64>,
    /// When its signing key was made or rotated; `None` before the first.
    pub signing_key_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub mailbox_updated_at: Timestamp,
}

/// What stands under each message that is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    pub html: Option<String>,
    pub text: Option<String>,
    pub is_enabled: bool,
}

impl Identity {
    /// The domain that it sends from.
    pub fn sending_domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}
