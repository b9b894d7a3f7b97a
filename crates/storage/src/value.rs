//! Parameters and columns, the same for both engines.
//!
//! Conversions of domain words are at the end; of whole records, beside their statements.

use bytes::Bytes;
use domain::{Date, Timestamp};

use crate::{Error, Result};

/// One parameter or column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Bytes),
}

/// Something that can be a parameter.
pub trait ToValue {
    fn to_value(&self) -> Value;
}

/// Something that can be read from a column.
pub trait FromValue: Sized {
    fn from_value(value: Value) -> Result<Self>;
}

/// One row of an answer; columns are taken in the order of the statement.
#[derive(Debug)]
pub struct Row {
    columns: std::vec::IntoIter<Value>,
}

impl Row {
    pub(crate) fn new(columns: Vec<Value>) -> Self {
        Self { columns: columns.into_iter() }
    }

    /// Takes the next column.
    #[expect(clippy::should_implement_trait, reason = "each column has a type of its own")]
    pub fn next<T: FromValue>(&mut self) -> Result<T> {
        let value = self.columns.next();
        T::from_value(
            value.ok_or_else(|| Error::Inconsistent("the row has too few columns".into()))?,
        )
    }
}

/// The parameters of a statement: `args![id, name, now]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::ToValue::to_value(&$value)),*] };
}

fn unreadable(expected: &str, value: &Value) -> Error {
    let kind = match value {
        Value::Null => "null",
        Value::Int(_) => "an integer",
        Value::Bool(_) => "a boolean",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    };
    Error::Inconsistent(format!("expected {expected}, found {kind}"))
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}
impl ToValue for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
}
impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}
impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}
impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}
impl ToValue for Bytes {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}
impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(Bytes::copy_from_slice(self))
    }
}
impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(Bytes::copy_from_slice(self))
    }
}
impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        Value::Bytes(Bytes::copy_from_slice(self))
    }
}
impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Int(self.micros())
    }
}
impl ToValue for Date {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}
impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}
impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self> {
        Ok(value)
    }
}
impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Int(n) => Ok(n),
            other => Err(unreadable("an integer", &other)),
        }
    }
}
impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Bool(b) => Ok(b),
            Value::Int(n) => Ok(n != 0),
            other => Err(unreadable("a boolean", &other)),
        }
    }
}
impl FromValue for String {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(unreadable("text", &other)),
        }
    }
}
impl FromValue for Bytes {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(unreadable("bytes", &other)),
        }
    }
}
impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self> {
        Bytes::from_value(value).map(Into::into)
    }
}
impl FromValue for Timestamp {
    fn from_value(value: Value) -> Result<Self> {
        i64::from_value(value).map(Timestamp::from_micros)
    }
}
impl FromValue for Date {
    fn from_value(value: Value) -> Result<Self> {
        let text = String::from_value(value)?;
        Date::parse(&text).ok_or_else(|| Error::Inconsistent(format!("{text} is no date")))
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

macro_rules! id_values {
    ($($id:ident),+ $(,)?) => {$(
        impl ToValue for domain::id::$id {
            fn to_value(&self) -> Value {
                self.0.to_value()
            }
        }
        impl FromValue for domain::id::$id {
            fn from_value(value: Value) -> Result<Self> {
                let bytes = Bytes::from_value(value)?;
                let bytes: [u8; 16] = bytes.as_ref().try_into().map_err(|_| {
                    Error::Inconsistent(format!("{} of {} bytes", stringify!($id), bytes.len()))
                })?;
                Ok(Self(bytes))
            }
        }
    )+};
}
id_values!(
    ActionId,
    AddressId,
    AuditId,
    CertificateId,
    CustomerId,
    DeliveryId,
    DocumentId,
    EndpointId,
    EventId,
    FormId,
    KeyId,
    LedgerId,
    LocationId,
    MailId,
    MailboxId,
    NotarisationId,
    OperatorId,
    PartnerId,
    PhotoId,
    PoolId,
    ReceiptId,
    RecipientId,
    RecoveryId,
    RequestId,
    ReviewId,
    ScanId,
    UsageId,
    AttemptId,
    ContactId,
    DraftId,
    EmailMailboxId,
    FactId,
    GrantId,
    IdentityId,
    ImportId,
    MessageId,
    NoteId,
    RuleId,
    SendingDomainId,
    ThreadId,
);

macro_rules! word_values {
    ($($path:path),+ $(,)?) => {$(
        impl ToValue for $path {
            fn to_value(&self) -> Value {
                Value::Text(self.as_str().to_owned())
            }
        }
        impl FromValue for $path {
            fn from_value(value: Value) -> Result<Self> {
                let text = String::from_value(value)?;
                <$path>::parse(&text)
                    .ok_or_else(|| Error::Inconsistent(format!("{text} is no {}", stringify!($path))))
            }
        }
    )+};
}
word_values!(
    domain::action::ActionKind,
    domain::action::ActionStatus,
    domain::action::RejectReason,
    domain::address::Designator,
    domain::billing::BillingMode,
    domain::billing::BillingStatus,
    domain::billing::LedgerKind,
    domain::compliance::ComplianceStatus,
    domain::compliance::CrdState,
    domain::compliance::Decision,
    domain::compliance::DocumentRole,
    domain::compliance::DocumentStatus,
    domain::compliance::FormStatus,
    domain::compliance::NotaryMethod,
    domain::compliance::NotaryStatus,
    domain::compliance::Requirement,
    domain::customer::CustomerStatus,
    domain::customer::DeactivationReason,
    domain::customer::RecipientKind,
    domain::customer::RecipientStatus,
    domain::customer::RemailInstruction,
    domain::customer::ServiceType,
    domain::email::Direction,
    domain::email::DomainStatus,
    domain::email::Folder,
    domain::email::import::ImportFormat,
    domain::email::import::ImportStatus,
    domain::email::MessageStatus,
    domain::email::contact::CreationSource,
    domain::email::contact::FactKind,
    domain::email::contact::ReviewStatus,
    domain::email::message::RecipientState,
    domain::email::rule::FilterMode,
    domain::email::rule::MatchType,
    domain::email::rule::RuleAction,
    domain::email::rule::RuleDirection,
    domain::email::rule::RuleStatus,
    domain::endpoint::Order,
    domain::event::EventType,
    domain::mail::Accountable,
    domain::mail::Content,
    domain::mail::CreatedVia,
    domain::mail::Custody,
    domain::mail::MailType,
    domain::mail::PhotoKind,
    domain::mail::PhotoStatus,
    domain::mailbox::MailboxStatus,
    domain::mailbox::Strategy,
    domain::partner::LocationStatus,
    domain::partner::PartnerKind,
    domain::partner::PartnerStatus,
    domain::usage::CountMethod,
    crate::endpoints::EndpointStatus,
);

impl ToValue for domain::trace::TraceParent {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}
impl FromValue for domain::trace::TraceParent {
    fn from_value(value: Value) -> Result<Self> {
        let text = String::from_value(value)?;
        Self::parse(&text).ok_or_else(|| Error::Inconsistent(format!("{text} is no traceparent")))
    }
}
