//! Inviting a customer: the record, a reserved mailbox, a draft form, `customer.created` (C1, M1, V1).

use domain::address::Address;
use domain::billing::{self, BillingMode};
use domain::compliance::{Business, ComplianceStatus, FormData};
use domain::customer::{
    Customer, CustomerStatus, ForwardingAddress, Recipient, RecipientKind, RecipientStatus,
    ServiceType,
};
use domain::event::EventType;
use domain::id::{AddressId, CustomerId, LocationId, MailboxId, PoolId, RecipientId};
use domain::mailbox::{Mailbox, Pool, RESERVATION_DAYS, Strategy};
use domain::partner::{Location, LocationStatus};
use domain::{Date, Error, ErrorCode, Field, Result, days};
use futures_util::future::try_join;
use serde_json::json;
use storage::mailboxes::{self, Taking};
use storage::{Tx, compliance, customers, endpoints, tenancy};

use super::CustomerView;
use crate::compliance::draft;
use crate::emit::emit_first;
use crate::{Actor, News, OpCtx, audit, simulate, snapshot};

/// Who is invited. Texts were checked for shape where they were read.
#[derive(Clone, Debug, Default)]
pub struct NewCustomer {
    pub email: String,
    pub name: String,
    pub external_customer_id: Option<String>,
    pub phone: Option<String>,
    pub prepay: bool,
    pub paid_through: Option<Date>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub business_name: Option<String>,
    pub service_type: Option<ServiceType>,
    pub location_id: Option<String>,
    pub mailbox: MailboxChoice,
    pub plan_id: Option<String>,
    pub forwarding_address: Option<Address>,
    pub recipients: Vec<(String, RecipientKind)>,
    pub send_invite: bool,
    pub locale: Option<String>,
    pub tags: Vec<String>,
    pub metadata: Vec<(String, String)>,
}

/// Which number the customer gets. A number or an id implies the strategy `reserved`.
#[derive(Clone, Debug, Default)]
pub struct MailboxChoice {
    pub strategy: Option<Strategy>,
    pub pmb_number: Option<String>,
    pub pool_id: Option<String>,
    pub mailbox_id: Option<String>,
}

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &NewCustomer) -> Result<CustomerView> {
    let ids = ctx.app.ids.as_ref();
    let id = CustomerId::new(ids, ctx.app.clock.now());
    let (location, mailbox) = match find_place(tx, ctx, input, id).await {
        Ok(place) => place,
        // A customer who is there already is the better news.
        Err(refusal @ Error::Refused { .. }) => {
            return Err(known_external_id(tx, ctx, input).await?.unwrap_or(refusal));
        }
        Err(error) => return Err(error),
    };
    let mut customer = build(ctx, id, &location, mailbox.id, input);
    let address = input.forwarding_address.as_ref().map(|address| ForwardingAddress {
        id: AddressId::new(ids, ctx.app.clock.now()),
        customer_id: id,
        address: address.clone(),
        is_on_form: false,
        created_at: ctx.now,
    });
    customer.default_address_id = address.as_ref().map(|a| a.id);
    let stored = customers::insert(tx, &customer);
    let (is_new, listening) = try_join(stored, endpoints::list(tx, &ctx.scope)).await?;
    if !is_new {
        let refusal = known_external_id(tx, ctx, input).await?;
        return Err(refusal.unwrap_or_else(|| {
            Error::internal("creating a customer", "another one has just left")
        }));
    }
    begin_form(tx, ctx, &customer, input).await?;
    if let Some(address) = &address {
        customers::address_insert(tx, address).await?;
    }
    for (name, kind) in &input.recipients {
        let recipient = Recipient {
            id: RecipientId::new(ids, ctx.app.clock.now()),
            customer_id: id,
            kind: *kind,
            name: name.clone(),
            status: RecipientStatus::Pending,
        };
        customers::recipient_insert(tx, &recipient, ctx.now).await?;
    }
    mailboxes::assign(
        tx,
        ids.number(ctx.app.clock.now()),
        mailbox.id,
        id,
        ctx.now,
        "customer.created",
    )
    .await?;
    simulate::on_customer_created(tx, ctx, &customer).await?;
    audit::record(tx, ctx, "customer.create", id, &[("mailbox", &mailbox.id.to_string())]).await?;
    let view = CustomerView { customer, mailbox: Some((mailbox, location)) };
    let source = match ctx.actor {
        Actor::ApiKey(_) => "api",
        Actor::Operator(_) | Actor::Customer | Actor::System => "dashboard",
    };
    let news = News {
        kind: EventType::CustomerCreated,
        mail_id: None,
        action_id: None,
        object: snapshot::value(&snapshot::customer(ctx, &view, false)),
        extra: vec![("source", json!(source))],
        previous: None,
    };
    emit_first(tx, ctx, &view.customer, &listening, news).await?;
    Ok(view)
}

