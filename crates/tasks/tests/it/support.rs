//! A small world for each test: one partner whose events are owed to receivers on the loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use app::endpoints::create::{NewEndpoint, create};
use app::endpoints::seal_place;
use app::notices::own_ctx;
use app::secrets::DataKey;
use app::{App, OpCtx, Parts, Scope, Tx};
use domain::endpoint::{Order, Settings};
use domain::event::EventType;
use domain::id::{CustomerId, DeliveryId, EndpointId, EventId, OperatorId, PartnerId};
use domain::partner::{Operator, OrderForm, Partner, PartnerKind, PartnerSettings, PartnerStatus};
use domain::{Clock, Ids, Timestamp};
use storage::endpoint_secrets::{self, EndpointSecret};
use storage::endpoints::{self, Endpoint, EndpointStatus};
use storage::events::Target;
use storage::{DatabaseUrl, Db, Row, args, events, queue, tenancy};
use tasks::{Options, Tasks};
use webhook::guard::Guard;
use webhook::signature::Secret;

use crate::receiver::Receiver;

pub(crate) const START: Timestamp = Timestamp::from_micros(1_795_187_045_000_000);
const SECRET: &str = "whsec_bm90LWEtcmVhbC1zZWNyZXQ=";

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Counts instead of drawing, so that what is made later also sorts later. All processes of an install count
/// on, each under its own number.
struct TestIds {
    process: u64,
    count: Arc<AtomicU64>,
}

impl Ids for TestIds {
    fn fill(&self, buffer: &mut [u8]) {
        let count = self.process << 32 | self.count.fetch_add(1, Ordering::SeqCst);
        match buffer.len() {
            4 => return buffer.copy_from_slice(&(count << 11).to_be_bytes()[4..]),
            8 => return buffer.copy_from_slice(&count.to_be_bytes()),
            _ => {}
        }
        buffer.fill(0);
        buffer[2..10].copy_from_slice(&count.to_be_bytes());
    }
}

/// See the module.
pub(crate) struct World {
    pub(crate) app: App,
    clock: Arc<TestClock>,
    pub(crate) partner: Partner,
    pub(crate) operator: Operator,
    install: Install,
    _folder: tempfile::TempDir,
}

/// Where an install is, for one more process of it.
#[derive(Clone)]
pub(crate) struct Install {
    url: DatabaseUrl,
    clock: Arc<TestClock>,
    count: Arc<AtomicU64>,
}

impl Install {
    pub(crate) async fn tasks(&self) -> Tasks {
        self.tasks_with(Options::default()).await
    }

    pub(crate) async fn tasks_with(&self, options: Options) -> Tasks {
        Tasks::new(&open(self).await, options).unwrap()
    }
}

pub(crate) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let url = match std::env::var("POSTROOM_TEST_DATABASE") {
        Ok(server) => DatabaseUrl::Postgres(create_database(&server).await),
        Err(_) => DatabaseUrl::Sqlite(folder.path().join("test.sqlite")),
    };
    let clock = Arc::new(TestClock(AtomicI64::new(START.micros())));
    let install = Install { url, clock, count: Arc::default() };
    let app = open(&install).await;
    storage::migrate(&app.db, START).await.unwrap();
    let operator = Operator {
        id: OperatorId::new(app.ids.as_ref(), START),
        name: "Austin Mail".to_owned(),
        slug: "austin-mail".to_owned(),
        created_at: START,
    };
    let partner = a_partner(app.ids.as_ref(), operator.id);
    let (row, above) = (partner.clone(), operator.clone());
    write(&app, async move |tx: &Tx| {
        tenancy::operator_insert(tx, &above).await?;
        tenancy::partner_insert(tx, &row).await
    })
    .await;
    let clock = Arc::clone(&install.clock);
    World { app, clock, partner, operator, install, _folder: folder }
}

impl World {
    /// The tasks of this process.
    pub(crate) fn tasks(&self) -> Tasks {
        Tasks::new(&self.app, Options::default()).unwrap()
    }

    /// The same install in a new process.
    pub(crate) async fn restarted(&self) -> Tasks {
        self.install.tasks().await
    }

    pub(crate) fn install(&self) -> Install {
        self.install.clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, micros: i64) {
        self.clock.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope::of(&self.partner, true)
    }

    /// Registers a receiver for all events and answers its number.
    pub(crate) async fn endpoint(&self, receiver: &Receiver) -> i64 {
        self.endpoint_with(receiver, Settings::default()).await
    }

    pub(crate) async fn endpoint_with(&self, receiver: &Receiver, settings: Settings) -> i64 {
        self.endpoint_at(&receiver.url, settings).await
    }

