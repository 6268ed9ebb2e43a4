//! What stands still for want of memory, and goes on or makes way.

use herder_domain::capacity::{Lack, Room, Shortage};
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::frost::Chill;
use herder_domain::measure::{HostSample, Measured, Pressures};
use herder_domain::plan::{Wait, plan};
use herder_domain::run::RunId;
use herder_domain::why::why;
use herder_domain::world::World;
use jiff::Timestamp;

use super::host::{at, reference};
use super::refusing::{GIB, NOW, free, seen, stalls, world};

/// A machine with so much memory left, GiB of 16, on which work waits for memory so many percent of the time.
fn machine(left: f64, stalled: f64) -> HostSample {
    HostSample {
        memory_available: Measured::Known((left * GIB as f64) as u64),
        pressure: Pressures { memory: stalls(stalled), ..Pressures::default() },
        ..free()
    }
}

fn tight() -> HostSample {
    machine(0.3, 0.0)
}

/// So many runs at work there, the first of which began first.
fn at_work(host: &HostSample, runs: usize) -> World {
    let mut world = world(Some(seen(host, 0.1)), runs, 500);
    for number in 0..runs {
        world.runs.get_mut(&run(number)).unwrap().ordered_at = at(100 + number as u32);
    }
    world
}

/// The same world on another machine.
fn on(world: &World, host: &HostSample) -> World {
    World { room: Some(Room { headroom: Some(seen(host, 0.1)), ..Room::unknown() }), ..world.clone() }
}

fn run(number: usize) -> RunId {
    RunId::of(&reference(number), 1)
}

fn record(world: &mut World, number: usize, second: u32, what: What) {
    world.record(&Event::of(&reference(number), what), at(second)).unwrap();
}

fn freeze(world: &mut World, number: usize, second: u32) {
    let lack = Lack { available: Some(300 << 20), floor: 400 << 20, stalled: None };
    let why = Chill::Memory { lack };
    record(world, number, second, What::RunFrozen { run: run(number), why });
}

fn freeze_by_hand(world: &mut World, number: usize) {
    let why = Chill::Person { by: "ann".into() };
    record(world, number, NOW, What::RunFrozen { run: run(number), why });
}

/// What is decided of runs: `-2` freezes the run of the second goal, `+2` thaws it, `!2` stops it.
fn decided(world: &World, now: Timestamp) -> Vec<String> {
    let planned = plan(world, now);
    let decisions = planned.decisions.iter().filter_map(|event| {
        let Event::Goal(happening) = event else { return None };
        let sign = match &happening.what {
            What::RunFrozen { why: Chill::Memory { .. }, .. } => '-',
            What::RunThawed { .. } => '+',
            What::RunOrdered { .. } => '*',
            _ => return None,
        };
        Some(format!("{sign}{}", happening.goal.number))
    });
    let stops = planned.effects.iter().filter_map(|effect| match effect {
        Effect::Stop { goal, .. } => Some(format!("!{}", goal.number)),
        _ => None,
    });
    decisions.chain(stops).collect()
}

#[track_caller]
fn nothing(world: &World, second: u32) {
    assert_eq!(decided(world, at(second)), Vec::<String>::new());
}

#[test]
fn the_youngest_of_lowest_priority_stands_still_when_memory_is_short_and_never_the_last() {
    let blind = |host: HostSample| HostSample { memory_available: Measured::Absent, ..host };
    for (host, is_short) in [
        (tight(), true),
        (machine(1.0, 5.0), false),
        (machine(3.0, 40.0), true),
        // A run that is held to a bound of its own waits, too, and no other could help it.
        (machine(12.0, 40.0), false),
        (blind(machine(0.0, 40.0)), true),
        (HostSample { memory_available: Measured::Unknown, ..machine(0.0, 0.0) }, false),
        (HostSample { pressure: Pressures::default(), ..tight() }, true),
    ] {
        let world = at_work(&host, 3);
        let frozen = decided(&world, at(NOW)).contains(&"-3".to_owned());
        assert_eq!(frozen, is_short, "{host:?}");
    }
    let mut important = at_work(&tight(), 3);
    for number in [1, 2] {
        important.goals.get_mut(&reference(number)).unwrap().options.priority = Some(1);
    }
    assert_eq!(decided(&important, at(NOW)), ["-1"]);
    nothing(&at_work(&tight(), 1), NOW);
}

