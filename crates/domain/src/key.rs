//! API keys: their format, checksum, scopes and life.
//!
//! `ib_(live|test)_` + 32 base62 characters + 6 base62 characters of CRC32 over everything before
//! them, so that a mistyped or truncated key is refused without touching the database and a scanner
//! can confirm a leak offline. Only a keyed digest is stored; that is `storage::keys`.

use crate::id::{KeyId, PartnerId};
use crate::{Ids, Timestamp};

crate::words! {
    /// What a key may do. The seed's seven, and two for endpoints and the event log.
    pub enum ScopeName {
        CustomersRead = "customers:read",
        CustomersWrite = "customers:write",
        MailRead = "mail:read",
        MailWrite = "mail:write",
        MailActionsWrite = "mail_actions:write",
        WebhooksRead = "webhooks:read",
        BillingRead = "billing:read",
        WebhooksWrite = "webhooks:write",
        EventsRead = "events:read",
    }
}

crate::words! {
    /// Sets of scopes with a name, so that nobody has to compose the common ones.
    pub enum Preset {
        /// Everything that the seed's seven scopes reach.
        Full = "full",
        /// A CRM that invites customers and follows their mail, and moves nothing.
        CrmSync = "crm_sync",
        /// A warehouse that logs mail and carries requests in.
        WarehouseIntake = "warehouse_intake",
        ReadOnly = "read_only",
    }
}

impl Preset {
    pub const fn scopes(self) -> &'static [ScopeName] {
        use ScopeName::{
            BillingRead, CustomersRead, CustomersWrite, EventsRead, MailActionsWrite, MailRead,
            MailWrite, WebhooksRead,
        };
        match self {
            Self::Full => &[
                CustomersRead,
                CustomersWrite,
                MailRead,
                MailWrite,
                MailActionsWrite,
                WebhooksRead,
                BillingRead,
            ],
            Self::CrmSync => &[CustomersRead, CustomersWrite, MailRead, WebhooksRead],
            Self::WarehouseIntake => &[CustomersRead, MailRead, MailWrite, MailActionsWrite],
            Self::ReadOnly => &[CustomersRead, MailRead, WebhooksRead, BillingRead, EventsRead],
        }
    }
}

crate::words! {
    /// How long a rotated key still works beside its successor.
    pub enum Overlap { None = "0s", Hour = "1h", Day = "24h", Week = "7d" }
}

impl Overlap {
    /// In microseconds.
    pub const fn micros(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Hour => crate::hours(1),
            Self::Day => crate::days(1),
            Self::Week => crate::days(7),
        }
    }
}

/// One row of the key list. The secret itself is nowhere.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: KeyId,
    pub partner_id: PartnerId,
    pub livemode: bool,
    pub name: String,
    pub last4: String,
    pub scopes: Vec<ScopeName>,
    /// Networks from which the key works; empty means everywhere. At most [`NETWORKS_MAX`].
    pub networks: Vec<String>,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    /// The key that this one replaces.
    pub rotated_from: Option<KeyId>,
    pub created_at: Timestamp,
}

pub const NETWORKS_MAX: usize = 50;

const BODY_CHARS: usize = 32;
const CHECK_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes the text of a new key: about 190 bits from the source of randomness.
pub fn generate(ids: &dyn Ids, livemode: bool) -> String {
    let mut key = String::from(if livemode { "ib_live_" } else { "ib_test_" });
    let mut random = [0_u8; 1];
    while key.len() < 8 + BODY_CHARS {
        ids.fill(&mut random);
        // 248 is the largest multiple of 62 below 256: bytes above it would favour some characters.
        if random[0] < 248 {
            key.push(char::from(BASE62[usize::from(random[0] % 62)]));
        }
    }
    let check = checksum(&key);
    key + &check
}

/// The mode of a well-formed key, or nothing when shape or checksum is wrong.
pub fn livemode(key: &str) -> Option<bool> {
    let live = match key.get(..8)? {
        "ib_live_" => true,
        "ib_test_" => false,
        _ => return None,
    };
    let (signed, check) = key.split_at_checked(8 + BODY_CHARS)?;
    let body = signed.bytes().skip(8).all(|b| b.is_ascii_alphanumeric());
    (body && check == checksum(signed)).then_some(live)
}

fn checksum(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut digits = [0; CHECK_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|d| char::from(*d)).collect()
}

/// CRC-32 (IEEE 802.3), bit by bit: forty bytes a request need no table.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(std::sync::atomic::AtomicU8);
    impl Ids for Counter {
        fn fill(&self, buffer: &mut [u8]) {
            for byte in buffer {
                *byte = self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_new_key_has_the_settled_shape_and_tells_its_mode() {
        let ids = Counter(1.into());
        let key = generate(&ids, true);
        assert_eq!(key.len(), 46);
        assert_eq!(livemode(&key), Some(true));
        assert_eq!(livemode(&generate(&ids, false)), Some(false));
    }

    #[test]
    fn one_changed_character_breaks_the_checksum() {
        let key = generate(&Counter(9.into()), true);
        for (at, old) in key.char_indices().skip(8) {
            let new = if old == 'x' { 'y' } else { 'x' };
            let changed = format!("{}{new}{}", &key[..at], &key[at + 1..]);
            assert_eq!(livemode(&changed), None);
        }
        assert_eq!(livemode(&key[..45]), None);
        assert_eq!(livemode("ib_live_YOUR_KEY"), None);
    }

    #[test]
    fn the_crc_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
