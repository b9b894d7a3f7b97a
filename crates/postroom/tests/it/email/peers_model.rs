//! Peers of events against a brute-force model (email-api.md 16, line 27).
//!
//! Everything that can change changes at random: contacts, their addresses and grants, agents and who sees
//! them. Each event is compared with what a plain reading of the rules gives.

use std::collections::HashSet;

use serde_json::{Value, json};
use testkit::{Organization, TestServer};

use super::peers::{Desk, entries};

const CONTACTS: &str = "/api/v1/contacts";
const CASES: usize = 150;

/// A contact as the model knows it; they stand in the order in which they were made.
struct Known {
    id: String,
    emails: Vec<String>,
    /// Identities that see it; `None` is all.
    viewers: Option<HashSet<String>>,
}

/// An agent as the model knows it; the first is the owner of the mailbox.
struct Other {
    id: String,
    handle: String,
    address: String,
    is_seen: bool,
}

/// Numbers that a seed decides (a linear congruential generator with Knuth's constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        let (a, c) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.0 = self.0.wrapping_mul(a).wrapping_add(c);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }

    fn pick(&mut self, list: &[String]) -> String {
        list[self.below(list.len())].clone()
    }

    fn spelling(&mut self, address: &str) -> String {
        let turn = |c: char| if self.below(2) == 0 { c } else { c.to_ascii_uppercase() };
        address.chars().map(turn).collect()
    }
}

struct World<'a> {
    server: &'a TestServer,
    house: &'a Organization<'a>,
    dice: Dice,
    known: Vec<Known>,
    others: Vec<Other>,
}

impl World<'_> {
    fn owner(&self) -> String {
        self.others[0].id.clone()
    }

    fn pool(&self) -> Vec<String> {
        let outside = (0..6).map(|i| format!("p{i}@x.io"));
        outside.chain(self.others.iter().map(|o| o.address.clone())).collect()
    }

    /// Lets one thing change, and time pass.
    async fn turn(&mut self, case: usize) {
        match self.dice.below(6) {
            0 | 1 => self.make_contact().await,
            2 if !self.known.is_empty() => {
                let gone = self.known.remove(self.dice.below(self.known.len()));
                let path = format!("{CONTACTS}/{}", gone.id);
                self.house.admin.delete(&path).await.expect(204);
            }
            3 if !self.known.is_empty() => self.turn_access().await,
            4 if self.others.len() < 4 => self.make_agent(case).await,
            5 if self.others.len() > 1 => {
                let at = 1 + self.dice.below(self.others.len() - 1);
                let gone = self.others.remove(at);
                let path = format!("/api/v1/identities/{}", gone.handle);
                self.house.admin.delete(&path).await.expect(204);
                for viewers in self.known.iter_mut().filter_map(|k| k.viewers.as_mut()) {
                    viewers.remove(&gone.id);
                }
            }
            _ => {}
        }
        // Also keeps the calls below what an organization may make.
        self.server.clock.advance(domain::seconds(2));
    }

    async fn make_contact(&mut self) {
        let pool = self.pool();
        let n = 1 + self.dice.below(3);
        let mut emails: Vec<String> = (0..n).map(|_| self.dice.pick(&pool)).collect();
        emails.sort();
        emails.dedup();
        let values: Value =
            emails.iter().map(|e| json!({"value": self.dice.spelling(e)})).collect();
        let viewers = match self.dice.below(3) {
            0 => None,
            1 => Some(HashSet::new()),
            _ => {
                let at = self.dice.below(self.others.len());
                Some(HashSet::from([self.others[at].id.clone()]))
            }
        };
        let ids = viewers.as_ref().map(|v| v.iter().cloned().collect::<Vec<_>>());
        let new = json!({"emails": values, "access_identity_ids": ids});
        let made = self.house.admin.post(CONTACTS, new).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        self.known.push(Known { id, emails, viewers });
    }

    /// Gives the owner a contact to see, or takes it from its sight.
    async fn turn_access(&mut self) {
        let (owner, at) = (self.owner(), self.dice.below(self.known.len()));
        let all: HashSet<String> = self.others.iter().map(|o| o.id.clone()).collect();
        let known = &mut self.known[at];
        let access = format!("{CONTACTS}/{}/access", known.id);
        let viewers = known.viewers.get_or_insert(all);
        if viewers.remove(&owner) {
            self.house.admin.delete(&format!("{access}/{owner}")).await.expect(204);
        } else {
            viewers.insert(owner.clone());
            self.house.admin.post(&access, json!({"identity_id": owner})).await.expect(201);
        }
    }

    async fn make_agent(&mut self, case: usize) {
        let handle = format!("agent-{case}");
        let agent = self.house.agent(&handle).await;
        let id = agent.identity["id"].as_str().unwrap().to_owned();
        let is_seen = self.dice.below(2) == 0;
        if is_seen {
            let viewer = if self.dice.below(2) == 0 { json!(self.owner()) } else { Value::Null };
            let access = format!("/api/v1/identities/{handle}/access");
            let body = json!({"viewer_identity_id": viewer});
            self.house.admin.post(&access, body).await.expect(201);
        }
        let address = agent.address().to_owned();
        self.others.push(Other { id, handle, address, is_seen });
    }

    fn some(&mut self, least: usize, pool: &[String]) -> Vec<String> {
        let n = least + self.dice.below(4);
        let mut one = || {
            let address = self.dice.pick(pool);
            self.dice.spelling(&address)
        };
        (0..n).map(|_| one()).collect()
    }

    fn oldest_contact(&self, address: &str) -> Option<String> {
        let owner = self.owner();
        let sees = |k: &&Known| k.viewers.as_ref().is_none_or(|v| v.contains(&owner));
        let has = |k: &&Known| k.emails.iter().any(|e| e == address);
        self.known.iter().filter(sees).find(has).map(|k| k.id.clone())
    }

    fn agent(&self, address: &str) -> Option<String> {
        let found = self.others.iter().find(|o| o.is_seen && o.address == address);
        found.map(|o| o.id.clone())
    }
}

