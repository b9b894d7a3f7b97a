//! Identities: the bodies that make and change one, and what is shown (email-api.md 5.1, 5.3).

use domain::Result;
use domain::email::Identity as Row;
use domain::email::identity::{DESCRIPTION_CHARS_MAX, DISPLAY_NAME_CHARS_MAX};
use domain::email::rule::FilterMode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::mailboxes::EmbeddedMailbox;
use crate::reader::{Fields, Patch};

/// An agent and its mailbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Identity {
    #[schema(format = "uuid")]
    pub id: String,
    /// The tenant.
    #[schema(pattern = "^org_")]
    pub organization_id: String,
    /// Its name in the whole install, without the @.
    #[schema(examples("support-bot"))]
    pub agent_handle: String,
    /// What recipients read before the address.
    #[schema(required = true)]
    pub display_name: Option<String>,
    /// For people of the organization; never in mail or webhooks.
    #[schema(required = true)]
    pub description: Option<String>,
    #[schema(required = true)]
    pub email_address: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    pub imessage_enabled: bool,
    pub contact_sharing_enabled: bool,
    pub mail_filter_mode: String,
    pub mail_inbound_filter_mode: String,
    pub mail_outbound_filter_mode: String,
    /// Always blacklist: there is no phone.
    pub phone_filter_mode: String,
    /// Always blacklist.
    pub imessage_filter_mode: String,
    /// Always blacklist.
    pub slack_filter_mode: String,
    pub signing_key_configured: bool,
    #[schema(required = true, format = DateTime)]
    pub signing_key_created_at: Option<String>,
    #[schema(required = true)]
    pub mailbox: Option<EmbeddedMailbox>,
    /// Always null.
    #[schema(required = true)]
    pub phone_number: Option<Value>,
    /// Always null.
    #[schema(required = true)]
    pub imessage_number: Option<Value>,
    /// Always null.
    #[schema(required = true)]
    pub tunnel: Option<Value>,
}

const NO_FILTER: &str = "blacklist";

impl Identity {
    pub fn of(i: &Row, organization_id: &str) -> Self {
        Self {
            id: i.id.to_string(),
            organization_id: organization_id.to_owned(),
            agent_handle: i.handle.clone(),
            display_name: i.display_name.clone(),
            description: i.description.clone(),
            email_address: Some(i.address.clone()),
            created_at: i.created_at.to_string(),
            updated_at: i.updated_at.to_string(),
            imessage_enabled: i.imessage,
            contact_sharing_enabled: i.contact_sharing,
            mail_filter_mode: i.inbound_filter.to_string(),
            mail_inbound_filter_mode: i.inbound_filter.to_string(),
            mail_outbound_filter_mode: i.outbound_filter.to_string(),
            phone_filter_mode: NO_FILTER.to_owned(),
            imessage_filter_mode: NO_FILTER.to_owned(),
            slack_filter_mode: NO_FILTER.to_owned(),
            signing_key_configured: i.signing_key_at.is_some(),
            signing_key_created_at: i.signing_key_at.map(|at| at.to_string()),
            mailbox: Some(EmbeddedMailbox::of(i)),
            phone_number: None,
            imessage_number: None,
            tunnel: None,
        }
    }
}

/// An identity to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateIdentity reads")]
pub struct IdentityCreate {
    /// 3 to 63 of a-z, 0-9 and single dashes; a leading @ and capitals are put right.
    agent_handle: String,
    /// Default is the handle.
    #[schema(max_length = 255)]
    display_name: Option<String>,
    description: Option<String>,
    contact_sharing_enabled: Option<bool>,
    imessage_enabled: Option<bool>,
    mailbox: Option<MailboxCreate>,
}

/// The mailbox of an identity to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateIdentity reads")]
pub struct MailboxCreate {
    /// What stands before the @; on the domain of this install it must be the handle.
    email_local_part: Option<String>,
    /// A verified domain of the organization; null is the domain of this install, absent the
    /// organization's default.
    sending_domain: Option<String>,
}