async fn find_place(
    tx: &Tx,
    ctx: &OpCtx,
    input: &NewCustomer,
    id: CustomerId,
) -> Result<(Location, Mailbox)> {
    let site = choose_site(tx, ctx, input.location_id.as_deref()).await?;
    let mailbox = reserve(tx, ctx, &site, &input.mailbox, id).await?;
    Ok((site.location, mailbox))
}

/// Begins the draft of the form with what is known (V1); the applicant confirms it.
async fn begin_form(tx: &Tx, ctx: &OpCtx, customer: &Customer, input: &NewCustomer) -> Result<()> {
    let data = FormData {
        service_type: customer.service_type,
        last_name: customer.last_name.clone().unwrap_or_default(),
        first_name: customer.first_name.clone().unwrap_or_default(),
        phone: customer.phone.clone(),
        email: Some(customer.email.clone()),
        transfer: input.forwarding_address.clone(),
        business: customer
            .business_name
            .clone()
            .map(|name| Business { name, ..Business::default() }),
        ..FormData::default()
    };
    compliance::form_insert(tx, &draft(ctx, customer, 1, data)).await?;
    let status = customer.compliance_status;
    Ok(compliance::history_begin(tx, customer.id, status, ctx.now).await?)
}

/// The refusal that is due where the partner's own id is taken. It is looked for only after
/// something failed: the unique key finds it for nothing.
async fn known_external_id(tx: &Tx, ctx: &OpCtx, input: &NewCustomer) -> Result<Option<Error>> {
    let Some(external) = &input.external_customer_id else { return Ok(None) };
    let known = customers::find_by_external_id(tx, &ctx.scope, external).await?;
    Ok(known.map(|known| {
        Error::refused(
            ErrorCode::ExternalCustomerIdExists,
            format!("external_customer_id is taken by {}", known.id),
        )
        .param("external_customer_id")
        .fix(format!("read or change {} instead of creating it again", known.id))
    }))
}

/// Where a customer gets a number, and the pool that numbers are drawn from there.
pub struct Site {
    pub location: Location,
    /// The pool that was granted to the partner.
    pub pool: Pool,
}

/// The location that was named, or the partner's default, or the only one.
pub async fn choose_site(tx: &Tx, ctx: &OpCtx, named: Option<&str>) -> Result<Site> {
    let default = ctx.partner.settings.default_location;
    let site = match named.map(LocationId::parse) {
        Some(None) => None,
        Some(wanted) => tenancy::site_find(tx, ctx.partner.id, wanted).await?,
        None => tenancy::site_find(tx, ctx.partner.id, default).await?,
    };
    let Some((location, pool)) = site else {
        return Err(match named {
            Some(_) => Error::invalid(vec![Field::new(
                "location_id",
                "unknown",
                "no location of this partner has that id",
            )]),
            None => {
                Error::refused(ErrorCode::NoMailboxAvailable, "this partner has no location yet")
                    .fix("have the operator grant one with `postroom partner grant`")
            }
        });
    };
    if matches!(location.status, LocationStatus::Closed | LocationStatus::Paused) {
        let message = format!("location {} takes no new customers", location.name);
        return Err(Error::refused(ErrorCode::NoMailboxAvailable, message).param("location_id"));
    }
    Ok(Site { location, pool })
}

/// Takes a number for a customer, in the way that was chosen.
pub async fn reserve(
    tx: &Tx,
    ctx: &OpCtx,
    site: &Site,
    choice: &MailboxChoice,
    customer_id: CustomerId,
) -> Result<Mailbox> {
    let location = &site.location;
    let taking = Taking { customer_id, at: ctx.now, until: ctx.now.plus(days(RESERVATION_DAYS)) };
    if choice.pmb_number.is_some() || choice.mailbox_id.is_some() {
        return reserve_named(tx, ctx, location, choice, &taking).await;
    }
    let pool = match choice.pool_id.as_deref().map(PoolId::parse) {
        Some(Some(id)) => mailboxes::pool_find(tx, id).await?,
        Some(None) => None,
        None => Some(site.pool.clone()),
    };
    let pool = pool.filter(|pool| {
        pool.location_id == location.id && pool.partner_id.is_none_or(|p| p == ctx.partner.id)
    });
    let pool = pool.ok_or_else(|| unknown_choice("mailbox/pool_id"))?;
    let strategy = match choice.strategy {
        None | Some(Strategy::Pool) => pool.strategy,
        Some(Strategy::Reserved) => {
            let message = "strategy reserved needs mailbox.pmb_number or mailbox.mailbox_id";
            return Err(Error::invalid(vec![Field::new(
                "mailbox/pmb_number",
                "required",
                message,
            )]));
        }
        Some(strategy) => strategy,
    };
    let taken = mailboxes::take(tx, pool.id, strategy, &taking).await?;
    taken.ok_or_else(|| {
        Error::refused(
            ErrorCode::NoMailboxAvailable,
            format!("pool {} has no free number", pool.name),
        )
        .fix("have the operator add numbers with `postroom mailbox add`, or name another pool")
    })
}