/// Bucket, address and id of each entry that a list must have.
fn expected(
    lists: &[(&str, Vec<String>)],
    find: impl Fn(&str) -> Option<String>,
) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for (bucket, list) in lists {
        let mut seen = HashSet::new();
        let fresh = list.iter().filter(|address| seen.insert(address.to_lowercase()));
        for address in fresh {
            let found = find(&address.to_lowercase());
            all.extend(found.map(|id| ((*bucket).to_owned(), address.clone(), id)));
        }
    }
    all
}

#[tokio::test]
async fn check_27_lists_are_those_of_a_brute_force_model() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let owner = Other {
        id: desk.agent.identity["id"].as_str().unwrap().to_owned(),
        handle: "desk".into(),
        address: desk.agent.address().to_owned(),
        is_seen: true,
    };
    let mut world = World {
        server: &server,
        house: &house,
        dice: Dice(20_261_121),
        known: Vec::new(),
        others: vec![owner],
    };
    for case in 0..CASES {
        world.turn(case).await;
        let pool = world.pool();
        let (lists, event) = if world.dice.below(2) == 0 {
            let from = world.some(1, &pool).remove(0);
            let (to, cc) = (world.some(1, &pool), world.some(0, &pool));
            assert_eq!(desk.ingest(&from, &to, &cc).await, 201);
            (vec![("from", vec![from]), ("cc", cc)], desk.last().await)
        } else {
            // To the outside only, so that nothing else is told of.
            let outside = &pool[..6];
            let (to, cc) = (world.some(1, outside), world.some(0, outside));
            let bcc = world.some(0, outside);
            let event = desk.sent(json!({"to": to, "cc": cc, "bcc": bcc})).await;
            (vec![("to", to), ("cc", cc), ("bcc", bcc)], event)
        };
        let contacts = expected(&lists, |address| world.oldest_contact(address));
        assert_eq!(entries(&event, "contacts"), contacts, "case {case}: {lists:?}");
        let agents = expected(&lists, |address| world.agent(address));
        assert_eq!(entries(&event, "agent_identities"), agents, "case {case}: {lists:?}");
    }
}
