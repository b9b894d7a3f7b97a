//! What the simulation must show, each with several seeds.

use domain::{hours, minutes};

use super::super::super::bucket::Rate;
use super::super::super::pace::CAP_MAX;
use super::*;

/// The wait below which 99 of 100 first attempts of these endpoints began, in microseconds.
fn p99(sim: &Sim, endpoints: &[i64]) -> i64 {
    let mut waits: Vec<i64> = endpoints.iter().flat_map(|no| sim.sites[no].waits.clone()).collect();
    waits.sort_unstable();
    waits[waits.len() * 99 / 100]
}

fn emit_all(sim: &mut Sim, endpoints: &[i64], every: i64, n: u32) {
    for endpoint_no in endpoints {
        let wait = i64::try_from(sim.draw(every.unsigned_abs())).unwrap();
        sim.after(wait, Due::Emit { endpoint_no: *endpoint_no, every, n });
    }
}

fn delivered(sim: &Sim, endpoints: &[i64]) -> usize {
    endpoints.iter().map(|no| sim.sites[no].n_delivered).sum()
}

/// The p99 of 190 quick endpoints beside ten others.
fn beside(seed: u64, others: Script) -> i64 {
    let mut sim = Sim::new(seed);
    let quick: Vec<i64> = (0..190).map(|n| sim.site(n % 20, Script::Quick(5 * MS))).collect();
    let rest: Vec<i64> = (0..10).map(|n| sim.site(n, others)).collect();
    emit_all(&mut sim, &[quick.clone(), rest].concat(), 100 * MS, 200);
    sim.run(seconds(30));
    assert_eq!(delivered(&sim, &quick), 190 * 200);
    p99(&sim, &quick)
}

#[test]
fn g7_case_34_endpoints_that_hang_leave_the_wait_of_the_others_as_it_is() {
    for seed in SEEDS.take(3) {
        let (alone, with) = (beside(seed, Script::Quick(5 * MS)), beside(seed, Script::Hangs));
        assert!(with * 10 <= alone * 11, "seed {seed}: {alone} µs became {with} µs");
    }
}

#[test]
fn g7_case_35_a_tenant_with_a_million_events_leaves_the_wait_of_the_others_as_it_is() {
    let p99_of_others = |flood: u32| {
        let mut sim = Sim::new(1);
        let others: Vec<i64> = (1..20).map(|n| sim.site(n, Script::Quick(20 * MS))).collect();
        for _ in 0..500 {
            let endpoint_no = sim.site(0, Script::Quick(200 * MS));
            for _ in 0..flood {
                sim.owe(endpoint_no);
            }
        }
        emit_all(&mut sim, &others, 20 * MS, 500);
        sim.run(seconds(12));
        assert_eq!(delivered(&sim, &others), others.len() * 500);
        p99(&sim, &others)
    };
    let (alone, beside_flood) = (p99_of_others(0), p99_of_others(2000));
    assert!(beside_flood * 10 <= alone * 12, "{alone} µs became {beside_flood} µs");
}

/// Nobody tells what is owed: it is found by looking. Every cap is asserted at every launch.
#[test]
fn case_36_a_restart_with_a_million_owed_sends_to_everyone_at_once_and_keeps_every_cap() {
    let mut sim = Sim::new(1);
    let sites: Vec<i64> =
        (0..20).cycle().take(500).map(|n| sim.site(n, Script::Quick(20 * MS))).collect();
    sim.lose_one_in = 1;
    for endpoint_no in &sites {
        for _ in 0..2000 {
            sim.owe(*endpoint_no);
        }
    }
    sim.lose_one_in = 0;
    sim.run(500 * MS);
    for endpoint_no in &sites {
        assert!(sim.sites[endpoint_no].n_attempts > 0, "{endpoint_no} waits");
    }
    sim.run(500 * MS);
    assert!(delivered(&sim, &sites) > 50_000);
}

/// Together they want more slots than there are, and a quarter is kept for newcomers. The tenant with a
/// fifth of the endpoints gets half of the rest.
#[test]
fn g7_slots_are_shared_by_tenant_and_not_by_endpoint() {
    let mut sim = Sim::new(1);
    let [many, few] = [(1, 400), (2, 100)].map(|(tenant, n)| {
        let sites: Vec<i64> = (0..n).map(|_| sim.site(tenant, Script::Quick(1000 * MS))).collect();
        for endpoint_no in &sites {
            for _ in 0..400 {
                sim.owe(*endpoint_no);
            }
        }
        sites
    });
    sim.run(seconds(20));
    let before = (delivered(&sim, &many), delivered(&sim, &few));
    sim.run(seconds(20));
    let n_many = delivered(&sim, &many) - before.0;
    let n_few = delivered(&sim, &few) - before.1;
    assert!((9..=11).contains(&(n_few * 10 / n_many)), "{n_few} beside {n_many}");
    assert!(n_few + n_many > SLOTS * 20 * 6 / 10, "slots are used: {n_few} and {n_many}");
}