    pub(crate) async fn endpoint_at(&self, url: &str, settings: Settings) -> i64 {
        let (ids, now) = (self.app.ids.as_ref(), self.now());
        let no = ids.number(now);
        let endpoint = Endpoint {
            no,
            id: EndpointId::new(ids, now),
            livemode: true,
            url: url.to_owned(),
            description: None,
            event_types: Vec::new(),
            status: EndpointStatus::Enabled,
            disabled_reason: None,
            created_at: now,
            updated_at: now,
            first_failure_at: None,
            failures: 0,
            last_success_at: None,
            settings,
            header_names: Vec::new(),
            headers_sealed: None,
            certificate: None,
            mailbox_id: None,
            filter: None,
        };
        let owner = Some(self.partner.id);
        let secret = EndpointSecret {
            endpoint_no: no,
            n: 1,
            sealed: self.app.secrets.seal(ids, owner, &seal_place(no), SECRET.as_bytes()),
            is_current: true,
            created_at: now,
            expires_at: None,
            pair: None,
        };
        let scope = self.scope();
        write(&self.app, async move |tx: &Tx| {
            endpoints::insert(tx, &scope, &endpoint).await?;
            endpoint_secrets::insert(tx, &secret).await
        })
        .await;
        no
    }

    /// Registers a receiver of what the operator is told, and answers the context that it is changed in.
    pub(crate) async fn operators_endpoint(&self, receiver: &Receiver) -> OpCtx {
        let mut owner = a_partner(self.app.ids.as_ref(), self.operator.id);
        owner.kind = PartnerKind::Operator;
        owner.slug = "@austin-mail".to_owned();
        write(&self.app, async move |tx: &Tx| tenancy::partner_insert(tx, &owner).await).await;
        let ctx = own_ctx(&self.app, self.operator.id, true, "olga").await.unwrap();
        let new = NewEndpoint { url: receiver.url.clone(), ..NewEndpoint::default() };
        let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &new).await;
        self.app.act(&ctx, work).await.unwrap();
        ctx
    }

    /// Commits events that are owed to every endpoint that is not switched off. They are numbered from 0,
    /// and tell of two customers in turn.
    pub(crate) async fn emit(&self, n: i64) {
        self.try_emit(n).await.unwrap();
    }

    pub(crate) async fn try_emit(&self, n: i64) -> storage::Result<()> {
        let (ids, now, scope) = (Arc::clone(&self.app.ids), self.now(), self.scope());
        let unit = async move |tx: &Tx| {
            let listening = endpoints::list(tx, &scope).await?;
            for i in 0..n {
                let event = an_event(ids.as_ref(), now, i);
                let target = |e: &Endpoint| Target {
                    endpoint_no: e.no,
                    delivery_no: ids.number(now),
                    order_key: key_of(e.settings.order, i),
                    is_test: false,
                    signer: None,
                    settings_at: e.updated_at,
                };
                let targets: Vec<_> = listening.iter().map(target).collect();
                events::publish(tx, &scope, &event, &targets).await?;
            }
            Ok(())
        };
        self.app.db.write(unit).await
    }

    pub(crate) async fn find(&self, endpoint_no: i64) -> Option<Endpoint> {
        read(&self.app, async move |tx: &Tx| endpoints::find_by_no(tx, endpoint_no).await).await
    }

    pub(crate) async fn set_status(&self, endpoint_no: i64, status: EndpointStatus) {
        let mut endpoint = self.find(endpoint_no).await.unwrap();
        endpoint.status = status;
        write(&self.app, async move |tx: &Tx| endpoints::update(tx, &endpoint).await).await;
    }

    /// Gives an endpoint the URL of another receiver.
    pub(crate) async fn move_to(&self, endpoint_no: i64, receiver: &Receiver) {
        let mut endpoint = self.find(endpoint_no).await.unwrap();
        endpoint.url.clone_from(&receiver.url);
        endpoint.updated_at = self.now().plus(1);
        write(&self.app, async move |tx: &Tx| endpoints::update(tx, &endpoint).await).await;
    }

    /// Deliveries that are owed, over all endpoints.
    pub(crate) async fn owed(&self) -> i64 {
        read(&self.app, async |tx: &Tx| queue::owed_count(tx).await).await
    }

    pub(crate) async fn n_events(&self) -> i64 {
        const COUNT: &str = "select count(*) from events";
        read(&self.app, async |tx: &Tx| tx.one(COUNT, args![], Row::next).await).await
    }

    /// The ids of all events, oldest first.
    pub(crate) async fn event_ids(&self) -> Vec<String> {
        const IDS: &str = "select id from events order by no";
        let read_row = |r: &mut Row| r.next::<EventId>();
        let ids = read(&self.app, async move |tx: &Tx| tx.all(IDS, args![], read_row).await).await;
        ids.iter().map(ToString::to_string).collect()
    }

    /// The ids of all deliveries, oldest first.
    pub(crate) async fn delivery_ids(&self) -> Vec<String> {
        const IDS: &str = "select id from deliveries order by no";
        let read_row = |r: &mut Row| r.next::<DeliveryId>();
        let ids = read(&self.app, async move |tx: &Tx| tx.all(IDS, args![], read_row).await).await;
        ids.iter().map(ToString::to_string).collect()
    }

    /// The stored bytes of the first event.
    pub(crate) async fn payload(&self) -> Vec<u8> {
        const PAYLOAD: &str = "select payload from events order by no limit 1";
        read(&self.app, async |tx: &Tx| tx.one(PAYLOAD, args![], Row::next).await).await
    }

    /// Attempts as the log tells them, oldest first: outcome and status.
    pub(crate) async fn attempts(&self) -> Vec<(String, Option<i64>)> {
        const ATTEMPTS: &str = "select outcome, status_code from attempts order by delivery_no, n";
        let read_row = |r: &mut Row| Ok((r.next()?, r.next()?));
        read(&self.app, async move |tx: &Tx| tx.all(ATTEMPTS, args![], read_row).await).await
    }
}

