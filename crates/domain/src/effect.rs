//! What the orchestrator does to the outside world, as data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::follow_up::FollowUp;
use crate::goal::Told;
use crate::landing::Step;
use crate::level::Level;
use crate::repo::GoalRef;
use crate::run::RunId;

/// A deed, ordered in the transaction that made it necessary. Each may be done twice without harm;
/// what makes it so stands in `docs/design/states.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Take the goal, so that no other orchestrator can.
    Claim {
        /// The goal.
        goal: GoalRef,
        /// The run that is to begin.
        run: RunId,
    },
    /// Make clone and run directory.
    Prepare {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
    },
    /// Start a ralph.
    Launch {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
    },
    /// End a ralph whose goal is no longer wanted.
    Stop {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
    },
    /// Pass on to a running ralph what a person said.
    Tell {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
        /// What was said.
        told: Told,
    },
    /// Have a ralph and all below it stand still.
    Freeze {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
        /// How often the run was frozen or thawed by then.
        turn: u32,
    },
    /// Have a ralph that stands still go on.
    Thaw {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
        /// How often the run was frozen or thawed by then.
        turn: u32,
    },
    /// Bring a run's work into the vault.
    Collect {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
    },
    /// One round of landing: rebase, squash, gate, push.
    Land {
        /// The goal.
        goal: GoalRef,
        /// The run whose work it is.
        run: RunId,
        /// The branch that it is to land on.
        base_branch: String,
        /// The round, from 0.
        round: u32,
        /// How often the work came back to a person before.
        #[serde(default)]
        returns: u32,
    },
    /// One deed about the pull request that a run's work lands by.
    FollowLanding {
        /// The goal.
        goal: GoalRef,
        /// The run whose work it is.
        run: RunId,
        /// Which deed.
        step: Step,
        /// How often something was heard of the pull request before.
        turn: u32,
    },
    /// One round of taking landed work out of the base branch: revert, gate, push.
    Revert {
        /// The goal.
        goal: GoalRef,
        /// The run whose work it is.
        run: RunId,
        /// The branch that it landed on.
        base_branch: String,
        /// Which of the person's requests it is, from 1.
        undo: u32,
        /// The round, from 0.
        round: u32,
    },
    /// Remove a run's clone and its short-lived directories.
    Clean {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
    },
    /// Append the run's row to `stats.jsonl`.
    WriteStats {
        /// The goal.
        goal: GoalRef,
        /// The run.
        run: RunId,
    },
    /// Write drafts of what a run's agent proposed.
    Propose {
        /// The goal that was worked at.
        goal: GoalRef,
        /// The run.
        run: RunId,
        /// What was proposed.
        follow_ups: Vec<FollowUp>,
    },
    /// Write a comment on the goal.
    Comment {
        /// The goal.
        goal: GoalRef,
        /// Tells it from the goal's other comments.
        key: String,
        /// Markdown.
        text: String,
        /// Among whose comments.
        #[serde(default)]
        once: Once,
    },
    /// Write on a closed story what became of its goals and what they cost.
    SumUp {
        /// The story.
        story: GoalRef,
        /// When it was closed: it may be opened and closed again.
        closed_at: Timestamp,
    },
    /// Have the goal's forge show where it stands.
    ShowState {
        /// The goal.
        goal: GoalRef,
        /// How often what it shows was noted before.
        look: u64,
        /// When it was ordered: what of it is found done was done since.
        since: Timestamp,
    },
    /// Have the goal's status comment say where it stands.
    Announce {
        /// The goal.
        goal: GoalRef,
        /// How often that comment was written before.
        turn: u64,
    },
    /// Tell a person.
    Notify {
        /// The goal.
        goal: GoalRef,
        /// Tells it from the goal's other notifications.
        key: String,
        /// One line.
        title: String,
        /// A few lines.
        message: String,
        /// How much it matters.
        #[serde(default)]
        level: Level,
        /// Among whose notifications.
        #[serde(default)]
        once: Once,
    },
}

