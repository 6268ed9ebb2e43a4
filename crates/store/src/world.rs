//! The whole picture, read in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use herder_domain::capacity::{Capacity, Room};
use herder_domain::goal::Goal;
use herder_domain::hours::Hours;
use herder_domain::judge::Policy;
use herder_domain::purse::Purse;
use herder_domain::repo::RepoId;
use herder_domain::run::RunId;
use herder_domain::share::Shares;
use herder_domain::world::{Settled, World};
use rusqlite::Connection;

use crate::column::Json;
use crate::error::StoreError;
use crate::memo::Memo;
use crate::{Store, accounts, ailments, goals, operating, outbox, repos, rows, runs, stories};

/// What the planner looks at beside the database.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What may run now.
    pub capacity: Capacity,
    /// What the machine has room for; slots alone decide where absent.
    pub room: Option<Room>,
    /// The numbers behind judgements.
    pub policy: Policy,
    /// The agent of goals that name none.
    pub default_agent: String,
    /// Work off this repository alone.
    pub only: Option<RepoId>,
    /// How many runs may be at work at once in a repository, where it has a bound of its own.
    pub max_in: BTreeMap<RepoId, usize>,
    /// When work may begin.
    pub hours: Hours,
    /// What may be spent, and what was.
    pub purse: Purse,
    /// What each repository has had, and is to have.
    pub shares: Shares,
    /// Repositories whose goals start although the base branch is red.
    pub starts_on_red: BTreeSet<RepoId>,
    /// Runs whose landing is past its gate.
    pub past_gate: BTreeSet<RunId>,
}

impl Settings {
    /// These, and nothing else that the planner would look at beside the database.
    pub fn of(capacity: Capacity, policy: Policy, default_agent: &str) -> Self {
        Self {
            capacity,
            room: None,
            policy,
            default_agent: default_agent.to_owned(),
            only: None,
            max_in: BTreeMap::new(),
            hours: Hours::default(),
            purse: Purse::default(),
            shares: Shares::default(),
            starts_on_red: BTreeSet::new(),
            past_gate: BTreeSet::new(),
        }
    }
}

impl Store {
    /// The whole picture. It grows with what is at work, not with what was ever done: of settled
    /// goals it holds those that a live one depends on.
    pub fn world(&self, settings: &Settings) -> Result<World, StoreError> {
        load(&*self.read()?, settings, &mut Memo::default())
    }
}

pub(crate) fn load(conn: &Connection, settings: &Settings, memo: &mut Memo) -> Result<World, StoreError> {
    let mut world = World::new(settings.capacity, settings.policy, &settings.default_agent);
    world.room.clone_from(&settings.room);
    world.only.clone_from(&settings.only);
    world.max_in.clone_from(&settings.max_in);
    world.hours.clone_from(&settings.hours);
    world.purse.clone_from(&settings.purse);
    world.shares.clone_from(&settings.shares);
    world.starts_on_red.clone_from(&settings.starts_on_red);
    world.past_gate.clone_from(&settings.past_gate);
    world.repos = repos::all(conn)?.into_iter().map(|repo| (repo.id.clone(), repo)).collect();
    world.stories = stories::standings(conn)?;
    world.parked = accounts::parked(conn)?;
    world.limits = operating::limits(conn)?;
    world.pauses = operating::pauses(conn)?;
    world.ailments = ailments::ailments(conn)?;
    world.open = outbox::open(conn)?;
    for goal in memo.live(conn)? {
        world.goals.insert(goal.id.clone(), goal);
    }
    add_runs(conn, &mut world)?;
    add_goals_at_work(conn, &mut world)?;
    add_settled(conn, &mut world)?;
    outbox::add_told(conn, &mut world.done)?;
    for run in world.runs.keys() {
        outbox::add_done(conn, run, &mut world.done)?;
    }
    Ok(world)
}

fn add_runs(conn: &Connection, world: &mut World) -> Result<(), StoreError> {
    for run in runs::active(conn)? {
        world.runs.insert(run.id.clone(), run);
    }
    for landing in runs::open_landings(conn)? {
        world.landings.insert(landing.run.clone(), landing);
    }
    let named = world.goals.values().flat_map(Goal::named_runs).chain(world.landings.keys());
    for id in named {
        if !world.runs.contains_key(id)
            && let Some(run) = runs::load(conn, id)?
        {
            world.runs.insert(run.id.clone(), run);
        }
    }
    Ok(())
}

/// Goals that are settled while their run or its landing is not over.
fn add_goals_at_work(conn: &Connection, world: &mut World) -> Result<(), StoreError> {
    for run in world.runs.values() {
        if !world.goals.contains_key(&run.goal)
            && let Some(goal) = goals::load(conn, &run.goal)?
        {
            world.goals.insert(goal.id.clone(), goal);
        }
    }
    Ok(())
}

fn add_settled(conn: &Connection, world: &mut World) -> Result<(), StoreError> {
    let depended_on = depended_on(conn)?;
    for goal in world.goals.values().chain(&depended_on) {
        if let Some(settled) = Settled::of(&goal.state) {
            world.settled.insert(goal.id.clone(), settled);
        }
    }
    Ok(())
}

/// Settled goals that a live one depends on.
fn depended_on(conn: &Connection) -> Result<Vec<Goal>, StoreError> {
    let sql = "SELECT DISTINCT o.goal FROM goals g
               JOIN dependencies d ON d.repo = g.repo AND d.number = g.number
               JOIN goals o ON o.repo = d.on_repo AND o.number = d.on_number
               WHERE g.is_settled = 0 AND o.is_settled = 1";
    rows(conn, sql, [], |row| row.get(0).map(|Json(goal)| goal))
}
