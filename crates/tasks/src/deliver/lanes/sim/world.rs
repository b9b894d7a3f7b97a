//! What happens when its time has come: the database and the receivers answer, or what was asked is lost.

use super::*;

impl Sim {
    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::Emit { endpoint_no, every, n } => {
                self.owe(endpoint_no);
                if n > 1 {
                    self.after(every, Due::Emit { endpoint_no, every, n: n - 1 });
                }
            }
            Due::Page { endpoint_no, limit } => {
                let lost = self.is_lost();
                let rows = self.disk.entry(endpoint_no).or_default();
                let n = usize::try_from(limit).unwrap();
                let places: Vec<Place> = rows.iter().take(n).copied().collect();
                let lane = self.lanes.touch(endpoint_no);
                if lost {
                    lane.miss_page();
                } else {
                    lane.take_page(Page { places, hides: false }, limit);
                }
            }
            Due::Settings { endpoint_no } => {
                let (lost, now) = (self.is_lost(), self.now());
                let settings = self.sites[&endpoint_no].settings.clone();
                let lane = self.lanes.touch(endpoint_no);
                if lost {
                    lane.miss_settings();
                } else {
                    lane.take_settings(settings, endpoints::Health::default(), START, now);
                }
            }
            Due::Load { flight } => self.load(flight),
            Due::Answer { flight } => self.answer(flight),
            Due::Written { flight } => self.written(flight),
            Due::Scan => self.scan(),
            Due::Jump { micros } => self.clock_off += micros,
            Due::Script { endpoint_no, quick } => {
                self.sites.get_mut(&endpoint_no).unwrap().script = Script::Quick(quick);
            }
        }
    }

    /// The row is read, or is gone, or can't be read; then the request goes out.
    fn load(&mut self, flight: usize) {
        let Flight { endpoint_no, place, ticket, .. } = self.flights[flight];
        let stands = self.disk[&endpoint_no].contains(&place);
        if self.is_lost() || !stands {
            self.free_slot(ticket);
            let now = self.now();
            self.lanes.land(endpoint_no, ticket, None, now);
            let lane = self.lanes.touch(endpoint_no);
            lane.release(place.delivery_no);
            lane.read_again();
            return;
        }
        assert!(self.on_the_wire.insert(place.delivery_no), "G4: two of one delivery");
        let (spent, emitted_at) = self.spent[&place.delivery_no];
        let share = i64::try_from(self.draw(1000)).unwrap();
        let site = self.sites.get_mut(&endpoint_no).unwrap();
        site.n_attempts += 1;
        site.in_flight += 1;
        site.in_flight_max = site.in_flight_max.max(site.in_flight);
        assert!(site.in_flight <= site.settings.cap_max, "an endpoint's cap");
        if spent.tries == 0 {
            site.waits.push(self.at - emitted_at);
        }
        let (lasts, outcome) = match site.script {
            Script::Quick(usual) => (usual / 2 + usual * share / 1000, (Class::Ok, Load::Success)),
            Script::Hangs => (TIMEOUT, (Class::Down, Load::Overload)),
            Script::Fails => (MS, (Class::Down, Load::Failure)),
        };
        self.flights[flight].outcome = outcome;
        self.after(lasts, Due::Answer { flight });
    }

    fn answer(&mut self, flight: usize) {
        let Flight { endpoint_no, place, ticket, started, outcome: (class, load) } =
            self.flights[flight];
        self.on_the_wire.remove(&place.delivery_no);
        self.free_slot(ticket);
        self.sites.get_mut(&endpoint_no).unwrap().in_flight -= 1;
        let random = u32::try_from(self.draw(1 << 32)).unwrap();
        let sample = Sample { class, load, micros: self.at - started, random };
        let now = self.now();
        self.lanes.land(endpoint_no, ticket, Some(sample), now);
        let lane = self.lanes.touch(endpoint_no);
        if let Some(health) = &mut lane.health {
            health.note(class, now);
        }
        self.after(DISK, Due::Written { flight });
    }

    /// A completion is on disk, or its batch was lost and is written again.
    fn written(&mut self, flight: usize) {
        if self.is_lost() {
            return self.after(50 * MS, Due::Written { flight });
        }
        let Flight { endpoint_no, place, outcome: (class, _), .. } = self.flights[flight];
        let random = u32::try_from(self.draw(1 << 32)).unwrap();
        let (spent, emitted_at) = self.spent[&place.delivery_no];
        let next = Ladder::default().decide(class, spent, self.now(), None, random);
        let rows = self.disk.get_mut(&endpoint_no).unwrap();
        assert!(rows.remove(&place), "the row is ours until it is written");
        let again = match next {
            Next::RetryAt { at, spent } => {
                self.spent.insert(place.delivery_no, (spent, emitted_at));
                let place = Place { due_at: at, ..place };
                rows.insert(place);
                Some(place)
            }
            Next::Done => {
                self.sites.get_mut(&endpoint_no).unwrap().n_delivered += 1;
                None
            }
            Next::GiveUp | Next::Disable => None,
        };
        let lane = self.lanes.touch(endpoint_no);
        lane.settle(place.delivery_no);
        if let Some(place) = again {
            lane.hear(place);
        }
    }

    fn scan(&mut self) {
        let now = self.now();
        let mut heads: Vec<LaneHead> = Vec::new();
        for (endpoint_no, rows) in &self.disk {
            let Some(first) = rows.first() else { continue };
            let n_due = rows.iter().take_while(|p| p.due_at <= now).take(128).count();
            heads.push(LaneHead {
                endpoint_no: *endpoint_no,
                first_due_at: first.due_at,
                n_due: i64::try_from(n_due).unwrap().min(LANE_COUNT_MAX),
                is_open: true,
                is_probed: false,
            });
        }
        heads.sort_by_key(|head| head.endpoint_no);
        self.lanes.compare(&heads, true, now);
        self.lanes.forget_idle(now);
        for lane in self.lanes.by_endpoint.values() {
            assert!(lane.n_rows() <= 64, "rows of a lane in memory");
        }
        self.after(SCAN_EVERY, Due::Scan);
    }
}
