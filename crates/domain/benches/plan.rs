//! The planner over a big queue: 1,000 goals that wait behind 50 runs, and 100,000 goals.
//!
//! The peer is the least that any planner must do with a queue: put it in order.
//!
//! `cargo bench -p herder-domain`

use herder_domain::capacity::{Admission, Capacity};
use herder_domain::event::Repo;
use herder_domain::forge::Home;
use herder_domain::goal::{Goal, GoalState, GoalText};
use herder_domain::judge::Policy;
use herder_domain::plan::plan;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::{ProcessName, Run, RunId, RunState};
use herder_domain::world::World;
use herder_testkit::pairs::{Bar, Failure, Figure, interleaved, is_quick, pairs, seconds};
use jiff::{SignedDuration, Timestamp};

const RUNNING: u64 = 50;

fn main() -> Result<(), Failure> {
    figure(1_000)?.aiming_at(Bar::AtMost(1.0)).tell()?;
    figure(if is_quick() { 10_000 } else { 100_000 })?.tell()
}

fn figure(queued: u64) -> Result<Figure, Failure> {
    let world = night(queued)?;
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
    let waits = plan(&world, now).waits.len() as u64;
    assert_eq!(waits, queued, "every queued goal is told why it waits");
    let pairs = interleaved(
        pairs(),
        || Ok(1_000.0 * seconds(|| Ok(std::hint::black_box(plan(&world, now))))?),
        || Ok(1_000.0 * seconds(|| Ok(std::hint::black_box(sorted(&world))))?),
    )?;
    let name = format!("plan, {queued} queued and {RUNNING} running");
    Ok(Figure::new(name, "ms", "sorting the same queue", pairs))
}

/// `queued` goals behind [`RUNNING`] runs that take all slots; every tenth depends on one that runs.
fn night(queued: u64) -> Result<World, Failure> {
    let capacity = Capacity { max: RUNNING as usize, admission: Admission::Open };
    let mut world = World::new(capacity, Policy::default(), "claude");
    let repo: RepoId = "github.com/acme/app".parse()?;
    let (url, base_branch) = ("https://example.org/app".into(), "main".into());
    world
        .repos
        .insert(repo.clone(), Repo { id: repo.clone(), url, base_branch, pushes: true, home: Home::Local });
    for number in 1..=RUNNING {
        let mut goal = goal(&repo, number)?;
        let run = running(&goal.id);
        goal.state = GoalState::Running { run: run.id.clone() };
        world.runs.insert(run.id.clone(), run);
        world.goals.insert(goal.id.clone(), goal);
    }
    for number in RUNNING + 1..=RUNNING + queued {
        let mut goal = goal(&repo, number)?;
        goal.state = GoalState::Queued { since: since(number) };
        if number.is_multiple_of(10) {
            goal.depends.push(GoalRef::new(repo.clone(), number % RUNNING + 1));
        }
        world.goals.insert(goal.id.clone(), goal);
    }
    Ok(world)
}

fn goal(repo: &RepoId, number: u64) -> Result<Goal, Failure> {
    let text = GoalText::read(repo, "Add a flag", "## Objective\nAdd the flag.\n")?;
    Ok(Goal::draft(GoalRef::new(repo.clone(), number), text, Timestamp::UNIX_EPOCH))
}

/// Times that do not follow the numbers, so that there is something to sort.
fn since(number: u64) -> Timestamp {
    let seconds = number.wrapping_mul(0x9e37_79b9) % 3_600;
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds.try_into().unwrap_or_default())
}

fn running(goal: &GoalRef) -> Run {
    Run {
        id: RunId::of(goal, 1),
        goal: goal.clone(),
        attempt: 1,
        ordered_at: Timestamp::UNIX_EPOCH,
        queue_seconds: 0.0,
        base_branch: Some("main".into()),
        agent: Some("claude".into()),
        by: None,
        frost: Default::default(),
        result: None,
        state: RunState::Launched { process: ProcessName { pid: 4_242, start_time: 1, boot_id: "b".into() } },
    }
}

fn sorted(world: &World) -> Vec<(&GoalRef, Timestamp)> {
    let queued = world.goals.values().filter_map(|goal| Some((&goal.id, goal.state.queued_since()?)));
    let mut queued: Vec<_> = queued.collect();
    queued.sort_by_key(|(id, since)| (*since, *id));
    queued
}
