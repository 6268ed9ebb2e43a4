//! Why a goal is where it is: the answer of `herder why`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capacity::Headroom;
use crate::effect::Effect;
use crate::forecast::Estimate;
use crate::frost::{Chill, Frozen};
use crate::goal::{Goal, GoalState};
use crate::landing::{Landing, LandingState, Merging, Standing};
use crate::plan::{Plan, Wait, makes_way_at, plan};
use crate::repo::{GoalRef, Number};
use crate::run::{Run, RunId, RunState};
use crate::world::World;

/// The answer: what the goal's state is, in one sentence, and each reason for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// One sentence.
    pub standing: String,
    /// Reasons, each a sentence.
    pub reasons: Vec<String>,
    /// What a person can do about it, each a sentence.
    pub hints: Vec<String>,
    /// What is still to come of it and when, as if it were queued now where it is a draft or stuck; absent where nobody
    /// can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

/// Says why a goal of the world is where it is.
pub fn why(world: &World, id: &GoalRef, now: Timestamp) -> Option<Answer> {
    let goal = world.goals.get(id)?;
    let number = id.number;
    let (standing, mut reasons, mut hints): Parts = match &goal.state {
        GoalState::Draft { note } => (
            "is a draft".into(),
            note.iter().map(|note| format!("it came back: {note}")).collect(),
            vec![format!("`herder goal queue {number}` queues it")],
        ),
        GoalState::Queued { since } => queued(world, goal, *since, now),
        GoalState::Running { run } => running(world, goal, run, now),
        GoalState::SpotCheck { why, .. } => (
            "waits for a person's look".into(),
            why.iter().map(ToString::to_string).collect(),
            spot_check_hints(goal),
        ),
        GoalState::Stuck { cause, detail } => (
            format!("is stuck: {}", cause.as_str()),
            vec![detail.clone()],
            vec![format!("`herder goal retry {number}` starts a new series of runs")],
        ),
        GoalState::Offered { run, pull } => offered(world, run, *pull, now),
        GoalState::Done { commit, .. } => (format!("has landed as {commit}"), Vec::new(), Vec::new()),
        GoalState::Cancelled => ("was cancelled".into(), Vec::new(), Vec::new()),
        GoalState::Resolved => ("was closed as completed".into(), Vec::new(), Vec::new()),
    };
    if let Some(hold) = &goal.hold {
        hints.push(format!("`herder goal release {number}` lets it start"));
        reasons.extend(unless_queued(goal, Wait::Held { reason: hold.reason.clone() }));
    }
    if let Some(error) = &goal.quarantine {
        reasons.extend(unless_queued(goal, Wait::Quarantined { error: error.clone() }));
    }
    Some(Answer { standing: format!("{id} {standing}"), reasons, hints, estimate: None })
}

/// What the run at work at a goal has used so far, as it was measured last.
pub fn used(measured: &Headroom, goal: &Goal) -> Option<String> {
    let GoalState::Running { run } = &goal.state else { return None };
    let usage = measured.runs.get(run)?;
    Some(format!("it has used {usage}, as seen at {:.0}", measured.at))
}

/// A queued goal's waits name it already.
fn unless_queued(goal: &Goal, wait: Wait) -> Option<String> {
    (!matches!(goal.state, GoalState::Queued { .. })).then(|| wait.to_string())
}

fn spot_check_hints(goal: &Goal) -> Vec<String> {
    let number = goal.id.number;
    let answers = format!("`herder goal answer {number} \"...\"` answers it, and the work goes on");
    let usual =
        format!("`herder goal approve {number}` lands it, `herder goal reject {number}` sends it back");
    goal.state.question().map(|_| answers).into_iter().chain([usual]).collect()
}

type Parts = (String, Vec<String>, Vec<String>);

fn queued(world: &World, goal: &Goal, since: Timestamp, now: Timestamp) -> Parts {
    let Plan { waits, .. } = plan(world, now);
    let standing = match &goal.taken {
        Some(hold) => format!("is to be taken by {} since {:.0}", hold.by, hold.since),
        None => format!("is queued since {since:.0}"),
    };
    let Some(waits) = waits.get(&goal.id) else {
        return (
            standing,
            vec!["nothing holds it: it starts as soon as `herder up` runs".into()],
            Vec::new(),
        );
    };
    let number = goal.id.number;
    let mut hints: Vec<String> = waits.iter().filter_map(|wait| wait.remedy(number)).collect();
    if hints.is_empty() && waits.iter().any(Wait::needs_person) {
        hints.push(format!("it waits for a person; `herder goal show {number}` shows it whole"));
    }
    (standing, waits.iter().map(ToString::to_string).collect(), hints)
}

fn running(world: &World, goal: &Goal, run: &RunId, now: Timestamp) -> Parts {
    if let Some(parts) = in_hand(goal, world.runs.get(run)).or_else(|| undoing(world, run, now)) {
        return parts;
    }
    if let Some(parts) = landing(world, run, now) {
        return parts;
    }
    if let Some(parts) = setting_up(world, goal, run) {
        return parts;
    }
    let state = world.runs.get(run).map_or("ending", |run| run.state.word());
    let record = world.runs.get(run);
    let frozen = record.and_then(Run::frozen);
    let ralph = record.and_then(|run| run.state.process());
    let thaw = frozen.map(|_| format!("`herder thaw {}` has it go on", goal.id.number));
    let logs = ralph.map(|_| format!("`herder logs {run}` shows the run"));
    let state = if frozen.is_some() { "frozen" } else { state };
    let reasons = frozen.map(|frozen| standing_still(world, frozen, now)).unwrap_or_default();
    (format!("is running: run {run} is {state}"), reasons, thaw.into_iter().chain(logs).collect())
}

