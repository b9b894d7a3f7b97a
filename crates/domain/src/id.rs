//! Identifiers: UUIDv7 in 16 bytes, shown as a prefix and 26 lower-case Crockford characters, or in the
//! e-mail API as UUIDs.
//!
//! Ids are opaque to clients. Text of any shape parses to an id or to nothing, and nothing means 404,
//! so that fixtures such as `cus_123` are answered as unknown rather than refused.

use crate::Timestamp;

/// Where ids and secrets get their randomness from. One implementation reads the operating
/// system, the other is seeded by a test.
pub trait Ids: Send + Sync {
    /// Fills the buffer with random bytes fit for secrets.
    fn fill(&self, buffer: &mut [u8]);

    /// A key for a hot table that is never shown: 42 bits of milliseconds and 21 random bits.
    ///
    /// Two nodes can draw the same number within one millisecond, with odds of one in two million;
    /// the insert then fails on its key and the unit of work is run again.
    fn number(&self, now: Timestamp) -> i64 {
        let mut random = [0; 4];
        self.fill(&mut random);
        first_number(now) | i64::from(u32::from_be_bytes(random) >> 11)
    }

    /// A UUIDv7 (RFC 9562, section 5.7).
    fn uuid(&self, now: Timestamp) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes[6..]);
        let millis = (now.micros() / 1000).to_be_bytes();
        bytes[..6].copy_from_slice(&millis[2..]);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        bytes
    }
}

/// The least number that [`Ids::number`] draws at this time: rows made earlier have lower ones.
pub const fn first_number(now: Timestamp) -> i64 {
    ((now.micros() / 1000) & ((1 << 42) - 1)) << 21
}

/// When a number was drawn, to the millisecond; the inverse of [`first_number`] until 2109.
pub const fn number_time(number: i64) -> Timestamp {
    Timestamp::from_micros((number >> 21) * 1000)
}

