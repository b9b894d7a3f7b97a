//! Contacts and who may see them (email-api.md 7). Facts are in `facts`, vCards in `vcard`.

mod facts;
mod read;
mod show;

pub use facts::{
    ChangeFact, ContactFact, ContactFactChange, ContactFactCreate, ContactFactDeleted, CreateFact,
};
pub use read::{
    BulkDelete, ChangeContact, ContactBulkDelete, ContactChange, ContactCreate, ContactGrantCreate,
    CreateContact, read_grantee,
};
pub use show::{
    BulkDeleted, BulkDeletedOne, Contact, ContactAddress, ContactCustomField, ContactDate,
    ContactEmail, ContactGrant, ContactPhone, ContactWebsite, LatestMemory,
};
