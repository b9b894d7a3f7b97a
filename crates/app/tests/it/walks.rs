//! Random walks: whatever anybody does in whatever order, no customer, form or mailbox reaches a state
//! that postal.md section 3 forbids, and no event tells of one.

use std::collections::BTreeSet;

use app::compliance::review::{Approval, Refusal};
use app::compliance::witness::Failure;
use app::compliance::{self, lapse, open, pause, reject_for_fraud, resubmit, review};
use app::customers::deactivate::{self, Deactivation};
use app::customers::suspend::{self, Cause};
use app::customers::update::{self, CustomerChange};
use app::customers::{activate, reactivate};
use app::{OpCtx, Tx, housekeeping};
use domain::compliance::{ComplianceStatus, NotaryMethod, ReasonCode, all_passed};
use domain::customer::{ActivatedVia, CustomerStatus, DeactivationReason};
use domain::event::EventType;
use domain::mailbox::MailboxStatus;
use domain::{Error, Result, days};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::applicants::{attestation, open_mailbox, submission};
use crate::support::{World, act, events, invite, world};

#[derive(Clone, Copy, Debug)]
enum Act {
    Submit,
    Witness,
    WitnessFails,
    Approve,
    Reject,
    Fraud,
    RequestChanges,
    Open,
    Resubmit,
    Lapse,
    Pause,
    Activate,
    Suspend,
    Reinstate,
    Leave,
    Return,
    Pay,
    StopPaying,
    Rename,
    /// A month goes by, and the house is kept.
    Wait,
}

/// Walks of one run, and the longest one.
const WALKS: u32 = 32;
const STEPS_MAX: usize = 40;

fn an_act() -> impl Strategy<Value = Act> {
    use Act::*;
    // The way forward is likelier, so that walks get far enough to go wrong.
    prop_oneof![
        12 => Just(Submit), 12 => Just(Witness), 12 => Just(Approve), 2 => Just(WitnessFails),
        2 => Just(Reject), 1 => Just(Fraud), 2 => Just(RequestChanges), 2 => Just(Open),
        4 => Just(Resubmit), 2 => Just(Lapse), 2 => Just(Pause), 2 => Just(Activate),
        2 => Just(Suspend), 4 => Just(Reinstate), 2 => Just(Leave), 8 => Just(Return),
        4 => Just(Pay), 2 => Just(StopPaying), 2 => Just(Rename), 4 => Just(Wait),
    ]
}

#[test]
fn no_walk_reaches_what_is_forbidden() {
    let config =
        ProptestConfig { cases: WALKS, failure_persistence: None, ..ProptestConfig::default() };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    TestRunner::new(config)
        .run(&(any::<bool>(), vec(an_act(), 1..STEPS_MAX)), |(is_open, walk)| {
            runtime.block_on(take(is_open, &walk));
            Ok(())
        })
        .unwrap();
}

/// Walks from an invitation or from an open mailbox.
async fn take(is_open: bool, walk: &[Act]) {
    let world = world().await;
    let ctx = world.ctx().await;
    let view =
        if is_open { open_mailbox(&ctx, "crm_1").await } else { invite(&ctx, "crm_1").await };
    let id = view.customer.id.to_string();
    let mut n_returns = 0;
    for step in walk {
        match carry_out(&world, &id, *step).await {
            Ok(()) if matches!(step, Act::Return) => n_returns += 1,
            Ok(()) | Err(Error::Refused { .. }) => {}
            Err(error @ Error::Internal { .. }) => panic!("{step:?}: {error:?}"),
        }
        check(&world, &id, n_returns).await;
    }
}

