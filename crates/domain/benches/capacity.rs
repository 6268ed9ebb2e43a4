//! The planner's `auto` beside fixed numbers of slots on a virtual host of 48 processors, where time is exact: the week of
//! the public journal that herder began with (187 goals, 72.5 hours of agents, builds that take all cores), and the same
//! with agents that think longer between two builds.
//!
//! `cargo bench -p herder-domain --bench capacity`
#![allow(clippy::print_stdout, reason = "a developer reads what a benchmark prints")]
#![allow(clippy::unwrap_used, clippy::panic)] // the virtual host is that of the tests; clippy sees only functions marked so

#[allow(dead_code, reason = "the tests ask more of it")]
#[path = "../tests/domain/capacity/host.rs"]
mod host;

use herder_testkit::pairs::{Failure, Figure, Pair, is_quick};
use host::{Host, Mix, Phase, Policy, Told, Work};

const GIB: u64 = 1 << 30;
const HOST: Host = Host { cores: 48, memory: 192 * GIB };

/// Of the journal: its goals, and the time of its agents were each alone on the machine, seconds.
const GOALS: usize = 187;
const AGENT_SECONDS: f64 = 72.5 * 3_600.0;

/// How a run's time goes, again and again: so long its model thinks, and then a build takes all processors for so long.
#[derive(Clone, Copy)]
struct Rhythm {
    name: &'static str,
    thinks: u32,
    builds: u32,
}

const RHYTHMS: [Rhythm; 3] = [
    Rhythm { name: "builds 4 of 10 s", thinks: 60, builds: 40 },
    Rhythm { name: "builds 2 of 10 s", thinks: 160, builds: 40 },
    Rhythm { name: "hardly builds", thinks: 590, builds: 10 },
];

fn main() -> Result<(), Failure> {
    for rhythm in RHYTHMS {
        let mix = week(rhythm);
        let auto = mix.run(Policy::Auto);
        let cold = mix.run(Policy::Cold);
        tell(rhythm, "auto", &mix, &auto);
        tell(rhythm, "auto, which knows nothing yet", &mix, &cold);
        for &slots in fixed() {
            let told = mix.run(Policy::Fixed(slots));
            tell(rhythm, &format!("{slots} slots"), &mix, &told);
            let pair = Pair { ours: hours(&auto), theirs: hours(&told) };
            let name = format!("week of {GOALS} goals, {}", rhythm.name);
            Figure::new(name, "h", format!("{slots} slots"), vec![pair]).tell()?;
        }
    }
    Ok(())
}

fn fixed() -> &'static [usize] {
    if is_quick() { &[3] } else { &[2, 3, 4, 8, 16] }
}

fn hours(told: &Told) -> f64 {
    f64::from(told.makespan) / 3_600.0
}

/// Utilization is the processor time of the work over that of the machine.
fn tell(rhythm: Rhythm, who: &str, mix: &Mix, told: &Told) {
    let all = f64::from(told.makespan) * f64::from(HOST.cores);
    println!(
        "{}: {who}: {:.1} h, utilization {:.2}, {} at once at most, {} killed for memory, {} frozen",
        rhythm.name,
        hours(told),
        mix.core_seconds() / all,
        told.most_at_once,
        told.killed,
        told.frozen,
    );
}

/// The week: most runs are short and a few go on for hours, as exp(z) is spread over its quantiles, in an order that has
/// nothing to do with it.
fn week(rhythm: Rhythm) -> Mix {
    let goals = if is_quick() { GOALS / 10 } else { GOALS };
    let spread: Vec<f64> =
        (0..goals).map(|goal| quantile((goal as f64 + 0.5) / goals as f64).exp()).collect();
    let scale = AGENT_SECONDS * goals as f64 / GOALS as f64 / spread.iter().sum::<f64>();
    let cycle = f64::from(rhythm.thinks + rhythm.builds);
    let phases = [
        Phase::Wait { seconds: rhythm.thinks },
        Phase::Compute { core_seconds: rhythm.builds * HOST.cores, width: HOST.cores },
    ];
    // 61 has no part in common with 187 or 18, so each goal is met once.
    let works = (0..goals).map(|goal| {
        let rounds = (spread[goal * 61 % goals] * scale / cycle).round().max(1.0);
        Work { phases: phases.repeat(rounds as usize), memory: 4 * GIB }
    });
    Mix { host: HOST, works: works.collect() }
}

/// The quantile of the logistic distribution whose spread is near that of the standard normal one.
fn quantile(share: f64) -> f64 {
    (share / (1.0 - share)).ln() / 1.702
}
