//! Why a queued goal does not start, as values; the command line and JSON render the same ones.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ailment::{Ailing, Ailment};
use crate::capacity::Shortage;
use crate::pause::Scope;
use crate::purse::Excess;
use crate::repo::{GoalRef, Number, RepoId};
use crate::run::RunId;

/// One reason why a goal waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wait", rename_all = "snake_case")]
pub enum Wait {
    /// A goal that it depends on is not there yet.
    Dependency {
        /// The other goal.
        on: GoalRef,
        /// What is the matter with it.
        trouble: DependencyTrouble,
    },
    /// Its last run failed, or was interrupted, a short while ago.
    Backoff {
        /// Not before this.
        until: Timestamp,
        /// How the last run ended.
        after: Option<String>,
    },
    /// Its text says that it may not begin yet.
    NotBefore {
        /// Not before this.
        until: Timestamp,
    },
    /// Its text says that it need not begin any more.
    Overdue {
        /// Since then.
        deadline: Timestamp,
    },
    /// Another orchestrator has it.
    Elsewhere {
        /// Who.
        owner: String,
        /// When it is asked for again.
        until: Timestamp,
    },
    /// No window of the configured hours is open.
    OutOfHours {
        /// The window that opens next; none ever does, where absent.
        window: Option<String>,
        /// When it opens.
        until: Option<Timestamp>,
    },
    /// The window that is open lets other models run.
    ModelOutOfHours {
        /// The model that the goal asks for.
        model: String,
        /// Those that may run.
        models: Vec<String>,
        /// The window.
        window: String,
        /// When another hour begins.
        until: Timestamp,
    },
    /// A budget that it would spend from is spent.
    OverBudget {
        /// Which, with the numbers.
        excess: Excess,
    },
    /// Its agent's account can spend no more for now.
    AccountParked {
        /// The agent.
        agent: String,
        /// Until then; until a person acts where absent.
        until: Option<Timestamp>,
        /// Why.
        why: String,
    },
    /// What is left of a usage window of its agent's account is kept for goals with a priority.
    WindowReserved {
        /// The agent.
        agent: String,
        /// The window.
        window: String,
        /// The percent of it that is used.
        used: u64,
        /// The percent that is kept.
        reserve: u8,
        /// When it begins anew.
        until: Timestamp,
    },
    /// A person wants nothing new to start.
    Paused {
        /// Of what.
        scope: Scope,
        /// Until then; until a person acts where absent.
        until: Option<Timestamp>,
        /// In the person's words.
        reason: Option<String>,
    },
    /// Something is the matter with its repository.
    RepoAiling {
        /// The repository.
        repo: RepoId,
        /// What, and since when.
        #[serde(flatten)]
        ailing: Ailing,
    },
    /// All slots are taken.
    NoSlot {
        /// How many there are.
        max: usize,
        /// The repository whose own slots they are, where it has fewer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repo: Option<RepoId>,
        /// The window of the configured hours whose slots they are, where it is one's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<String>,
    },
    /// The machine has no room for it, or for one before it.
    NoRoom {
        /// What is short.
        shortage: Shortage,
    },
    /// The orchestrator is going down.
    Draining,
    /// The orchestrator was told to work off another repository alone.
    OutOfScope,
    /// Something of its last run is still there.
    LastRunUnfinished {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: String,
    },
    /// Its repository is not registered.
    RepoUnknown {
        /// The repository.
        repo: RepoId,
    },
    /// A person does not want it started.
    Held {
        /// Why, in the person's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Its record contradicts itself; a person has to look.
    Quarantined {
        /// What was met.
        error: String,
    },
}

/// What is the matter with a dependency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trouble", rename_all = "snake_case")]
pub enum DependencyTrouble {
    /// It has not landed yet.
    Open {
        /// Where it stands.
        state: String,
    },
    /// It was cancelled and will never land.
    Cancelled,
    /// There is no such goal.
    Unknown,
    /// It waits for this very goal.
    Cyclic,
}

impl Wait {
    /// When time alone ends it.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Backoff { until, .. }
            | Self::NotBefore { until }
            | Self::Elsewhere { until, .. }
            | Self::WindowReserved { until, .. }
            | Self::ModelOutOfHours { until, .. } => Some(*until),
            Self::AccountParked { until, .. }
            | Self::Paused { until, .. }
            | Self::OutOfHours { until, .. } => *until,
            Self::OverBudget { excess } => excess.until,
            Self::NoRoom { shortage } => shortage.until(),
            Self::Dependency { .. }
            | Self::Overdue { .. }
            | Self::RepoAiling { .. }
            | Self::NoSlot { .. }
            | Self::Draining
            | Self::OutOfScope
            | Self::LastRunUnfinished { .. }
            | Self::RepoUnknown { .. }
            | Self::Held { .. }
            | Self::Quarantined { .. } => None,
        }
    }

    /// Whether somebody who looks at the goal should hear of it: not that others have their turn first.
    pub fn is_worth_telling(&self) -> bool {
        match self {
            Self::Dependency { .. }
            | Self::AccountParked { .. }
            | Self::WindowReserved { .. }
            | Self::NotBefore { .. }
            | Self::Overdue { .. }
            | Self::OutOfHours { .. }
            | Self::OverBudget { .. }
            | Self::ModelOutOfHours { .. }
            | Self::Paused { .. }
            | Self::RepoAiling { .. }
            | Self::Held { .. }
            | Self::Quarantined { .. } => true,
            Self::Backoff { .. }
            | Self::Elsewhere { .. }
            | Self::NoSlot { .. }
            | Self::NoRoom { .. }
            | Self::Draining
            | Self::OutOfScope
            | Self::LastRunUnfinished { .. }
            | Self::RepoUnknown { .. } => false,
        }
    }

    /// What a person may do about it, a sentence, where the wait itself does not say it.
    pub fn remedy(&self, number: Number) -> Option<String> {
        match self {
            Self::Overdue { .. } => {
                Some(format!("`herder goal edit {number} --deadline WHEN --queue` gives it more time"))
            }
            Self::NotBefore { .. } => {
                Some(format!("`herder goal edit {number} --not-before none --queue` has it begin at once"))
            }
            Self::OverBudget { excess } => {
                Some(format!("another `{}` in your configuration counts at once", excess.key()))
            }
            Self::WindowReserved { .. } => Some(format!(
                "`herder goal priority {number} 1` lets it have of what is kept, another `budgets.reserve` keeps less"
            )),
            Self::OutOfHours { .. } | Self::ModelOutOfHours { .. } => {
                Some("[hours] of your configuration says when work may begin".into())
            }
            Self::RepoAiling { ailing: Ailing { ailment: Ailment::RedBase { .. }, .. }, .. } => {
                Some("`repo.*.pause_on_red = false` has its goals start on a red base".to_owned())
            }
            Self::RepoAiling { ailing: Ailing { ailment: Ailment::Unreadable { .. }, .. }, .. }
            | Self::Dependency { .. }
            | Self::Backoff { .. }
            | Self::Elsewhere { .. }
            | Self::AccountParked { .. }
            | Self::Paused { .. }
            | Self::NoSlot { .. }
            | Self::NoRoom { .. }
            | Self::Draining
            | Self::OutOfScope
            | Self::LastRunUnfinished { .. }
            | Self::RepoUnknown { .. }
            | Self::Held { .. }
            | Self::Quarantined { .. } => None,
        }
    }

    /// Those of them that are worth telling, in one line.
    pub fn in_words(waits: &[Self]) -> String {
        let told = waits.iter().filter(|wait| wait.is_worth_telling());
        told.map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// Whether it lasts until a person acts.
    pub fn needs_person(&self) -> bool {
        match self {
            Self::Dependency { trouble, .. } => match trouble {
                DependencyTrouble::Open { .. } => false,
                DependencyTrouble::Cancelled | DependencyTrouble::Unknown | DependencyTrouble::Cyclic => true,
            },
            Self::AccountParked { until, .. }
            | Self::Paused { until, .. }
            | Self::OutOfHours { until, .. } => until.is_none(),
            Self::OverBudget { excess } => excess.until.is_none(),
            Self::RepoUnknown { .. }
            | Self::RepoAiling { .. }
            | Self::Held { .. }
            | Self::Overdue { .. }
            | Self::Quarantined { .. }
            | Self::OutOfScope => true,
            Self::Backoff { .. }
            | Self::NotBefore { .. }
            | Self::ModelOutOfHours { .. }
            | Self::WindowReserved { .. }
            | Self::Elsewhere { .. }
            | Self::NoSlot { .. }
            | Self::NoRoom { .. }
            | Self::Draining
            | Self::LastRunUnfinished { .. } => false,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dependency { on, trouble } => match trouble {
                DependencyTrouble::Open { state } => write!(f, "it depends on {on}, which is {state}"),
                DependencyTrouble::Cancelled => {
                    write!(f, "it depends on {on}, which was cancelled and will never land")
                }
                DependencyTrouble::Unknown => write!(f, "it depends on {on}, which does not exist"),
                DependencyTrouble::Cyclic => write!(f, "it depends on {on}, which depends on it in turn"),
            },
            Self::Backoff { until, after: Some(after) } => {
                write!(f, "backing off until {until:.0} after: {after}")
            }
            Self::Backoff { until, after: None } => write!(f, "backing off until {until:.0}"),
            Self::NotBefore { until } => write!(f, "it is not to begin before {until:.0}"),
            Self::Overdue { deadline } => {
                write!(f, "it was not begun before its deadline, {deadline:.0}, and will not be begun now")
            }
            Self::Elsewhere { owner, until } => {
                write!(f, "{owner} has it; whether it is free is asked again at {until:.0}")
            }
            Self::AccountParked { agent, until, why } => parked(f, agent, *until, why),
            Self::WindowReserved { agent, window, used, reserve, until } => {
                let kept = format!("the last {reserve}% are kept for goals with a priority until {until:.0}");
                write!(f, "{used}% of the usage window {window} of {agent} are used; {kept}")
            }
            Self::Paused { scope, until, reason } => {
                write!(f, "{scope} is paused until ")?;
                match until {
                    Some(until) => write!(f, "{until:.0}")?,
                    None => f.write_str("`herder resume`")?,
                }
                reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::OverBudget { excess } => excess.fmt(f),
            Self::OutOfHours { window, until } => out_of_hours(f, window.as_deref().zip(*until)),
            Self::ModelOutOfHours { model, models, window, until } => {
                let models = models.join(" or ");
                write!(f, "it asks for {model}, and the window {window} lets {models} run until {until:.0}")
            }
            Self::RepoAiling { repo, ailing: Ailing { since, ailment } } => {
                write!(f, "{repo} {ailment} (since {since:.0}); it starts when that is over")
            }
            Self::NoSlot { max, repo, window } => no_slot(f, *max, repo.as_ref(), window.as_deref()),
            Self::NoRoom { shortage } => write!(f, "the machine has no room: {shortage}"),
            Self::Draining => f.write_str("the orchestrator is going down"),
            Self::OutOfScope => {
                f.write_str("the orchestrator works off another repository alone (`up --repo`)")
            }
            Self::LastRunUnfinished { run, state } => {
                write!(f, "its last run {run} is {state} and not gone yet")
            }
            Self::RepoUnknown { repo } => write!(f, "its repository {repo} is not registered"),
            Self::Held { reason: Some(reason) } => write!(f, "it is held: {reason}"),
            Self::Held { reason: None } => f.write_str("it is held"),
            Self::Quarantined { error } => write!(f, "it is quarantined: {error}"),
        }
    }
}

fn parked(f: &mut fmt::Formatter<'_>, agent: &str, until: Option<Timestamp>, why: &str) -> fmt::Result {
    match until {
        Some(until) => write!(f, "the account of {agent} is parked until {until:.0}: {why}"),
        None => write!(f, "the account of {agent} is parked until `herder resume --agent {agent}`: {why}"),
    }
}

fn out_of_hours(f: &mut fmt::Formatter<'_>, next: Option<(&str, Timestamp)>) -> fmt::Result {
    match next {
        Some((window, at)) => write!(f, "no window of the hours is open; {window} opens at {at:.0}"),
        None => f.write_str("no window of the hours is open, and none will be"),
    }
}

fn no_slot(
    f: &mut fmt::Formatter<'_>,
    max: usize,
    repo: Option<&RepoId>,
    window: Option<&str>,
) -> fmt::Result {
    match (repo, window) {
        (Some(repo), _) => write!(f, "all {max} slots of {repo} are taken"),
        (None, Some(window)) => write!(f, "all {max} slots of the window {window} are taken"),
        (None, None) => write!(f, "all {max} slots are taken"),
    }
}
