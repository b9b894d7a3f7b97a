//! Identity documents: the image in the blob store, the rest in a row, the number sealed.
//!
//! The image is stored before the transaction that adds its row, because no transaction waits for
//! anything but the database; an image whose row never came is harmless and sealed like the others.

use blob::{Family, Key};
use bytes::Bytes;
use domain::address::Address;
use domain::compliance::{
    CURE_DAYS, ComplianceStatus, Document, DocumentRole, DocumentStatus, Requirement,
};
use domain::customer::Customer;
use domain::id::DocumentId;
use domain::{Date, Error, ErrorCode, Field, Result, days};
use sha2::{Digest, Sha256};
use storage::Tx;
use storage::compliance as rows;

use super::{Case, must_not_be_partner};
use crate::customers::{change, get};
use crate::{App, OpCtx, audit};

/// Largest image of a document, in bytes: what is taken of a photo (postal.md 4.7.1).
pub const IMAGE_BYTES_MAX: usize = 20 << 20;

/// Characters of a document's number that stay readable.
const READABLE_CHARACTERS: usize = 4;

/// An image that stands in the blob store.
///
/// Invariant: only [`store_image`] makes one; the test world's stand for nothing.
#[derive(Clone, Debug)]
pub struct StoredImage {
    sha256: [u8; 32],
}

impl StoredImage {
    /// Stands for the image of a document in the test world, where nobody has papers.
    pub(crate) fn simulated(role: DocumentRole) -> Self {
        Self { sha256: Sha256::digest(role.as_str()).into() }
    }
}

/// One document as it is handed in. Texts were checked for shape where they were read.
#[derive(Clone, Debug)]
pub struct NewDocument {
    pub role: DocumentRole,
    /// One of `PHOTO_ID_TYPES` or `ADDRESS_ID_TYPES`; judged when the form is submitted.
    pub kind: String,
    pub issuing_entity: Option<String>,
    pub number: Option<String>,
    pub expires_on: Option<Date>,
    pub name_on_document: Option<String>,
    pub address: Option<Address>,
    pub image: StoredImage,
}

/// Seals an image and stores it.
pub async fn store_image(app: &App, image: Bytes) -> Result<StoredImage> {
    if image.len() > IMAGE_BYTES_MAX {
        let message = format!("the image has more than {IMAGE_BYTES_MAX} bytes");
        return Err(Error::refused(ErrorCode::PayloadTooLarge, message).param("image"));
    }
    if !is_taken(&image) {
        let message = "the image must be a JPEG, PNG, GIF or PDF file";
        return Err(Error::invalid(vec![Field::new("image", "id_unreadable", message)]));
    }
    let sha256: [u8; 32] = Sha256::digest(&image).into();
    let key = Key::content(Family::Document, &sha256);
    // Under its content, so that it is the same blob for every tenant that has it.
    let sealed = app.secrets.seal(app.ids.as_ref(), None, key.as_str(), &image);
    let stored = app.blobs.put(&key, sealed).await;
    stored.map_err(|error| Error::internal("storing the image of a document", error))?;
    Ok(StoredImage { sha256 })
}

/// True for the kinds of file that the Customer Registration Database takes too.
fn is_taken(image: &[u8]) -> bool {
    let starts: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"%PDF-"];
    starts.iter().any(|start| image.starts_with(start))
}

/// Adds a document beside the form, while nobody is judging what is there.
pub async fn upload(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    input: &NewDocument,
) -> Result<Document> {
    must_not_be_partner(ctx)?;
    let customer = get::find_locked(tx, ctx, customer_id).await?;
    change::refuse_deactivated(&customer)?;
    match customer.compliance_status {
        ComplianceStatus::PendingForm
        | ComplianceStatus::Approved
        | ComplianceStatus::MailboxActive => add(tx, ctx, &customer, input).await,
        status @ (ComplianceStatus::PendingNotary
        | ComplianceStatus::PendingReview
        | ComplianceStatus::Rejected) => Err(Error::refused(
            ErrorCode::ActionConflict,
            format!("compliance is {status}; documents are taken before a form is submitted"),
        )
        .fix("have the form sent back, or resubmitted after a rejection, and upload then")),
    }
}

/// Stores a document of a customer whose row is locked.
pub(super) async fn add(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &Customer,
    input: &NewDocument,
) -> Result<Document> {
    let ids = ctx.app.ids.as_ref();
    let id = DocumentId::new(ids, ctx.app.clock.now());
    let place = format!("documents/{id}");
    let sealed = input.number.as_ref().map(|n| ctx.seal(&place, n.as_bytes()));
    let document = Document {
        id,
        customer_id: customer.id,
        role: input.role,
        kind: input.kind.clone(),
        issuing_entity: input.issuing_entity.clone(),
        number_last4: input.number.as_deref().map(last_characters),
        expires_on: input.expires_on,
        name_on_document: input.name_on_document.clone(),
        address: input.address.clone(),
        sha256: input.image.sha256.to_vec(),
        status: DocumentStatus::Uploaded,
        created_at: ctx.now,
    };
    rows::document_insert(tx, &document, sealed).await?;
    let detail =
        [("document", &*id.to_string()), ("role", input.role.as_str()), ("type", &input.kind)];
    audit::record(tx, ctx, "compliance.document", customer.id, &detail).await?;
    Ok(document)
}

/// Marks documents that have expired and asks an approved customer for new ones; true when
/// there were any.
pub(crate) async fn expire(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<bool> {
    let case = Case::open(tx, ctx, customer_id).await?;
    let today = case.today(ctx);
    let documents = rows::document_list(tx, case.customer.id).await?;
    let is_over = |d: &&Document| {
        d.status == DocumentStatus::Accepted && d.expires_on.is_some_and(|last| last < today)
    };
    let is_live =
        |d: &&Document| matches!(d.status, DocumentStatus::Uploaded | DocumentStatus::Accepted);
    let expired: Vec<&Document> = documents.iter().filter(is_over).collect();
    for document in &expired {
        rows::document_mark(tx, document.id, DocumentStatus::Expired).await?;
        let mut newer = documents.iter().rev().filter(is_live).filter(|d| d.role == document.role);
        if newer.next().is_some_and(|newest| newest.id != document.id) {
            continue;
        }
        let requirement = match document.role {
            DocumentRole::PhotoId => Requirement::PhotoId,
            DocumentRole::AddressId => Requirement::AddressId,
            DocumentRole::CourtOrder => Requirement::CourtOrder,
            DocumentRole::BusinessRegistration => Requirement::Business,
            DocumentRole::PowerOfAttorney => Requirement::Applicant,
        };
        let due_at = ctx.now.plus(days(CURE_DAYS));
        rows::requirement_put(tx, case.customer.id, requirement, due_at).await?;
        let detail = [("document", &*document.id.to_string())];
        audit::record(tx, ctx, "compliance.document_expired", case.customer.id, &detail).await?;
    }
    Ok(!expired.is_empty())
}

/// The end of a number; a number of so few characters that its end is all of it shows nothing.
fn last_characters(number: &str) -> String {
    let n_characters = number.chars().count();
    if n_characters <= READABLE_CHARACTERS {
        return String::new();
    }
    number.chars().skip(n_characters - READABLE_CHARACTERS).collect()
}