async fn carry_out(world: &World, id: &str, step: Act) -> Result<()> {
    let ctx = world.ctx().await;
    if matches!(step, Act::Wait) {
        world.clock.advance(days(31));
        housekeeping::run(&world.app).await?;
        assert_eq!(housekeeping::run(&world.app).await?, 0, "housekeeping did not settle");
        return Ok(());
    }
    let (id, papers, attested) = (id.to_owned(), submission(&ctx).await, attestation(&ctx));
    act(&ctx, async move |tx, ctx| match step {
        Act::Submit => compliance::submit::submit(tx, ctx, &id, &papers).await.map(drop),
        Act::Witness => compliance::witness::witness(tx, ctx, &id, &attested).await.map(drop),
        Act::WitnessFails
        | Act::Approve
        | Act::Reject
        | Act::Fraud
        | Act::RequestChanges
        | Act::Open
        | Act::Resubmit
        | Act::Lapse
        | Act::Pause => on_the_form(tx, ctx, &id, step).await,
        Act::Activate
        | Act::Suspend
        | Act::Reinstate
        | Act::Leave
        | Act::Return
        | Act::Pay
        | Act::StopPaying
        | Act::Rename => on_the_customer(tx, ctx, &id, step).await,
        Act::Wait => Ok(()),
    })
    .await
}

async fn on_the_form(tx: &Tx, ctx: &OpCtx, id: &str, step: Act) -> Result<()> {
    let refusal = Refusal {
        reasons: vec![ReasonCode::Other],
        note: Some("a note".to_owned()),
        refused_documents: Vec::new(),
    };
    let failure = Failure {
        method: NotaryMethod::InPersonAgent,
        witness_name: "Wes Witness".to_owned(),
        reasons: vec![ReasonCode::SignatureMissing],
        refused_documents: Vec::new(),
    };
    let approval = Approval { checklist: all_passed(), note: None };
    let seen = match step {
        Act::WitnessFails => compliance::witness::fail(tx, ctx, id, &failure).await,
        Act::Approve => review::approve(tx, ctx, id, &approval).await,
        Act::Reject => review::reject(tx, ctx, id, &refusal).await,
        Act::Fraud => reject_for_fraud::reject_for_fraud(tx, ctx, id, "forged").await,
        Act::RequestChanges => review::request_changes(tx, ctx, id, &refusal).await,
        Act::Open => open::open(tx, ctx, id).await,
        Act::Resubmit => resubmit::resubmit(tx, ctx, id).await,
        Act::Lapse => lapse::lapse(tx, ctx, id).await,
        Act::Pause => pause::pause(tx, ctx, id).await,
        other => panic!("{other:?} is not about the form"),
    };
    seen.map(drop)
}

async fn on_the_customer(tx: &Tx, ctx: &OpCtx, id: &str, step: Act) -> Result<()> {
    let paid = |prepay| CustomerChange { prepay: Some(prepay), ..CustomerChange::default() };
    let name = wire::reader::Patch::Set(format!("Jane Q{} Smith", ctx.now.micros()));
    let rename = CustomerChange { name, ..CustomerChange::default() };
    let leave = Deactivation {
        reason: DeactivationReason::Other,
        note: None,
        effective_at: None,
        remail: None,
        complete_open_actions: true,
    };
    let view = match step {
        Act::Activate => activate::activate(tx, ctx, id, ActivatedVia::Operator).await,
        Act::Suspend => suspend::suspend(tx, ctx, id, Cause::Operator, "a note").await,
        Act::Reinstate => suspend::reinstate(tx, ctx, id).await,
        Act::Leave => deactivate::deactivate(tx, ctx, id, &leave).await,
        Act::Return => reactivate::reactivate(tx, ctx, id).await,
        Act::Pay => update::update(tx, ctx, id, None, &paid(true)).await,
        Act::StopPaying => update::update(tx, ctx, id, None, &paid(false)).await,
        Act::Rename => update::update(tx, ctx, id, None, &rename).await,
        other => panic!("{other:?} is not about the customer"),
    };
    view.map(drop)
}

/// Where postal.md 3.3 leads from each status.
const LEADS_TO: [(&str, &[&str]); 6] = [
    ("pending_form", &["pending_notary", "rejected"]),
    ("pending_notary", &["pending_review", "pending_form", "rejected"]),
    ("pending_review", &["approved", "rejected", "pending_form"]),
    ("approved", &["mailbox_active", "rejected"]),
    ("mailbox_active", &["pending_form", "approved", "rejected"]),
    ("rejected", &["pending_form"]),
];

