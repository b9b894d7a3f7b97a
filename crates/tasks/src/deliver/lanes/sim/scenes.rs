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

/// Endpoints of twenty tenants at one host.
fn many_at_one_host(sim: &mut Sim, n: usize, script: Script) -> Vec<i64> {
    (0..20).cycle().take(n).map(|tenant| sim.site_at(HOST, tenant, script)).collect()
}

const HOST: u64 = 1_000_000;

#[test]
fn a_host_that_many_endpoints_share_gets_64_attempts_at_a_time_and_others_do_not_wait_for_it() {
    let mut sim = Sim::new(1);
    let many = many_at_one_host(&mut sim, 200, Script::Quick(1000 * MS));
    let other = sim.site(1, Script::Quick(5 * MS));
    for endpoint_no in &many {
        for _ in 0..10 {
            sim.owe(*endpoint_no);
        }
    }
    emit_all(&mut sim, &[other], 100 * MS, 300);
    sim.run(seconds(45));
    assert_eq!((sim.at_host_max, sim.owed()), (64, 0));
    assert!(p99(&sim, &[other]) < 50 * MS);
}

#[test]
fn a_host_that_is_down_is_asked_by_one_attempt_at_a_time_whoever_has_endpoints_there() {
    for (seed, script) in SEEDS.take(2).flat_map(|n| [(n, Script::Fails), (n, Script::Hangs)]) {
        let mut sim = Sim::new(seed);
        let sites = many_at_one_host(&mut sim, 60, script);
        emit_all(&mut sim, &sites, minutes(1), 10);
        sim.run(minutes(5));
        let n_attempts = |sim: &Sim| sites.iter().map(|no| sim.sites[no].n_attempts).sum::<usize>();
        let before = n_attempts(&sim);
        assert!(before <= HOST_SLOTS + 8, "seed {seed}: {before} attempts");
        sim.at_host_max = 0;
        sim.run(minutes(15));
        let n = n_attempts(&sim);
        assert!(n - before <= 4, "seed {seed}: {} probes in a quarter of an hour", n - before);
        assert_eq!(sim.at_host_max, 1, "seed {seed}");
        let tries: u32 = sim.spent.values().map(|(spent, _)| spent.tries).sum();
        assert!(tries as usize <= n, "seed {seed}: who waited used up tries");
        for endpoint_no in &sites {
            sim.after(0, Due::Script { endpoint_no: *endpoint_no, quick: 10 * MS });
        }
        // The longest wait for a probe, and for what was tried before.
        sim.run(seconds(376) + minutes(15));
        assert_eq!((sim.owed(), delivered(&sim, &sites)), (0, 60 * 10), "seed {seed}");
    }
}

#[test]
fn g7_endpoints_that_fail_at_a_host_that_answers_leave_the_wait_of_the_others_as_it_is() {
    for seed in SEEDS {
        let mut sim = Sim::new(seed);
        let failing = many_at_one_host(&mut sim, 30, Script::Fails);
        let quick: Vec<i64> =
            (0..30).map(|n| sim.site_at(HOST, n % 20, Script::Quick(5 * MS))).collect();
        emit_all(&mut sim, &[failing, quick.clone()].concat(), 200 * MS, 300);
        sim.run(minutes(2));
        assert_eq!(delivered(&sim, &quick), 30 * 300, "seed {seed}");
        assert!(p99(&sim, &quick) < 100 * MS, "seed {seed}: {} µs", p99(&sim, &quick));
    }
}

#[test]
fn an_endpoint_that_moves_away_from_a_host_that_is_down_is_sent_to_soon() {
    let mut sim = Sim::new(1);
    let sites = many_at_one_host(&mut sim, 80, Script::Fails);
    emit_all(&mut sim, &sites, minutes(1), 20);
    sim.run(minutes(20));
    let moved = *sites.iter().find(|no| sim.sites[no].n_attempts == 0).unwrap();
    let site = sim.sites.get_mut(&moved).unwrap();
    (site.settings.host, site.script) = (HOST + 1, Script::Quick(5 * MS));
    sim.run(seconds(12));
    assert_eq!(sim.sites[&moved].n_delivered, 20);
}

#[test]
fn g3_g4_g8_losses_and_a_clock_that_jumps_lose_nothing_of_a_host_that_is_down() {
    for seed in SEEDS.take(3) {
        let mut sim = Sim::new(seed);
        sim.lose_one_in = 8;
        let sites = many_at_one_host(&mut sim, 40, Script::Fails);
        emit_all(&mut sim, &sites, seconds(10), 30);
        for (wait, micros) in [(40, hours(1)), (80, -hours(2)), (120, hours(1))] {
            sim.after(seconds(wait), Due::Jump { micros });
        }
        sim.run(minutes(10));
        for endpoint_no in &sites {
            sim.after(0, Due::Script { endpoint_no: *endpoint_no, quick: 5 * MS });
        }
        sim.run(hours(4));
        assert_eq!((sim.owed(), delivered(&sim, &sites)), (0, 40 * 30), "seed {seed}");
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
