//! Random walks over one letter, step by step beside [`crate::mail_model`]: both take or refuse the same
//! steps for the same reasons, tell the same events and end up in the same status.

use app::mail::custody::{found, missing};
use app::mail_actions::complete::{Outcome, complete};
use app::mail_actions::{cancel, forward, pickup, scan, shred, work};
use app::{Actor, OpCtx, Tx, housekeeping, mail};
use domain::action::{ActionKind, RejectReason};
use domain::id::KeyId;
use domain::mail::{MailFlag, MailStatus};
use domain::{Clock, Error, ErrorCode, Result, days, hours};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use wire::partner::actions::{ForwardRequest, PickupRequest, ScanRequest, ShredRequest};

use crate::applicants::open_mailbox;
use crate::mail_model::{Model, Step, window};
use crate::mailroom::{away, destruction, handover, letter, shipment, told_since};
use crate::support::{START, act, events, world};

/// Walks of one run, and how long they are.
const WALKS: u32 = 32;
const STEPS: std::ops::Range<usize> = 20..60;
/// A walk ends within the month after which a form lapses here, and the window for deleting ends.
const WALK_LIFE: i64 = days(29);
const WAIT: i64 = hours(20);

fn a_step() -> impl Strategy<Value = Step> {
    let of = || 0..3_usize;
    // What ends the item's stay is rarer, so that walks last.
    prop_oneof![
        8 => any::<bool>().prop_map(Step::Scan), 8 => any::<bool>().prop_map(Step::Forward),
        14 => any::<bool>().prop_map(Step::Shred), 10 => any::<bool>().prop_map(Step::Pickup),
        1 => Just(Step::WalkIn), 8 => of().prop_map(Step::Schedule),
        14 => of().prop_map(Step::Start), 8 => of().prop_map(Step::Complete),
        6 => of().prop_map(Step::Cancel), 8 => of().prop_map(Step::CancelByOperator),
        6 => of().prop_map(Step::Reject), 6 => of().prop_map(Step::NoShow),
        1 => Just(Step::Delete), 8 => any::<bool>().prop_map(Step::Hold),
        2 => Just(Step::Missing), 6 => Just(Step::Found), 14 => Just(Step::Wait),
    ]
}

async fn carry_out(tx: &Tx, ctx: &OpCtx, id: &str, step: Step, action: &str) -> Result<()> {
    let wish = |is_planned: bool| PickupRequest {
        window: is_planned.then(|| window(ctx.now)),
        ..PickupRequest::default()
    };
    let crm = OpCtx { actor: Actor::ApiKey(KeyId([5; 16])), ..ctx.clone() };
    match step {
        Step::Scan(rescan) => {
            let input = ScanRequest { rescan, ..ScanRequest::default() };
            scan::request(tx, ctx, id, &input).await.map(drop)
        }
        Step::Forward(after_scan) => {
            let input = ForwardRequest { after_scan, ..away() };
            forward::request(tx, ctx, id, &input).await.map(drop)
        }
        Step::Shred(after_scan) => {
            let input = ShredRequest { after_scan, ..ShredRequest::default() };
            shred::request(tx, ctx, id, &input).await.map(drop)
        }
        Step::Pickup(on) => pickup::request(tx, ctx, id, &wish(on)).await.map(drop),
        Step::WalkIn => pickup::walk_in(tx, ctx, id, &handover()).await.map(drop),
        Step::Schedule(_) => match open_kind(tx, ctx, action).await? {
            ActionKind::Pickup => {
                pickup::schedule(tx, ctx, action, window(ctx.now)).await.map(drop)
            }
            _ => work::schedule(tx, ctx, action).await.map(drop),
        },
        Step::Start(_) => work::start(tx, ctx, action).await.map(drop),
        Step::Complete(_) => {
            let proof = match open_kind(tx, ctx, action).await? {
                ActionKind::Scan => Outcome::Scanned { pages: 1 },
                ActionKind::Forward => Outcome::Forwarded(shipment()),
                ActionKind::Shred => Outcome::Shredded(destruction(id)),
                ActionKind::Pickup => Outcome::PickedUp(handover()),
            };
            complete(tx, ctx, action, &proof).await.map(drop)
        }
        Step::Cancel(_) => cancel::cancel(tx, &crm, action).await.map(drop),
        Step::CancelByOperator(_) => cancel::cancel(tx, ctx, action).await.map(drop),
        Step::Reject(_) => {
            cancel::reject(tx, ctx, action, RejectReason::Other, None).await.map(drop)
        }
        Step::NoShow(_) => pickup::no_show(tx, ctx, action).await.map(drop),
        Step::Delete => mail::delete::delete(tx, ctx, id).await.map(drop),
        Step::Hold(on) => mail::custody::mark(tx, ctx, id, MailFlag::LegalHold, on).await.map(drop),
        Step::Missing => missing(tx, ctx, id).await.map(drop),
        Step::Found => found(tx, ctx, id).await.map(drop),
        Step::Wait => Ok(()),
    }
}

