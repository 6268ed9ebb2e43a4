//! What can be typed to write a backlog and to keep it in order.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::moment::Times;
use super::reference::{Reference, StoryChoice};
use super::{Named, Several};

/// What stands beside a new goal's text.
#[derive(Clone, Debug, Args)]
pub struct Beside {
    /// The number of its story
    #[arg(long)]
    pub story: Option<Reference>,
    /// What must have landed before it starts, for example "12, owner/repo#13"
    #[arg(long, value_name = "GOALS")]
    pub depends: Option<String>,
    /// When it may begin.
    #[command(flatten)]
    pub times: Times,
    /// A person is to look before it lands
    #[arg(long)]
    pub spot_check: bool,
    /// Queue it at once
    #[arg(long)]
    pub queue: bool,
    /// Write it although an open goal says the same
    #[arg(long)]
    pub force: bool,
}

/// `goal new`.
#[derive(Debug, Args)]
pub struct New {
    /// One line; else it is the line "# Title" of the text
    #[arg(long)]
    pub title: Option<String>,
    /// Take the text from this file, `-` for standard input, and open no editor
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// What stands beside its text.
    #[command(flatten)]
    pub beside: Beside,
}

/// `goal edit`.
#[derive(Debug, Args)]
pub struct Edit {
    /// The goal.
    #[command(flatten)]
    pub goal: Named,
    /// Another title
    #[arg(long)]
    pub title: Option<String>,
    /// Take the text from this file, `-` for standard input, and open no editor
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Another story, or `none`
    #[arg(long, value_name = "NUMBER")]
    pub story: Option<StoryChoice>,
    /// What must have landed before it starts, beside what its text names; "" for nothing
    #[arg(long, value_name = "GOALS")]
    pub depends: Option<String>,
    /// When it may begin.
    #[command(flatten)]
    pub times: Times,
    /// Whether a person is to look before it lands
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub spot_check: Option<YesNo>,
    /// Queue it again, where the edit makes it a draft
    #[arg(long)]
    pub queue: bool,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// `goal lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// Files with a goal's text, or numbers of goals
    #[arg(value_name = "FILE|NUMBER", required_unless_present = "all")]
    pub what: Vec<String>,
    /// All drafts and queued goals of the repository that is meant, else of all
    #[arg(long)]
    pub all: bool,
}

/// `goal import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file, `-` for standard input: "# " begins a story, "## " a goal, "### " a section of it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Say what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Queue the new goals at once
    #[arg(long)]
    pub queue: bool,
    /// Write also goals whose title an open goal has
    #[arg(long)]
    pub force: bool,
}

/// `goal priority`.
#[derive(Debug, Args)]
pub struct Priority {
    /// The goal.
    #[command(flatten)]
    pub goal: Named,
    /// A whole number; higher goes first, 0 where nobody says one
    #[arg(allow_negative_numbers = true)]
    pub priority: i32,
}

/// `goal move`.
#[derive(Debug, Args)]
pub struct Move {
    /// The goal.
    #[command(flatten)]
    pub goal: Named,
    /// The story to put it into, or `none`
    #[arg(long, value_name = "NUMBER", required_unless_present = "to")]
    pub story: Option<StoryChoice>,
    /// Another repository; for drafts only. It is written there under a new number, and cancelled here
    #[arg(long, value_name = "REPO")]
    pub to: Option<String>,
}

/// `goal hold`.
#[derive(Debug, Args)]
pub struct Hold {
    /// The goals.
    #[command(flatten)]
    pub goals: Several,
    /// Why; `herder why` repeats it
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `story edit`.
#[derive(Debug, Args)]
pub struct StoryEdit {
    /// The story.
    #[command(flatten)]
    pub story: Named,
    /// Another title
    #[arg(long)]
    pub title: Option<String>,
    /// Another text; `-` reads it from standard input. Without --title and --body an editor opens
    #[arg(long)]
    pub body: Option<String>,
}
