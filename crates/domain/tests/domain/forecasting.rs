//! What the queue comes to, foretold from a known ledger and held against what it came to.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use herder_domain::capacity::{Admission, Capacity, Headroom, Room, Slots};
use herder_domain::event::{Event, What};
use herder_domain::forecast::{Forecast, Kin, LeftOut, Past, PastRun, forecast};
use herder_domain::goal::Goal;
use herder_domain::hours::{Hours, Notices, Window};
use herder_domain::judge::Policy;
use herder_domain::measure::{HostSample, Measured, Pressures, Sample};
use herder_domain::run::RunId;
use herder_domain::world::World;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::samples;

/// A run of a goal that is long gone: ten minutes, a dollar, a thousand tokens.
fn past_run(goal: u64) -> PastRun {
    PastRun {
        goal: samples::id(goal),
        agent: "claude".into(),
        model: "sonnet".into(),
        usd: Some(1.0),
        tokens: Some(1_000.0),
        seconds: 600.0,
        gate_seconds: 0.0,
        cores: None,
        memory: None,
    }
}

/// So many goals of the past, each with one run.
fn ledger(runs: u64, change: impl Fn(u64, &mut PastRun)) -> Vec<PastRun> {
    (0..runs)
        .map(|place| {
            let mut run = past_run(1_000 + place);
            change(place, &mut run);
            run
        })
        .collect()
}

/// A world with so many slots in which so many goals are queued, numbered from 1.
pub fn world(slots: usize, goals: u64, change: impl Fn(u64, &mut Goal)) -> World {
    let capacity = Capacity { max: slots, admission: Admission::Open };
    let mut world = World::new(capacity, Policy::default(), "claude");
    let mut record = |event| drop(world.record(&event, samples::start()).unwrap());
    record(Event::RepoAdded { repo: samples::registered(samples::repo()) });
    for number in 1..=goals {
        let mut draft = samples::draft(number);
        change(number, &mut draft);
        record(Event::of(&samples::id(number), What::GoalCreated { draft: Box::new(draft) }));
        record(Event::of(&samples::id(number), What::GoalQueued));
    }
    world
}

fn told(world: &World, runs: Vec<PastRun>) -> Forecast {
    forecast(world, &Past::of(runs, world), samples::start())
}

fn minutes(at: Timestamp) -> i64 {
    at.duration_since(samples::start()).as_mins()
}

/// When all are through, in minutes, P50 and P90.
fn through(forecast: &Forecast) -> (i64, i64) {
    let ends = forecast.whole.as_ref().unwrap().ends.unwrap();
    (minutes(ends.p50), minutes(ends.p90))
}

#[test]
fn a_ledger_whose_runs_are_all_alike_foretells_to_the_minute() {
    // Slots, goals, minutes, dollars.
    for (slots, goals, minutes, usd) in [(1, 1, 10, 1.0), (1, 5, 50, 5.0), (2, 5, 30, 5.0), (9, 5, 10, 5.0)] {
        let said = told(&world(slots, goals, |_, _| {}), ledger(20, |_, _| {}));
        assert_eq!(through(&said), (minutes, minutes), "{slots} slots, {goals} goals");
        let whole = said.whole.unwrap();
        let known = whole.usd.known.unwrap();
        assert_eq!((known.p50, known.p90, whole.usd.unknown_runs.p90), (usd, usd, 0.0));
        assert_eq!(whole.tokens.known.unwrap().p90, 1_000.0 * usd);
        assert_eq!(whole.seconds.p50, 600.0 * usd);
    }
}

#[test]
fn a_landing_takes_as_long_as_a_gate_and_no_slot() {
    let said = told(&world(1, 3, |_, _| {}), ledger(20, |_, run| run.gate_seconds = 120.0));
    assert_eq!(through(&said), (32, 32));
}

#[test]
fn goals_that_took_two_runs_in_the_past_take_two_again() {
    let mut runs = ledger(20, |_, _| {});
    runs.extend(ledger(20, |_, _| {}));
    let said = told(&world(1, 100, |_, _| {}), runs);
    let known = said.whole.unwrap().usd.known.unwrap();
    assert!((180.0..230.0).contains(&known.p50) && known.p90 > known.p50, "{known:?}");
}

#[test]
fn the_last_run_of_a_goal_that_is_queued_again_is_not_taken_for_its_end() {
    let mut runs = ledger(20, |_, _| {});
    runs.extend((1..=20).map(past_run));
    let said = told(&world(1, 20, |_, _| {}), runs);
    let known = said.whole.unwrap().usd.known.unwrap();
    assert!(known.p50 > 30.0, "{known:?}");
}

#[test]
fn unknown_cost_is_unknown_and_never_nothing() {
    let dark = told(&world(1, 4, |_, _| {}), ledger(20, |_, run| run.usd = None)).whole.unwrap();
    assert_eq!((dark.usd.known, dark.usd.dollars().as_str()), (None, "unknown cost"));
    let half =
        told(&world(1, 40, |_, _| {}), ledger(20, |place, run| run.usd = (place % 2 == 0).then_some(1.0)));
    let usd = half.whole.unwrap().usd;
    assert!(usd.known.unwrap().p90 < 30.0 && usd.unknown_runs.p50 > 10.0, "{usd:?}");
    assert!(
        usd.dollars().contains(" and up to 2") && usd.dollars().ends_with("runs of unknown cost"),
        "{usd:?}"
    );
}

