//! What is typed about a customer, as the body that a partner would send to the API.
//!
//! The body is read by `wire`, so that a command takes what the API takes and refuses what it refuses.

use clap::Args;
use domain::Timestamp;
use domain::customer::{DeactivationReason, RecipientKind, RemailInstruction, ServiceType};
use domain::id::LocationId;
use domain::mailbox::Strategy;
use serde_json::{Map, Value, json};

use crate::commands::parse::{self, one_of};
use crate::commands::place::Place;
use crate::commands::who::Sure;

/// The instructions that may be given; the others follow from them.
const ASKED: [&str; 3] = [
    RemailInstruction::Forward.as_str(),
    RemailInstruction::HoldForPickup.as_str(),
    RemailInstruction::DestroyByWrittenConsent.as_str(),
];

#[derive(Args)]
pub(super) struct Create {
    email: String,
    name: String,
    /// For the form; split from the name when it is left out.
    #[arg(long)]
    first_name: Option<String>,
    /// For the form; split from the name when it is left out.
    #[arg(long)]
    last_name: Option<String>,
    /// Item 3 of Form 1583.
    #[arg(long, value_parser = one_of!(ServiceType))]
    service_type: Option<ServiceType>,
    /// Where the box is, by code or id; default is the partner's own default.
    #[arg(long)]
    pub(super) location: Option<String>,
    /// Somebody else whose mail may come, as NAME or KIND:NAME; can be given several times.
    #[arg(long = "recipient", value_name = "NAME")]
    recipients: Vec<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
pub(super) struct Set {
    pub(super) id: String,
    #[arg(long)]
    email: Option<String>,
    #[arg(long)]
    name: Option<String>,
    /// A channel to switch, such as email=false; can be given several times.
    #[arg(long = "notify", value_name = "CHANNEL=BOOL", value_parser = switch)]
    notify: Vec<(String, bool)>,
    #[command(flatten)]
    common: Common,
}

/// What is said of new and of known customers alike. Of a known one, empty takes a text away.
#[derive(Args)]
struct Common {
    /// The partner's own id.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    #[arg(long)]
    phone: Option<String>,
    #[arg(long)]
    business_name: Option<String>,
    /// The mailbox is paid outside; --prepay=false says that it is not.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    prepay: Option<bool>,
    /// The last paid day.
    #[arg(long, value_name = "DATE")]
    paid_through: Option<String>,
    /// The partner's own plan.
    #[arg(long)]
    plan: Option<String>,
    /// Language in which the customer is written to, such as en-US.
    #[arg(long)]
    locale: Option<String>,
    /// A word for filtering; can be given several times, and replaces what was there.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// A pair of the partner's own, added to what is there; NAME= takes it away.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::pair)]
    metadata: Vec<(String, String)>,
    /// This number, while the mailbox is not open.
    #[arg(long, conflicts_with_all = ["pool", "strategy"])]
    number: Option<String>,
    /// A number of this pool, by id.
    #[arg(long, value_name = "POOL_ID")]
    pool: Option<String>,
    /// How the number is picked.
    #[arg(long, value_parser = one_of!(Strategy))]
    strategy: Option<Strategy>,
    #[command(flatten, next_help_heading = "Where mail is forwarded to")]
    forwarding: Place,
}

#[derive(Args)]
pub(super) struct Deactivate {
    pub(super) id: String,
    #[arg(long, value_parser = one_of!(DeactivationReason), default_value = "other")]
    reason: DeactivationReason,
    /// For the operator's records.
    #[arg(long)]
    note: Option<String>,
    /// When service ends, at most 90 days ahead; default is now.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    at: Option<Timestamp>,
    /// What happens to mail that still comes; forward, when an address is given.
    #[arg(long, value_name = "INSTRUCTION", value_parser = ASKED)]
    remail: Option<String>,
    /// Cancel the actions that nobody has begun.
    #[arg(long)]
    cancel_actions: bool,
    #[command(flatten)]
    pub(super) sure: Sure,
    #[command(flatten, next_help_heading = "Where mail is sent on to")]
    address: Place,
}

impl Create {
    pub(super) fn body(&self, location: Option<LocationId>) -> Value {
        let mut body = self.common.body();
        body.insert("email".to_owned(), json!(self.email));
        body.insert("name".to_owned(), json!(self.name));
        put_text(&mut body, "first_name", self.first_name.as_deref());
        put_text(&mut body, "last_name", self.last_name.as_deref());
        put_text(&mut body, "service_type", self.service_type.map(ServiceType::as_str));
        put_text(&mut body, "location_id", location.map(|id| id.to_string()).as_deref());
        let recipients: Vec<Value> = self.recipients.iter().map(|text| recipient(text)).collect();
        body.insert("recipients".to_owned(), json!(recipients));
        Value::Object(body)
    }
}

impl Set {
    pub(super) fn body(&self) -> Value {
        let mut body = self.common.body();
        put_text(&mut body, "email", self.email.as_deref());
        put_text(&mut body, "name", self.name.as_deref());
        if !self.notify.is_empty() {
            let switches: Map<_, _> =
                self.notify.iter().map(|(name, on)| (name.clone(), json!(on))).collect();
            body.insert("notification_prefs".to_owned(), Value::Object(switches));
        }
        Value::Object(body)
    }
}

impl Common {
    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        put_text(&mut body, "external_customer_id", self.external_id.as_deref());
        put_text(&mut body, "phone", self.phone.as_deref());
        put_text(&mut body, "business_name", self.business_name.as_deref());
        put_text(&mut body, "paid_through", self.paid_through.as_deref());
        put_text(&mut body, "plan_id", self.plan.as_deref());
        put_text(&mut body, "locale", self.locale.as_deref());
        body.extend(self.prepay.map(|prepay| ("prepay".to_owned(), json!(prepay))));
        let address = self.forwarding.body();
        body.extend(address.map(|place| ("forwarding_address".to_owned(), place)));
        if !self.tags.is_empty() {
            let tags: Vec<&String> = self.tags.iter().filter(|tag| !tag.is_empty()).collect();
            body.insert("tags".to_owned(), json!(tags));
        }
        if !self.metadata.is_empty() {
            let mut pairs = Map::new();
            for (name, value) in &self.metadata {
                put_text(&mut pairs, name, Some(value));
            }
            body.insert("metadata".to_owned(), Value::Object(pairs));
        }
        let mut mailbox = Map::new();
        put_text(&mut mailbox, "pmb_number", self.number.as_deref());
        put_text(&mut mailbox, "pool_id", self.pool.as_deref());
        put_text(&mut mailbox, "strategy", self.strategy.map(Strategy::as_str));
        if !mailbox.is_empty() {
            body.insert("mailbox".to_owned(), Value::Object(mailbox));
        }
        body
    }
}

