//! One event: checked, folded, and written with all that follows from it.

use herder_domain::case::Case;
use herder_domain::effect::Effect;
use herder_domain::event::{Event, GoalHappening, What};
use herder_domain::goal::{Goal, GoalState};
use herder_domain::illegal::IllegalEvent;
use herder_domain::pause::Pause;
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId};
use herder_domain::story::StoryEvent;
use jiff::Timestamp;
use rusqlite::Connection;

use crate::error::{AppendError, Missing, StoreError};
use crate::{Store, accounts, ailments, goals, journal, operating, outbox, repos, runs, stories};

/// What came of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// Its place in the journal, from 1.
    pub seq: u64,
    /// The effects that it ordered.
    pub effects: Vec<Effect>,
}

impl Store {
    /// Takes an event: journal, rows and outbox change together, or nothing does.
    pub fn append(&mut self, event: &Event, at: Timestamp) -> Result<Appended, AppendError> {
        let tx = self.write()?;
        let appended = append(&tx, event, at)?;
        tx.commit()?;
        Ok(appended)
    }
}

/// Takes an event in a transaction that others share. What is refused is refused before the first
/// write, so that the transaction may go on without it.
pub(crate) fn append(conn: &Connection, event: &Event, at: Timestamp) -> Result<Appended, AppendError> {
    match event {
        Event::Goal(happening) => goal_happening(conn, event, happening, at),
        Event::RepoAdded { repo } => plain(conn, event, at, || repos::put(conn, repo)),
        Event::RepoAiling { repo, ailment } => {
            plain(conn, event, at, || ailments::ail(conn, repo, ailment, at))
        }
        Event::RepoMended { repo } => plain(conn, event, at, || ailments::mend(conn, repo)),
        Event::StoryCreated { story } => {
            repos::demand(conn, &story.id.repo)?;
            stories::refuse_taken(conn, &story.id)?;
            goals::refuse_taken(conn, &story.id)?;
            plain(conn, event, at, || {
                repos::use_up(conn, &story.id.repo, story.id.number)?;
                stories::put(conn, story)
            })
        }
        Event::StoryEdited { story, title, body } => {
            let story = stories::edited(conn, story, title.as_deref(), body.as_deref())?;
            plain(conn, event, at, || stories::put(conn, &story))
        }
        Event::StoryClosed { story } => {
            let story = stories::stepped(conn, story, StoryEvent::Closed)?;
            let plain = plain(conn, event, at, || stories::put(conn, &story))?;
            let effect = Effect::SumUp { story: story.id, closed_at: at };
            let effects = if outbox::order(conn, &effect, at)? { vec![effect] } else { Vec::new() };
            Ok(Appended { effects, ..plain })
        }
        Event::StoryReopened { story } => {
            let story = stories::stepped(conn, story, StoryEvent::Reopened)?;
            plain(conn, event, at, || stories::put(conn, &story))
        }
        Event::AccountParked { agent, until, why } => {
            plain(conn, event, at, || accounts::park(conn, agent, *until, why))
        }
        Event::AccountFreed { agent } => plain(conn, event, at, || accounts::free(conn, agent)),
        Event::Paused { scope, until, reason } => {
            let pause = Pause { since: at, until: *until, reason: reason.clone() };
            plain(conn, event, at, || operating::pause(conn, scope, &pause))
        }
        Event::Resumed { scope } => plain(conn, event, at, || operating::resume(conn, scope)),
        Event::MaxSet { repo, max } => {
            plain(conn, event, at, || operating::set_max(conn, repo.as_ref(), *max))
        }
        Event::DownAsked { orchestrator, farewell } => {
            plain(conn, event, at, || operating::ask_down(conn, orchestrator, *farewell))
        }
    }
}

/// An event that orders nothing and changes no goal.
fn plain(
    conn: &Connection,
    event: &Event,
    at: Timestamp,
    write: impl FnOnce() -> Result<(), StoreError>,
) -> Result<Appended, AppendError> {
    let seq = journal::write(conn, event, at)?;
    write()?;
    Ok(Appended { seq, effects: Vec::new() })
}

