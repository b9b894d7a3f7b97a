//! Taking in how attempts ended, and what of it is committed.

use storage::leases::shard_of;
use storage::queue::{Owed, Place};
use tokio::task::JoinError;
use webhook::ladder::Class;

use super::Work;
use crate::deliver::attempt::Finished;
use crate::deliver::books::Written;
use crate::deliver::breaker::Change;
use crate::deliver::health::{ASKED_EVERY, Noted};
use crate::deliver::lane::Sample;
use crate::deliver::lanes::Landed;
use crate::deliver::meter;

impl Work {
    pub(super) fn take_attempt(&mut self, ended: Result<Finished, JoinError>) {
        let Ok(mut done) = ended else { return };
        self.n_in_flight -= 1;
        self.n_unwritten += 1;
        if !done.is_test {
            meter::attempt(&self.phases, &mut self.promise, &done);
            self.costs.note(&done);
        }
        let sample = self.sample(&done);
        let endpoint_no = done.launch.endpoint_no;
        let Landed { lane: change, host } =
            self.lanes.land(endpoint_no, done.launch.ticket, Some(sample), done.at);
        for (who, change) in [("receiver", change), ("host of many receivers", host)] {
            match change {
                Change::Nothing => {}
                Change::OpenUntil(at) => {
                    tracing::info!(endpoint.no = endpoint_no, "the {who} is down; held until {at}");
                }
                Change::Closed => {
                    tracing::info!(endpoint.no = endpoint_no, "the {who} answers again");
                }
            }
        }
        let lane = self.lanes.touch(endpoint_no);
        if let Some(at) = done.quiet_until {
            lane.be_quiet_until(at);
        }
        if done.is_probe {
            if lane.is_probing() {
                lane.close();
            }
            self.books.add(done.settled);
            self.books.add_probe(endpoint_no, done.class);
            return;
        }
        // The log tells it, and another process rebuilds the breaker from it and leaves the receiver alone.
        let wait = lane.health.as_mut().and_then(|health| {
            let is_news = health.note_wait(change, done.quiet_until);
            is_news.then(|| Noted { health: health.current(), notice: None })
        });
        if done.is_test {
            self.books.add(done.settled);
            if let Some(noted) = wait {
                self.books.add_health(endpoint_no, noted);
            }
            return;
        }
        let ask_at = done.at.plus(ASKED_EVERY);
        if lane.rests_until(ask_at) {
            done.ask_sooner(ask_at);
        }
        let mut disable = done.disable;
        let mut news = None;
        if let Some(health) = &mut lane.health {
            news = health.note(done.class, done.at);
            if wait.is_some() && news.is_none() {
                news = Some(Noted { health: health.current(), notice: None });
            }
            disable = disable.or_else(|| health.verdict(done.at));
        }
        if disable.is_some() {
            lane.close();
        }
        self.books.add(done.settled);
        if let Some(verdict) = disable {
            self.books.add_disabled(endpoint_no, verdict);
        } else if let Some(noted) = news {
            self.books.add_health(endpoint_no, noted);
        }
    }

    fn sample(&self, done: &Finished) -> Sample {
        let mut random = [0; 4];
        if done.class == Class::Down {
            self.tasks.parts.app.ids.fill(&mut random);
        }
        Sample {
            class: done.class,
            load: done.load,
            micros: done.settled.attempt.duration_us,
            random: u32::from_be_bytes(random),
        }
    }

    /// Lets go of what is committed; a retry takes its new place.
    pub(super) fn take_batch(&mut self, written: Option<Written>) {
        let Some(Written { batch, stale }) = written else { return };
        for settled in &batch.settled {
            self.n_unwritten -= 1;
            let lane = self.lanes.touch(settled.owed.endpoint_no);
            lane.settle(settled.owed.delivery_no);
            if stale.contains(shard_of(settled.owed.endpoint_no)) {
                lane.read_again();
            } else if let Some(Owed { due_at, delivery_no, .. }) = settled.again {
                lane.hear(Place { due_at, delivery_no });
            }
        }
    }
}
