//! Applicants with good papers, and the way from an invitation to an open mailbox.

use app::OpCtx;
use app::compliance::review::Approval;
use app::compliance::submit::{Signing, Submission};
use app::compliance::{self, ComplianceView, NewDocument, documents};
use app::customers::CustomerView;
use bytes::Bytes;
use domain::Date;
use domain::compliance::{Attestation, DocumentRole, FormData, NotaryMethod, all_passed};
use domain::customer::ServiceType;

use crate::support::{act, address, invite};

/// A residential form of Jane Smith, who lives at 12 Home St.
pub(crate) fn form() -> FormData {
    FormData {
        service_type: Some(ServiceType::Residential),
        last_name: "Smith".to_owned(),
        first_name: "Jane".to_owned(),
        phone: Some("+15555555555".to_owned()),
        email: Some("jane@example.com".to_owned()),
        home: Some(address("12 Home St")),
        ..FormData::default()
    }
}

/// A document whose image is told apart by one byte.
pub(crate) async fn document(
    ctx: &OpCtx,
    role: DocumentRole,
    kind: &str,
    image: u8,
) -> NewDocument {
    let image = Bytes::copy_from_slice(&[b"%PDF-1.7 ".as_slice(), &[image]].concat());
    NewDocument {
        role,
        kind: kind.to_owned(),
        issuing_entity: Some("United States".to_owned()),
        number: Some("X1234567".to_owned()),
        expires_on: Date::parse("2031-05-01"),
        name_on_document: Some("Jane Smith".to_owned()),
        address: Some(address("12 Home St")),
        image: documents::store_image(&ctx.app, image).await.unwrap(),
    }
}

/// A passport and a lease.
pub(crate) async fn papers(ctx: &OpCtx) -> Vec<NewDocument> {
    vec![
        document(ctx, DocumentRole::PhotoId, "passport", 1).await,
        document(ctx, DocumentRole::AddressId, "current_lease", 2).await,
    ]
}

pub(crate) async fn submission(ctx: &OpCtx) -> Submission {
    Submission { form: form(), documents: papers(ctx).await, signing: Signing::Electronic }
}

/// What the clerk at the desk attests.
pub(crate) fn attestation(ctx: &OpCtx) -> Attestation {
    Attestation {
        method: NotaryMethod::InPersonAgent,
        witness_name: "Wes Witness".to_owned(),
        commission_state: None,
        signer_name: "Jane Smith".to_owned(),
        signed_on: ctx.now.date_in("America/Chicago"),
        session: None,
    }
}

pub(crate) async fn submit(ctx: &OpCtx, id: &str) -> ComplianceView {
    let (id, input) = (id.to_owned(), submission(ctx).await);
    let work = async move |tx: &app::Tx, ctx: &OpCtx| {
        compliance::submit::submit(tx, ctx, &id, &input).await
    };
    act(ctx, work).await.unwrap()
}

pub(crate) async fn witness(ctx: &OpCtx, id: &str) -> ComplianceView {
    let (id, input) = (id.to_owned(), attestation(ctx));
    let work = async move |tx: &app::Tx, ctx: &OpCtx| {
        compliance::witness::witness(tx, ctx, &id, &input).await
    };
    act(ctx, work).await.unwrap()
}

pub(crate) async fn approve(ctx: &OpCtx, id: &str) -> ComplianceView {
    let id = id.to_owned();
    let input = Approval { checklist: all_passed(), note: None };
    let work = async move |tx: &app::Tx, ctx: &OpCtx| {
        compliance::review::approve(tx, ctx, &id, &input).await
    };
    act(ctx, work).await.unwrap()
}

/// Invites a customer who is paid for and walks the form up to the open mailbox.
pub(crate) async fn open_mailbox(ctx: &OpCtx, external_id: &str) -> CustomerView {
    let id = invite(ctx, external_id).await.customer.id.to_string();
    submit(ctx, &id).await;
    witness(ctx, &id).await;
    approve(ctx, &id).await;
    act(ctx, async move |tx, ctx| app::customers::get::get(tx, ctx, &id).await).await.unwrap()
}
