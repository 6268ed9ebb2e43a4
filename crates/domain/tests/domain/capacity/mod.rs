//! What the machine has room for: the planner on virtual hosts, where time is exact.

mod host;
mod refusing;
mod relieving;

use host::{Host, Mix, Phase, Policy, Work};

const GIB: u64 = 1 << 30;
const HOST: Host = Host { cores: 8, memory: 32 * GIB };

fn wait(seconds: u32) -> Phase {
    Phase::Wait { seconds }
}

fn compute(core_seconds: u32, width: u32) -> Phase {
    Phase::Compute { core_seconds, width }
}

fn mix(goals: usize, rounds: usize, phases: &[Phase], memory: u64) -> Mix {
    let work = Work { phases: phases.repeat(rounds), memory };
    Mix { host: HOST, works: vec![work; goals] }
}

/// The best that any fixed number of slots comes to, in seconds.
fn best_fixed(mix: &Mix) -> u32 {
    let fixed = [8, 10, 12, 16, 24, 32, 7, 6, 5, 4, 3, 2, 1];
    // Whatever is slower than the best until then need not be seen to its end.
    fixed.into_iter().fold(u32::MAX, |best, max| mix.run_for(Policy::Fixed(max), best).makespan.min(best))
}

#[track_caller]
fn is_within_five_percent(mix: &Mix) {
    let (best, auto) = (best_fixed(mix), mix.run(Policy::Auto).makespan);
    assert!(f64::from(auto) <= 1.05 * f64::from(best), "auto takes {auto} s, the best fixed number {best} s");
}

#[test]
fn builds_that_take_every_core_are_not_stacked_and_lose_nothing() {
    let mix = mix(10, 3, &[wait(20), compute(600, 8)], GIB);
    is_within_five_percent(&mix);
    let auto = mix.run(Policy::Auto);
    let most = auto.most_at_once;
    assert!(most <= 6, "{most} builds at once, each of which takes all cores");
    let used = mix.core_seconds() / (f64::from(auto.makespan) * f64::from(HOST.cores));
    assert!(used > 0.8, "{used:.2} of the processors were at work");
}

#[test]
fn narrow_builds_fill_all_cores() {
    let long =
        |goal: usize| Work { phases: [wait(5), compute(200, 1)].repeat(1 + goal % 3), memory: GIB / 2 };
    // Were they all of a length, eight at a time would come out even, by chance.
    is_within_five_percent(&Mix { host: HOST, works: (0..90).map(long).collect() });
}

#[test]
fn runs_that_only_wait_go_all_at_once() {
    let mix = mix(30, 30, &[wait(58), compute(2, 1)], GIB / 4);
    is_within_five_percent(&mix);
    assert_eq!(mix.run(Policy::Auto).most_at_once, 30);
}

#[test]
fn runs_that_wait_and_build_in_turn_keep_the_cores_busy() {
    is_within_five_percent(&mix(30, 6, &[wait(60), compute(160, 8)], GIB));
}

#[test]
fn runs_that_are_hungry_for_memory_are_never_more_than_it_holds() {
    let mix = mix(15, 6, &[wait(60), compute(60, 2)], 9 * GIB);
    is_within_five_percent(&mix);
    assert_eq!(mix.run(Policy::Auto).killed, 0);
    assert!(mix.run(Policy::Fixed(8)).killed > 0, "the mix does not try the machine's memory");
}

#[test]
fn runs_that_take_more_memory_than_their_kind_stand_still_and_none_is_killed() {
    // Memory grows by 40 MiB a second.
    let mix = mix(15, 600, &[wait(1)], 12 * GIB);
    let misled = mix.run(Policy::Misled);
    assert!(mix.run(Policy::Fixed(8)).killed > 0, "the mix does not try the machine's memory");
    assert!(misled.frozen > 0 && misled.stopped > 0, "the mix does not need it");
    assert_eq!(misled.killed, 0);
    assert!(misled.frozen <= 3 * 15, "{} times is flapping", misled.frozen);
    let informed = mix.run(Policy::Auto);
    assert_eq!((informed.killed, informed.frozen), (0, 0), "what is known needs no relief");
    assert!(misled.makespan <= 2 * informed.makespan, "{} s, else {} s", misled.makespan, informed.makespan);
}

#[test]
fn the_door_of_the_processors_does_not_flap() {
    let told = mix(30, 6, &[wait(60), compute(160, 8)], GIB).run(Policy::Auto);
    let turns_a_minute = f64::from(told.turns) / (f64::from(told.makespan) / 60.0);
    assert!(turns_a_minute <= 1.0, "{} turns in {} s", told.turns, told.makespan);
}

#[test]
fn nobody_knows_the_first_runs_so_they_begin_cautiously_and_are_learned_from() {
    let mix = mix(12, 5, &[wait(30), compute(300, 8)], 3 * GIB);
    let (best, auto) = (best_fixed(&mix), mix.run(Policy::Cold).makespan);
    assert!(
        f64::from(auto) <= 1.25 * f64::from(best),
        "cold, auto takes {auto} s, the best fixed number {best} s"
    );
}
