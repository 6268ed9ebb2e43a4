//! `herder why`.

use herder_config::{Flags, RepositoryConfig, UserConfig, resolve};
use herder_domain::capacity::{Admission, Capacity, Room, Slots};
use herder_domain::goal::GoalOptions;
use herder_domain::judge::Policy;
use herder_domain::repo::GoalRef;
use herder_domain::why::{Answer, used, why as ask};
use herder_store::{OpenEffect, Settings, Store};

use crate::args::Named;
use crate::call::{Call, env};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Says why a goal is where it is.
pub fn why(call: &Call, args: &Named) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    let config = call.config()?;
    let mut planning = planning(&config)?;
    herder_orchestrator::heed_repos(&mut planning, &opened.store, &config, call.now)?;
    herder_orchestrator::heed_room(&mut planning, &opened.store, &opened.state)?;
    // Whoever cannot tell says what would be so without.
    let going = herder_orchestrator::going(&opened.state, &opened.store).ok().flatten();
    let admission = going.map_or(planning.capacity.admission, |_| Admission::Draining);
    planning.capacity.admission = admission;
    let mut world = opened.store.world(&planning)?;
    // The world holds settled goals only where something of them is left to do.
    if let Some(goal) = opened.store.goal(&id)? {
        world.goals.entry(id.clone()).or_insert(goal);
    }
    let gone = || Failure::not_found(format!("there is no goal {id}"));
    let mut answer = ask(&world, &id, call.now).ok_or_else(gone)?;
    answer.reasons.extend(in_vain(&opened.store, &id)?);
    let measured = opened.state.headroom().ok().flatten();
    answer.reasons.extend(measured.and_then(|measured| used(&measured, world.goals.get(&id)?)));
    let moves = world.goals.get(&id).is_some_and(|goal| goal.state.moves_by_itself());
    if moves && herder_orchestrator::holder(&opened.state).is_ok_and(|holder| holder.is_none()) {
        answer.hints.push("no orchestrator is at work: `herder up` starts one".to_owned());
    }
    if moves && going.is_some() {
        answer
            .hints
            .push("the orchestrator was asked to go: the next `herder up` goes on from there".to_owned());
    }
    Reply::one(&answer, text(&answer))
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

/// What the planner looks at beside the database, as an `up` without flags would have it.
fn planning(config: &UserConfig) -> Result<Settings, Failure> {
    let flags = Flags::default();
    let settings = config.settings(&flags, env)?;
    let policy = Policy {
        backoff_first: settings.backoff_first.0,
        backoff_longest: settings.backoff_longest.0,
        ..Policy::default()
    };
    let usual = resolve(&GoalOptions::default(), &flags, None, &RepositoryConfig::empty(), config, env)?;
    Ok(Settings {
        capacity: Capacity { max: settings.max.value.most(), admission: Admission::Open },
        room: (settings.max.value == Slots::Auto).then(Room::unknown),
        policy,
        default_agent: usual.agent.value,
        only: None,
        max_in: std::collections::BTreeMap::new(),
        shares: herder_domain::share::Shares::default(),
    })
}
