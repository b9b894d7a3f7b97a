//! A small world for each test: an operator, a location, a pool of numbers, and two partners.
//!
//! Time stands still until a test moves it. Ids come from a counter, so that what is made later also
//! sorts later and a run repeats itself exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use app::admin::locations::{self, NewLocation};
use app::admin::mailboxes::NewPool;
use app::admin::partners::{self, NewPartner, PoolChoice};
use app::admin::{self, StaffCtx, operators};
use app::customers::CustomerView;
use app::customers::create::NewCustomer;
use app::secrets::DataKey;
use app::{App, OpCtx, Parts, Tx, operator_ctx};
use domain::address::Address;
use domain::event::EventType;
use domain::id::{LocationId, PoolId};
use domain::mailbox::{Pool, Strategy};
use domain::partner::{
    Location, Operator, OrderForm, Partner, PartnerKind, PartnerSettings, PartnerStatus,
};
use domain::{Clock, ErrorCode, Ids, Result, Timestamp};
use storage::{DatabaseUrl, Db, events};

/// When every test begins: 2026-11-20T15:04:05Z, a Friday morning in Austin.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_795_187_045_000_000);

/// Numbers in the pool: 301 to 340.
pub(crate) const FIRST_NUMBER: i64 = 301;
pub(crate) const POOL_NUMBERS: i64 = 40;

/// A clock that a test moves.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Moves forward by this many microseconds, as [`domain::days`] and its like make them.
    pub(crate) fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) fn set(&self, to: Timestamp) {
        self.0.store(to.micros(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Counts instead of drawing. What is made of 4 or 10 bytes (numbers and ids) rises with the counter;
/// anything else is mixed, so that secrets look like secrets.
pub(crate) struct TestIds(AtomicU64);

impl TestIds {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(1))
    }
}

impl Ids for TestIds {
    fn fill(&self, buffer: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        match buffer.len() {
            4 => buffer.copy_from_slice(&(count << 11).to_be_bytes()[4..]),
            10 => {
                buffer.fill(0);
                buffer[2..].copy_from_slice(&count.to_be_bytes());
            }
            _ => {
                for (i, byte) in buffer.iter_mut().enumerate() {
                    let mixed = ((count << 8) | i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    *byte = mixed.to_be_bytes()[0];
                }
            }
        }
    }
}

/// See the module.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) operator: Operator,
    pub(crate) location: Location,
    pub(crate) pool: Pool,
    /// The partner `acme`, as it was at the start.
    pub(crate) partner: Partner,
    _folder: tempfile::TempDir,
}

impl World {
    /// The operator's staff at work on `acme`, live, now. Take a new one after moving the clock.
    pub(crate) async fn ctx(&self) -> OpCtx {
        operator_ctx(&self.app, "acme", true, "olga").await.unwrap()
    }

    /// The operator's staff at work on what belongs to no partner.
    pub(crate) fn staff(&self) -> StaffCtx {
        StaffCtx::new(&self.app, &self.operator, "olga")
    }

    /// The staff at work on `acme` in the test world.
    pub(crate) async fn test_ctx(&self) -> OpCtx {
        operator_ctx(&self.app, "acme", false, "olga").await.unwrap()
    }

    /// The staff at work on `globex`, a partner at the same location to whom nothing of acme's exists.
    pub(crate) async fn other_ctx(&self) -> OpCtx {
        operator_ctx(&self.app, "globex", true, "olga").await.unwrap()
    }
}

/// A database of the engine under test in which nothing is stored; on SQLite it is in the folder.
pub(crate) async fn database(folder: &tempfile::TempDir) -> Db {
    let url = match std::env::var("POSTROOM_TEST_DATABASE") {
        Ok(server) => create_database(&server).await,
        Err(_) => format!("sqlite:{}", folder.path().join("test.sqlite").display()),
    };
    let db = Db::open(&DatabaseUrl::parse(&url).unwrap()).await.unwrap();
    storage::migrate(&db, START).await.unwrap();
    db
}

/// Makes the world on the engine under test.
pub(crate) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let db = database(&folder).await;
    let clock = Arc::new(TestClock(AtomicI64::new(START.micros())));
    let app = App::new(Parts {
        db,
        clock: Arc::<TestClock>::clone(&clock),
        ids: Arc::new(TestIds::new()),
        secrets: DataKey::new(&[7; 32]),
        blobs: blob::Blobs::memory(),
        guard: webhook::guard::Guard::new(Vec::new()),
        public_url: "https://postroom.test".to_owned(),
        email: app::email::Settings::default(),
    });
    let operator = operators::create(&app, "olga", "Austin Mail", "austin-mail").await.unwrap();
    let staff = StaffCtx::new(&app, &operator, "olga");
    let location =
        staff.act(async |tx, ctx| locations::create(tx, ctx, &a_location()).await).await.unwrap();
    let new_pool = NewPool {
        location_id: location.id,
        name: "main".to_owned(),
        strategy: Strategy::FirstFree,
        partner_id: None,
    };
    let pool = staff
        .act(async move |tx, ctx| admin::mailboxes::pool_create(tx, ctx, &new_pool).await)
        .await
        .unwrap();
    let last = FIRST_NUMBER + POOL_NUMBERS - 1;
    admin::mailboxes::add(&staff, pool.id, FIRST_NUMBER, last).await.unwrap();
    let partner = make_partner(&staff, "acme", location.id, pool.id).await;
    make_partner(&staff, "globex", location.id, pool.id).await;
    World { app, clock, operator, location, pool, partner, _folder: folder }
}