#[test]
fn one_after_the_other_with_time_to_see_what_it_came_to() {
    let mut world = at_work(&tight(), 3);
    freeze(&mut world, 2, NOW);
    nothing(&world, NOW + 9);
    assert_eq!(decided(&world, at(NOW + 10)), ["-2"]);
    assert_eq!(decided(&on(&world, &machine(0.1, 0.0)), at(NOW + 1)), ["-2"], "it goes on falling");
    freeze(&mut world, 1, NOW + 10);
    nothing(&world, NOW + 69);
    assert_eq!(decided(&world, at(NOW + 70)), ["!3"], "nobody is left who could stand still");
    assert_eq!(decided(&on(&world, &machine(0.1, 0.0)), at(NOW + 15)), ["!3"]);
}

#[test]
fn what_stands_still_goes_on_when_there_is_room_and_nothing_begins_before() {
    let mut world = at_work(&tight(), 3);
    freeze(&mut world, 1, NOW);
    freeze(&mut world, 2, NOW);
    let eased = on(&world, &machine(12.0, 0.0));
    let frozen = |wait: &Wait| *wait == Wait::NoRoom { shortage: Shortage::Frozen { runs: 2 } };
    assert!(plan(&eased, at(NOW + 20)).waits.values().flatten().any(frozen));
    nothing(&eased, NOW + 19);
    assert_eq!(decided(&eased, at(NOW + 20)), ["+2"], "the elder first");
    // Neither too little nor enough, and nobody knows just now: all stays as it is.
    nothing(&on(&world, &machine(1.0, 0.0)), NOW + 20);
    nothing(&on(&world, &HostSample { memory_available: Measured::Unknown, ..free() }), NOW + 20);
    // Enough, but not for what runs at work are still expected to take.
    let mut hungry = on(&world, &machine(2.5, 0.0));
    hungry.runs.get_mut(&run(0)).unwrap().ordered_at = at(NOW);
    nothing(&hungry, NOW + 20);
    assert_eq!(decided(&on(&world, &machine(2.5, 0.0)), at(NOW + 20)), ["+2"]);
}

#[test]
fn nobody_stands_still_alone_or_where_the_machine_is_not_asked() {
    let mut world = at_work(&tight(), 1);
    freeze(&mut world, 0, NOW);
    assert_eq!(decided(&world, at(NOW + 20)), ["+1"], "no other could make room");
    let mut two = at_work(&tight(), 2);
    freeze(&mut two, 1, NOW);
    let unasked = World { room: None, ..two.clone() };
    assert!(decided(&unasked, at(NOW + 1)).contains(&"+2".to_owned()));
    let blind = HostSample { memory_available: Measured::Absent, ..free() };
    assert!(decided(&on(&two, &blind), at(NOW + 1)).contains(&"+2".to_owned()));
    // The next orchestrator has not looked yet.
    nothing(&World { room: Some(Room::unknown()), ..two }, NOW + 60);
}

#[test]
fn what_a_person_froze_is_left_alone() {
    let mut world = at_work(&tight(), 3);
    freeze_by_hand(&mut world, 2);
    assert_eq!(decided(&world, at(NOW + 20)), ["-2"]);
    freeze(&mut world, 1, NOW);
    nothing(&world, NOW + 20);
    freeze_by_hand(&mut world, 1);
    let eased = decided(&on(&world, &machine(12.0, 0.0)), at(NOW + 700));
    assert!(!eased.iter().any(|word| word.starts_with(['+', '!'])), "{eased:?}");
}

#[test]
fn whoever_stands_still_for_too_long_makes_way_one_at_a_time() {
    let mut world = at_work(&machine(1.0, 0.0), 3);
    freeze(&mut world, 1, NOW);
    freeze(&mut world, 2, NOW);
    nothing(&world, NOW + 599);
    assert_eq!(plan(&world, at(NOW + 599)).wake_at, Some(at(NOW + 600)));
    assert_eq!(decided(&world, at(NOW + 600)), ["!3"]);
    let stop = Effect::Stop { goal: reference(2), run: run(2) };
    world.open.insert(stop.key(), stop);
    nothing(&world, NOW + 601);
}

#[test]
fn why_tells_it_with_the_numbers() {
    let mut world = at_work(&machine(1.0, 0.0), 2);
    freeze(&mut world, 1, NOW);
    let answer = why(&world, &reference(1), at(NOW + 60)).unwrap();
    assert!(answer.standing.ends_with("is frozen"), "{}", answer.standing);
    let told = answer.reasons.join("\n");
    for words in
        ["300 MiB of memory could be had, less than 400 MiB", "when 800 MiB", "now 1024 MiB", "makes way at"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(answer.hints[0], "`herder thaw 2` has it go on");
}
