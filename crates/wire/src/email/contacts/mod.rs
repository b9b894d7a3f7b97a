//! Contacts, who may see them, and what is known of them (email-api.md 7).

mod facts;
mod merge;
mod read;
mod show;

pub use facts::{
    ChangeFact, ContactFact, ContactFactChange, ContactFactCreate, ContactFactDeleted, CreateFact,
};
pub use merge::{ContactMerge, MergeContacts};
pub use read::{
    BulkDelete, ChangeContact, ContactBulkDelete, ContactChange, ContactCreate, ContactGrantCreate,
    CreateContact, read_grantee,
};
pub use show::{
    BulkDeleted, BulkDeletedOne, Contact, ContactAddress, ContactCustomField, ContactDate,
    ContactEmail, ContactGrant, ContactPhone, ContactWebsite, LatestMemory,
};