impl Deactivate {
    pub(super) fn body(&self) -> Value {
        let address = self.address.body();
        let forward = address.as_ref().map(|_| RemailInstruction::Forward.as_str());
        let instruction = self.remail.as_deref().or(forward);
        let remail = instruction.map(|word| json!({"instruction": word, "address": address}));
        json!({
            "reason": self.reason.as_str(),
            "note": self.note,
            "effective_at": self.at.map(|at| at.to_string()),
            "remail": remail,
            "complete_open_actions": !self.cancel_actions,
        })
    }
}

/// A text that was typed; an empty one is null.
fn put_text(body: &mut Map<String, Value>, name: &str, text: Option<&str>) {
    let Some(text) = text else { return };
    let value = if text.is_empty() { Value::Null } else { json!(text) };
    body.insert(name.to_owned(), value);
}

fn recipient(text: &str) -> Value {
    let kind = text
        .split_once(':')
        .and_then(|(kind, name)| RecipientKind::parse(kind).map(|kind| (kind, name)));
    let (kind, name) = kind.unwrap_or((RecipientKind::Person, text));
    json!({"kind": kind.as_str(), "name": name})
}

fn switch(text: &str) -> Result<(String, bool), String> {
    let (name, on) = parse::pair(text)?;
    let on = on.parse().map_err(|_| "a switch is written email=false")?;
    Ok((name, on))
}