#[test]
fn what_is_most_alike_is_asked_where_there_is_enough_of_it() {
    let asked = |change: &dyn Fn(u64, &mut PastRun)| {
        let world = world(1, 1, |_, goal| goal.options.model = Some("sonnet".into()));
        told(&world, ledger(20, change)).goals[&samples::id(1)].basis.clone()
    };
    let (repo, agent) = (samples::repo(), "claude".to_owned());
    let other: herder_domain::repo::RepoId = "acme/other".parse().unwrap();
    let model = Kin::Model { repo: repo.clone(), agent: agent.clone(), model: "sonnet".into() };
    let basis = asked(&|place, run| run.model = if place < 5 { "sonnet" } else { "opus" }.into());
    assert_eq!((basis.runs, basis.kin), (5, model));
    let basis = asked(&|place, run| run.model = if place < 4 { "sonnet" } else { "opus" }.into());
    assert_eq!((basis.runs, basis.kin), (20, Kin::Repo { repo, agent: agent.clone() }));
    let basis = asked(&|place, run| {
        run.goal.repo = if place < 4 { samples::repo() } else { Clone::clone(&other) };
    });
    assert_eq!((basis.runs, basis.kin), (20, Kin::Agent { agent }));
    let basis = asked(&|_, run| run.agent = "other".into());
    assert_eq!((basis.runs, basis.kin), (20, Kin::Any));
}

#[test]
fn too_few_runs_are_no_experience() {
    let said = told(&world(1, 2, |_, _| {}), ledger(4, |_, _| {}));
    assert_eq!(said.whole, None);
    assert_eq!(said.left_out[&samples::id(1)], LeftOut::NoHistory);
}

#[test]
fn who_waits_for_a_person_is_in_no_figure_nor_is_who_waits_for_that_one() {
    let mut world = world(1, 4, |number, goal| {
        goal.depends = if number == 1 { Vec::new() } else { vec![samples::id(number - 1)] };
    });
    let held = Event::of(&samples::id(2), What::GoalHeld { reason: Some("Monday".into()) });
    world.record(&held, samples::start()).unwrap();
    let said = told(&world, ledger(20, |_, _| {}));
    assert_eq!(said.goals.keys().collect::<Vec<_>>(), [&samples::id(1)]);
    let words: Vec<String> = said.left_out.values().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "it waits for a person: it is held: Monday".to_owned(),
            format!("it waits for {}, of which nobody can tell", samples::id(2)),
            format!("it waits for {}, of which nobody can tell", samples::id(3)),
        ]
    );
}

#[test]
fn a_goal_begins_after_those_that_it_depends_on_and_not_before_its_time() {
    let opens = samples::start() + SignedDuration::from_mins(100);
    let world = world(5, 3, |number, goal| match number {
        1 => goal.depends = vec![samples::id(2)],
        3 => goal.options.not_before = Some(opens),
        _ => {}
    });
    let said = told(&world, ledger(20, |_, _| {}));
    let begins = |number| minutes(said.goals[&samples::id(number)].begins.unwrap().p90);
    assert_eq!((begins(1), begins(2), begins(3)), (10, 0, 100));
}

#[test]
fn nothing_begins_outside_of_the_hours_and_a_window_has_its_own_slots() {
    let mut world = world(1, 4, |_, _| {});
    let now = samples::start().to_zoned(TimeZone::UTC);
    let opens = now.checked_add(SignedDuration::from_hours(2)).unwrap();
    let all = Weekday::Monday.cycle_forward().take(7).collect();
    world.hours = Hours {
        zone: TimeZone::UTC,
        windows: vec![Window {
            name: "night".into(),
            days: all,
            from: opens.time(),
            to: opens.time() + SignedDuration::from_mins(15),
            max: Slots::Fixed(NonZeroUsize::new(2).unwrap()),
            models: Vec::new(),
            notices: Notices::AtOnce,
        }],
    };
    let said = told(&world, ledger(20, |_, _| {}));
    // Two begin when it opens and two more after ten minutes, just before it closes.
    assert_eq!(through(&said), (140, 140));
}

#[test]
fn a_run_at_work_has_done_a_part_already() {
    let mut world = world(1, 2, |_, _| {});
    let run = RunId::of(&samples::id(1), 1);
    let ordered = Event::of(&samples::id(1), What::RunOrdered { run, attempt: 1 });
    world.record(&ordered, samples::start() - SignedDuration::from_mins(4)).unwrap();
    let said = told(&world, ledger(20, |_, _| {}));
    assert_eq!(through(&said), (16, 16));
    let first = &said.goals[&samples::id(1)];
    assert_eq!((first.begins, first.usd.known.unwrap().p90), (None, 0.6));
    // One that has taken longer than any before takes as long again.
    let later = forecast(&world, &Past::of(ledger(20, |_, _| {}), &world), samples::after(26 * 60));
    assert_eq!(later.goals[&samples::id(1)].seconds.p50, 1_800.0);
}

