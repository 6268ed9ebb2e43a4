//! `herder goal ...`.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use herder_domain::goal::GoalState;

use super::Everywhere;
use super::reference::Reference;

/// What to do with goals.
#[derive(Debug, Subcommand)]
pub enum GoalCommand {
    /// Write a goal; its text is read from standard input and needs a "## Objective"
    Create(Create),
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
    /// The number of its story
    #[arg(long)]
    pub story: Option<Reference>,
    /// What must have landed before it starts, for example "12, owner/repo#13"
    #[arg(long, value_name = "GOALS")]
    pub depends: Option<String>,
    /// A person is to look before it lands
    #[arg(long)]
    pub spot_check: bool,
    /// Queue it at once
    #[arg(long)]
    pub queue: bool,
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
    /// Of one repository or of all.
    #[command(flatten)]
    pub everywhere: Everywhere,
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
