//! `herder why`.

use herder_config::Flags;
use herder_domain::capacity::Admission;
use herder_domain::goal::Goal;
use herder_domain::repo::GoalRef;
use herder_domain::why::{Answer, used, why as ask};
use herder_domain::world::World;
use herder_record::StateDir;
use herder_store::{OpenEffect, Store};

use crate::args::Named;
use crate::call::{Call, env};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Says why a goal is where it is.
pub fn why(call: &Call, args: &Named) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    let world = world(call, &opened.state, &opened.store)?;
    let answer = answer(call, &opened.state, &opened.store, &world, &id)?;
    Reply::one(&answer, text(&answer))
}

/// The whole picture, as an `up` without flags would see it.
pub fn world(call: &Call, state: &StateDir, store: &Store) -> Result<World, Failure> {
    let config = call.config()?;
    let flags = Flags::default();
    let mut planning = herder_orchestrator::planning(&config, &flags, &config.settings(&flags, env)?)?;
    herder_orchestrator::heed_repos(&mut planning, store, &config, call.now)?;
    herder_orchestrator::heed_room(&mut planning, store, state)?;
    herder_orchestrator::heed_purse(&mut planning, (store, state), &config, call.now)?;
    // Whoever cannot tell says what would be so without.
    if herder_orchestrator::going(state, store).ok().flatten().is_some() {
        planning.capacity.admission = Admission::Draining;
    }
    Ok(store.world(&planning)?)
}

/// Why a goal is where it is, in a picture of the whole.
pub fn answer(
    call: &Call,
    state: &StateDir,
    store: &Store,
    world: &World,
    id: &GoalRef,
) -> Result<Answer, Failure> {
    // The picture holds settled goals only where something of them is left to do.
    let alone;
    let world = if world.goals.contains_key(id) {
        world
    } else {
        alone = of_one(world, store.goal(id)?);
        &alone
    };
    let gone = || Failure::not_found(format!("there is no goal {id}"));
    let mut answer = ask(world, id, call.now).ok_or_else(gone)?;
    answer.reasons.extend(in_vain(store, id)?);
    let measured = state.headroom().ok().flatten();
    answer.reasons.extend(measured.and_then(|measured| used(&measured, world.goals.get(id)?)));
    let moves = world.goals.get(id).is_some_and(|goal| goal.state.moves_by_itself());
    if moves && herder_orchestrator::holder(state).is_ok_and(|holder| holder.is_none()) {
        answer.hints.push("no orchestrator is at work: `herder up` starts one".to_owned());
    }
    if moves && world.capacity.admission == Admission::Draining {
        answer
            .hints
            .push("the orchestrator was asked to go: the next `herder up` goes on from there".to_owned());
    }
    Ok(answer)
}

/// A picture of one goal of which nothing more becomes.
fn of_one(world: &World, goal: Option<Goal>) -> World {
    let mut alone = World::new(world.capacity, world.policy, &world.default_agent);
    alone.goals.extend(goal.map(|goal| (goal.id.clone(), goal)));
    alone
}

/// What is done for the goal again and again and fails each time. It stands in the outbox, where the planner sees only
/// that it is ordered.
fn in_vain(store: &Store, id: &GoalRef) -> Result<Vec<String>, Failure> {
    let open = store.open_effects()?.into_iter().filter(|open| open.effect.goal() == id);
    let sentence = |open: OpenEffect| {
        let (step, error) = (open.key.split('/').next().unwrap_or_default().to_owned(), open.last_error?);
        let times = if open.attempts == 1 { "once".to_owned() } else { format!("{} times", open.attempts) };
        let next = open.not_before.map(|at| format!("; again at {at:.0}")).unwrap_or_default();
        Some(format!("the step `{step}` was tried {times} in vain: {error}{next}"))
    };
    Ok(open.filter_map(sentence).collect())
}

fn text(answer: &Answer) -> String {
    let reasons = answer.reasons.iter().map(|reason| format!("  {}\n", reason.replace('\n', "\n  ")));
    let hints = answer.hints.iter().map(|hint| format!("hint: {hint}\n"));
    std::iter::once(format!("{}\n", answer.standing)).chain(reasons).chain(hints).collect()
}
