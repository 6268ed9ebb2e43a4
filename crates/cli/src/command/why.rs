//! `herder why`.

use herder_config::Flags;
use herder_domain::capacity::Admission;
use herder_domain::forecast::{Estimate, if_queued};
use herder_domain::goal::Goal;
use herder_domain::plan::plan;
use herder_domain::repo::GoalRef;
use herder_domain::why::{Answer, used, why as ask};
use herder_domain::world::World;
use herder_record::StateDir;
use herder_store::{OpenEffect, Store};
use herder_view::{foretell, queue};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::args::OneOrAll;
use crate::call::{Call, Opened, env};
use crate::failure::Failure;
use crate::output::{Reply, Table};
use crate::place;

/// Says why a goal is where it is, or why each queued one does not start yet.
pub fn why(call: &Call, args: &OneOrAll) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let Some(number) = &args.number else { return of_all(call, &opened) };
    let id = place::goal(call, &opened.store, number)?;
    let world = world(call, &opened.state, &opened.store)?;
    let answer = answer(call, &opened.state, &opened.store, &world, &id)?;
    Reply::one(&answer, text(&answer, call.now, &world.hours.zone))
}

/// The queue, one line a goal.
fn of_all(call: &Call, opened: &Opened) -> Result<Reply, Failure> {
    let world = world(call, &opened.state, &opened.store)?;
    let forecast = foretell(&opened.store, &world, call.now)?;
    let waits = plan(&world, call.now).waits;
    let mut queue = queue(&world, &waits, &forecast, call.now);
    if let Some(name) = &call.repo {
        let repo = place::named(&opened.store, name)?;
        queue.retain(|waiting| waiting.goal.repo == repo);
    }
    let mut table = Table::new(&["goal", "title", "begins", "why not yet"]);
    for waiting in &queue {
        let begins = waiting.estimate.as_ref().and_then(|estimate| estimate.begins);
        let begins = begins.map_or_else(|| "-".to_owned(), |when| when.clock(call.now, &world.hours.zone));
        let why = match waiting.reasons.as_slice() {
            [] => "nothing holds it".to_owned(),
            [only] => only.clone(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        };
        table.row([waiting.goal.to_string(), waiting.title.clone(), begins, why]);
    }
    Reply::list(&queue, table.or("nothing is queued"))
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
    answer.estimate = estimate(store, world, id, call.now)?;
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

/// What is still to come of a goal that is queued, at work, or may be queued.
fn estimate(store: &Store, world: &World, id: &GoalRef, now: Timestamp) -> Result<Option<Estimate>, Failure> {
    let Ok(world) = if_queued(world, std::slice::from_ref(id), now) else { return Ok(None) };
    Ok(foretell(store, &world, now)?.goals.remove(id))
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

fn text(answer: &Answer, now: Timestamp, zone: &TimeZone) -> String {
    let estimate = answer.estimate.as_ref();
    let estimate = estimate.map(|estimate| format!("estimate: {}\n", estimate.sentence(now, zone)));
    let reasons = answer.reasons.iter().map(|reason| format!("  {}\n", reason.replace('\n', "\n  ")));
    let hints = answer.hints.iter().map(|hint| format!("hint: {hint}\n"));
    std::iter::once(format!("{}\n", answer.standing)).chain(reasons).chain(estimate).chain(hints).collect()
}
