//! Carrying effects out: one file each. Every effect may be done twice without harm; the table in
//! `docs/design/states.md` says what makes it so.

mod clean;
mod collect;
mod follow;
mod frost;
mod furnish;
mod launch;
mod notify;
mod prepare;
mod propose;
mod stats;
mod stop;
mod tell;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use herder_config::ConfigError;
use herder_domain::cause::with_causes;
use herder_domain::effect::Effect;
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::{Claimed, Status, Trouble};
use herder_domain::goal::Goal;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_domain::sight::{Correction, Shown, Standing, Turn};
use herder_executor::{DetachError, EndError, ProcessError};
use herder_gate::GateError;
use herder_record::{Frost, RecordError};
use herder_store::LedgerRow;
use herder_workspace::WorkspaceError;
use jiff::Timestamp;

use crate::context::{Case, Context};
use crate::landing;

pub(crate) use notify::{Untold, notify};
pub(crate) use propose::{Proposed, propose};
pub(crate) use stop::{end as end_ralph, process_id};

/// When a goal that another has is asked for again, where nobody says until when it has it.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// What came of an effect.
#[derive(Debug, Default)]
pub(crate) struct Acted {
    pub events: Vec<Event>,
    /// A run's row for the database's index.
    pub ledger: Option<Box<LedgerRow>>,
    /// Something that is worth a line.
    pub note: Option<String>,
}

impl Acted {
    fn with(case: &Case, what: What) -> Self {
        Self::of(&case.goal.id, what)
    }

    fn of(goal: &GoalRef, what: What) -> Self {
        Self { events: vec![Event::of(goal, what)], ..Self::default() }
    }
}

