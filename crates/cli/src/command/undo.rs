//! `herder undo`: landed work leaves its base branch again, by the way it came in.

use std::path::PathBuf;

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalState, GoalText};
use herder_domain::landing::LandingState;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_domain::undo::{AfterUndo, Undo, UndoGate, UndoTrouble};
use herder_orchestrator::Attend;
use herder_store::{NewGoal, Store};
use serde_json::json;

use crate::args;
use crate::call::{Call, Opened, refuse_control};
use crate::command::goal::pen;
use crate::command::up::not_up;
use crate::failure::Failure;
use crate::output::{Progress, Reply};
use crate::place;

/// Takes landed work out again.
pub fn undo(call: &Call, args: &args::Undo) -> Result<Reply, Failure> {
    if let Some(say) = &args.say {
        refuse_control("--say", say)?;
    }
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    let goal = opened.store.goal(&id)?.ok_or_else(|| Failure::not_found(format!("there is no goal {id}")))?;
    let GoalState::Done { run, commit } = goal.state.clone() else {
        return Err(Failure::refused(format!("{id} is {}: nothing of it has landed", goal.state.word()))
            .hint(format!("`herder why {}` says where it stands", id.number)));
    };
    if args.as_goal {
        return as_goal(call, &mut opened, &goal, &commit, args.say.as_deref());
    }
    if !args.yes {
        refuse_built_upon(&opened.store, &id)?;
    }
    let undo = Undo {
        by: call.author(),
        gate: if args.force { UndoGate::Skip } else { UndoGate::Ask },
        then: if args.queue { AfterUndo::Queue } else { AfterUndo::Draft },
        say: args.say.clone(),
    };
    opened.store.append(&Event::of(&id, What::UndoOrdered { run: run.clone(), undo }), call.now)?;
    herder_orchestrator::wake(&opened.state);
    wait(call, &opened, &id, &run)?;
    came_of_it(&opened.store, &id, &run, &commit)
}

/// Work that others were built on is not pulled away from under them unasked.
fn refuse_built_upon(store: &Store, id: &GoalRef) -> Result<(), Failure> {
    let mut named = Vec::new();
    for other in store.dependents(id)? {
        let word = match store.goal(&other)?.map(|goal| goal.state) {
            Some(GoalState::Done { .. }) => "has landed",
            Some(GoalState::Running { .. }) => "is at work",
            Some(GoalState::Offered { .. }) => "is about to land",
            Some(GoalState::SpotCheck { .. }) => "waits for a look",
            Some(
                GoalState::Draft { .. }
                | GoalState::Queued { .. }
                | GoalState::Stuck { .. }
                | GoalState::Cancelled
                | GoalState::Resolved,
            )
            | None => continue,
        };
        named.push(format!("{other} {word}"));
    }
    if named.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("other goals were built on {id}: {}", named.join(", ")))
        .hint("--yes undoes it all the same; their work stays")
        .hint(format!("`herder undo {} --as-goal` writes a goal that asks for it instead", id.number)))
}

/// Waits for the first round. One that is put off goes on without the person.
fn wait(call: &Call, opened: &Opened, id: &GoalRef, run: &RunId) -> Result<(), Failure> {
    let run = run.clone();
    let is_under_way = |state: LandingState| matches!(state, LandingState::Reverting { rounds: 0, .. });
    let order = Attend {
        state: opened.state.clone(),
        config: call.config()?,
        herder: PathBuf::from("/proc/self/exe"),
        goal: id.clone(),
        is_over: Box::new(move |store| {
            Ok(!store.landing(&run)?.is_some_and(|landing| is_under_way(landing.state)))
        }),
        tell: Box::new(|_| {}),
    };
    let _progress = Progress::begin(call.output, format!("undoing {id}"));
    if herder_orchestrator::attend(order).map_err(not_up)? {
        return Ok(());
    }
    Err(Failure::refused("it was not waited for")
        .hint(format!("it goes on with the next `herder up`; `herder why {}` says how it stands", id.number)))
}

