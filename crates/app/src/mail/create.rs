//! A partner logs a letter or a package for its own customer (L1, postal.md 4.7.1).

use domain::compliance::ComplianceStatus;
use domain::customer::{Customer, CustomerStatus, Recipient, RecipientStatus};
use domain::event::EventType;
use domain::id::{MailId, PhotoId, RecipientId};
use domain::mail::{
    Accountable, Content, CreatedVia, Custody, MailFlag, MailItem, MailType, PhotoKind, carrier_of,
};
use domain::mailbox::{Mailbox, MailboxStatus};
use domain::{Error, ErrorCode, Field, Result, Timestamp, days};
use storage::mail::{self as rows, NewPhoto};
use storage::{Tx, customers, mailboxes};
use wire::events::extra;

use super::MailView;
use super::photos::{self, PhotoUrl};
use super::view::view;
use crate::customers::get::find_locked;
use crate::{Actor, App, News, OpCtx, audit, emit, snapshot};

/// What arrived. Texts were checked for shape where they were read.
#[derive(Clone, Debug)]
pub struct NewMail {
    pub customer_id: String,
    pub kind: MailType,
    pub subtype: Option<String>,
    pub photos: Vec<PhotoUrl>,
    pub performed_by: String,
    pub tracking_number: Option<String>,
    pub carrier: Option<String>,
    pub sender_name: Option<String>,
    pub addressed_to: Option<String>,
    pub recipient_id: Option<String>,
    pub received_at: Option<Timestamp>,
    pub weight_g: Option<i64>,
    pub dimensions_mm: Option<(i64, i64, i64)>,
    pub accountable: Accountable,
    pub flags: Vec<MailFlag>,
    pub external_mail_id: Option<String>,
    pub metadata: Vec<(String, String)>,
    pub location_id: Option<String>,
}

/// Days within which the same tracking number is worth a hint.
const DUPLICATE_DAYS: i64 = 14;
/// Days of free storage.
const FREE_STORAGE_DAYS: i64 = 30;
/// A package heavier than this, in grams, is flagged as oversize.
const HEAVY_G: i64 = 31_700;

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &NewMail) -> Result<MailView> {
    let customer = find_locked(tx, ctx, &input.customer_id).await?;
    let mailbox = must_receive(tx, ctx, &customer).await?;
    must_fit(&mailbox, input)?;
    must_be_recipient(tx, &customer, input).await?;
    must_be_safe(&ctx.app, &input.photos)?;
    store(tx, ctx, fresh(ctx), customer, &mailbox, input, CreatedVia::PartnerApi).await
}

