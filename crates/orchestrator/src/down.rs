//! Ending the orchestrator of a state directory from outside.

use std::time::{Duration, Instant};

use herder_domain::capacity::Farewell;
use herder_domain::event::Event;
use herder_domain::frost::Frozen;
use herder_domain::landing::LandingState;
use herder_domain::repo::Number;
use herder_domain::run::{ProcessName, Run, RunState};
use herder_executor::{EndSignal, ProcessError, ProcessId, Waited};
use herder_record::StateDir;
use herder_store::{AppendError, GoalFilter, OpenError, Store, StoreError};
use jiff::Timestamp;

use crate::lock::holder;
use crate::wake::wake;

/// How long an orchestrator may take that is to go now.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked what is still waited for.
const LOOK: Duration = Duration::from_secs(1);

/// How it is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Now; its ralphs are stopped, their work is kept.
    Stop,
    /// In the way that it is asked for.
    Ask(Farewell),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// None was at work.
    NotRunning,
    /// It has gone.
    Gone {
        /// Its process id.
        pid: u32,
    },
}

/// Failed to end the orchestrator.
#[derive(Debug, thiserror::Error)]
pub enum DownError {
    /// The lock cannot be looked at.
    #[error("failed to look at the orchestrator's lock: {0}")]
    Lock(#[from] std::io::Error),
    /// It cannot be signalled or watched.
    #[error("failed to {0}")]
    Process(#[from] ProcessError),
    /// It has the lock and said not who it is.
    #[error("failed to learn which process the orchestrator is")]
    Nameless,
    /// It is still there.
    #[error("failed to stop the orchestrator: process {pid} is still at work after {PATIENCE:?}")]
    StillThere {
        /// Its process id.
        pid: u32,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request cannot be recorded.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Has the orchestrator go, and waits for that. `hear` is told what is waited for, whenever that changes.
/// Who stops waiting takes nothing back.
///
/// # Errors
/// It cannot be found, asked or signalled, or does not go within a minute although it is to go now.
pub fn down(state: &StateDir, manner: Manner, hear: &mut dyn FnMut(&str)) -> Result<Down, DownError> {
    let Some(holder) = holder(state)? else {
        return Ok(Down::NotRunning);
    };
    let process = holder.process.ok_or(DownError::Nameless)?;
    let patience = match manner {
        Manner::Stop => {
            process.signal(EndSignal::Terminate)?;
            Some(PATIENCE)
        }
        Manner::Ask(farewell) => {
            ask(state, &process, farewell)?;
            match farewell {
                Farewell::Drain => None,
                Farewell::Keep => Some(PATIENCE),
            }
        }
    };
    let what = Waiting { state, manner, said: String::new() };
    what.until_gone(&process, patience, hear)
}

/// How the orchestrator that is at work was asked to go, if it was asked and has not gone.
///
/// # Errors
/// The lock or the database.
pub fn going(state: &StateDir, store: &Store) -> Result<Option<Farewell>, DownError> {
    let Some(process) = holder(state)?.and_then(|holder| holder.process) else { return Ok(None) };
    Ok(store.farewell(&name(&process))?)
}

fn name(process: &ProcessId) -> ProcessName {
    let ProcessId { pid, start_time, boot_id } = process.clone();
    ProcessName { pid, start_time, boot_id }
}

/// Writes the request down for this very process and wakes it; a later one is not meant.
fn ask(state: &StateDir, process: &ProcessId, farewell: Farewell) -> Result<(), DownError> {
    let event = Event::DownAsked { orchestrator: name(process), farewell };
    Store::open(&state.database())?.append(&event, Timestamp::now())?;
    wake(state);
    Ok(())
}

/// Waiting for an orchestrator to go.
struct Waiting<'a> {
    state: &'a StateDir,
    manner: Manner,
    said: String,
}

impl Waiting<'_> {
    fn until_gone(
        mut self,
        process: &ProcessId,
        patience: Option<Duration>,
        hear: &mut dyn FnMut(&str),
    ) -> Result<Down, DownError> {
        let began = Instant::now();
        while process.wait_for_exit(Some(LOOK))? == Waited::StillAlive {
            if patience.is_some_and(|patience| began.elapsed() > patience) {
                return Err(DownError::StillThere { pid: process.pid });
            }
            self.tell(hear);
        }
        Ok(Down::Gone { pid: process.pid })
    }

    fn tell(&mut self, hear: &mut dyn FnMut(&str)) {
        // What cannot be read now is not worth ending the wait for.
        let Ok(now) = self.awaited() else { return };
        if now != self.said {
            hear(&now);
            self.said = now;
        }
    }

    fn awaited(&self) -> Result<String, DownError> {
        let store = Store::open(&self.state.database())?;
        let at_work = at_work(&store)?;
        Ok(match self.manner {
            Manner::Ask(Farewell::Keep) => "the orchestrator finishes what it is doing just now".to_owned(),
            Manner::Stop | Manner::Ask(Farewell::Drain) if at_work.is_empty() => {
                "nothing is at work any more; the orchestrator goes".to_owned()
            }
            Manner::Stop => format!("being stopped: {}", at_work.join(", ")),
            Manner::Ask(Farewell::Drain) => format!("still at work: {}", at_work.join(", ")),
        })
    }
}

/// The goals that are at work, each with where it stands.
fn at_work(store: &Store) -> Result<Vec<String>, StoreError> {
    let running = GoalFilter { states: vec!["running".into()], ..GoalFilter::default() };
    let mut all = Vec::new();
    for goal in store.goals(&running)? {
        let Some(id) = goal.current_run() else { continue };
        let landing = store.landing(id)?.map(|landing| landing.state);
        let run = store.run(id)?;
        let frozen = run.as_ref().and_then(Run::frozen).map(|frozen| stands_still(frozen, goal.id.number));
        let place = match (landing, run.map(|run| run.state)) {
            (Some(LandingState::Submitted { not_before: Some(at), .. }), _) => {
                format!("landing, next round at {at:.0}")
            }
            (Some(_), _) => "landing".to_owned(),
            (None, Some(RunState::Launched { .. })) => frozen.unwrap_or_else(|| "its ralph works".to_owned()),
            (None, Some(state)) => state.word().to_owned(),
            (None, None) => "ending".to_owned(),
        };
        all.push(format!("{} ({place})", goal.id));
    }
    Ok(all)
}

/// An orchestrator that drains waits for it, for ever where a person froze it.
fn stands_still(frozen: &Frozen, number: Number) -> String {
    if frozen.is_for_memory() {
        return "frozen for want of memory; it goes on by itself".to_owned();
    }
    format!("frozen; `herder thaw {number}` has it go on, a plain `herder down` stops it")
}
