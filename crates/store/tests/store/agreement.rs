//! The rows agree with the journal: what `domain` folds from it is what stands in the tables.

use std::collections::{BTreeMap, BTreeSet};

use herder_domain::goal::Goal;
use herder_domain::landing::{Landing, LandingState};
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId, RunState};
use herder_domain::world::{Settled, World};
use herder_store::{GoalFilter, Store};
use rusqlite::Connection;

use crate::scene::settings;

/// Folds the whole journal.
pub fn replay(store: &Store) -> World {
    let settings = settings();
    let mut world = World::new(settings.capacity, settings.policy, &settings.default_agent);
    let mut after = 0;
    for entry in store.journal(0, usize::MAX).unwrap() {
        assert_eq!(entry.seq, after + 1, "the journal has a gap");
        after = entry.seq;
        world.record(&entry.event, entry.at).unwrap();
    }
    world
}

/// Compares every table that follows from the journal with its replay.
pub fn assert_agrees(store: &Store) {
    let folded = replay(store);
    assert_eq!(by_id(&store.repos().unwrap(), |repo| repo.id.clone()), folded.repos);
    assert_eq!(store.story_standings().unwrap(), folded.stories);
    assert_eq!(store.parked().unwrap(), folded.parked);
    assert_eq!(store.pauses().unwrap(), folded.pauses);
    assert_eq!(store.limits().unwrap(), folded.limits);
    assert_eq!(store.ailments().unwrap(), folded.ailments);
    assert_eq!(by_id(&store.goals(&GoalFilter::default()).unwrap(), |goal| goal.id.clone()), folded.goals);
    assert_runs(store, &folded);
    assert_numbers(&folded);
    assert_effects(store, &folded);
    assert_world(store, folded);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

fn by_id<K: Ord, T: Clone>(all: &[T], key: impl Fn(&T) -> K) -> BTreeMap<K, T> {
    all.iter().map(|one| (key(one), one.clone())).collect()
}

fn assert_runs(store: &Store, folded: &World) {
    let runs: Vec<Run> = folded.goals.keys().flat_map(|goal| store.runs_of(goal).unwrap()).collect();
    let landings: Vec<Landing> = runs.iter().filter_map(|run| store.landing(&run.id).unwrap()).collect();
    assert_eq!(by_id(&landings, |landing| landing.run.clone()), folded.landings);
    // The fold forgets runs that are closed and had no landing and no goal that named them at that time.
    let kept = |run: &&Run| !matches!(run.state, RunState::Closed) || folded.runs.contains_key(&run.id);
    let kept: Vec<Run> = runs.iter().filter(kept).cloned().collect();
    assert_eq!(by_id(&kept, |run| run.id.clone()), folded.runs);
    for goal in folded.goals.values() {
        let attempts: Vec<u32> = store.runs_of(&goal.id).unwrap().iter().map(|run| run.attempt).collect();
        assert_eq!(attempts, (1..=goal.runs).collect::<Vec<u32>>(), "{}", goal.id);
    }
}

/// Every number up to the next one was given once.
fn assert_numbers(folded: &World) {
    for repo in folded.repos.keys() {
        let goals = folded.goals.keys().filter(|id| id.repo == *repo);
        let stories = folded.stories.keys().filter(|id| id.repo == *repo);
        let mut numbers: Vec<u64> = goals.chain(stories).map(|id| id.number.0).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<u64>>(), "{repo}");
    }
}

/// What events call for was ordered, done or not.
fn assert_effects(store: &Store, folded: &World) {
    let sqlite = Connection::open(store.path()).unwrap();
    let mut statement = sqlite.prepare("SELECT key FROM outbox").unwrap();
    let keys: BTreeSet<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let missing: Vec<&String> = folded.open.keys().filter(|key| !keys.contains(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The picture that the planner sees is the fold's, without what is over.
fn assert_world(store: &Store, folded: World) {
    let world = store.world(&settings()).unwrap();
    let goals = &folded.goals;
    let waits_with = |landing: &Landing| {
        let goal = &goals[&landing.goal];
        goal.state.word() == "spot-check" && goal.current_run() == Some(&landing.run)
    };
    let is_open = |landing: &Landing| match landing.state {
        LandingState::Submitted { .. } => true,
        LandingState::Bounced(_)
        | LandingState::Offered { .. }
        | LandingState::Reverting { .. }
        | LandingState::Leaving { .. } => {
            goals[&landing.goal].is_landing(&landing.run) || waits_with(landing)
        }
        LandingState::Shown
        | LandingState::Landed { .. }
        | LandingState::Withdrawn
        | LandingState::Reverted { .. } => waits_with(landing),
    };
    let landings: BTreeMap<RunId, Landing> =
        folded.landings.clone().into_iter().filter(|(_, landing)| is_open(landing)).collect();
    let runs: BTreeMap<RunId, Run> = folded
        .runs
        .clone()
        .into_iter()
        .filter(|(id, run)| {
            let goal = &goals[&run.goal];
            let is_named = !goal.state.is_settled() && goal.named_runs().any(|named| named == id);
            !matches!(run.state, RunState::Closed) || landings.contains_key(id) || is_named
        })
        .collect();
    let at_work: BTreeSet<&GoalRef> = runs.values().map(|run| &run.goal).collect();
    let live: BTreeMap<GoalRef, Goal> = goals
        .clone()
        .into_iter()
        .filter(|(id, goal)| !goal.state.is_settled() || at_work.contains(id))
        .collect();
    let wanted: BTreeSet<&GoalRef> = goals
        .values()
        .filter(|g| !g.state.is_settled())
        .flat_map(|g| &g.depends)
        .chain(live.keys())
        .collect();
    let settled: BTreeMap<GoalRef, Settled> =
        wanted.into_iter().filter_map(|id| Some((id.clone(), Settled::of(&goals.get(id)?.state)?))).collect();
    assert_eq!(world.landings, landings);
    assert_eq!(world.runs, runs);
    assert_eq!(world.goals, live);
    assert_eq!(world.settled, settled);
    assert_eq!((world.pauses, world.limits), (folded.pauses, folded.limits));
    assert_eq!(world.ailments, folded.ailments);
}