/// The guards of partner intake, in the settled order: deactivated, billing, compliance, mailbox.
async fn must_receive(tx: &Tx, ctx: &OpCtx, customer: &Customer) -> Result<Mailbox> {
    if customer.status == CustomerStatus::Deactivated {
        return Err(Error::refused(ErrorCode::CustomerInactive, "the customer is deactivated"));
    }
    if !snapshot::billing_status(ctx, customer).allows_service() {
        return Err(Error::refused(
            ErrorCode::BillingInactive,
            "the customer has neither active billing nor prepay",
        )
        .fix("PATCH the customer with prepay: true, then log the mail again"));
    }
    if customer.compliance_status != ComplianceStatus::MailboxActive {
        return Err(Error::refused(
            ErrorCode::ComplianceNotApproved,
            format!(
                "the customer's compliance is {}; mail needs mailbox_active",
                customer.compliance_status
            ),
        )
        .fix("GET the customer's compliance to see what is due"));
    }
    let mailbox = match customer.mailbox_id {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    mailbox.filter(|m| m.status == MailboxStatus::Active).ok_or_else(|| {
        Error::refused(ErrorCode::MailboxNotActive, "the customer's mailbox is not active")
    })
}

fn must_fit(mailbox: &Mailbox, input: &NewMail) -> Result<()> {
    match &input.location_id {
        Some(id) if *id != mailbox.location_id.to_string() => {
            Err(Error::invalid(vec![Field::new(
                "location_id",
                "invalid",
                "location_id must be the location of the customer's mailbox",
            )]))
        }
        Some(_) | None => Ok(()),
    }
}

/// The named recipient is one of the customer's, and was not removed.
pub(super) async fn must_be_recipient(tx: &Tx, customer: &Customer, input: &NewMail) -> Result<()> {
    let Some(text) = &input.recipient_id else { return Ok(()) };
    let id = RecipientId::parse(text);
    let known = customers::recipient_list(tx, customer).await?;
    let fits = |r: &Recipient| Some(r.id) == id && r.status != RecipientStatus::Removed;
    if known.iter().any(fits) {
        return Ok(());
    }
    let message = "this customer has no such recipient";
    Err(Error::invalid(vec![Field::new("recipient_id", "unknown", message)]))
}

pub(super) fn must_be_safe(app: &App, photos: &[PhotoUrl]) -> Result<()> {
    let problem = |(i, photo): (usize, &PhotoUrl)| {
        let refused = match app.guard.check_photo(&photo.url) {
            Err(problem) => Some(problem.to_string()),
            Ok(_) => photo.blocked.clone(),
        };
        refused.map(|why| {
            Field::new(format!("photos/{i}"), ErrorCode::PhotoUrlNotAllowed.as_str(), why)
        })
    };
    let problems: Vec<Field> = photos.iter().enumerate().filter_map(problem).collect();
    let Some(first) = problems.first() else { return Ok(()) };
    Err(Error::Refused {
        code: ErrorCode::PhotoUrlNotAllowed,
        message: first.message.clone(),
        fix: Some("send https URLs on public addresses".to_owned()),
        fields: problems,
        retry_after: None,
        facts: Vec::new(),
    })
}

/// An id for an item that has none yet.
pub(super) fn fresh(ctx: &OpCtx) -> MailId {
    MailId::new(ctx.app.ids.as_ref(), ctx.app.clock.now())
}

/// Writes the item, its photos and its events; also for what the operator logs.
pub(super) async fn store(
    tx: &Tx,
    ctx: &OpCtx,
    id: MailId,
    customer: Customer,
    mailbox: &Mailbox,
    input: &NewMail,
    via: CreatedVia,
) -> Result<MailView> {
    let item = MailItem { id, ..build(ctx, &customer, mailbox, input, via) };
    let mut warnings = Vec::new();
    if let Some(number) = &item.tracking_number {
        let since = item.received_at.plus(-days(DUPLICATE_DAYS));
        if rows::count_tracking(tx, customer.id, number, since).await? > 0 {
            warnings.push("possible_duplicate".to_owned());
        }
    }
    rows::insert(tx, &item).await?;
    let photo = |p: &PhotoUrl| NewPhoto {
        id: PhotoId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        kind: p.kind,
        url: p.url.clone(),
    };
    let named: Vec<NewPhoto> = input.photos.iter().map(photo).collect();
    rows::photo_insert(tx, item.id, &named, ctx.app.clock.now()).await?;
    photos::rehearse(tx, ctx, &named).await?;
    let detail = [("type", item.kind.as_str()), ("performed_by", input.performed_by.as_str())];
    audit::record(tx, ctx, "mail.create", item.id, &detail).await?;
    let mut view = view(tx, item, customer).await?;
    view.warnings = warnings;
    tell_arrival(tx, ctx, &view).await?;
    Ok(view)
}

/// `mail.arrived`, and after it `package.arrived` for a package (seed 000).
pub(super) async fn tell_arrival(tx: &Tx, ctx: &OpCtx, view: &MailView) -> Result<()> {
    let object = snapshot::value(&snapshot::mail(ctx, view, snapshot::LINK_LIFE));
    let performed_by = view.item.performed_by.clone();
    let arrived = News {
        kind: EventType::MailArrived,
        mail_id: Some(view.item.id),
        action_id: None,
        object: object.clone(),
        extra: extra::members(&extra::MailArrived { performed_by: performed_by.clone() }),
        previous: None,
    };
    emit(tx, ctx, &view.customer, arrived).await?;
    if view.item.kind == MailType::Package {
        let package = extra::PackageArrived {
            performed_by,
            tracking_number: view.item.tracking_number.clone(),
            carrier: view.item.carrier.clone(),
        };
        let arrived = News {
            kind: EventType::PackageArrived,
            mail_id: Some(view.item.id),
            action_id: None,
            object,
            extra: extra::members(&package),
            previous: None,
        };
        emit(tx, ctx, &view.customer, arrived).await?;
    }
    Ok(())
}

fn build(
    ctx: &OpCtx,
    customer: &Customer,
    mailbox: &Mailbox,
    input: &NewMail,
    via: CreatedVia,
) -> MailItem {
    let guessed = || input.tracking_number.as_deref().and_then(carrier_of).map(ToOwned::to_owned);
    let mut flags = input.flags.clone();
    if input.weight_g.is_some_and(|g| g > HEAVY_G) && !flags.contains(&MailFlag::Oversize) {
        flags.push(MailFlag::Oversize);
    }
    let received_at = input.received_at.unwrap_or(ctx.now);
    MailItem {
        id: MailId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        operator_id: customer.operator_id,
        partner_id: customer.partner_id,
        livemode: customer.livemode,
        customer_id: customer.id,
        mailbox_id: Some(mailbox.id),
        location_id: mailbox.location_id,
        kind: input.kind,
        subtype: input.subtype.clone(),
        custody: Custody::InHouse,
        content: Content::Sealed,
        carrier: input.carrier.clone().or_else(guessed),
        tracking_number: input.tracking_number.clone(),
        sender_name: input.sender_name.clone(),
        addressed_to: input.addressed_to.clone(),
        recipient_id: input.recipient_id.as_deref().and_then(RecipientId::parse),
        accountable: input.accountable,
        flags,
        weight_g: input.weight_g,
        dimensions_mm: input.dimensions_mm,
        received_at,
        free_storage_until: Some(received_at.date_in("UTC").plus_days(FREE_STORAGE_DAYS)),
        created_via: via,
        created_by_key: match ctx.actor {
            Actor::ApiKey(id) => Some(id),
            Actor::Operator(_) | Actor::Customer | Actor::System => None,
        },
        performed_by: Some(input.performed_by.clone()),
        external_mail_id: input.external_mail_id.clone(),
        metadata: input.metadata.clone(),
        deleted_at: None,
        version: 1,
        created_at: ctx.now,
        updated_at: ctx.now,
    }
}

/// A photo of the default kind, not judged yet.
pub fn photo(url: &str) -> PhotoUrl {
    PhotoUrl { url: url.to_owned(), kind: PhotoKind::Front, blocked: None }
}
