//! What must hold after a restart, and at the end of it all.

use std::collections::{HashMap, HashSet};

use app::OpCtx;
use sha2::{Digest, Sha256};
use storage::Tx;
use storage::events::{self, EventFilter};
use storage::queue;
use tokio::task::JoinSet;

use crate::client::{Answer, Call, Client};
use crate::ledger::Ledger;
use crate::load::{Change, Desk, Kind};

/// Who was invited, by the customer's id; the value is the address that the client gave.
pub(crate) type Customers = HashMap<String, String>;

/// Holds a restarted process to everything that clients were told, and settles what they were not.
pub(crate) async fn promises(desk: &Desk, clients: Vec<Vec<Change>>) -> Customers {
    let mut checks = JoinSet::new();
    for changes in clients {
        checks.spawn(promises_to(desk.clone(), changes));
    }
    checks.join_all().await.into_iter().flatten().collect()
}

/// One client's changes, in the order in which it made them.
async fn promises_to(desk: Desk, changes: Vec<Change>) -> Customers {
    let mut customers = Customers::new();
    // The last plan that each customer was given.
    let mut plans: HashMap<String, String> = HashMap::new();
    let mut client = desk.client().await;
    for change in &changes {
        if let (Kind::Create { email }, Some(told)) = (&change.kind, change.told.first()) {
            is_there(&mut client, &id_of(told), email).await;
        }
        let settled = settle(&mut client, change).await;
        match &change.kind {
            Kind::Create { email } => {
                let id = id_of(&settled);
                is_there(&mut client, &id, email).await;
                customers.insert(id, email.clone());
            }
            Kind::Patch { plan } => {
                plans.insert(id_of(&settled), plan.clone());
            }
        }
    }
    for (id, plan) in plans {
        let customer = client.expect(&Call::get(format!("/api/v1/customers/{id}"))).await.json();
        assert_eq!(
            customer["billing"]["plan_id"],
            plan.as_str(),
            "{id} has another plan than was promised"
        );
    }
    customers
}

/// Sends a request again under its key: whoever was told an answer is told the same, and whoever was
/// not is told one now, and the same ever after.
async fn settle(client: &mut Client, change: &Change) -> Answer {
    let first = client.expect(&change.call).await;
    for told in &change.told {
        assert_eq!(told.status, first.status, "{:?}", change.call);
        assert_eq!(told.body, first.body, "{:?}", change.call);
        is_replay(&first, change);
    }
    if change.told.is_empty() {
        let again = client.expect(&change.call).await;
        assert_eq!(again.body, first.body, "{:?}", change.call);
        is_replay(&again, change);
    }
    first
}

fn is_replay(answer: &Answer, change: &Change) {
    assert_eq!(answer.header("idempotent-replayed"), "true", "{:?} was done twice", change.call);
}

async fn is_there(client: &mut Client, id: &str, email: &str) {
    let read = client.expect(&Call::get(format!("/api/v1/customers/{id}"))).await;
    assert_eq!(read.json()["email"], email, "{id} is somebody else");
}

fn id_of(answer: &Answer) -> String {
    answer.json()["id"].as_str().expect("a customer has an id").to_owned()
}

/// Compares, once nothing runs any more, what the clients know, what was sent and what is stored.
pub(crate) async fn everything(ctx: &OpCtx, ledger: &Ledger, customers: &Customers) {
    let scope = ctx.scope;
    let stored = ctx.app.db.read(async move |tx: &Tx| {
        events::list(tx, &scope, &EventFilter::default(), None, i64::MAX).await
    });
    let stored: HashMap<String, [u8; 32]> = stored
        .await
        .expect("events")
        .iter()
        .map(|event| (event.id.to_string(), Sha256::digest(&event.payload).into()))
        .collect();
    let sent = ledger.events();
    let only_in = |here: &HashMap<String, [u8; 32]>, there: &HashMap<String, [u8; 32]>| {
        let other = here.iter().filter(|(id, hash)| there.get(*id) != Some(hash));
        other.map(|(id, _)| id.clone()).collect::<HashSet<_>>()
    };
    assert_eq!(only_in(&stored, &sent), HashSet::new(), "committed and not delivered");
    assert_eq!(only_in(&sent, &stored), HashSet::new(), "delivered and not committed");
    let announced = ledger.created().into_iter().map(|(id, invited)| (id, invited.email));
    assert_eq!(announced.collect::<Customers>(), *customers, "one customer for each request");
    let owed = ctx.app.db.read(async |tx: &Tx| queue::owed_count(tx).await).await;
    assert_eq!(owed.expect("a count"), 0, "delivered and still owed");
    while app::audit::link(&ctx.app).await.expect("the chain grows") > 0 {}
    let proof = app::audit::verify(&ctx.app).await.expect("the chain can be read");
    assert_eq!((proof.broken_at, proof.unlinked), (None, 0), "{proof:?}");
    assert!(proof.links >= customers.len() as i64, "a record for each customer: {proof:?}");
}