/// A location to be made, as the world's own is.
pub(crate) fn a_location() -> NewLocation {
    NewLocation {
        name: "Downtown".to_owned(),
        code: "ATX1".to_owned(),
        address: address("4521 Commerce Blvd"),
        timezone: "America/Chicago".to_owned(),
        ..NewLocation::default()
    }
}

/// A partner to be made, as the world's own are.
pub(crate) fn a_partner(slug: &str) -> NewPartner {
    NewPartner {
        name: slug.to_owned(),
        slug: slug.to_owned(),
        kind: PartnerKind::Brand,
        status: PartnerStatus::Live,
        settings: PartnerSettings::default(),
        order_form: OrderForm {
            unit_price_minor: Some(500),
            ..OrderForm::first("America/Chicago")
        },
    }
}

async fn make_partner(
    staff: &StaffCtx,
    slug: &'static str,
    location: LocationId,
    pool: PoolId,
) -> Partner {
    let partner = staff
        .act(async move |tx, ctx| partners::create(tx, ctx, &a_partner(slug)).await)
        .await
        .unwrap();
    let ctx = operator_ctx(&staff.app, slug, true, "olga").await.unwrap();
    act(&ctx, async move |tx, ctx| {
        let choice = PoolChoice::Named(pool.to_string());
        partners::grant(tx, ctx, &location.to_string(), &choice).await
    })
    .await
    .unwrap();
    partner
}

/// A good address in Austin.
pub(crate) fn address(line1: &str) -> Address {
    Address {
        line1: line1.to_owned(),
        city: "Austin".to_owned(),
        state: "TX".to_owned(),
        postal_code: "78745".to_owned(),
        country: "US".to_owned(),
        ..Address::default()
    }
}

/// Runs a use-case in a transaction of its own, as an entrance does.
pub(crate) async fn act<T, W>(ctx: &OpCtx, work: W) -> Result<T>
where
    W: AsyncFn(&Tx, &OpCtx) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    ctx.app.act(ctx, work).await
}

/// Invites a customer who is paid for, by this external id.
pub(crate) async fn invite(ctx: &OpCtx, external_id: &str) -> CustomerView {
    try_invite(ctx, external_id).await.unwrap()
}

pub(crate) async fn try_invite(ctx: &OpCtx, external_id: &str) -> Result<CustomerView> {
    let input = NewCustomer {
        email: format!("{external_id}@example.com"),
        name: "Jane Smith".to_owned(),
        external_customer_id: Some(external_id.to_owned()),
        prepay: true,
        send_invite: true,
        ..NewCustomer::default()
    };
    act(ctx, async move |tx, ctx| app::customers::create::create(tx, ctx, &input).await).await
}

/// Every event of the context's partner and mode, newest last, with its whole payload.
pub(crate) async fn events(ctx: &OpCtx) -> Vec<(EventType, serde_json::Value)> {
    const EVENTS_MAX: i64 = 1000;
    let read = async |tx: &Tx, ctx: &OpCtx| {
        Ok(events::list(tx, &ctx.scope, &events::EventFilter::default(), None, EVENTS_MAX).await?)
    };
    let mut found = ctx.app.query(ctx, read).await.unwrap();
    found.reverse();
    found.iter().map(|e| (e.kind, serde_json::from_slice(&e.payload).unwrap())).collect()
}

/// The code of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> ErrorCode {
    outcome.expect_err("a refusal").code()
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Makes a database on the server and answers its URL.
async fn create_database(server: &str) -> String {
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("app_{}_{n}", std::process::id());
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
