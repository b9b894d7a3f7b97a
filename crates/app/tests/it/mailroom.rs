//! Mail and the work on it, in short words: what partners ask for and what the clerk does.

use app::mail::create::{self, NewMail};
use app::mail::{self, MailView};
use app::mail_actions::complete::{Destruction, Handover, Outcome, Shipment, complete};
use app::mail_actions::{ActionView, cancel, forward, open, pickup, scan, shred, work};
use app::{OpCtx, Tx};
use domain::action::ActionStatus;
use domain::event::EventType;
use domain::mail::{Accountable, MailFlag, MailType};
use domain::{Result, Timestamp};
use wire::partner::actions::{ForwardRequest, PickupRequest, ScanRequest, ShredRequest};

use crate::applicants::open_mailbox;
use crate::support::{World, act, address, events, world};

/// A Monday at ten in Austin, when the desk is open, until eleven.
pub(crate) const WINDOW: (&str, &str) = ("2026-11-23T16:00:00Z", "2026-11-23T17:00:00Z");

pub(crate) fn window() -> (Timestamp, Timestamp) {
    (Timestamp::parse(WINDOW.0).unwrap(), Timestamp::parse(WINDOW.1).unwrap())
}

/// A sealed item with one photo.
pub(crate) fn item(customer: &str, kind: MailType) -> NewMail {
    NewMail {
        customer_id: customer.to_owned(),
        kind,
        subtype: None,
        photos: vec![create::photo("https://example.com/front.jpg")],
        performed_by: "warehouse_user_42".to_owned(),
        tracking_number: None,
        carrier: None,
        sender_name: None,
        addressed_to: None,
        recipient_id: None,
        received_at: None,
        weight_g: None,
        dimensions_mm: None,
        accountable: Accountable::None,
        flags: Vec::new(),
        external_mail_id: None,
        metadata: Vec::new(),
        location_id: None,
    }
}

pub(crate) async fn create(ctx: &OpCtx, input: NewMail) -> Result<MailView> {
    act(ctx, async move |tx, ctx| create::create(tx, ctx, &input).await).await
}

pub(crate) async fn log(ctx: &OpCtx, input: NewMail) -> Result<MailView> {
    act(ctx, async move |tx, ctx| mail::log::log(tx, ctx, &input).await).await
}

/// The id of a letter that the partner logged.
pub(crate) async fn letter(ctx: &OpCtx, customer: &str) -> String {
    create(ctx, item(customer, MailType::Letter)).await.unwrap().item.id.to_string()
}

/// A customer with an open mailbox, and a letter.
pub(crate) async fn with_letter() -> (World, OpCtx, String, String) {
    let world = world().await;
    let ctx = world.ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mail = letter(&ctx, &customer).await;
    (world, ctx, customer, mail)
}

pub(crate) async fn look(ctx: &OpCtx, mail: &str) -> MailView {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| mail::get::get(tx, ctx, &id).await).await.unwrap()
}

pub(crate) async fn delete(ctx: &OpCtx, mail: &str) -> Result<String> {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| mail::delete::delete(tx, ctx, &id).await).await
}

pub(crate) async fn mark(ctx: &OpCtx, mail: &str, flag: MailFlag, on: bool) -> Result<MailView> {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| mail::custody::mark(tx, ctx, &id, flag, on).await).await
}

pub(crate) async fn scan(ctx: &OpCtx, mail: &str) -> Result<ActionView> {
    scan_with(ctx, mail, ScanRequest::default()).await
}

pub(crate) async fn scan_with(ctx: &OpCtx, mail: &str, input: ScanRequest) -> Result<ActionView> {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| scan::request(tx, ctx, &id, &input).await).await
}

/// A forward to Main Street.
pub(crate) fn away() -> ForwardRequest {
    ForwardRequest { address: Some(address("1 Main St")), ..ForwardRequest::default() }
}

pub(crate) async fn forward(ctx: &OpCtx, mail: &str, input: ForwardRequest) -> Result<ActionView> {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| forward::request(tx, ctx, &id, &input).await).await
}

pub(crate) async fn shred(ctx: &OpCtx, mail: &str, input: ShredRequest) -> Result<ActionView> {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| shred::request(tx, ctx, &id, &input).await).await
}

pub(crate) async fn pickup(ctx: &OpCtx, mail: &str, input: PickupRequest) -> Result<ActionView> {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| pickup::request(tx, ctx, &id, &input).await).await
}

pub(crate) async fn start(ctx: &OpCtx, action: &str) -> Result<ActionView> {
    let id = action.to_owned();
    act(ctx, async move |tx, ctx| work::start(tx, ctx, &id).await).await
}

pub(crate) async fn cancel(ctx: &OpCtx, action: &str) -> Result<ActionView> {
    let id = action.to_owned();
    act(ctx, async move |tx, ctx| cancel::cancel(tx, ctx, &id).await).await
}

pub(crate) async fn complete_with(
    ctx: &OpCtx,
    action: &str,
    outcome: Outcome,
) -> Result<ActionView> {
    let id = action.to_owned();
    act(ctx, async move |tx, ctx| complete(tx, ctx, &id, &outcome).await).await
}

/// The action as it stands.
pub(crate) async fn action(ctx: &OpCtx, action: &str) -> ActionView {
    let id = action.to_owned();
    act(ctx, async move |tx, ctx| open::get(tx, ctx, &id).await).await.unwrap()
}

pub(crate) async fn status(ctx: &OpCtx, id: &str) -> ActionStatus {
    action(ctx, id).await.action.status
}

pub(crate) fn shipment() -> Shipment {
    Shipment {
        carrier: Some("usps".to_owned()),
        tracking_number: Some("9400111899223100001234".to_owned()),
        ..Shipment::default()
    }
}

pub(crate) fn destruction(mail: &str) -> Destruction {
    Destruction {
        item_barcode: mail.to_owned(),
        bin_barcode: "BIN-7".to_owned(),
        witness: "Wes Witness".to_owned(),
        method: "crosscut".to_owned(),
    }
}

pub(crate) fn handover() -> Handover {
    Handover {
        released_to: "Jane Smith".to_owned(),
        code: None,
        id_type: Some("passport".to_owned()),
    }
}

/// The types of the events since the first `n`, oldest first.
pub(crate) async fn told_since(ctx: &OpCtx, n: usize) -> Vec<EventType> {
    events(ctx).await.into_iter().skip(n).map(|(kind, _)| kind).collect()
}

/// The id of what a request made.
pub(crate) fn id_of(requested: Result<ActionView>) -> String {
    requested.unwrap().action.id.to_string()
}

/// Runs what the test world has planned.
pub(crate) async fn simulate(ctx: &OpCtx) -> usize {
    app::simulate::run(&ctx.app).await.unwrap()
}

/// Statements of the ledger and the like, as the staff run them.
pub(crate) async fn as_staff<T, W>(ctx: &OpCtx, work: W) -> T
where
    W: AsyncFn(&Tx, &OpCtx) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    act(ctx, work).await.unwrap()
}