fn goal_happening(
    conn: &Connection,
    event: &Event,
    happening: &GoalHappening,
    at: Timestamp,
) -> Result<Appended, AppendError> {
    if let What::GoalCreated { draft } = &happening.what {
        return create(conn, event, happening, draft, at);
    }
    if let What::GoalMoved { story: Some(number) } = &happening.what {
        stories::demand(conn, &GoalRef { repo: happening.goal.repo.clone(), number: *number })?;
    }
    let case = load(conn, happening)?;
    let before = case.clone();
    let folded = case.apply(&happening.what, at)?;
    let seq = journal::write(conn, event, at)?;
    keep(conn, seq, &before, &folded.case)?;
    let mut ordered = Vec::new();
    for effect in folded.effects {
        if outbox::order(conn, &effect, at)? {
            ordered.push(effect);
        }
    }
    Ok(Appended { seq, effects: ordered })
}

fn create(
    conn: &Connection,
    event: &Event,
    happening: &GoalHappening,
    draft: &Goal,
    at: Timestamp,
) -> Result<Appended, AppendError> {
    let id = &happening.goal;
    if draft.id != *id {
        let state = "known by another number";
        return Err(IllegalEvent { machine: "a goal", state, event: "created" }.into());
    }
    if !matches!(draft.state, GoalState::Draft { .. }) {
        return Err(IllegalEvent { machine: "a goal", state: draft.state.word(), event: "created" }.into());
    }
    repos::demand(conn, &id.repo)?;
    stories::refuse_taken(conn, id)?;
    goals::refuse_taken(conn, id)?;
    let seq = journal::write(conn, event, at)?;
    repos::use_up(conn, &id.repo, id.number)?;
    goals::insert(conn, draft)?;
    journal::write_transition(conn, seq, id, None, draft.state.word())?;
    Ok(Appended { seq, effects: Vec::new() })
}

fn load(conn: &Connection, happening: &GoalHappening) -> Result<Case, AppendError> {
    let GoalHappening { goal: id, what } = happening;
    let goal = goals::load(conn, id)?.ok_or_else(|| AppendError::Unknown(Missing::Goal(id.clone())))?;
    let Some(name) = Case::run_for(&goal, what) else {
        return Ok(Case { goal, run: None, landing: None });
    };
    let run = runs::load(conn, &name)?;
    let run = if matches!(what, What::RunOrdered { .. }) {
        refuse_second(run)?
    } else {
        Some(own(run, &goal, name)?)
    };
    let landing = match &run {
        Some(run) => runs::load_landing(conn, &run.id)?,
        None => None,
    };
    Ok(Case { goal, run, landing })
}

/// The name of a run is unique for ever.
fn refuse_second(run: Option<Run>) -> Result<Option<Run>, AppendError> {
    match run {
        Some(run) => Err(IllegalEvent { machine: "a run", state: run.state.word(), event: "ordered" }.into()),
        None => Ok(None),
    }
}

/// A run that an event of another goal names is not there for it.
fn own(run: Option<Run>, goal: &Goal, name: RunId) -> Result<Run, AppendError> {
    run.filter(|run| run.goal == goal.id).ok_or(AppendError::Unknown(Missing::Run(name)))
}

fn keep(conn: &Connection, seq: u64, before: &Case, case: &Case) -> Result<(), StoreError> {
    let goal = &case.goal;
    goals::update(conn, &before.goal, goal)?;
    let (from, to) = (before.goal.state.word(), goal.state.word());
    if from != to {
        journal::write_transition(conn, seq, &goal.id, Some(from), to)?;
    }
    if let Some(run) = &case.run {
        runs::put(conn, before.run.as_ref(), run)?;
    }
    if let Some(landing) = &case.landing {
        runs::put_landing(conn, before.landing.as_ref(), landing)?;
    }
    Ok(())
}

/// The goal that an event is about, where it is about one.
pub(crate) fn goal_of(event: &Event) -> Option<&GoalRef> {
    match event {
        Event::Goal(happening) => Some(&happening.goal),
        Event::RepoAdded { .. }
        | Event::RepoAiling { .. }
        | Event::RepoMended { .. }
        | Event::StoryCreated { .. }
        | Event::StoryEdited { .. }
        | Event::StoryClosed { .. }
        | Event::StoryReopened { .. }
        | Event::AccountParked { .. }
        | Event::AccountFreed { .. }
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::MaxSet { .. }
        | Event::DownAsked { .. } => None,
    }
}
