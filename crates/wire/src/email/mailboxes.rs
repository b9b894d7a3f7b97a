//! Mailboxes: by themselves, and inside their identity (email-api.md 5.2, 6.1).

use domain::Result;
use domain::email::Identity;
use domain::email::identity::SIGNATURE_CHARS_MAX;
use domain::email::rule::FilterMode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::{Fields, Patch};

/// A mailbox as its identity shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmbeddedMailbox {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(examples("support-bot@agents.example.com"))]
    pub email_address: String,
    /// What follows the @ of the address.
    pub sending_domain: String,
    /// whitelist or blacklist; the inbound mode.
    pub filter_mode: String,
    pub inbound_filter_mode: String,
    pub outbound_filter_mode: String,
    #[schema(format = "uuid")]
    pub agent_identity_id: String,
    /// What a change of the mode made redundant; only in the answer to that change.
    #[schema(required = true)]
    pub filter_mode_change_notice: Option<FilterModeChangeNotice>,
    #[schema(required = true)]
    pub signature_html: Option<String>,
    #[schema(required = true)]
    pub signature_text: Option<String>,
    pub signature_enabled: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A mailbox with what it holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mailbox {
    #[serde(flatten)]
    pub mailbox: EmbeddedMailbox,
    /// Bytes of the messages in it.
    #[schema(minimum = 0)]
    pub storage_used_bytes: i64,
    /// How many it may hold; null is no limit.
    #[schema(required = true)]
    pub storage_limit_bytes: Option<i64>,
}

/// Rules that a new filter mode made redundant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FilterModeChangeNotice {
    pub new_filter_mode: String,
    /// block after a change to whitelist, allow after one to blacklist.
    pub redundant_rule_action: String,
    /// Active rules with that action.
    pub redundant_rule_count: i64,
}

impl EmbeddedMailbox {
    pub fn of(i: &Identity) -> Self {
        Self {
            id: i.mailbox_id.to_string(),
            email_address: i.address.clone(),
            sending_domain: i.sending_domain().to_owned(),
            filter_mode: i.inbound_filter.to_string(),
            inbound_filter_mode: i.inbound_filter.to_string(),
            outbound_filter_mode: i.outbound_filter.to_string(),
            agent_identity_id: i.id.to_string(),
            filter_mode_change_notice: None,
            signature_html: i.signature.html.clone(),
            signature_text: i.signature.text.clone(),
            signature_enabled: i.signature.is_enabled,
            created_at: i.created_at.to_string(),
            updated_at: i.mailbox_updated_at.to_string(),
        }
    }
}

impl Mailbox {
    pub fn of(i: &Identity, used_bytes: i64) -> Self {
        Self {
            mailbox: EmbeddedMailbox::of(i),
            storage_used_bytes: used_bytes,
            storage_limit_bytes: i.storage_limit,
        }
    }
}

/// What to change of a mailbox; what is absent stays, members of another name are refused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ChangeMailbox reads")]
pub struct MailboxChange {
    /// whitelist or blacklist; with a key of the organization only.
    filter_mode: Option<String>,
    /// Null clears, as for the text.
    #[schema(max_length = 16_384)]
    signature_html: Option<String>,
    #[schema(max_length = 16_384)]
    signature_text: Option<String>,
    signature_enabled: Option<bool>,
}

/// What a [`MailboxChange`] says.
#[derive(Clone, Debug)]
pub struct ChangeMailbox {
    pub inbound_filter: Option<FilterMode>,
    pub signature_html: Patch<String>,
    pub signature_text: Patch<String>,
    pub signature_enabled: Option<bool>,
}

impl ChangeMailbox {
    pub fn read(body: Value) -> Result<Self> {
        // Strict, unlike other bodies (email-api.md 6.1).
        let mut f = Fields::new(body)?;
        if f.opt_value("display_name").is_some() {
            f.problem(
                "display_name",
                "invalid",
                "the display name is the identity's; change it there",
            );
        }
        if f.opt_value("webhook_url").is_some() {
            let rule = "a mailbox has no webhook_url any more; make a webhook subscription";
            f.problem("webhook_url", "invalid", rule);
        }
        let text = |f: &mut Fields, name| {
            f.patch(name, |f, value| {
                let text = value.as_str().filter(|t| t.chars().count() <= SIGNATURE_CHARS_MAX);
                if text.is_none() {
                    let rule =
                        format!("{name} is text of at most {SIGNATURE_CHARS_MAX} characters");
                    f.problem(name, "invalid", rule);
                }
                text.map(ToOwned::to_owned)
            })
        };
        let input = Self {
            inbound_filter: f.opt_parsed(
                "filter_mode",
                FilterMode::parse,
                "whitelist or blacklist",
            ),
            signature_html: text(&mut f, "signature_html"),
            signature_text: text(&mut f, "signature_text"),
            signature_enabled: f.opt_bool("signature_enabled"),
        };
        f.finish()?;
        Ok(input)
    }
}