async fn open_kind(tx: &Tx, ctx: &OpCtx, action: &str) -> Result<ActionKind> {
    Ok(app::mail_actions::open::get(tx, ctx, action).await?.action.kind)
}

#[test]
fn no_walk_of_a_letter_reaches_what_is_forbidden() {
    let config =
        ProptestConfig { cases: WALKS, failure_persistence: None, ..ProptestConfig::default() };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    TestRunner::new(config)
        .run(&vec(a_step(), STEPS), |walk| {
            runtime.block_on(take(&walk));
            Ok(())
        })
        .unwrap();
}

async fn take(walk: &[Step]) {
    let world = world().await;
    let ctx = world.ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    let mail = letter(&ctx, &customer).await;
    let n_before = events(&ctx).await.len();
    let mut model = Model::default();
    // The ids of the model's actions, as far as they are known.
    let mut ids: Vec<String> = Vec::new();
    for step in walk {
        if matches!(step, Step::Wait) {
            if world.clock.now().plus(WAIT) > START.plus(WALK_LIFE) {
                break;
            }
            world.clock.advance(WAIT);
            housekeeping::run(&world.app).await.unwrap();
        }
        let n = match step {
            Step::Schedule(back)
            | Step::Start(back)
            | Step::Complete(back)
            | Step::Cancel(back)
            | Step::CancelByOperator(back)
            | Step::Reject(back)
            | Step::NoShow(back) => match ids.len().checked_sub(back + 1) {
                Some(n) => Some(n),
                None => continue,
            },
            _ => None,
        };
        let now = world.clock.now();
        let expected = match n {
            Some(n) => model.work(*step, n, now),
            None => model.take(*step, now),
        };
        let ctx = world.ctx().await;
        let (id, step) = (mail.clone(), *step);
        let action = n.map(|n| ids[n].clone()).unwrap_or_default();
        let taken =
            act(&ctx, async move |tx, ctx| carry_out(tx, ctx, &id, step, &action).await).await;
        let taken = taken.map_err(|error| match error {
            Error::Refused { code, .. } => code,
            Error::Internal { .. } => panic!("{step:?}: {error:?}"),
        });
        assert_eq!(taken, expected, "{step:?} at {now} of {:?}", model.asks);
        assert_eq!(told_since(&ctx, n_before).await, model.told, "{step:?}");
        check(&ctx, &mail, &model, &mut ids).await;
    }
}

/// The item is as the model says, and at most one disposition and one scan are open (A1, A2).
async fn check(ctx: &OpCtx, mail: &str, model: &Model, ids: &mut Vec<String>) {
    let id = mail.to_owned();
    let look = async move |tx: &Tx, ctx: &OpCtx| mail::get::get(tx, ctx, &id).await;
    let view = match (model.left, ctx.app.query(ctx, look).await) {
        (Some(MailStatus::Deleted), found) => {
            return assert_eq!(found.err().map(|e| e.code()), Some(ErrorCode::MailNotFound));
        }
        (_, found) => found.unwrap(),
    };
    assert_eq!(view.status(), model.status());
    let mut actions = view.actions.clone();
    actions.reverse();
    let stand: Vec<_> = actions.iter().map(|a| (a.kind, a.status)).collect();
    assert_eq!(stand, model.asks.iter().map(|a| (a.kind, a.status)).collect::<Vec<_>>());
    *ids = actions.iter().map(|a| a.id.to_string()).collect();
    let n_open = |is_scan: bool| {
        let open = actions.iter().filter(|a| a.status.is_open());
        open.filter(|a| (a.kind == ActionKind::Scan) == is_scan).count()
    };
    assert!(n_open(true) <= 1 && n_open(false) <= 1);
    let offered = view.available_actions(ctx.now);
    for kind in ActionKind::ALL {
        assert_eq!(offered.contains(kind), model.may_ask(*kind, false).is_ok(), "{kind}");
    }
}
