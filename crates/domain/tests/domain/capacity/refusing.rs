//! What there is no room for, and how that is said.

use std::time::Duration;

use herder_domain::capacity::{Admission, Capacity, Door, Footprint, Headroom, Observation, Room, Shortage};
use herder_domain::goal::{Goal, GoalState, GoalText};
use herder_domain::judge::Policy;
use herder_domain::measure::{DiskRoom, HostSample, Measured, Pressure, Pressures, Sample, Stall};
use herder_domain::plan::{Plan, Wait, plan};
use herder_domain::run::RunId;
use herder_domain::world::World;

use super::host::{at, reference, repo, run};
use crate::samples;

pub const GIB: u64 = 1 << 30;
pub const NOW: u32 = 1_000;

/// A machine that has room.
pub fn free() -> HostSample {
    HostSample {
        cores: 4,
        pressure: Pressures::default(),
        own_pressure: Pressures::default(),
        memory_total: Measured::Known(16 * GIB),
        memory_available: Measured::Known(12 * GIB),
        busy: Measured::Known(Duration::ZERO),
        load: Measured::Absent,
        runnable: Measured::Absent,
        disks: [("/state".into(), Measured::Known(DiskRoom { bytes: 50 * GIB, inodes: None }))].into(),
    }
}

pub fn stalls(percent: f64) -> Measured<Pressure> {
    let stall = Stall { avg10: percent, avg60: percent, total: 1 };
    Measured::Known(Pressure { some: stall, full: Some(stall) })
}

/// What was seen in half a minute in which processors were busy so much of the time.
pub fn seen(host: &HostSample, busy: f64) -> Headroom {
    let sample = |second: u32| Sample {
        at: at(NOW - 30 + second),
        host: HostSample {
            busy: host.busy.and_then(|_| Some(Duration::from_secs_f64(f64::from(second) * busy * 4.0))),
            ..host.clone()
        },
        runs: [].into(),
    };
    let mut headroom = Headroom::of(&sample(0));
    (1..=30).for_each(|second| headroom.take(&sample(second)));
    headroom
}

/// Three goals that wait behind so many runs, of which the last began so many seconds ago.
pub fn world(headroom: Option<Headroom>, at_work: usize, ago: u32) -> World {
    let capacity = Capacity { max: 100, admission: Admission::Open };
    let mut world = World::new(capacity, Policy::default(), "claude");
    world.repos.insert(repo(), samples::registered(repo()));
    for number in 0..at_work + 3 {
        let text = GoalText::read(&repo(), "Add a flag", "## Objective\nAdd the flag.\n").unwrap();
        let mut goal = Goal::draft(reference(number), text, at(0));
        goal.state = GoalState::Queued { since: at(0) };
        if number < at_work {
            let id = RunId::of(&goal.id, 1);
            goal.state = GoalState::Running { run: id.clone() };
            world.runs.insert(id.clone(), run(&id, &goal.id, 1, at(NOW - ago)));
        }
        world.goals.insert(goal.id.clone(), goal);
    }
    world.room = Some(Room { headroom, footprints: [].into() });
    world
}

/// What the first that does not start is short of.
fn short(planned: &Plan) -> Option<Shortage> {
    planned.waits.values().flatten().next().map(|wait| match wait {
        Wait::NoRoom { shortage } => shortage.clone(),
        other => panic!("it waits for something else: {other:?}"),
    })
}

#[track_caller]
fn refused(world: &World) -> Shortage {
    let planned = plan(world, at(NOW));
    assert!(planned.decisions.is_empty(), "{planned:?}");
    short(&planned).unwrap()
}

#[test]
fn one_begins_at_a_time_and_then_it_is_looked_again() {
    let world = world(Some(seen(&free(), 0.0)), 0, 0);
    let planned = plan(&world, at(NOW));
    assert_eq!(planned.decisions.len(), 1);
    assert_eq!(
        (short(&planned), planned.wake_at),
        (Some(Shortage::Settling { until: at(NOW + 1) }), Some(at(NOW + 1)))
    );
}

#[test]
fn a_run_that_has_just_begun_is_waited_for() {
    assert!(matches!(refused(&world(Some(seen(&free(), 0.9)), 1, 2)), Shortage::Settling { .. }));
}

#[test]
fn nothing_begins_beside_a_run_before_anything_was_measured() {
    assert_eq!(refused(&world(None, 1, 700)), Shortage::NotMeasured);
    let blind = HostSample { memory_available: Measured::Absent, ..free() };
    assert_eq!(refused(&world(Some(seen(&blind, 0.0)), 1, 700)), Shortage::NotMeasured);
}