/// What something is told once of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Once {
    /// The goal that it is about.
    #[default]
    Goal,
    /// The repository: whichever goal finds it first is told.
    Repo,
    /// Everything: as of a repository, for all of them together.
    All,
}

impl Once {
    fn scope(self, goal: &GoalRef) -> String {
        match self {
            Self::Goal => format!("{}#{}", goal.repo, goal.number),
            Self::Repo => goal.repo.to_string(),
            Self::All => "all".into(),
        }
    }
}

impl Effect {
    /// Its identity: two effects with one key are one effect.
    pub fn key(&self) -> String {
        match self {
            Self::Claim { run, .. } => format!("claim/{run}"),
            Self::Prepare { run, .. } => format!("prepare/{run}"),
            Self::Launch { run, .. } => format!("launch/{run}"),
            Self::Stop { run, .. } => format!("stop/{run}"),
            Self::Tell { run, told, .. } => format!("tell/{run}/{}", told.id),
            Self::Freeze { run, turn, .. } => format!("freeze/{run}/{turn}"),
            Self::Thaw { run, turn, .. } => format!("thaw/{run}/{turn}"),
            Self::Propose { run, .. } => format!("propose/{run}"),
            Self::Collect { run, .. } => format!("collect/{run}"),
            Self::Land { run, round, returns: 0, .. } => format!("land/{run}/{round}"),
            Self::Land { run, round, returns, .. } => format!("land/{run}/{returns}.{round}"),
            Self::FollowLanding { run, step, turn, .. } => format!("follow/{run}/{turn}/{}", step.word()),
            Self::Revert { run, undo, round, .. } => format!("revert/{run}/{undo}/{round}"),
            Self::Clean { run, .. } => format!("clean/{run}"),
            Self::WriteStats { run, .. } => format!("stats/{run}"),
            Self::Comment { goal, key, once, .. } => format!("comment/{}/{key}", once.scope(goal)),
            Self::SumUp { story, closed_at } => format!("sum-up/{}#{}/{closed_at}", story.repo, story.number),
            Self::ShowState { goal, look, .. } => format!("show/{}#{}/{look}", goal.repo, goal.number),
            Self::Announce { goal, turn } => format!("announce/{}#{}/{turn}", goal.repo, goal.number),
            Self::Notify { goal, key, once, .. } => format!("notify/{}/{key}", once.scope(goal)),
        }
    }

    /// The run that it is about, where it is about one.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Claim { run, .. }
            | Self::Prepare { run, .. }
            | Self::Launch { run, .. }
            | Self::Stop { run, .. }
            | Self::Tell { run, .. }
            | Self::Freeze { run, .. }
            | Self::Thaw { run, .. }
            | Self::Propose { run, .. }
            | Self::Collect { run, .. }
            | Self::Land { run, .. }
            | Self::FollowLanding { run, .. }
            | Self::Revert { run, .. }
            | Self::Clean { run, .. }
            | Self::WriteStats { run, .. } => Some(run),
            Self::Comment { .. }
            | Self::SumUp { .. }
            | Self::ShowState { .. }
            | Self::Announce { .. }
            | Self::Notify { .. } => None,
        }
    }

    /// The goal or the story that it is about.
    pub fn goal(&self) -> &GoalRef {
        match self {
            Self::Claim { goal, .. }
            | Self::Prepare { goal, .. }
            | Self::Launch { goal, .. }
            | Self::Stop { goal, .. }
            | Self::Tell { goal, .. }
            | Self::Freeze { goal, .. }
            | Self::Thaw { goal, .. }
            | Self::Propose { goal, .. }
            | Self::Collect { goal, .. }
            | Self::Land { goal, .. }
            | Self::FollowLanding { goal, .. }
            | Self::Revert { goal, .. }
            | Self::Clean { goal, .. }
            | Self::WriteStats { goal, .. }
            | Self::Comment { goal, .. }
            | Self::SumUp { story: goal, .. }
            | Self::ShowState { goal, .. }
            | Self::Announce { goal, .. }
            | Self::Notify { goal, .. } => goal,
        }
    }
}
