//! Each use-case of a customer's life, failed at every statement: nothing is written, nothing is told,
//! and the next try succeeds.

use app::compliance::renew::{Renewal, renew};
use app::compliance::review::{Approval, Refusal};
use app::compliance::witness::Failure;
use app::compliance::{documents, lapse, reject_for_fraud, resubmit, review, submit, witness};
use app::customers::create::{MailboxChoice, NewCustomer, create};
use app::customers::deactivate::{Deactivation, deactivate};
use app::customers::suspend::{Cause, reinstate, suspend};
use app::customers::update::{CustomerChange, update};
use app::customers::{activate, invite as invites, reactivate};
use app::mailboxes::renumber;
use domain::compliance::{DocumentRole, NotaryMethod, ReasonCode, all_passed};
use domain::customer::{ActivatedVia, DeactivationReason};
use domain::days;
use wire::reader::Patch;

use crate::applicants::{
    approve, attestation, document, form, open_mailbox, submission, submit as submitted,
    witness as witnessed,
};
use crate::faults::all_or_nothing;
use crate::support::{address, invite, world};

const LEAVE: Deactivation = Deactivation {
    reason: DeactivationReason::Moved,
    note: None,
    effective_at: None,
    remail: None,
    complete_open_actions: true,
};

fn refusal() -> Refusal {
    Refusal {
        reasons: vec![ReasonCode::Other],
        note: Some("a note".to_owned()),
        refused_documents: vec![DocumentRole::PhotoId],
    }
}

#[tokio::test]
async fn a_customer_is_created_and_changed_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let input = NewCustomer {
        email: "jane@example.com".to_owned(),
        name: "Jane Smith".to_owned(),
        prepay: true,
        forwarding_address: Some(address("9 Away Rd")),
        ..NewCustomer::default()
    };
    let made = all_or_nothing(&ctx, async move |tx, ctx| create(tx, ctx, &input).await).await;
    let id = made.customer.id.to_string();
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| invites::resend(tx, ctx, &key).await).await;
    let change = CustomerChange {
        name: Patch::Set("Jane Jones".to_owned()),
        forwarding_address: Patch::Set(address("10 Away Rd")),
        mailbox: Some(MailboxChoice { pmb_number: Some("330".to_owned()), ..Default::default() }),
        ..CustomerChange::default()
    };
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| update(tx, ctx, &key, None, &change).await).await;
    all_or_nothing(&ctx, async move |tx, ctx| {
        activate::activate(tx, ctx, &id, ActivatedVia::Operator).await
    })
    .await;
}

#[tokio::test]
async fn the_way_to_an_open_mailbox_is_taken_in_whole_steps() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    let (key, paper) = (id.clone(), document(&ctx, DocumentRole::PhotoId, "passport", 9).await);
    all_or_nothing(&ctx, async move |tx, ctx| documents::upload(tx, ctx, &key, &paper).await).await;
    let (key, input) = (id.clone(), submission(&ctx).await);
    all_or_nothing(&ctx, async move |tx, ctx| submit::submit(tx, ctx, &key, &input).await).await;
    let (key, input) = (id.clone(), attestation(&ctx));
    all_or_nothing(&ctx, async move |tx, ctx| witness::witness(tx, ctx, &key, &input).await).await;
    let (key, input) = (id.clone(), Approval { checklist: all_passed(), note: None });
    let seen =
        all_or_nothing(&ctx, async move |tx, ctx| review::approve(tx, ctx, &key, &input).await);
    assert!(seen.await.mailbox_ready);
    let renewal = Renewal {
        form: form(),
        documents: Vec::new(),
        attestation: attestation(&ctx),
        checklist: all_passed(),
        note: None,
    };
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| renew(tx, ctx, &key, &renewal).await).await;
    let choice = MailboxChoice { pmb_number: Some("331".to_owned()), ..Default::default() };
    all_or_nothing(&ctx, async move |tx, ctx| renumber::renumber(tx, ctx, &id, &choice).await)
        .await;
}

#[tokio::test]
async fn the_ways_back_are_taken_in_whole_steps() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = invite(&ctx, "crm_1").await.customer.id.to_string();
    submitted(&ctx, &id).await;
    let failure = Failure {
        method: NotaryMethod::InPersonAgent,
        witness_name: "Wes Witness".to_owned(),
        reasons: vec![ReasonCode::SignatureMissing],
        refused_documents: vec![DocumentRole::AddressId],
    };
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| witness::fail(tx, ctx, &key, &failure).await).await;
    submitted(&ctx, &id).await;
    witnessed(&ctx, &id).await;
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| {
        review::request_changes(tx, ctx, &key, &refusal()).await
    })
    .await;
    submitted(&ctx, &id).await;
    witnessed(&ctx, &id).await;
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| review::reject(tx, ctx, &key, &refusal()).await)
        .await;
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| resubmit::resubmit(tx, ctx, &key).await).await;
    submitted(&ctx, &id).await;
    witnessed(&ctx, &id).await;
    approve(&ctx, &id).await;
    let rename =
        CustomerChange { name: Patch::Set("Jane Jones".to_owned()), ..CustomerChange::default() };
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| update(tx, ctx, &key, None, &rename).await).await;
    world.clock.advance(days(31));
    let ctx = world.ctx().await;
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| lapse::lapse(tx, ctx, &key).await).await;
    all_or_nothing(&ctx, async move |tx, ctx| {
        reject_for_fraud::reject_for_fraud(tx, ctx, &id, "forged").await
    })
    .await;
}

#[tokio::test]
async fn service_is_held_ended_and_resumed_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| {
        suspend(tx, ctx, &key, Cause::Operator, "a note").await
    })
    .await;
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| reinstate(tx, ctx, &key).await).await;
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| deactivate(tx, ctx, &key, &LEAVE).await).await;
    let key = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| reactivate::reactivate(tx, ctx, &key).await).await;
}
