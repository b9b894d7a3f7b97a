//! What the webhook workloads stand on: tenants with one endpoint each, a receiver, and publishing.
//!
//! Events are published at the seam where `app::emit` does it, an event and what is owed as one unit of work
//! without the change that a use-case makes, so that the load costs little beside what is measured.

use std::sync::Arc;
use std::time::Duration;

use app::admin::partners::{self, NewPartner};
use app::admin::{StaffCtx, staff_ctx};
use app::endpoints::create::{self, NewEndpoint};
use app::{App, Scope, Tx, operator_ctx};
use domain::event::EventType;
use domain::id::EventId;
use domain::partner::{OrderForm, PartnerKind, PartnerSettings, PartnerStatus};
use domain::{Ids, Timestamp};
use storage::events::{Event, Target};

use super::sink::{Sink, body};

/// How long the last deliveries of a scene may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// An endpoint and whose it is.
#[derive(Clone, Copy)]
pub(super) struct Outlet {
    pub(super) scope: Scope,
    pub(super) no: i64,
    pub(super) settings_at: Timestamp,
}

/// See the module.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) app: App,
    pub(super) sink: Sink,
    pub(super) outlets: Arc<[Outlet]>,
    pub(super) engine: &'static str,
    pub(super) server_pid: Option<u32>,
}

impl Stage {
    /// Makes so many tenants with an endpoint each, and a receiver that counts events below `events`.
    pub(super) async fn set(
        app: &App,
        server_pid: Option<u32>,
        endpoints: usize,
        events: u32,
    ) -> anyhow::Result<Self> {
        let sink = Sink::start(endpoints, events).await?;
        let urls = (0..endpoints).map(|i| sink.url(i)).collect();
        let (outlets, secrets) = tenants(app, urls).await?;
        for (i, secret) in secrets.into_iter().enumerate() {
            sink.know(i, secret);
        }
        let engine = app.db.engine().as_str();
        Ok(Self { app: app.clone(), sink, outlets: outlets.into(), engine, server_pid })
    }

    /// Publishes an event to one endpoint. Returns once it is committed.
    pub(super) async fn publish(&self, n: u32, endpoint: usize) -> storage::Result<()> {
        publish(&self.app, n, Arc::new([self.outlets[endpoint]]), 0).await
    }
}

/// Publishes an event that happened `age` microseconds ago to endpoints of any tenants; the event is the
/// first one's.
pub(super) async fn publish(
    app: &App,
    n: u32,
    outlets: Arc<[Outlet]>,
    age: i64,
) -> storage::Result<()> {
    let Some(first) = outlets.first() else { return Ok(()) };
    let (of_unit, tenant, scope) = (app.clone(), first.scope.partner_id(), first.scope);
    // Ids are drawn inside, so that one that was drawn twice is drawn anew.
    let unit = async move |tx: &Tx| {
        let ids = of_unit.ids.as_ref();
        let now = of_unit.clock.now().plus(-age);
        let event = event(ids, now, n);
        let target = |outlet: &Outlet| Target {
            endpoint_no: outlet.no,
            delivery_no: ids.number(now),
            order_key: None,
            is_test: false,
            signer: None,
            settings_at: outlet.settings_at,
        };
        let targets: Vec<Target> = outlets.iter().map(target).collect();
        storage::events::publish(tx, &scope, &event, &targets).await
    };
    app.db.write_for(tenant, unit).await
}

fn event(ids: &dyn Ids, now: Timestamp, n: u32) -> Event {
    Event {
        no: ids.number(now),
        id: EventId::new(ids, now),
        kind: EventType::MailArrived,
        customer_id: None,
        mail_id: None,
        action_id: None,
        sequence: 0,
        request_id: None,
        trace: None,
        payload: body(n),
        created_at: now,
        mailbox_id: None,
        told_as: None,
    }
}

type Made = (Vec<Outlet>, Vec<webhook::signature::Secret>);

async fn tenants(app: &App, urls: Vec<String>) -> anyhow::Result<Made> {
    let staff = staff_ctx(app, None, "bench").await?;
    let (mut outlets, mut secrets) = (Vec::new(), Vec::new());
    for (i, url) in urls.into_iter().enumerate() {
        let slug = format!("tenant-{i}");
        tenant(&staff, &slug).await?;
        let ctx = operator_ctx(app, &slug, true, "bench").await?;
        let new = NewEndpoint { url, ..NewEndpoint::default() };
        let made = app.act(&ctx, async move |tx, ctx| create::create(tx, ctx, &new).await);
        let made = made.await?;
        let (no, settings_at) = (made.endpoint.no, made.endpoint.updated_at);
        outlets.push(Outlet { scope: ctx.scope, no, settings_at });
        secrets.push(made.secret);
    }
    Ok((outlets, secrets))
}

async fn tenant(staff: &StaffCtx, slug: &str) -> anyhow::Result<()> {
    let new = NewPartner {
        name: slug.to_owned(),
        slug: slug.to_owned(),
        kind: PartnerKind::Brand,
        status: PartnerStatus::Live,
        settings: PartnerSettings::default(),
        order_form: OrderForm::first("America/Chicago"),
    };
    staff.act(async move |tx, ctx| partners::create(tx, ctx, &new).await).await?;
    Ok(())
}