fn came_of_it(store: &Store, id: &GoalRef, run: &RunId, landed: &str) -> Result<Reply, Failure> {
    let status = store.goal(id)?.map_or("unknown", |goal| goal.state.word());
    let landing = store.landing(run)?;
    match landing.as_ref().map(|landing| landing.state.clone()) {
        Some(LandingState::Reverted { commit }) => {
            let text = format!("{id} is undone by {}; it is {status} now\n", short(&commit));
            let facts = json!({
                "number": id.number, "repo": id.repo, "undone": landed, "commit": commit, "status": status,
            });
            Reply::one(&facts, text)
        }
        Some(LandingState::Leaving { standing, .. }) => {
            let pull = landing.and_then(|landing| landing.offer).map(|offer| offer.pull);
            let number = pull.map_or_else(String::new, |pull| format!(" #{pull}"));
            let sentence = standing.sentence();
            let text = format!(
                "pull request{number} takes {id} out, and is followed until it is merged: {sentence}\n"
            );
            let facts = json!({
                "number": id.number, "repo": id.repo, "undoes": landed, "pull": pull, "status": status,
            });
            Reply::one(&facts, text)
        }
        Some(LandingState::Reverting { why, not_before, .. }) => {
            let until = not_before.map(|at| format!(" until {at:.0}")).unwrap_or_default();
            let text = format!("undoing {id} is put off{until}: {}", why.unwrap_or_default());
            Err(Failure::environment(text).hint("`herder up` tries again by itself"))
        }
        Some(
            LandingState::Landed { .. }
            | LandingState::Submitted { .. }
            | LandingState::Offered { .. }
            | LandingState::Shown
            | LandingState::Bounced(_)
            | LandingState::Withdrawn,
        )
        | None => Err(stayed(id, last_trouble(store, id)?)),
    }
}

/// Why the last undoing of the goal's work was refused, as the journal says.
fn last_trouble(store: &Store, id: &GoalRef) -> Result<Option<UndoTrouble>, Failure> {
    let transitions = store.transitions(id)?;
    let Some(last) = transitions.iter().rev().find(|transition| transition.event == "undo_refused") else {
        return Ok(None);
    };
    let entry = store.journal(last.seq.saturating_sub(1), 1)?.pop();
    let Some(Event::Goal(happening)) = entry.map(|entry| entry.event) else { return Ok(None) };
    let What::UndoRefused { trouble, .. } = happening.what else { return Ok(None) };
    Ok(Some(trouble))
}

fn stayed(id: &GoalRef, trouble: Option<UndoTrouble>) -> Failure {
    let n = id.number;
    let Some(trouble) = trouble else {
        return Failure::refused(format!("{id} was not undone"))
            .hint(format!("`herder goal show {n}` shows what happened"));
    };
    let failure = Failure::refused(format!("{id} could not be undone: {trouble}"));
    let as_goal = format!("`herder undo {n} --as-goal` writes a draft that asks an agent to take it out");
    match trouble {
        UndoTrouble::Conflict { .. } => failure.hint(as_goal),
        UndoTrouble::Red { .. } => {
            failure.hint(format!("`herder undo {n} --force` does not ask the gate")).hint(as_goal)
        }
        UndoTrouble::Closed | UndoTrouble::Unwanted { .. } => {
            failure.hint(format!("`herder undo {n}` opens another pull request for it"))
        }
        UndoTrouble::Gone => failure.hint("somebody has rewritten the base branch; look there"),
        UndoTrouble::Undeliverable { .. } => failure.hint("mend that, and say it again"),
    }
}

/// A draft that asks for it, for where it takes thought.
fn as_goal(
    call: &Call,
    opened: &mut Opened,
    goal: &Goal,
    commit: &str,
    say: Option<&str>,
) -> Result<Reply, Failure> {
    let id = &goal.id;
    let because = say.map(|say| format!("\n\nThe reason: {say}")).unwrap_or_default();
    let body = format!(
        "## Objective\nTake out what commit {commit} brought (goal {id}, \"{}\"), and keep what landed \
         since.{because}\n\n## Acceptance\n- nothing of what that commit added is left\n- what landed after \
         it works as before\n",
        goal.title
    );
    let text = GoalText::read(&id.repo, &format!("Undo: {}", goal.title), &body)?;
    let new =
        NewGoal { text, story: goal.story, depends: Vec::new(), wants_spot_check: false, is_queued: false };
    let draft = match pen(call, opened, &id.repo)? {
        Some(pen) => pen.goal(&mut opened.store, &new, call.now)?,
        None => opened.store.create_goal(&id.repo, new, call.now)?,
    };
    herder_orchestrator::wake(&opened.state);
    let n = draft.number;
    let said = format!("{draft} is a draft that asks for it; `herder goal queue {n}` queues it\n");
    Reply::one(&json!({ "number": n, "repo": draft.repo, "undoes": id.number }), said)
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
