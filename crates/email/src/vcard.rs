//! Contacts as vCard: read from 3.0 and 4.0, written as 4.0 (RFC 6350).
//!
//! Lines are taken apart in `vcard::line`; `vcard::read` and `vcard::write` map them. Which values a contact
//! may have (lengths, what is a valid address) is judged in `app`, the same as for the API.

mod line;
mod read;
mod write;

pub use read::read;
pub use write::{write, write_all};

/// Bytes of an import (email-api 7.6).
pub const IMPORT_BYTES_MAX: usize = 5 * 1_024 * 1_024;
/// Cards of an import (email-api 7.6).
pub const CARDS_MAX: usize = 1_000;

/// Why nothing of an import is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VcardProblem {
    #[error("the import is larger than 5 MiB")]
    TooLarge,
    #[error("the import is not UTF-8")]
    NotUtf8,
    #[error("the import holds no card")]
    NoCard,
    #[error("the import holds more than 1,000 cards")]
    TooManyCards,
}

/// Why one card is not read; the others of the import are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardProblem {
    #[error("the card has no END:VCARD")]
    Unended,
    #[error("the card is of a version other than 3.0 and 4.0")]
    Version,
    #[error("the card has no name, company, e-mail address or phone")]
    Nameless,
}

#[cfg(test)]
mod tests;
