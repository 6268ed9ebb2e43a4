//! What happened, as the journal keeps it.

mod of_run;
mod repo;

use jiff::Timestamp;
pub use repo::Repo;
use serde::{Deserialize, Serialize};

use crate::ailment::Ailment;
use crate::capacity::{Farewell, Slots};
use crate::frost::Chill;
use crate::gate::{Asked, Flake, Refusal};
use crate::goal::{Goal, GoalEdit};
use crate::hand::HandEnd;
use crate::judge::Judgement;
use crate::landing::{Bounce, Offer, Standing};
use crate::outcome::Outcome;
use crate::pause::Scope;
use crate::repo::{GoalRef, Number, RepoId};
use crate::run::{Harvest, ProcessName, RunId};
use crate::sight::{Heard, Seen, Shown, Wrote};
use crate::story::Story;
use crate::undo::{Undo, UndoTrouble};

/// Something that happened. The journal is a list of these, and every state follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A repository was registered, or its settings changed.
    RepoAdded {
        /// It.
        repo: Repo,
    },
    /// Something was found to be the matter with a repository.
    RepoAiling {
        /// It.
        repo: RepoId,
        /// What.
        #[serde(flatten)]
        ailment: Ailment,
    },
    /// Nothing is the matter with it any more.
    RepoMended {
        /// It.
        repo: RepoId,
    },
    /// A story was written.
    StoryCreated {
        /// It.
        story: Story,
    },
    /// A person changed a story's title or text.
    StoryEdited {
        /// It.
        story: GoalRef,
        /// The new title, where it is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The new text, where it is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// Every goal of a story was settled.
    StoryClosed {
        /// It.
        story: GoalRef,
    },
    /// A story that was closed has an open goal again.
    StoryReopened {
        /// It.
        story: GoalRef,
    },
    /// An agent's account can spend no more for now.
    AccountParked {
        /// The agent's name.
        agent: String,
        /// Until then; until a person acts where absent.
        until: Option<Timestamp>,
        /// One sentence.
        why: String,
    },
    /// A person freed an account.
    AccountFreed {
        /// The agent's name.
        agent: String,
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
    /// A person lifted a pause.
    Resumed {
        /// Which.
        scope: Scope,
    },
    /// A person changed how many runs may be at work at once.
    MaxSet {
        /// In this repository; in all of them together where absent.
        repo: Option<RepoId>,
        /// So many; as configured where absent.
        max: Option<Slots>,
    },
    /// A person asked an orchestrator to go, but not at once. It is meant for this very process and for no
    /// later one.
    DownAsked {
        /// The orchestrator.
        orchestrator: ProcessName,
        /// How it is to go.
        farewell: Farewell,
    },
    /// Something that happened to a goal, its runs and landings.
    #[serde(untagged)]
    Goal(GoalHappening),
}

/// Something that happened to one goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalHappening {
    /// The goal.
    pub goal: GoalRef,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened to a goal, its runs or its landing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// It was written.
    GoalCreated {
        /// As a draft.
        draft: Box<Goal>,
    },
    /// A person changed its text, or what it asks for.
    GoalEdited {
        /// What changed.
        edit: Box<GoalEdit>,
    },
    /// A person said when its turn comes, beside its text.
    GoalPrioritized {
        /// Higher goes first.
        priority: i32,
    },
    /// A person put it into another story, or into none.
    GoalMoved {
        /// The story.
        story: Option<Number>,
    },
    /// What it waits for by links of its forge was changed. Its text is as it was, so it keeps its state.
    GoalLinked {
        /// All that it waits for.
        depends: Vec<GoalRef>,
    },
    /// It was not begun before its deadline.
    GoalOverdue {
        /// The deadline.
        deadline: Timestamp,
    },
    /// A person does not want it started.
    GoalHeld {
        /// Why, in the person's words.
        reason: Option<String>,
    },
    /// A person lets it be started again.
    GoalReleased,
    /// It was looked at where it lives, and this was taken note of.
    GoalSeen {
        /// What.
        seen: Seen,
    },
    /// Its forge shows where it stands.
    GoalShown {
        /// So.
        shown: Shown,
        /// What had to be written for it, if anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wrote: Option<Wrote>,
    },
    /// An order in a comment was heard. What was followed of it is an event of its own.
    GoalHeard {
        /// Which, and what came of it.
        heard: Heard,
    },
    /// Its status comment says where it stands.
    GoalAnnounced {
        /// Where.
        phase: String,
        /// Why it waits, where a person may want to know.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        waits: String,
    },
    /// It showed none of the labels of states, or several, and nothing was to be made of that.
    GoalMislabelled {
        /// Those that it showed.
        labels: Vec<String>,
    },
    /// A person took it off the queue, or stopped it.
    GoalShelved {
        /// Who.
        by: String,
    },
    /// A person opened it again after it was settled.
    GoalReopened,
    /// Somebody's queueing of it could not be followed.
    GoalNotQueued {
        /// Why, a sentence.
        why: String,
        /// The number of the queueing among the forge's events.
        id: u64,
    },
    /// A person queued it.
    GoalQueued,
    /// A person queued it again after it got stuck.
    GoalRetried,
    /// A person closed it as not planned.
    GoalCancelled,
    /// A person closed it as completed.
    GoalResolved,
    /// A person wants its work landed.
    GoalApproved,
    /// A person wants its work done over.
    GoalRejected {
        /// In the person's words.
        feedback: String,
    },
    /// A person said something to it.
    GoalTold {
        /// In the person's words.
        text: String,
    },
    /// A person answered the question that it waited with.
    GoalAnswered {
        /// In the person's words.
        answer: String,
    },
    /// An event that its state refuses was met; it waits for a person.
    GoalQuarantined {
        /// What was met.
        error: String,
    },
    /// A person takes it into their own hands.
    GoalTaken {
        /// Who.
        by: String,
    },
    /// The workspace is a person's.
    RunHeld {
        /// The run.
        run: RunId,
    },
    /// A person gave it back.
    GoalGiven {
        /// The run that was theirs.
        run: RunId,
        /// How.
        end: HandEnd,
        /// For the next prompt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        say: Option<String>,
    },
    /// A person wants what landed undone.
    UndoOrdered {
        /// The run whose work it is.
        run: RunId,
        /// What was asked for.
        undo: Undo,
    },
    /// The base branch is without the work again.
    Undone {
        /// The run whose work it was.
        run: RunId,
        /// The commit that took it out.
        commit: String,
    },
    /// The work could not be undone and stays.
    UndoRefused {
        /// The run whose work it is.
        run: RunId,
        /// Why.
        trouble: UndoTrouble,
    },
    /// Another orchestrator has it, or took it over.
    GoalElsewhere {
        /// The run here that it was asked for by, or that was at work; absent where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// Who has it.
        owner: String,
        /// Not before this it is asked for again.
        until: Timestamp,
    },
    /// The planner started a run.
    RunOrdered {
        /// The run.
        run: RunId,
        /// The goal's total run number.
        attempt: u32,
    },
    /// The goal is ours.
    RunClaimed {
        /// The run.
        run: RunId,
    },
    /// Clone and run directory stand.
    RunPrepared {
        /// The run.
        run: RunId,
        /// The branch that the work is to land on.
        base_branch: String,
        /// The agent that it spends on.
        agent: String,
    },
    /// A ralph is at work.
    RunLaunched {
        /// The run.
        run: RunId,
        /// The ralph.
        process: ProcessName,
    },
    /// The run is to stand still.
    RunFrozen {
        /// The run.
        run: RunId,
        /// Why.
        #[serde(flatten)]
        why: Chill,
    },
    /// The run is to go on.
    RunThawed {
        /// The run.
        run: RunId,
    },
    /// The run ended, or could not begin.
    RunReported {
        /// The run.
        run: RunId,
        /// How.
        outcome: Outcome,
    },
    /// The vault has the run's work.
    RunCollected {
        /// The run.
        run: RunId,
        /// What it left.
        harvest: Harvest,
    },
    /// What follows from the run was decided.
    RunJudged {
        /// The run.
        run: RunId,
        /// The decision.
        judgement: Judgement,
    },
    /// The run's directories are gone, or kept for good.
    RunClosed {
        /// The run.
        run: RunId,
    },
    /// The gate said now one thing and now another of the same files.
    GateFlaked {
        /// The run whose work it was asked about.
        run: RunId,
        /// Who asked.
        asked: Asked,
        /// What it said once only.
        flake: Flake,
    },
    /// The gate says no of the base branch itself.
    BaseFoundRed {
        /// The run that came upon it.
        run: RunId,
        /// The tree at which the branch was first found so.
        since: String,
        /// What the gate has against it.
        refusal: Refusal,
    },
    /// A round of landing was lost.
    LandingPostponed {
        /// The run whose work it is.
        run: RunId,
        /// Until when.
        until: Timestamp,
        /// Why.
        why: String,
    },
    /// A pull request offers the work, or offers it as another commit.
    WorkOffered {
        /// The run whose work it is.
        run: RunId,
        /// The pull request.
        offer: Offer,
    },
    /// A pull request shows the work to a person.
    WorkShown {
        /// The run whose work it is.
        run: RunId,
        /// The pull request; absent where there is nothing to be shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offer: Option<Offer>,
    },
    /// The pull request stands otherwise than before.
    LandingSeen {
        /// The run whose work it is.
        run: RunId,
        /// How.
        standing: Standing,
    },
    /// The work cannot land as it is.
    LandingBounced {
        /// The run whose work it is.
        run: RunId,
        /// Why.
        bounce: Bounce,
    },
    /// What follows from the bounce was decided.
    BounceJudged {
        /// The run whose work it is.
        run: RunId,
        /// The decision.
        judgement: Judgement,
    },
    /// The goal was closed before its work landed.
    LandingWithdrawn {
        /// The run whose work it is.
        run: RunId,
    },
    /// The work is part of the base branch.
    Landed {
        /// The run whose work it is.
        run: RunId,
        /// The commit.
        commit: String,
        /// What fails in it as it failed before, where the gate is not green.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        known: Vec<String>,
    },
}

impl Event {
    /// An event of a goal.
    pub fn of(goal: &GoalRef, what: What) -> Self {
        Self::Goal(GoalHappening { goal: goal.clone(), what })
    }
}
