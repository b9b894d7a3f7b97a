//! Who a test acts as: a mailroom with its partners, and systems that hold keys.

use app::admin::locations::{self, NewLocation};
use app::admin::mailboxes::NewPool;
use app::admin::partners::{self, NewPartner, PoolChoice};
use app::admin::{self, StaffCtx, operators};
use app::{OpCtx, operator_ctx};
use axum::http::Method;
use bytes::Bytes;
use domain::address::Address;
use domain::key::ScopeName;
use domain::mailbox::{Pool, Strategy};
use domain::partner::{
    Location, Operator, OrderForm, PartnerKind, PartnerSettings, PartnerStatus, Service,
};
use serde_json::Value;

use crate::answer::Answer;
use crate::server::{Call, TestServer};

/// Numbers in the pool of a test's mailroom: 301 to 400.
pub const FIRST_NUMBER: i64 = 301;
pub const LAST_NUMBER: i64 = 400;

/// An operator with one location, one pool, and partners.
pub struct Mailroom {
    pub operator: Operator,
    pub location: Location,
    pub pool: Pool,
    staff: StaffCtx,
}

impl Mailroom {
    pub async fn open(server: &TestServer) -> Self {
        let operator = operators::create(&server.app, "olga", "Austin Mail", "austin-mail").await;
        let operator = operator.expect("an operator");
        let staff = StaffCtx::new(&server.app, &operator, "olga");
        let location =
            staff.act(async |tx, ctx| locations::create(tx, ctx, &downtown()).await).await;
        let location = location.expect("a location");
        let new_pool = NewPool {
            location_id: location.id,
            name: "main".to_owned(),
            strategy: Strategy::FirstFree,
            partner_id: None,
        };
        let pool = staff
            .act(async move |tx, ctx| admin::mailboxes::pool_create(tx, ctx, &new_pool).await)
            .await
            .expect("a pool");
        let added = admin::mailboxes::add(&staff, pool.id, FIRST_NUMBER, LAST_NUMBER).await;
        added.expect("numbers");
        Self { operator, location, pool, staff }
    }

    /// A partner that may sell mailboxes here, with settings of its own.
    pub async fn partner(&self, slug: &str, settings: PartnerSettings) -> Partner {
        let new = NewPartner {
            name: slug.to_owned(),
            slug: slug.to_owned(),
            kind: PartnerKind::SelfOperated,
            status: PartnerStatus::Live,
            settings,
            order_form: OrderForm {
                unit_price_minor: Some(500),
                ..OrderForm::first("America/Chicago")
            },
        };
        let made = self.staff.act(async move |tx, ctx| partners::create(tx, ctx, &new).await).await;
        made.expect("a partner");
        let partner = Partner { slug: slug.to_owned(), app: self.staff.app.clone() };
        let (location, pool) = (self.location.id.to_string(), self.pool.id.to_string());
        let ctx = partner.ctx(true).await;
        let granted = ctx
            .app
            .act(&ctx, async move |tx, ctx| {
                partners::grant(tx, ctx, &location, &PoolChoice::Named(pool.clone())).await
            })
            .await;
        granted.expect("a grant");
        partner
    }

    pub fn staff(&self) -> &StaffCtx {
        &self.staff
    }
}

fn downtown() -> NewLocation {
    NewLocation {
        name: "Downtown".to_owned(),
        code: "ATX1".to_owned(),
        address: Address {
            line1: "4521 Commerce Blvd".to_owned(),
            city: "Austin".to_owned(),
            state: "TX".to_owned(),
            postal_code: "78745-1234".to_owned(),
            country: "US".to_owned(),
            ..Address::default()
        },
        timezone: "America/Chicago".to_owned(),
        services: Service::ALL.to_vec(),
        ..NewLocation::default()
    }
}

/// A partner of a test's mailroom.
pub struct Partner {
    pub slug: String,
    app: app::App,
}

impl Partner {
    /// A partner that is there already.
    pub fn of(server: &TestServer, slug: &str) -> Self {
        Self { slug: slug.to_owned(), app: server.app.clone() }
    }

    /// The operator's staff at work on this partner, now. Take a new one after moving the clock.
    pub async fn ctx(&self, livemode: bool) -> OpCtx {
        operator_ctx(&self.app, &self.slug, livemode, "olga").await.expect("the partner is there")
    }

    /// A system with a key of these scopes.
    pub async fn key<'a>(
        &self,
        server: &'a TestServer,
        livemode: bool,
        scopes: &[ScopeName],
    ) -> Persona<'a> {
        let ctx = self.ctx(livemode).await;
        let new = admin::keys::NewKey {
            name: "test".to_owned(),
            scopes: scopes.to_vec(),
            networks: Vec::new(),
            expires_at: None,
        };
        let made = ctx.app.act(&ctx, async move |tx, ctx| admin::keys::create(tx, ctx, &new).await);
        Persona { server, key: Some(made.await.expect("a key").text) }
    }

    /// A live system that may do everything.
    pub async fn live<'a>(&self, server: &'a TestServer) -> Persona<'a> {
        self.key(server, true, ScopeName::ALL).await
    }

    /// The same in the test world.
    pub async fn test<'a>(&self, server: &'a TestServer) -> Persona<'a> {
        self.key(server, false, ScopeName::ALL).await
    }
}

/// Somebody who calls the API.
pub struct Persona<'a> {
    pub server: &'a TestServer,
    pub key: Option<String>,
}

impl<'a> Persona<'a> {
    /// Somebody without a key.
    pub fn anonymous(server: &'a TestServer) -> Self {
        Self { server, key: None }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Posts under an idempotency key.
    pub async fn post_as(&self, idempotency_key: &str, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[("idempotency-key", idempotency_key)], Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let body = body.map_or_else(Bytes::new, |b| b.to_string().into());
        let call = Call { method, path, key: self.key.as_deref(), headers, body };
        self.server.call(call).await
    }
}