/// Why a run stands still, and what would change that.
fn standing_still(world: &World, frozen: &Frozen, now: Timestamp) -> Vec<String> {
    let mut reasons = vec![frozen.to_string()];
    let Chill::Memory { lack } = &frozen.why else { return reasons };
    let room = world.room_in(world.hours.at(now)).and_then(|room| room.headroom.as_ref());
    let now_there = room.and_then(|headroom| headroom.memory_available.known());
    let now_there = now_there.map(|bytes| format!(" (now {} MiB)", bytes >> 20)).unwrap_or_default();
    let enough = lack.enough() >> 20;
    reasons.push(format!(
        "it goes on by itself when {enough} MiB of memory can be had{now_there}, and what runs at work are \
         still expected to take"
    ));
    let until = makes_way_at(frozen);
    reasons.extend(
        until.map(|at| format!("else it makes way at {at:.0}: its work is kept, its goal queued again")),
    );
    reasons
}

/// A round of its landing is due, or under way.
fn landing(world: &World, run: &RunId, now: Timestamp) -> Option<Parts> {
    let landing = world.landings.get(run)?;
    let LandingState::Submitted { rounds, not_before, why } = &landing.state else {
        return None;
    };
    let waits = not_before.filter(|at| *at > now).map(|at| format!("next round at {at:.0}"));
    let reasons = why.iter().cloned().chain(waits).collect();
    let standing = format!("is landing on {} (round {})", landing.base_branch, rounds + 1);
    Some((standing, reasons, Vec::new()))
}

/// A pull request offers its work.
fn offered(world: &World, run: &RunId, pull: Number, now: Timestamp) -> Parts {
    if let Some(parts) = landing(world, run, now) {
        return parts;
    }
    let reasons = world.landings.get(run).map(how_it_stands).unwrap_or_default();
    (format!("is done: pull request #{pull} is to be merged"), reasons, Vec::new())
}

/// How a pull request stands, and why the forge does not merge it where it does not.
fn how_it_stands(landing: &Landing) -> Vec<String> {
    let merging = landing.offer.as_ref().and_then(|offer| match &offer.merging {
        Merging::Herder { why } => Some(format!("herder merges it when it is green, for {why}")),
        Merging::Forge | Merging::Person => None,
    });
    landing.state.standing().map(Standing::sentence).into_iter().chain(merging).collect()
}

/// Its clone is being made; no ralph is at it yet.
fn setting_up(world: &World, goal: &Goal, run: &RunId) -> Option<Parts> {
    let effect = Effect::Prepare { goal: goal.id.clone(), run: run.clone() };
    world.open.contains_key(&effect.key()).then(|| {
        let what = "its clone is made, and the base's `.ralph/setup` runs there if there is one";
        let hint = format!("`herder goal cancel {}` stops it at once", goal.id.number);
        (format!("is setting up: run {run}"), vec![what.into()], vec![hint])
    })
}

/// A person has the goal, or is about to have it.
fn in_hand(goal: &Goal, run: Option<&Run>) -> Option<Parts> {
    let hold = goal.taken.as_ref()?;
    let n = goal.id.number;
    let (by, since) = (&hold.by, hold.since);
    let Some(Run { by: Some(_), state: RunState::Held { .. }, .. }) = run else {
        let state = run.map_or("ending", |run| run.state.word());
        let reasons = run.map(|run| format!("run {} is {state}", run.id)).into_iter().collect();
        return Some((format!("is between {by} and herder, taken since {since:.0}"), reasons, Vec::new()));
    };
    let hints = vec![
        format!("`herder take {n}` opens a shell in its workspace"),
        format!("`herder give {n}` lands the work, with --back a ralph goes on, with --drop it is forgotten"),
    ];
    Some((format!("is taken by {by} since {since:.0}"), Vec::new(), hints))
}

/// The goal's work is on its way out of the base branch.
fn undoing(world: &World, run: &RunId, now: Timestamp) -> Option<Parts> {
    let landing = world.landings.get(run)?;
    let (undo, _) = landing.state.undoing()?;
    let LandingState::Reverting { rounds, not_before, why, .. } = &landing.state else {
        let pull = landing.offer.as_ref().map(|offer| format!(" by pull request #{}", offer.pull));
        let by = (pull.unwrap_or_default(), &undo.by);
        let standing =
            format!("is being taken out of {} again{}, as {} wants it", landing.base_branch, by.0, by.1);
        return Some((standing, how_it_stands(landing), Vec::new()));
    };
    let waits = not_before.filter(|at| *at > now).map(|at| format!("next round at {at:.0}"));
    let reasons = why.iter().cloned().chain(waits).collect();
    let standing = format!(
        "is being taken out of {} again (round {}), as {} wants it",
        landing.base_branch,
        rounds + 1,
        undo.by
    );
    Some((standing, reasons, Vec::new()))
}