#[test]
fn with_auto_the_machine_bounds_how_many_are_at_work() {
    let host = HostSample {
        cores: 8,
        busy: Measured::Absent,
        memory_total: Measured::Known(16 << 30),
        memory_available: Measured::Absent,
        pressure: Pressures::default(),
        own_pressure: Pressures::default(),
        load: Measured::Absent,
        runnable: Measured::Absent,
        disks: BTreeMap::new(),
    };
    let sample = Sample { at: samples::start(), host, runs: BTreeMap::new() };
    // What a run takes: processors, GiB; how many fit at once.
    for (cores, gib, fit) in [(4.0, 1.0, 2), (0.1, 1.0, 15), (0.1, 5.0, 3), (9.0, 40.0, 1)] {
        let mut world = world(256, 30, |_, _| {});
        world.room = Some(Room { headroom: Some(Headroom::of(&sample)), ..Room::unknown() });
        let runs = ledger(20, |_, run| {
            run.cores = Some(cores);
            run.memory = Some(gib * f64::from(1 << 30));
        });
        let rounds = 30_i64.div_euclid(fit) + i64::from(30 % fit > 0);
        assert_eq!(through(&told(&world, runs)), (10 * rounds, 10 * rounds), "{cores} cores, {gib} GiB");
    }
}

/// Numbers from nought to one by a xorshift: none of the forecast's own dice.
struct Chance(u64);

impl Chance {
    fn f64(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A queue worked off by the plainest of schedulers, with runs that nobody foretold: minutes and dollars.
fn actual(rng: &mut Chance, goals: u64, slots: usize) -> (f64, f64) {
    let (mut free, mut usd) = (vec![0.0_f64; slots], 0.0);
    for _ in 0..goals {
        let (seconds, cost) = drawn(rng);
        let first = free.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
        *first += seconds / 60.0;
        usd += cost;
    }
    (free.into_iter().fold(0.0, f64::max), usd)
}

/// How long a run takes, and what it costs: most are short, a few are long.
fn drawn(rng: &mut Chance) -> (f64, f64) {
    let seconds = 60.0 * (1.0 / (1.0 - 0.98 * rng.f64())).sqrt() * 5.0;
    (seconds, seconds / 600.0 * (0.5 + rng.f64()))
}

#[test]
fn what_came_of_a_hundred_nights_lies_where_it_was_foretold() {
    let mut rng = Chance(42);
    let nights: u32 = 100;
    let mut below = [[0_u32; 2]; 2];
    for _ in 0..nights {
        let runs = ledger(60, |_, _| {}).into_iter().map(|run| {
            let (seconds, usd) = drawn(&mut rng);
            PastRun { seconds, usd: Some(usd), ..run }
        });
        let whole = told(&world(3, 12, |_, _| {}), runs.collect()).whole.unwrap();
        let (minutes_taken, usd_spent) = actual(&mut rng, 12, 3);
        let (ends, usd) = (whole.ends.unwrap(), whole.usd.known.unwrap());
        let said = |at: Timestamp| at.duration_since(samples::start()).as_secs_f64() / 60.0;
        for (place, (foretold, came)) in
            [((said(ends.p50), said(ends.p90)), minutes_taken), ((usd.p50, usd.p90), usd_spent)]
                .into_iter()
                .enumerate()
        {
            below[place][0] += u32::from(came <= foretold.0);
            below[place][1] += u32::from(came <= foretold.1);
        }
    }
    for [half, most] in below {
        // Half and nine of ten, with what a ledger of 60 runs leaves to chance.
        assert!((nights * 35 / 100..=nights * 65 / 100).contains(&half), "{half} of {nights} below P50");
        assert!((nights * 78 / 100..=nights * 98 / 100).contains(&most), "{most} of {nights} below P90");
    }
}

#[test]
fn the_same_ledger_and_queue_give_the_same_answer_and_it_reads_as_a_person_would_say_it() {
    let world = world(1, 3, |_, _| {});
    let runs = || ledger(20, |place, run| run.seconds = 60.0 * place as f64);
    let (one, other) = (told(&world, runs()), told(&world, runs()));
    assert_eq!(one, other);
    let json = serde_json::to_string(&one.whole).unwrap();
    assert_eq!(serde_json::from_str::<Option<herder_domain::forecast::Whole>>(&json).unwrap(), one.whole);
    let alike = told(&world, ledger(20, |_, run| run.gate_seconds = 60.0));
    let (now, zone) = ("2026-11-23T22:30:00Z".parse().unwrap(), TimeZone::UTC);
    let alike =
        forecast(&world, &Past::of(ledger(20, |_, _| {}), &world), now).whole.or(alike.whole).unwrap();
    assert_eq!(alike.sentence(now, &zone), "3 goals: finishes 23:00, $3.00, 3k tokens, 30m at work");
}