/// Whom the `n`-th event is about.
fn customer(n: i64) -> CustomerId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&(n % 2 + 1).to_be_bytes());
    CustomerId(id)
}

/// As the use-cases set it for the `n`-th event.
fn key_of(order: Order, n: i64) -> Option<i64> {
    match order {
        Order::None => None,
        Order::Key => Some(n % 2 + 1),
        Order::Strict => Some(0),
    }
}

/// Processes so far.
static PROCESSES: AtomicU64 = AtomicU64::new(1);

async fn open(install: &Install) -> App {
    let process = PROCESSES.fetch_add(1, Ordering::SeqCst);
    let allow: [ipnet::IpNet; 1] = ["127.0.0.0/8".parse().unwrap()];
    App::new(Parts {
        db: Db::open(&install.url).await.unwrap(),
        clock: Arc::<TestClock>::clone(&install.clock),
        ids: Arc::new(TestIds { process, count: Arc::clone(&install.count) }),
        secrets: DataKey::new(&[7; 32]),
        blobs: blob::Blobs::memory(),
        guard: Guard::new(allow),
        public_url: "https://postroom.test".to_owned(),
        email: app::email::Settings::default(),
    })
}

/// The event of a number, which tells of one of two customers.
pub(crate) fn an_event(ids: &dyn Ids, now: Timestamp, n: i64) -> events::Event {
    let id = EventId::new(ids, now);
    events::Event {
        no: ids.number(now),
        id,
        kind: EventType::MailArrived,
        customer_id: Some(customer(n)),
        mail_id: None,
        action_id: None,
        sequence: n,
        request_id: None,
        trace: None,
        payload: format!("{{\"id\" :\"{id}\",  \"data\":\"Zoë\",\n\"n\":{n}}}").into_bytes().into(),
        created_at: now,
        mailbox_id: None,
        told_as: None,
    }
}

pub(crate) fn secret() -> Secret {
    Secret::parse(SECRET).unwrap()
}

pub(crate) async fn write<F>(app: &App, unit: F)
where
    F: AsyncFn(&Tx) -> storage::Result<()> + Send + 'static,
{
    app.db.write(unit).await.unwrap();
}

pub(crate) async fn read<T, F>(app: &App, unit: F) -> T
where
    F: AsyncFn(&Tx) -> storage::Result<T> + Send + 'static,
    T: Send + 'static,
{
    app.db.read(unit).await.unwrap()
}

fn a_partner(ids: &dyn Ids, operator_id: OperatorId) -> Partner {
    Partner {
        id: PartnerId::new(ids, START),
        operator_id,
        name: "Acme".to_owned(),
        slug: "acme".to_owned(),
        kind: PartnerKind::Brand,
        status: PartnerStatus::Live,
        settings: PartnerSettings::default(),
        order_form: OrderForm::first("UTC"),
        test_clock_ahead: 0,
        stored_bytes: 0,
        created_at: START,
    }
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Makes a database on the server and answers its URL.
async fn create_database(server: &str) -> String {
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("tasks_{}_{n}", std::process::id());
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
