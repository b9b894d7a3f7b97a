//! The steps that time brings about, for every tenant: reservations lapse, windows end, payment runs
//! out, forms grow old, nobody comes for a pickup. A task calls [`run`] once a minute.
//!
//! Each step is a use-case in a transaction of its own, which looks again before it changes anything,
//! so that running twice, or on two nodes, changes nothing twice.

mod boxes;

use std::collections::HashMap;
use std::sync::Arc;

use domain::billing::GRACE_DAYS;
use domain::customer::INVITE_DAYS;
use domain::id::{ActionId, CustomerId, MailboxId, PartnerId};
use domain::partner::Partner;
use domain::{Date, Error, Result, days, hours};
use storage::chores::{self, Candidate, Chore, Due, World};
use storage::{Tx, customers, tenancy};

use crate::compliance::{documents, lapse, open, pause};
use crate::customers::{billing, deactivate};
use crate::mail_actions::pickup;
use crate::{Actor, App, OpCtx};

/// Candidates looked up at once, and such pages in one run of a chore.
const PAGE_ROWS: i64 = 100;
const PAGES_MAX: usize = 100;

/// Hours by which the last place on earth is behind UTC. A day that is over there is over everywhere.
const LAST_PLACE_BEHIND: i64 = hours(12);

/// Takes every step that is due and counts those that changed something.
pub async fn run(app: &App) -> Result<usize> {
    let mut n_changed = 0;
    for world in worlds(app).await? {
        for chore in Chore::ALL {
            n_changed += sweep(app, *chore, world).await?;
        }
    }
    Ok(n_changed)
}

/// The clocks that there are; see [`chores::worlds`].
pub(crate) async fn worlds(app: &App) -> Result<Vec<World>> {
    let now = app.clock.now();
    let found = app.db.read(async move |tx: &Tx| chores::worlds(tx, now).await).await;
    found.map_err(Error::from)
}

async fn sweep(app: &App, chore: Chore, world: World) -> Result<usize> {
    let (mut n_changed, mut n_stuck) = (0, 0);
    for _ in 0..PAGES_MAX {
        let unit = async move |tx: &Tx| {
            let due = due(chore, &world);
            let page = chores::candidates(tx, chore, &world, due, n_stuck, PAGE_ROWS).await?;
            let mut partners: HashMap<PartnerId, Arc<Partner>> = HashMap::new();
            for id in page.iter().map(|c| c.partner_id) {
                if !partners.contains_key(&id)
                    && let Some(partner) = tenancy::partner_find(tx, id).await?
                {
                    partners.insert(id, Arc::new(partner));
                }
            }
            Ok::<_, Error>((page, partners))
        };
        let (page, partners) = app.db.read(unit).await?;
        if page.is_empty() {
            break;
        }
        for candidate in &page {
            match partners.get(&candidate.partner_id) {
                Some(partner) if take(app, chore, candidate, partner).await => n_changed += 1,
                // It stays a candidate; the next page begins after it.
                Some(_) | None => n_stuck += 1,
            }
        }
    }
    Ok(n_changed)
}

/// What the chore's rows are compared with. Days are those of the last place on earth, so that no
/// window is cut short wherever the mailroom stands.
fn due(chore: Chore, world: &World) -> Due {
    let today: Date = world.now.plus(-LAST_PLACE_BEHIND).date_in("UTC");
    match chore {
        Chore::LapsedReservation
        | Chore::ScheduledDeactivation
        | Chore::OverdueRequirement
        | Chore::PausedLocation
        | Chore::Openable => Due::By(world.now),
        // Of a pickup the start is known here; the step waits for the end.
        Chore::MissedPickup => Due::By(world.now.plus(-pickup::NO_SHOW_AFTER)),
        Chore::StaleInvite => Due::By(world.now.plus(-days(INVITE_DAYS))),
        Chore::WithdrawnPayment => Due::By(world.now.plus(-days(GRACE_DAYS))),
        Chore::EndedPayment => Due::Before(today.plus_days(-GRACE_DAYS)),
        Chore::EndedRemail | Chore::EndedQuarantine | Chore::ExpiredDocument => Due::Before(today),
    }
}

/// Takes one step in a transaction of its own; true when it changed something.
async fn take(app: &App, chore: Chore, candidate: &Candidate, partner: &Arc<Partner>) -> bool {
    let ctx = OpCtx::new(app, Arc::clone(partner), candidate.livemode, Actor::System);
    let subject = candidate.subject;
    let taken = app.act(&ctx, async move |tx, ctx| step(tx, ctx, chore, subject).await).await;
    match taken {
        Ok(changed) => changed,
        // Somebody changed the customer after the page was read, or a guard holds the step back.
        Err(Error::Refused { .. }) => false,
        Err(error) => {
            tracing::error!(%error, chore = %chore, "a step of housekeeping failed");
            false
        }
    }
}

async fn step(tx: &Tx, ctx: &OpCtx, chore: Chore, subject: [u8; 16]) -> Result<bool> {
    let id = CustomerId(subject);
    let shown = id.to_string();
    let before = version(tx, ctx, id).await?;
    match chore {
        Chore::EndedRemail => return boxes::end_remail(tx, ctx, MailboxId(subject)).await,
        Chore::EndedQuarantine => return boxes::free(tx, ctx, MailboxId(subject)).await,
        Chore::ExpiredDocument => return documents::expire(tx, ctx, &shown).await,
        Chore::MissedPickup => {
            return pickup::expire(tx, ctx, &ActionId(subject).to_string()).await;
        }
        Chore::LapsedReservation => boxes::release_lapsed(tx, ctx, &shown).await?,
        Chore::StaleInvite => drop(deactivate::withdraw_invite(tx, ctx, &shown).await?),
        Chore::ScheduledDeactivation => {
            drop(deactivate::deactivate_scheduled(tx, ctx, &shown).await?);
        }
        Chore::EndedPayment | Chore::WithdrawnPayment => {
            drop(billing::settle(tx, ctx, &shown).await?);
        }
        Chore::OverdueRequirement => drop(lapse::lapse(tx, ctx, &shown).await?),
        Chore::PausedLocation => drop(pause::pause(tx, ctx, &shown).await?),
        Chore::Openable => drop(open::open(tx, ctx, &shown).await?),
    }
    Ok(version(tx, ctx, id).await? != before)
}

/// The customer's version, which rises with every change.
async fn version(tx: &Tx, ctx: &OpCtx, id: CustomerId) -> Result<Option<i64>> {
    Ok(customers::find(tx, &ctx.scope, id).await?.map(|c| c.version))
}