fn is_allowed(from: &str, to: &str) -> bool {
    LEADS_TO.iter().any(|(status, next)| *status == from && next.contains(&to))
}

async fn check(world: &World, id: &str, n_returns: usize) {
    let ctx = world.ctx().await;
    let told = events(&ctx).await;
    check_events(&told, n_returns);
    let key = id.to_owned();
    let look = async move |tx: &Tx, ctx: &OpCtx| {
        let view = app::customers::get::get(tx, ctx, &key).await?;
        let seen = compliance::read::get(tx, ctx, &key).await?;
        Ok((view, seen))
    };
    let (view, seen) = act(&ctx, look).await.unwrap();
    let (customer, mailbox) = (view.customer, view.mailbox.map(|(mailbox, _)| mailbox));
    let status = customer.compliance_status;
    assert_eq!(seen.history.last().map(|(s, _)| *s), Some(status));
    let newest =
        told.iter().rev().find_map(|(_, p)| p["data"]["previous_status"].as_str().map(|_| p));
    if let Some(payload) = newest {
        assert_eq!(payload["data"]["status"], status.as_str());
    }
    let box_status = mailbox.as_ref().map(|m| m.status);
    match customer.status {
        CustomerStatus::Deactivated => {
            assert!(matches!(box_status, None | Some(MailboxStatus::Remail)), "{box_status:?}");
            assert!(customer.deactivated_at.is_some() && !seen.mailbox_ready);
        }
        CustomerStatus::Invited | CustomerStatus::Active | CustomerStatus::Suspended => {
            let open = matches!(box_status, Some(MailboxStatus::Active | MailboxStatus::Reserved));
            assert!(open || box_status.is_none(), "{box_status:?}");
            if status == ComplianceStatus::MailboxActive {
                assert_eq!(box_status, Some(MailboxStatus::Active));
                assert!(customer.activated_at.is_some() && customer.verified_at.is_some());
            }
        }
    }
    if let Some(mailbox) = mailbox {
        assert_eq!(mailbox.customer_id, Some(customer.id));
    }
    let at = ctx.now.plus(1);
    let count = async move |tx: &Tx, ctx: &OpCtx| {
        Ok(storage::usage::active_count(tx, &ctx.scope, at).await?)
    };
    let n_counted = act(&ctx, count).await.unwrap();
    match customer.status {
        CustomerStatus::Deactivated => assert_eq!(n_counted, 0, "a former customer is counted"),
        CustomerStatus::Invited | CustomerStatus::Active | CustomerStatus::Suspended => {
            assert!(status != ComplianceStatus::MailboxActive || n_counted == 1, "not counted");
        }
    }
}

/// Every step follows from the one before; nothing is told twice in one cycle.
fn check_events(told: &[(EventType, serde_json::Value)], n_returns: usize) {
    let mut status = "pending_form".to_owned();
    let (mut n_activated, mut n_verified) = (0, 0);
    let mut sequences = BTreeSet::new();
    for (kind, payload) in told {
        let data = &payload["data"];
        assert!(sequences.insert(payload["sequence"].as_i64().unwrap()), "a number twice");
        match kind {
            EventType::CustomerForm1583StatusUpdated => {
                let to = data["status"].as_str().unwrap();
                assert_eq!(data["previous_status"], status.as_str());
                assert!(is_allowed(&status, to), "{status} to {to}");
                assert!(!payload.to_string().contains("fraud"));
                to.clone_into(&mut status);
            }
            // A second activation is a return, which begins a cycle.
            EventType::CustomerActivated => {
                n_activated += 1;
                n_verified = if n_activated > 1 { 0 } else { n_verified };
            }
            EventType::CustomerVerified => {
                n_verified += 1;
                assert_eq!(n_verified, 1, "verified twice in one cycle");
                assert_eq!(status, "approved");
            }
            EventType::CustomerCreated => {}
            other => panic!("{other} is not of a customer"),
        }
    }
    assert!(n_activated <= 1 + n_returns, "activated twice in one cycle");
    let numbered = 1..=i64::try_from(told.len()).unwrap();
    assert!(sequences.into_iter().eq(numbered), "a number is missing");
}
