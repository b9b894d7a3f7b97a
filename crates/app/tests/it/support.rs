//! A small world for each test: an operator, a location, a pool of numbers, and two partners.
//!
//! Time stands still until a test moves it. Ids come from a counter, so that what is made later also
//! sorts later and a run repeats itself exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use app::customers::CustomerView;
use app::customers::create::NewCustomer;
use app::secrets::MasterKey;
use app::{App, OpCtx, Parts, Tx, operator_ctx};
use domain::address::{Address, Designator};
use domain::event::EventType;
use domain::id::{LocationId, MailboxId, OperatorId, PartnerId, PoolId};
use domain::mailbox::{Pool, Strategy};
use domain::partner::{
    Location, LocationGrant, LocationStatus, Operator, OrderForm, Partner, PartnerKind,
    PartnerSettings, PartnerStatus, Service,
};
use domain::usage::CountMethod;
use domain::{Clock, ErrorCode, Ids, Result, Timestamp};
use storage::{DatabaseUrl, Db, events, mailboxes, tenancy};

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
struct TestIds(AtomicU64);

impl Ids for TestIds {
    fn fill(&self, buffer: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        match buffer.len() {
            4 => buffer.copy_from_slice(&((count as u32) << 11).to_be_bytes()),
            10 => {
                buffer.fill(0);
                buffer[2..].copy_from_slice(&count.to_be_bytes());
            }
            _ => {
                for (i, byte) in buffer.iter_mut().enumerate() {
                    let mixed = (count << 8 | i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    *byte = (mixed >> 56) as u8;
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

    /// The same in the test world.
    pub(crate) async fn test_ctx(&self) -> OpCtx {
        operator_ctx(&self.app, "acme", false, "olga").await.unwrap()
    }

    /// The staff at work on `globex`, a partner at the same location to whom nothing of acme's exists.
    pub(crate) async fn other_ctx(&self) -> OpCtx {
        operator_ctx(&self.app, "globex", true, "olga").await.unwrap()
    }
}

/// Makes the world on the engine under test.
pub(crate) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let url = match std::env::var("POSTROOM_TEST_DATABASE") {
        Ok(server) => DatabaseUrl::Postgres(create_database(&server).await),
        Err(_) => DatabaseUrl::Sqlite(folder.path().join("test.sqlite")),
    };
    let db = Db::open(&url).await.unwrap();
    storage::migrate(&db, START).await.unwrap();
    let clock = Arc::new(TestClock(AtomicI64::new(START.micros())));
    let ids: Arc<dyn Ids> = Arc::new(TestIds(AtomicU64::new(1)));
    let app = App::new(Parts {
        db: db.clone(),
        clock: Arc::<TestClock>::clone(&clock),
        ids: Arc::clone(&ids),
        secrets: MasterKey::new(&[7; 32]),
        blobs: blob::Blobs::memory(),
        guard: webhook::guard::Guard::new(Vec::new()),
        public_url: "https://postroom.test".to_owned(),
    });
    let operator = an_operator(ids.as_ref());
    let location = a_location(ids.as_ref(), operator.id);
    let pool = Pool {
        id: PoolId::new(ids.as_ref(), START),
        operator_id: operator.id,
        location_id: location.id,
        partner_id: None,
        name: "main".to_owned(),
        strategy: Strategy::FirstFree,
    };
    let partner = a_partner(ids.as_ref(), operator.id, "acme");
    let other = a_partner(ids.as_ref(), operator.id, "globex");
    let numbers: Vec<(MailboxId, i64, i64)> = (0..POOL_NUMBERS)
        .map(|i| (MailboxId::new(ids.as_ref(), START), FIRST_NUMBER + i, i * 7 % POOL_NUMBERS))
        .collect();
    let rows =
        (operator.clone(), location.clone(), pool.clone(), [partner.clone(), other], numbers);
    db.write(async move |tx: &Tx| {
        let (operator, location, pool, partners, numbers) = &rows;
        tenancy::operator_insert(tx, operator).await?;
        tenancy::location_insert(tx, location).await?;
        for partner in partners {
            tenancy::partner_insert(tx, partner).await?;
        }
        mailboxes::pool_insert(tx, pool, START).await?;
        mailboxes::insert_all(tx, pool, numbers).await?;
        for partner in partners {
            let grant = LocationGrant {
                partner_id: partner.id,
                location_id: location.id,
                pool_id: pool.id,
            };
            tenancy::grant_put(tx, &grant).await?;
        }
        Ok::<_, storage::Error>(())
    })
    .await
    .unwrap();
    World { app, clock, operator, location, pool, partner, _folder: folder }
}

fn an_operator(ids: &dyn Ids) -> Operator {
    Operator {
        id: OperatorId::new(ids, START),
        name: "Austin Mail".to_owned(),
        slug: "austin-mail".to_owned(),
        created_at: START,
    }
}

fn a_location(ids: &dyn Ids, operator_id: OperatorId) -> Location {
    Location {
        id: LocationId::new(ids, START),
        operator_id,
        name: "Downtown".to_owned(),
        code: "ATX1".to_owned(),
        address: address("4521 Commerce Blvd"),
        designator: Designator::Pmb,
        timezone: "America/Chicago".to_owned(),
        status: LocationStatus::Active,
        services: Service::ALL.to_vec(),
        opens_minute: 9 * 60,
        closes_minute: 17 * 60,
        open_weekdays: vec![1, 2, 3, 4, 5],
        pickups_per_hour: 4,
        shred_hold_hours: 24,
        quarantine_days: 180,
        scan_due_hours: 24,
        created_at: START,
    }
}

fn a_partner(ids: &dyn Ids, operator_id: OperatorId, slug: &str) -> Partner {
    Partner {
        id: PartnerId::new(ids, START),
        operator_id,
        name: slug.to_owned(),
        slug: slug.to_owned(),
        kind: PartnerKind::Brand,
        status: PartnerStatus::Live,
        settings: PartnerSettings::default(),
        order_form: OrderForm {
            currency: "USD".to_owned(),
            unit_price_minor: Some(500),
            monthly_minimum_minor: None,
            count_method: CountMethod::DistinctActive,
            timezone: "America/Chicago".to_owned(),
            show_price_in_api: false,
            starts_on: None,
        },
        test_clock_ahead: 0,
        created_at: START,
    }
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
    let input = NewCustomer {
        email: format!("{external_id}@example.com"),
        name: "Jane Smith".to_owned(),
        external_customer_id: Some(external_id.to_owned()),
        prepay: true,
        send_invite: true,
        ..NewCustomer::default()
    };
    act(ctx, async move |tx, ctx| app::customers::create::create(tx, ctx, &input).await)
        .await
        .unwrap()
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