async fn reserve_named(
    tx: &Tx,
    ctx: &OpCtx,
    location: &Location,
    choice: &MailboxChoice,
    taking: &Taking,
) -> Result<Mailbox> {
    let found = match (&choice.mailbox_id, &choice.pmb_number) {
        (Some(id), _) => match MailboxId::parse(id) {
            Some(id) => mailboxes::find(tx, id).await?,
            None => None,
        },
        (None, Some(number)) => match number.parse::<i64>() {
            Ok(number) => mailboxes::find_by_number(tx, location.id, number).await?,
            Err(_) => None,
        },
        (None, None) => None,
    };
    let unavailable = || {
        Error::refused(ErrorCode::MailboxUnavailable, "that mailbox number is not available here")
            .param("mailbox/pmb_number")
            .fix("choose another number, or leave the choice to the pool")
    };
    let found = found.filter(|m| m.location_id == location.id).ok_or_else(unavailable)?;
    let pool = mailboxes::pool_find(tx, found.pool_id).await?;
    if pool.is_some_and(|pool| pool.partner_id.is_some_and(|p| p != ctx.partner.id)) {
        return Err(unavailable());
    }
    mailboxes::take_named(tx, found.id, taking).await?.ok_or_else(unavailable)
}

fn unknown_choice(param: &str) -> Error {
    Error::invalid(vec![Field::new(
        param,
        "unknown",
        "nothing of this partner at this location has that id",
    )])
}

fn build(
    ctx: &OpCtx,
    id: CustomerId,
    location: &Location,
    mailbox_id: MailboxId,
    input: &NewCustomer,
) -> Customer {
    let (first, last) = split_name(&input.name);
    let zone = &location.timezone;
    Customer {
        id,
        operator_id: ctx.scope.operator_id(),
        partner_id: ctx.scope.partner_id(),
        livemode: ctx.livemode(),
        external_customer_id: input.external_customer_id.clone(),
        email: input.email.clone(),
        name: input.name.clone(),
        first_name: input.first_name.clone().or(first),
        last_name: input.last_name.clone().or(last),
        phone: input.phone.clone(),
        business_name: input.business_name.clone(),
        service_type: input.service_type,
        status: CustomerStatus::Invited,
        status_reason: None,
        compliance_status: ComplianceStatus::PendingForm,
        billing_mode: BillingMode::ExternalPrepay,
        billing_status: billing::prepay_status(
            input.prepay,
            input.paid_through,
            None,
            ctx.now,
            zone,
        ),
        prepay: input.prepay,
        paid_through: input.paid_through,
        billing_lapsed_at: None,
        plan_id: input.plan_id.clone(),
        location_id: location.id,
        mailbox_id: Some(mailbox_id),
        locale: input.locale.clone(),
        tags: input.tags.clone(),
        metadata: input.metadata.clone(),
        notification_prefs: Vec::new(),
        default_address_id: None,
        invite_token: Some(invite_token(ctx)),
        invited_at: Some(ctx.now),
        activated_at: None,
        verified_at: None,
        mailbox_active_at: None,
        deactivation_scheduled_at: None,
        deactivated_at: None,
        deactivation_reason: None,
        remail_until: None,
        remail_instruction: None,
        // `customer.created` is the first.
        event_sequence: 1,
        version: 1,
        created_at: ctx.now,
        updated_at: ctx.now,
    }
}

/// What an invitation's link holds: 128 random bits.
pub(super) fn invite_token(ctx: &OpCtx) -> String {
    let mut token = [0; 16];
    ctx.app.ids.fill(&mut token);
    token.iter().map(|b| format!("{b:02x}")).collect()
}

/// A guess for the draft of the form; the applicant confirms it.
pub(super) fn split_name(name: &str) -> (Option<String>, Option<String>) {
    match name.trim().rsplit_once(char::is_whitespace) {
        Some((first, last)) => (Some(first.trim().to_owned()), Some(last.to_owned())),
        None => (None, Some(name.trim().to_owned())),
    }
}
