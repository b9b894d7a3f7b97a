//! Contacts, who may see them, what is known of them, and their vCards (email-api.md 7).

mod correspondence;
mod facts;
mod merge;
mod read;
mod show;
mod vcard;

pub use correspondence::{
    CHANNELS, ContactCorrespondence, CorrespondenceAttachment, CorrespondenceChannel, EMAIL,
    EmailCorrespondence, LATER_CHANNELS, Written,
};
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
pub use vcard::{CardImported, ContactExport, ContactsExported, ContactsImported, read_export};
