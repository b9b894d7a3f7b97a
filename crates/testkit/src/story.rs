//! Steps that many tests begin with: somebody is invited, and approved by the operator's staff.

use app::compliance::review::Approval;
use app::compliance::submit::{Signing, Submission};
use app::compliance::{self, NewDocument, documents};
use app::mail::create::NewMail;
use app::{OpCtx, Tx};
use bytes::Bytes;
use domain::Date;
use domain::address::Address;
use domain::compliance::{Attestation, DocumentRole, FormData, NotaryMethod, all_passed};
use domain::customer::ServiceType;
use domain::mail::{Accountable, MailFlag, MailType};
use serde_json::json;

use crate::persona::{Partner, Persona};

/// Invites Jane Smith, who is paid for, under this id of the partner's own; answers her id.
pub async fn invited(crm: &Persona<'_>, external_id: &str) -> String {
    let body = json!({
        "external_customer_id": external_id, "email": format!("{external_id}@example.com"),
        "name": "Jane Smith", "phone": "+15555555555", "prepay": true,
    });
    let customer = crm.post("/api/v1/customers", body).await.expect(201);
    customer["id"].as_str().expect("an id").to_owned()
}

/// Walks a live customer's form from its draft to the open mailbox, as staff and applicant do.
pub async fn approve(partner: &Partner, customer_id: &str) {
    approve_in(&partner.ctx(true).await, customer_id).await;
}

/// The same for whoever holds a context of the operator's staff.
pub async fn approve_in(ctx: &OpCtx, customer_id: &str) {
    let id = customer_id.to_owned();
    let input =
        Submission { form: form(), documents: papers(ctx).await, signing: Signing::Electronic };
    let work =
        async move |tx: &Tx, ctx: &OpCtx| compliance::submit::submit(tx, ctx, &id, &input).await;
    ctx.app.act(ctx, work).await.expect("the form is complete");
    let id = customer_id.to_owned();
    let input = attestation(ctx);
    let work =
        async move |tx: &Tx, ctx: &OpCtx| compliance::witness::witness(tx, ctx, &id, &input).await;
    ctx.app.act(ctx, work).await.expect("the witness is good");
    let id = customer_id.to_owned();
    let input = Approval { checklist: all_passed(), note: None };
    let work =
        async move |tx: &Tx, ctx: &OpCtx| compliance::review::approve(tx, ctx, &id, &input).await;
    ctx.app.act(ctx, work).await.expect("the review passes");
}

fn home() -> Address {
    Address {
        line1: "12 Home St".to_owned(),
        city: "Austin".to_owned(),
        state: "TX".to_owned(),
        postal_code: "78745".to_owned(),
        country: "US".to_owned(),
        ..Address::default()
    }
}

fn form() -> FormData {
    FormData {
        service_type: Some(ServiceType::Residential),
        last_name: "Smith".to_owned(),
        first_name: "Jane".to_owned(),
        phone: Some("+15555555555".to_owned()),
        email: Some("jane@example.com".to_owned()),
        home: Some(home()),
        ..FormData::default()
    }
}

async fn papers(ctx: &OpCtx) -> Vec<NewDocument> {
    vec![
        paper(ctx, DocumentRole::PhotoId, "passport", 1).await,
        paper(ctx, DocumentRole::AddressId, "current_lease", 2).await,
    ]
}

async fn paper(ctx: &OpCtx, role: DocumentRole, kind: &str, image: u8) -> NewDocument {
    let image = Bytes::copy_from_slice(&[b"%PDF-1.7 ".as_slice(), &[image]].concat());
    NewDocument {
        role,
        kind: kind.to_owned(),
        issuing_entity: Some("United States".to_owned()),
        number: Some("X1234567".to_owned()),
        expires_on: Date::parse("2031-05-01"),
        name_on_document: Some("Jane Smith".to_owned()),
        address: Some(home()),
        image: documents::store_image(&ctx.app, image).await.expect("the image is stored"),
    }
}

fn attestation(ctx: &OpCtx) -> Attestation {
    Attestation {
        method: NotaryMethod::InPersonAgent,
        witness_name: "Wes Witness".to_owned(),
        commission_state: None,
        signer_name: "Jane Smith".to_owned(),
        signed_on: ctx.now.date_in("America/Chicago"),
        session: None,
    }
}

/// Invites somebody and walks the form up to the open mailbox; answers the customer's id.
pub async fn resident(partner: &Partner, crm: &Persona<'_>, external_id: &str) -> String {
    let id = invited(crm, external_id).await;
    approve(partner, &id).await;
    id
}

/// The operator's staff log an item with a tracking number of its own; answers its id.
pub async fn logged(
    partner: &Partner,
    customer_id: &str,
    kind: MailType,
    flags: &[MailFlag],
) -> String {
    let ctx = partner.ctx(true).await;
    let input = NewMail {
        customer_id: customer_id.to_owned(),
        kind,
        subtype: None,
        photos: Vec::new(),
        performed_by: "clerk".to_owned(),
        tracking_number: None,
        carrier: None,
        sender_name: None,
        addressed_to: None,
        recipient_id: None,
        received_at: None,
        weight_g: None,
        dimensions_mm: None,
        accountable: Accountable::None,
        flags: flags.to_vec(),
        external_mail_id: None,
        metadata: Vec::new(),
        location_id: None,
    };
    let work = async move |tx: &Tx, ctx: &OpCtx| app::mail::log::log(tx, ctx, &input).await;
    ctx.app.act(&ctx, work).await.expect("the item is logged").item.id.to_string()
}