/// What an [`IdentityCreate`] says.
#[derive(Clone, Debug)]
pub struct CreateIdentity {
    pub handle: String,
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub contact_sharing: bool,
    pub imessage: bool,
    pub local_part: Option<String>,
    pub sending_domain: Patch<String>,
}

impl CreateIdentity {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let handle = f.text("agent_handle", 1..=254);
        let display_name = f.opt_text("display_name", 0..=DISPLAY_NAME_CHARS_MAX);
        let description = f.opt_prose("description", DESCRIPTION_CHARS_MAX);
        let contact_sharing = f.bool("contact_sharing_enabled", true);
        let imessage = f.bool("imessage_enabled", false);
        let (mut local_part, mut sending_domain) = (None, Patch::Keep);
        f.opt_object("mailbox", |m| {
            local_part = m.opt_text("email_local_part", 1..=64);
            sending_domain = m.patch_text("sending_domain", 1..=253);
        });
        if f.opt_value("phone_number").is_some() {
            f.problem("phone_number", "invalid", "this server has no phone numbers");
        }
        f.finish()?;
        let input = Self {
            handle,
            display_name,
            description,
            contact_sharing,
            imessage,
            local_part,
            sending_domain,
        };
        Ok(input)
    }
}

/// What to change of an identity; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ChangeIdentity reads")]
pub struct IdentityChange {
    /// Null clears.
    display_name: Option<String>,
    /// Null clears; an empty text is kept.
    description: Option<String>,
    /// A new handle; the address of the mailbox stays.
    agent_handle: Option<String>,
    contact_sharing_enabled: Option<bool>,
    imessage_enabled: Option<bool>,
    /// whitelist or blacklist: the inbound mode. With a key of the organization only, as the next two.
    mail_filter_mode: Option<String>,
    mail_inbound_filter_mode: Option<String>,
    mail_outbound_filter_mode: Option<String>,
}

/// What an [`IdentityChange`] says.
#[derive(Clone, Debug)]
pub struct ChangeIdentity {
    pub display_name: Patch<String>,
    pub description: Patch<String>,
    pub handle: Option<String>,
    pub contact_sharing: Option<bool>,
    pub imessage: Option<bool>,
    pub inbound_filter: Option<FilterMode>,
    pub outbound_filter: Option<FilterMode>,
}

const FILTER: &str = "whitelist or blacklist";

impl ChangeIdentity {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        for name in ["phone_filter_mode", "imessage_filter_mode", "slack_filter_mode", "status"] {
            if f.opt_value(name).is_some() {
                f.problem(name, "invalid", format!("this server has no {name}"));
            }
        }
        let mode = |f: &mut Fields, name| f.opt_parsed(name, FilterMode::parse, FILTER);
        let shared = mode(&mut f, "mail_filter_mode");
        let inbound = mode(&mut f, "mail_inbound_filter_mode");
        let outbound = mode(&mut f, "mail_outbound_filter_mode");
        if shared.is_some() && (inbound.is_some() || outbound.is_some()) {
            let rule = "give mail_filter_mode or the modes of the two directions, not both";
            f.problem("mail_filter_mode", "invalid", rule);
        }
        let input = Self {
            display_name: f.patch_text("display_name", 0..=DISPLAY_NAME_CHARS_MAX),
            description: f.patch("description", |f, v| {
                f.item_text("description", v, 0..=DESCRIPTION_CHARS_MAX)
            }),
            handle: f.opt_text("agent_handle", 1..=254),
            contact_sharing: f.opt_bool("contact_sharing_enabled"),
            imessage: f.opt_bool("imessage_enabled"),
            inbound_filter: inbound.or(shared),
            outbound_filter: outbound,
        };
        f.finish()?;
        Ok(input)
    }
}