#[test]
fn busy_processors_keep_the_next_goal_waiting_but_not_the_first() {
    let busy = seen(&free(), 1.0);
    let told = refused(&world(Some(busy.clone()), 1, 700));
    assert_eq!(told, Shortage::Cores { idle: 0, reserved: 0, all: 4_000 });
    assert_eq!(
        told.to_string(),
        "0.0 of 4.0 processors idle, 0.0 of them kept for runs that have just begun"
    );
    assert_eq!(plan(&world(Some(busy), 0, 0), at(NOW)).decisions.len(), 1, "others may use them for ever");
}

#[test]
fn memory_is_kept_for_runs_at_work_by_what_their_kind_has_needed() {
    let mut world = world(Some(seen(&free(), 0.0)), 1, 100);
    let like = Observation { memory: Some(8 * GIB), cpu: None, duration: Duration::from_secs(600) };
    let footprint = Footprint::learn(&[like; 5]).unwrap();
    world.room.as_mut().unwrap().footprints.insert((repo(), "claude".into()), footprint);
    let Shortage::Memory { available, reserved, wanted, kept } = refused(&world) else { panic!() };
    assert_eq!((available, reserved, wanted), (12 * GIB, 8 * GIB, 8 * GIB));
    assert_eq!(kept, 16 * GIB / 20);
}

#[test]
fn what_was_killed_for_memory_comes_back_alone() {
    let mut killed = world(Some(seen(&free(), 0.0)), 0, 0);
    killed.goals.get_mut(&reference(0)).unwrap().series.out_of_memory = 1;
    assert_eq!(plan(&killed, at(NOW)).decisions.len(), 1, "alone it may begin");
    let mut beside = world(Some(seen(&free(), 0.0)), 1, 700);
    beside.goals.get_mut(&reference(1)).unwrap().series.out_of_memory = 1;
    assert!(matches!(refused(&beside), Shortage::Memory { wanted, .. } if wanted == 16 * GIB));
    let mut at_work = world(Some(seen(&free(), 0.0)), 1, 700);
    at_work.goals.get_mut(&reference(0)).unwrap().series.out_of_memory = 1;
    assert!(matches!(refused(&at_work), Shortage::Memory { reserved, .. } if reserved == 16 * GIB));
}

#[test]
fn pressure_on_memory_and_disks_and_full_disks_are_told() {
    let with = |host: HostSample| refused(&world(Some(seen(&host, 0.0)), 1, 700)).to_string();
    let pressed = |pressure| HostSample { pressure, ..free() };
    let memory = Pressures { memory: stalls(30.0), ..Pressures::default() };
    assert_eq!(with(pressed(memory)), "work waited for memory 30% of the last ten seconds");
    let io = Pressures { io: stalls(60.0), ..Pressures::default() };
    assert_eq!(with(pressed(io)), "work waited for disks 60% of the last ten seconds");
    let room = Measured::Known(DiskRoom { bytes: 300 << 20, inodes: Some(5) });
    let full = HostSample { disks: [("/state".into(), room)].into(), ..free() };
    assert_eq!(with(full), "300 MiB are left below /state, and 5 files");
}

#[test]
fn without_processor_time_pressure_decides_and_without_that_the_load() {
    let blind = HostSample { busy: Measured::Absent, ..free() };
    let cpu = Pressures { cpu: stalls(80.0), ..Pressures::default() };
    let pressed = HostSample { pressure: cpu, load: Measured::Known(0.0), ..blind.clone() };
    assert!(matches!(
        refused(&world(Some(seen(&pressed, 0.0)), 1, 700)),
        Shortage::Pressure { percent: Some(80), .. }
    ));
    let loaded = HostSample { load: Measured::Known(5.0), ..blind.clone() };
    assert!(matches!(
        refused(&world(Some(seen(&loaded, 0.0)), 1, 700)),
        Shortage::Pressure { percent: None, .. }
    ));
    let idle = HostSample { load: Measured::Known(0.5), ..blind };
    assert_eq!(plan(&world(Some(seen(&idle, 0.0)), 1, 700), at(NOW)).decisions.len(), 1);
}

#[test]
fn a_door_closes_early_and_opens_late() {
    let mut headroom = seen(&free(), 0.0);
    let mut look = |avg10: f64, avg60: f64| {
        let stall = Stall { avg10, avg60, total: 1 };
        let memory = Measured::Known(Pressure { some: stall, full: None });
        let host = HostSample { pressure: Pressures { memory, ..Pressures::default() }, ..free() };
        headroom.take(&Sample { at: headroom.at, host, runs: [].into() });
        headroom.doors.memory
    };
    assert_eq!(look(9.0, 9.0), Door::Open);
    assert_eq!(look(11.0, 2.0), Door::Closed);
    assert_eq!(look(0.0, 5.0), Door::Closed, "a minute is not over");
    assert_eq!(look(0.0, 1.0), Door::Open);
}

#[test]
fn a_number_of_slots_is_not_bound_by_the_machine() {
    let mut world = world(None, 1, 1);
    world.room = None;
    assert_eq!(plan(&world, at(NOW)).decisions.len(), 3);
}