macro_rules! drawn {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// Below and above all that are drawn: the open ends of a list.
            pub const MIN: Self = Self([0; 16]);
            pub const MAX: Self = Self([u8::MAX; 16]);

            /// Draws a new id.
            pub fn new(ids: &dyn Ids, now: Timestamp) -> Self {
                Self(ids.uuid(now))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}

macro_rules! ids {
    ($($(#[$doc:meta])* $prefix:literal => $name:ident),+ $(,)?) => {$(
        drawn!($(#[$doc])* $name);

        impl $name {
            /// The word before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Reads the shown form; anything else is nobody's id.
            pub fn parse(text: &str) -> Option<Self> {
                let body = text.strip_prefix($prefix)?.strip_prefix('_')?;
                decode(body).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let text = encode(self.0);
                write!(f, "{}_{}", $prefix, std::str::from_utf8(&text).unwrap_or_default())
            }
        }
    )+};
}

/// Ids of the e-mail API, whose clients want UUIDs in the common form.
macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        drawn!($(#[$doc])* $name);

        impl $name {
            /// Reads the shown form, in either case; anything else is nobody's id.
            pub fn parse(text: &str) -> Option<Self> {
                parse_uuid(text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                Uuid(self.0).fmt(f)
            }
        }
    )+};
}

ids! {
    /// A scan, forward, shred or pickup that somebody asked for.
    "act" => ActionId,
    /// A saved forwarding address.
    "adr" => AddressId,
    /// One link of the audit chain.
    "aud" => AuditId,
    /// A certificate of destruction.
    "crt" => CertificateId,
    /// Who rents a mailbox.
    "cus" => CustomerId,
    /// Something that happened, told to webhook endpoints.
    "evt" => EventId,
    /// One revision of USPS Form 1583.
    "frm" => FormId,
    /// A document that proves who somebody is or where they live.
    "idd" => DocumentId,
    /// An API key.
    "key" => KeyId,
    /// An entry of the prepay ledger.
    "led" => LedgerId,
    /// A registered mailroom address.
    "loc" => LocationId,
    /// A letter or a package.
    "mail" => MailId,
    /// A numbered box at a location.
    "mbx" => MailboxId,
    /// The witnessing of one form.
    "ntz" => NotarisationId,
    /// Who runs a mailroom.
    "opr" => OperatorId,
    /// A picture of a mail item.
    "pho" => PhotoId,
    /// A range of mailbox numbers.
    "pool" => PoolId,
    /// A brand under an operator; the tenant that holds keys.
    "ptn" => PartnerId,
    /// What stays of events that were expunged.
    "rct" => ReceiptId,
    /// Somebody who may receive mail at a customer's mailbox.
    "rcp" => RecipientId,
    /// A webhook endpoint's dead deliveries on their way back.
    "rcv" => RecoveryId,
    /// One request over HTTP.
    "req" => RequestId,
    /// A reviewer's decision on a form.
    "rvw" => ReviewId,
    /// The pages of a scanned mail item.
    "scn" => ScanId,
    /// A month of usage.
    "usg" => UsageId,
    /// One event on its way to one endpoint.
    "whd" => DeliveryId,
    /// A receiver of webhooks.
    "whe" => EndpointId,
}

uuids! {
    /// A later attempt of a delivery, in the log of a subscription.
    AttemptId,
    /// An entry of an organization's address book.
    ContactId,
    /// One line of what is known of a contact.
    FactId,
    /// A message that is being written.
    DraftId,
    /// The mailbox of an identity; the numbered box is a [`MailboxId`].
    EmailMailboxId,
    /// Who may see a contact, a note or an identity.
    GrantId,
    /// An agent with a mailbox.
    IdentityId,
    /// Messages brought along from another house.
    ImportId,
    /// An e-mail message.
    MessageId,
    /// A text that agents share.
    NoteId,
    /// Whose mail reaches a mailbox.
    RuleId,
    /// A domain that an organization sends from.
    SendingDomainId,
    /// Messages that answer one another.
    ThreadId,
}

/// 16 bytes as RFC 9562 shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// The same without dashes.
    pub fn simple(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

impl std::fmt::Display for Uuid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.simple();
        let at = |range: std::ops::Range<usize>| &text[range];
        write!(f, "{}-{}-{}-{}-{}", at(0..8), at(8..12), at(12..16), at(16..20), at(20..32))
    }
}

/// Reads what [`Uuid`] shows, in either case.
pub fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let is_shaped = text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if !is_shaped {
        return None;
    }
    u128::from_str_radix(&text.replace('-', ""), 16).ok().map(u128::to_be_bytes)
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 128 bits as 26 characters of five bits; the first carries only three.
fn encode(bytes: [u8; 16]) -> [u8; 26] {
    let mut rest = u128::from_be_bytes(bytes);
    let mut text = [0; 26];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

fn decode(text: &str) -> Option<[u8; 16]> {
    let text = text.as_bytes();
    if text.len() != 26 || text[0] > b'7' {
        return None;
    }
    let mut value = 0_u128;
    for character in text {
        let five = ALPHABET.iter().position(|a| a == character)?;
        value = value << 5 | five as u128;
    }
    Some(value.to_be_bytes())
}

impl EventId {
    /// The id of the n-th delivery that is made with the event, from zero. Ids drawn together follow each other
    /// (RFC 9562, section 6.2, method 2), so that deliveries sort as their events do.
    #[must_use]
    pub const fn delivery(self, n: usize) -> DeliveryId {
        let after = u128::from_be_bytes(self.0).wrapping_add(n as u128 + 1);
        DeliveryId(after.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;
    impl Ids for Zero {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0xff);
        }
    }

    #[test]
    fn an_id_reads_back_as_it_was_shown() {
        let id = CustomerId::new(&Zero, Timestamp::from_micros(1_700_000_000_000_000));
        let shown = id.to_string();
        assert_eq!(shown.len(), 30);
        assert_eq!(CustomerId::parse(&shown), Some(id));
        assert_eq!(MailId::parse(&shown), None);
    }

    #[test]
    fn foreign_text_is_nobodys_id() {
        for text in [
            "",
            "cus_",
            "cus_123",
            "cus_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "cus_IIIIIIIIIIIIIIIIIIIIIIIIII",
        ] {
            assert_eq!(CustomerId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_uuid_reads_back_as_it_was_shown() {
        let id = MessageId::new(&Zero, Timestamp::from_micros(1_700_000_000_000_000));
        assert_eq!(id.to_string(), "018bcfe5-6800-7fff-bfff-ffffffffffff");
        assert_eq!(MessageId::parse(&id.to_string().to_uppercase()), Some(id));
        for text in ["", "018bcfe568007fffbfffffffffffffff", "018bcfe5-6800-7fff-bfff-fffffffffff+"]
        {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_sort_by_time() {
        let early = Zero.number(Timestamp::from_micros(1_700_000_000_000_000));
        let late = Zero.number(Timestamp::from_micros(1_700_000_000_002_000));
        assert!(0 < early && early < late);
        assert_eq!(number_time(late), Timestamp::from_micros(1_700_000_000_002_000));
    }

    #[test]
    fn deliveries_sort_as_their_events_do() {
        let (early, late) = (EventId([1; 16]), EventId([2; 16]));
        assert!(early.0 < early.delivery(0).0 && early.delivery(0) < early.delivery(300));
        assert!(early.delivery(300).0 < late.0);
    }
}