/// Why an effect could not be carried out; it is tried again later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActError {
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("failed to {0}")]
    Detach(#[from] DetachError),
    #[error("failed to {0}")]
    Process(#[from] ProcessError),
    #[error("failed to {0}")]
    Strays(#[from] EndError),
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error("tell: {}", .0.why())]
    Untold(Untold),
    #[error("failed to reach a file: {0}")]
    Io(#[from] std::io::Error),
    #[error("the origin cannot be reached: {0}")]
    Origin(WorkspaceError),
    #[error(
        "the gate .ralph/check is not executable on the base branch; `chmod +x .ralph/check`, commit, push"
    )]
    GateNotExecutable,
    #[error("the environment cannot be made: {0}")]
    Environment(String),
    #[error(
        "the script .ralph/setup failed; setup.log in the run directory has all of its words, the last are: {0}"
    )]
    Setup(String),
    #[error(transparent)]
    Forge(#[from] Trouble),
    #[error("it was called off before its ralph began")]
    CalledOff,
    #[error("no {count} free ports in a row are left for it")]
    NoPorts { count: u16 },
    #[error("failed to find {0}")]
    Missing(&'static str),
    #[error("the push was refused: {0}")]
    Refused(String),
    #[error("herder itself failed at it; its standard error tells where")]
    Panicked,
}

impl ActError {
    /// The whole sentence, with what the system said.
    pub(crate) fn in_full(&self) -> String {
        let text = with_causes(self);
        let is_bare = matches!(self, Self::Record(_) | Self::Workspace(_)) && !text.starts_with("failed to");
        if is_bare { format!("failed to {text}") } else { text }
    }
}

/// Carries out an effect that is about a run. What an error of herder's own ends is tried again like the
/// rest: an effect that nobody heard of again would hold up the daemon for good.
pub(crate) fn carry_out(context: &Context, effect: &Effect, case: &Case) -> Result<Acted, ActError> {
    unpanicked(|| try_to(context, effect, case))
}

/// Something to be said of a goal or a story.
pub(crate) struct Said {
    pub goal: GoalRef,
    /// Tells it from all else that is said there.
    pub key: String,
    pub text: String,
}

/// Says it where the goal lives.
pub(crate) fn say(context: &Context, repo: &Repo, said: &Said) -> Result<Acted, ActError> {
    unpanicked(|| {
        let text = context.redactor.line(&said.text).into_string();
        match context.goal_source(repo)?.say(&said.goal, &said.key, &text) {
            // The same again would be refused again, and nothing of the night depends on it.
            Ok(()) | Err(Trouble::Refused { .. }) => Ok(Acted::default()),
            Err(trouble) => Err(trouble.into()),
        }
    })
}

/// Says a story's sums, and has its forge close it.
pub(crate) fn close_story(context: &Context, repo: &Repo, said: &Said) -> Result<Acted, ActError> {
    say(context, repo, said)?;
    unpanicked(|| {
        let shown = Shown { labels: Vec::new(), standing: Standing::Completed };
        let closed = Correction { shown, turn: Turn::Close };
        match context.goal_source(repo)?.show(&said.goal, &closed, Timestamp::now()) {
            Ok(_) => Ok(Acted::default()),
            Err(Trouble::Refused { why }) => {
                let note = Some(format!("the story {} stays open where it lives: {why}", said.goal));
                Ok(Acted { note, ..Acted::default() })
            }
            Err(trouble) => Err(trouble.into()),
        }
    })
}

/// Has a goal's forge show where it stands now, which may be another state than the one it was ordered for.
///
/// What the forge refuses it would refuse again. It is left so until the forge is seen to show something else.
pub(crate) fn show(context: &Context, repo: &Repo, goal: &Goal, since: Timestamp) -> Result<Acted, ActError> {
    unpanicked(|| {
        let Some(known) = &goal.on_forge else { return Ok(Acted::default()) };
        let (shown, wrote) = match goal.to_show() {
            None => (known.shown.clone(), None),
            Some(to_be) => match context.goal_source(repo)?.show(&goal.id, &to_be, since) {
                Ok(wrote) => (to_be.shown, wrote),
                Err(Trouble::Refused { why }) => {
                    let note = Some(format!("{} does not show where it stands: {why}", goal.id));
                    return Ok(Acted { note, ..Acted::default() });
                }
                Err(trouble) => return Err(trouble.into()),
            },
        };
        Ok(Acted::of(&goal.id, What::GoalShown { shown, wrote }))
    })
}

/// What a status comment is to say, and what is taken note of then.
pub(crate) struct Announcement {
    pub goal: GoalRef,
    pub status: Status,
    pub phase: String,
    pub waits: String,
}

/// Has a goal's status comment say where it stands. What is refused is not said; nothing of the night depends on it.
pub(crate) fn announce(context: &Context, repo: &Repo, said: Announcement) -> Result<Acted, ActError> {
    unpanicked(|| {
        let Announcement { goal, status, phase, waits } = &said;
        let text = status.text.lines().map(|line| context.redactor.line(line).into_string() + "\n").collect();
        let note = match context.goal_source(repo)?.announce(goal, &Status { text, ..status.clone() }) {
            Ok(()) => None,
            Err(Trouble::Refused { why }) => Some(format!("the status of {goal} is not written: {why}")),
            Err(trouble) => return Err(trouble.into()),
        };
        let what = What::GoalAnnounced { phase: phase.clone(), waits: waits.clone() };
        Ok(Acted { note, ..Acted::of(goal, what) })
    })
}

/// What `act` gives, or the error that it panicked. Effects keep their state on disk and under locks that
/// outlive a panic, so there is none to be found broken.
fn unpanicked<T>(act: impl FnOnce() -> Result<T, ActError>) -> Result<T, ActError> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or(Err(ActError::Panicked))
}