#[test]
fn endpoints_that_hang_pay_with_their_cap_and_are_asked_by_one_probe() {
    for seed in SEEDS {
        let mut sim = Sim::new(seed);
        let endpoint_no = sim.site(1, Script::Hangs);
        for _ in 0..1000 {
            sim.owe(endpoint_no);
        }
        sim.run(minutes(10));
        let site = &sim.sites[&endpoint_no];
        assert_eq!(site.in_flight_max, 4);
        assert!(site.n_attempts <= 16, "seed {seed}: {} attempts", site.n_attempts);
        assert_eq!(sim.owed(), 1000);
    }
}

#[test]
fn no_storm_follows_an_outage_and_its_backlog_is_gone_soon() {
    for seed in SEEDS {
        let mut sim = Sim::new(seed);
        let endpoint_no = sim.site(1, Script::Fails);
        emit_all(&mut sim, &[endpoint_no], seconds(1), 600);
        sim.run(minutes(10));
        let n_before = sim.sites[&endpoint_no].n_attempts;
        assert!(n_before <= 5 + 12, "seed {seed}: {n_before} attempts at a host that is down");
        let quick = 10 * MS;
        sim.after(0, Due::Script { endpoint_no, quick });
        sim.sites.get_mut(&endpoint_no).unwrap().in_flight_max = 0;
        // The longest wait of a breaker, and then the first answers.
        sim.run(seconds(376));
        let site = &sim.sites[&endpoint_no];
        assert!(site.in_flight_max <= CAP_MAX, "seed {seed}");
        sim.run(hours(30));
        assert_eq!((sim.owed(), sim.sites[&endpoint_no].n_delivered), (0, 600), "seed {seed}");
    }
}

#[test]
fn case_32_ten_a_second_with_a_burst_of_twenty_are_620_in_a_minute() {
    for seed in SEEDS {
        let mut sim = Sim::new(seed);
        let endpoint_no = sim.site(1, Script::Quick(MS));
        let site = sim.sites.get_mut(&endpoint_no).unwrap();
        site.settings.rate = Some(Rate { per_second: 10, burst: 20 });
        sim.run(seconds(10));
        for _ in 0..1000 {
            sim.owe(endpoint_no);
        }
        sim.run(minutes(1));
        let n = sim.sites[&endpoint_no].n_attempts;
        assert!((619..=621).contains(&n), "seed {seed}: {n}");
    }
}

/// Every assertion of the simulation holds meanwhile: never early, never two of one delivery, every cap.
#[test]
fn g3_g4_g8_case_37_losses_freezes_and_a_clock_that_jumps_lose_nothing() {
    for seed in SEEDS {
        let mut sim = Sim::new(seed);
        sim.lose_one_in = 8;
        let scripts =
            [Script::Quick(5 * MS), Script::Quick(3000 * MS), Script::Hangs, Script::Fails];
        let sites: Vec<i64> =
            (0..12).map(|n| sim.site(n % 3, scripts[usize::from(n) % 4])).collect();
        emit_all(&mut sim, &sites, 500 * MS, 300);
        for (wait, micros) in [(40, hours(1)), (80, -hours(2)), (120, hours(1))] {
            sim.after(seconds(wait), Due::Jump { micros });
        }
        sim.run(seconds(60));
        // Nothing runs for twenty seconds, as of a process that is stopped.
        sim.at += seconds(20);
        sim.run(minutes(10));
        for endpoint_no in &sites {
            sim.after(0, Due::Script { endpoint_no: *endpoint_no, quick: 5 * MS });
        }
        sim.run(hours(40));
        assert_eq!((sim.owed(), delivered(&sim, &sites)), (0, 12 * 300), "seed {seed}");
    }
}

#[test]
fn lanes_without_work_take_no_memory() {
    let mut sim = Sim::new(1);
    let sites: Vec<i64> = (0..50).map(|_| sim.site(1, Script::Quick(MS))).collect();
    emit_all(&mut sim, &sites, seconds(1), 3);
    sim.run(seconds(4));
    assert_eq!(sim.lanes.by_endpoint.len(), 50);
    sim.run(seconds(20));
    assert_eq!(sim.lanes.by_endpoint.len(), 0);
}
