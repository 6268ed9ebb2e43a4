//! Every point at which a night can be cut: each write of each process, held before it happens, and then its
//! process killed, or another, or all of them, or the write torn, or the disk full. Whatever befalls it, the
//! night must come to what a quiet one comes to.
//!
//! The whole of it is `cargo xtask test --suite crash-points`; a sample is in the default suite. A night that
//! diverged is printed with the command that plays it again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

mod campaign;
mod census;
mod damage;
mod director;
mod fault;
mod judge;
mod night;
mod person;
mod point;
mod scene;
mod seen;

use std::time::{Duration, Instant};

use campaign::{Tally, campaign, say};
use census::Census;
use director::Strike;
use seen::Seen;

/// A bound on waiting that only a hopeless test reaches.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable that names the strikes of one night, which is played alone then.
const NIGHT: &str = "HERDER_CRASH";

/// The variable with the seed of the random pairs.
const SEED: &str = "HERDER_CRASH_SEED";

/// The variable that says how many nights are played at once.
const AT_ONCE: &str = "HERDER_CRASH_AT_ONCE";

/// The variable with a part of a strike's name: single strikes that lack it, and pairs, are left out.
const ONLY: &str = "HERDER_CRASH_ONLY";

/// How many random pairs of strikes are played.
const PAIRS: usize = 100;

/// How many nights the default suite plays.
const SAMPLE: usize = 20;

/// One night in so many may miss its point: what is written depends a little on who comes first, and at many
/// points nobody of the role lives that a pair would kill there.
const MISSED: usize = 10;

/// Two quiet nights: what they come to, and the points that both pass. How long one takes is said: it bounds them all.
fn quiet() -> (Seen, Census) {
    let (one, other) = (night::play(&[]), night::play(&[]));
    say(&format!(
        "a night that nobody cuts takes {:.1?} and {:.1?}, each write held once",
        one.took, other.took
    ));
    assert_eq!((&one.faults, &other.faults), (&vec![], &vec![]), "{}", one.said);
    assert_eq!(one.seen, other.seen);
    let census = census::common(&one.log.passed, &other.log.passed);
    assert_eq!(census::missing_beginnings(&census), Vec::<&str>::new());
    (one.seen, census)
}

fn seed() -> u64 {
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().unwrap());
    given.unwrap_or_else(|| fastrand::u64(..))
}

fn at_once() -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::env::var(AT_ONCE).map_or(cores * 2, |count| count.parse().unwrap())
}

/// Every single strike and the random pairs, in no order: long ones are spread.
fn nights(census: &Census, seed: u64) -> Vec<Vec<Strike>> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let pairs = (0..PAIRS).map(|_| vec![census::any(census, &mut rng), census::any(census, &mut rng)]);
    let pairs: Vec<_> = pairs.collect();
    let mut nights: Vec<_> = census::singles(census).into_iter().map(|strike| vec![strike]).collect();
    match std::env::var(ONLY) {
        Ok(only) => nights.retain(|night| night[0].to_string().contains(&only)),
        Err(_) => nights.extend(pairs),
    }
    rng.shuffle(&mut nights);
    nights
}

#[track_caller]
fn assert_converged(tally: &Tally) {
    assert!(
        tally.diverged.is_empty(),
        "{} nights diverged:\n{}",
        tally.diverged.len(),
        tally.diverged.join("\n")
    );
    let missed = tally.missed.join("\n  ");
    assert!(tally.missed.len() <= tally.nights / MISSED, "too many points were not reached:\n  {missed}");
}

#[test]
fn a_sample_of_points_spread_over_the_night_converges() {
    let (quiet, census) = quiet();
    let singles = census::singles(&census);
    let first = usize::try_from(seed() % 31).unwrap();
    let sample = singles.iter().cycle().skip(first).step_by(singles.len() / SAMPLE).take(SAMPLE);
    let nights: Vec<_> = sample.map(|strike| vec![strike.clone()]).collect();
    assert_converged(&campaign(&nights, 2, &quiet));
}

#[test]
#[ignore = "many minutes: the suite crash-points"]
fn every_single_point_and_a_hundred_random_pairs_converge() {
    let begun = Instant::now();
    let (quiet, census) = quiet();
    if let Ok(night) = std::env::var(NIGHT) {
        let strikes: Vec<Strike> = night.split_whitespace().map(|strike| strike.parse().unwrap()).collect();
        return assert_converged(&campaign(&[strikes], 1, &quiet));
    }
    let seed = seed();
    let nights = nights(&census, seed);
    say(&format!(
        "{} points of {} kinds; {} nights with single strikes, which calls of one kind share, or random pairs of \
         them ({SEED}={seed}), {} at once",
        census.values().sum::<usize>(),
        census.len(),
        nights.len(),
        at_once()
    ));
    let tally = campaign(&nights, at_once(), &quiet);
    say(&format!(
        "{} nights in {:.0?}: {} diverged, {} missed all points of theirs",
        tally.nights,
        begun.elapsed(),
        tally.diverged.len(),
        tally.missed.len()
    ));
    assert_converged(&tally);
}