fn try_to(context: &Context, effect: &Effect, case: &Case) -> Result<Acted, ActError> {
    match effect {
        Effect::Claim { goal, run } => claim(context, case, goal, run),
        Effect::Prepare { run, .. } => Ok(or_ended(context, case, run, prepare::prepare(context, case))),
        Effect::Launch { .. } => launch::launch(context, case),
        Effect::Stop { .. } => stop::stop(context, case),
        Effect::Tell { told, .. } => tell::tell(context, case, told),
        Effect::Freeze { turn, .. } => frost::obey(context, case, Frost::Frozen { turn: *turn }),
        Effect::Thaw { turn, .. } => frost::obey(context, case, Frost::Thawed { turn: *turn }),
        Effect::Collect { .. } => collect::collect(context, case),
        Effect::Land { round, .. } => Ok(landing::land(context, case, *round)),
        Effect::FollowLanding { step, .. } => follow::follow(context, case, *step),
        Effect::Revert { undo, round, .. } => Ok(landing::revert(context, case, (*undo, *round))),
        Effect::Clean { .. } => clean::clean(context, case),
        Effect::WriteStats { .. } => stats::write(context, case),
        // They need no run: the daemon has them said, or writes them itself.
        Effect::Comment { .. }
        | Effect::Notify { .. }
        | Effect::SumUp { .. }
        | Effect::ShowState { .. }
        | Effect::Announce { .. }
        | Effect::Propose { .. } => Ok(Acted::default()),
    }
}

fn claim(context: &Context, case: &Case, goal: &GoalRef, run: &RunId) -> Result<Acted, ActError> {
    let source = context.goal_source(&case.repo)?;
    if case.goal.is_to_reopen() {
        // A goal that is closed where it lives is nobody's to claim.
        source.reopen(goal)?;
    }
    match source.claim(goal, run)? {
        Claimed::Ours => Ok(Acted::with(case, What::RunClaimed { run: run.clone() })),
        Claimed::Theirs { owner, until } if case.run.by.is_none() => {
            Ok(Acted::with(case, elsewhere(run.clone(), owner, until)))
        }
        // A person waits for it.
        Claimed::Theirs { owner, until } => {
            Err(Trouble::Passing { why: format!("{owner} is at work on {goal}"), until }.into())
        }
    }
}

/// Another orchestrator has a run's goal.
pub(crate) fn elsewhere(run: RunId, owner: String, until: Option<Timestamp>) -> What {
    let soon = || Timestamp::now().checked_add(ASK_AGAIN).unwrap_or(Timestamp::MAX);
    What::GoalElsewhere { run: Some(run), owner, until: until.unwrap_or_else(soon) }
}

/// A run that cannot be prepared ends, so that it holds no slot while it backs off: a failing clone
/// must not be tried again every few seconds for ever.
fn or_ended(context: &Context, case: &Case, run: &RunId, prepared: Result<Acted, ActError>) -> Acted {
    prepared.unwrap_or_else(|error| {
        // Git may name an address with a password in it, and this goes into the journal.
        let detail = context.redactor.line(&error.in_full()).into_string();
        let outcome = match error {
            ActError::Config(_)
            | ActError::Environment(_)
            | ActError::Gate(GateError::NotRunnable(..))
            | ActError::GateNotExecutable
            | ActError::Workspace(
                WorkspaceError::NoBranch { .. } | WorkspaceError::BadName { .. } | WorkspaceError::NoLfs,
            ) => Outcome::Misconfigured { detail },
            ActError::Setup(_) | ActError::NoPorts { .. } => {
                Outcome::Interrupted { cause: Interruption::SetupFailed, detail }
            }
            ActError::CalledOff => Outcome::Interrupted { cause: Interruption::Stopped, detail },
            ActError::Origin(_) => Outcome::Interrupted { cause: Interruption::Unreachable, detail },
            ActError::Workspace(_)
            | ActError::Record(_)
            | ActError::Detach(_)
            | ActError::Process(_)
            | ActError::Strays(_)
            | ActError::Gate(_)
            | ActError::Untold(_)
            | ActError::Io(_)
            | ActError::Missing(_)
            | ActError::Refused(_)
            | ActError::Forge(_)
            | ActError::Panicked => Outcome::Interrupted { cause: Interruption::Crashed, detail },
        };
        Acted::with(case, What::RunReported { run: run.clone(), outcome })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_that_panics_has_failed_and_is_heard_of() {
        let acted: Result<(), _> = unpanicked(|| panic!("an error of herder's own"));
        assert!(matches!(acted, Err(ActError::Panicked)));
    }
}
