//! `herder goal ...`.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use herder_domain::goal::GoalState;

use super::Everywhere;
use super::curate::{Beside, Edit, Hold, Import, Lint, Move, New, Priority};
use super::reference::{Reference, Since, StoryChoice};

/// What to do with goals.
#[derive(Debug, Subcommand)]
pub enum GoalCommand {
    /// Write a goal in an editor
    New(New),
    /// Write a goal; its text is read from standard input and needs a "## Objective"
    Create(Create),
    /// Change a goal's title, text, story or dependencies
    Edit(Edit),
    /// Say what is wrong with goals, before the night does
    Lint(Lint),
    /// Write stories and goals from one Markdown file
    Import(Import),
    /// Say which goals come first
    Priority(Priority),
    /// Put a goal into another story, or a draft into another repository
    Move(Move),
    /// Keep goals from being started
    Hold(Hold),
    /// Let held goals be started again
    Release(Several),
    /// Queue drafts; a stuck goal is retried
    Queue(Several),
    /// List goals
    List(List),
    /// Show a goal whole
    Show(Named),
    /// Comment on a goal; the comment is read from standard input
    Comment(Comment),
    /// Let a goal's work land that waits for a look
    Approve(Named),
    /// Have a goal's work done over
    Reject(Reject),
    /// Answer the question that a goal waits with; its work goes on
    Answer(Say),
    /// Approve or reject, as the journal says it
    #[command(hide = true)]
    SpotCheck(SpotCheck),
    /// Queue a goal again that is stuck
    Retry(Named),
    /// Close a goal as not planned
    Cancel(Named),
    /// Close a goal as completed without herder
    Resolve(Named),
}

/// `goal create`.
#[derive(Debug, Args)]
pub struct Create {
    /// One line
    #[arg(long)]
    pub title: String,
    /// What stands beside its text.
    #[command(flatten)]
    pub beside: Beside,
}

/// One goal or story.
#[derive(Debug, Args)]
pub struct Named {
    /// Its number, or OWNER/NAME#NUMBER
    #[arg(value_name = "NUMBER")]
    pub number: Reference,
}

/// One goal or more.
#[derive(Debug, Args)]
pub struct Several {
    /// Their numbers
    #[arg(value_name = "NUMBER", required = true)]
    pub numbers: Vec<Reference>,
}

/// `goal list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only goals in this state
    #[arg(value_parser = PossibleValuesParser::new(GoalState::WORDS))]
    pub state: Option<String>,
    /// Only goals in one of these states
    #[arg(
        long = "state",
        value_name = "STATES",
        value_delimiter = ',',
        conflicts_with = "state",
        value_parser = PossibleValuesParser::new(GoalState::WORDS)
    )]
    pub states: Vec<String>,
    /// Only goals of this story, or of `none`
    #[arg(long, value_name = "NUMBER")]
    pub story: Option<StoryChoice>,
    /// Only goals with this label: goal:STATE, spot-check, held
    #[arg(long)]
    pub label: Vec<String>,
    /// Only goals that are held
    #[arg(long)]
    pub held: bool,
    /// Only goals written, or brought into another state, since then: a duration such as 12h, or a date
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
    /// What comes first [default: what waits for you, what runs, what comes next, drafts, the rest]
    #[arg(long, value_enum, value_name = "KEY")]
    pub sort: Option<Sort>,
    /// The other way round
    #[arg(long)]
    pub reverse: bool,
    /// Only so many
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<usize>,
    /// Of one repository or of all.
    #[command(flatten)]
    pub everywhere: Everywhere,
}

/// By what goals are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Their numbers
    Number,
    /// The highest first
    Priority,
    /// The newest first
    Created,
    /// The words of their states, in the order of a goal's life
    State,
    /// The most runs first
    Runs,
    /// The dearest first, unknown ones before all
    Cost,
    /// Their titles
    Title,
}

/// `goal comment`.
#[derive(Debug, Args)]
pub struct Comment {
    /// The goal.
    #[command(flatten)]
    pub goal: Named,
}

/// `goal reject`.
#[derive(Debug, Args)]
pub struct Reject {
    /// The goal.
    #[command(flatten)]
    pub goal: Named,
    /// What is wrong; it stands first in the next prompt
    #[arg(long, value_name = "TEXT")]
    pub feedback: String,
}

/// `tell` and `goal answer`.
#[derive(Debug, Args)]
pub struct Say {
    /// The goal.
    #[command(flatten)]
    pub goal: Named,
    /// What to say, in quotes
    #[arg(value_name = "TEXT")]
    pub text: String,
}

/// `goal spot-check`.
#[derive(Debug, Args)]
pub struct SpotCheck {
    /// The goal.
    #[command(flatten)]
    pub goal: Named,
    /// What the look came to
    #[arg(value_enum)]
    pub verdict: Verdict,
    /// What is wrong; it stands first in the next prompt
    #[arg(long, value_name = "TEXT", required_if_eq("verdict", "reject"))]
    pub feedback: Option<String>,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// It may land.
    Approve,
    /// It is to be done over.
    Reject,
}
