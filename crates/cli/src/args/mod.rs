//! What can be typed.

mod backup;
mod config;
mod curate;
mod demo;
mod gate;
mod goal;
mod heavy;
mod init;
mod keep;
mod moment;
mod notify;
mod operating;
mod papers;
mod reference;
mod refusal;
mod run;
mod service;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use backup::{Backup, Restore};
pub use config::{ConfigCommand, Explain, SetKey, UnsetKey};
pub use curate::{Beside, Edit, Hold, Import, Lint, Move, New, Priority, StoryEdit, YesNo};
pub use demo::{Demo, Player};
pub use gate::GateByHand;
pub use goal::{Create, GoalCommand, List, Named, Say, Several, Sort, SpotCheck, Verdict};
pub use heavy::Heavy;
pub use init::Init;
pub use keep::{Gc, Give, Salvage, Take, Undo};
pub use notify::{Digest, NotifyCommand, NotifyTest};
pub use operating::{Down, Pause, Resume, SetCommand, SetMax};
pub use papers::{Completions, Man, Shell, definition, plain_definition};
pub use reference::{Reference, StoryChoice};
pub use refusal::Refusal;
pub use run::{RunFlags, Up, UpFlags};
pub use service::{ServiceCommand, ServiceInstall};

/// Works through a backlog of coding goals unattended, by driving coding agents in isolated clones.
#[derive(Debug, Parser)]
#[command(name = "herder", version, arg_required_else_help = true, subcommand_required = true)]
pub struct Cli {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub color: Colour,
    /// The repository: NAME, OWNER/NAME or HOST/OWNER/NAME [default: the one of the current directory;
    /// for `up`: all]
    #[arg(long, global = true, value_name = "REPO")]
    pub repo: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set; everywhere where CLICOLOR_FORCE is
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register repositories
    #[command(subcommand)]
    Repo(RepoCommand),
    /// Write, queue and judge goals
    #[command(subcommand)]
    Goal(GoalCommand),
    /// Group goals
    #[command(subcommand)]
    Story(StoryCommand),
    /// Work off queued goals until stopped
    Up(Up),
    /// Stop the orchestrator and its ralphs; the goals stay queued
    Down(Down),
    /// Let nothing new start for a while; what runs goes on and lands
    Pause(Pause),
    /// Say something to a goal; its ralph hears it in the next iteration
    Tell(Say),
    /// Say why a goal is where it is, or why the queue waits
    Why(OneOrAll),
    /// Say what the queue, or a goal, will cost and when it is through
    Forecast(Forecast),
    /// Have runs at work stand still, with all their processes and clocks
    Freeze(Several),
    /// Have runs that stand still go on
    Thaw(Several),
    /// Show goals, running ralphs and capacity, and take orders
    Watch(Watch),
    /// Print the log of a goal's last run, or of a run
    Logs(Logs),
    /// Step into a goal's workspace and go on by hand
    Take(Take),
    /// Give a taken goal back: to land, to a ralph, or as it was
    Give(Give),
    /// Take a goal's landed work out of its base branch again
    Undo(Undo),
    /// Clear away what is old and needed by nobody
    Gc(Gc),
    /// Bring back any snapshot of a goal's work as a branch
    Salvage(Salvage),
    /// Add up what runs cost
    Stats(Stats),
    /// Serve the web view, on this machine alone unless told otherwise
    Dashboard(Dashboard),
    /// Say what the night came to: landed, stuck, waiting for you, cost, at work
    Digest(Digest),
    /// Tell a person, by way of trial
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Look at everything that herder needs
    Doctor,
    /// Make a repository ready: its check and settings, or its labels on GitHub
    Init(Init),
    /// Watch twelve goals being worked off, in a directory of its own
    Demo(Demo),
    /// Look at settings and change them
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Lift pauses and free parked accounts: one of them, or all
    Resume(Resume),
    /// Change something in a running orchestrator at once
    #[command(subcommand)]
    Set(SetCommand),
    /// Work at one goal in the current checkout, without an orchestrator
    Ralph(Ralph),
    /// Ask the gate about the current checkout, as it is asked of a run
    Gate(GateByHand),
    /// Run a program that knows nothing of build tokens with some of them in hand
    Heavy(Heavy),
    /// Have systemd keep `up` running
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Keep all that cannot be made anew in one file, whatever is at work
    Backup(Backup),
    /// Bring a backup back
    Restore(Restore),
    /// Make links with the names of the journal (goal-create, orchestrator, ...)
    InstallLinks(InstallLinks),
    /// Print a script that completes herder's commands in a shell
    Completions(Completions),
    /// Print the manual page, or write a page for each command
    Man(Man),
    /// Print the reference of all commands as Markdown
    #[command(hide = true)]
    Reference,
}

/// What to do with repositories.
#[derive(Debug, Subcommand)]
pub enum RepoCommand {
    /// Register a repository: its origin, or itself where it has none
    Add(RepoAdd),
    /// List registered repositories
    List,
}

/// `repo add`.
#[derive(Debug, Args)]
pub struct RepoAdd {
    /// A directory, an address, or OWNER/NAME on GitHub
    #[arg(value_name = "PATH|URL|OWNER/NAME")]
    pub what: String,
    /// Its name, OWNER/NAME or HOST/OWNER/NAME, where it is not to be taken from its address
    #[arg(long)]
    pub name: Option<String>,
    /// The branch that goals land on [default: its default branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Let finished work be pushed to another host unattended
    #[arg(long)]
    pub push: bool,
    /// Where its goals live [default: as issues on its host, if that is a GitHub; else with herder]
    #[arg(long, value_enum)]
    pub goals: Option<Goals>,
}

/// Where the goals of a repository live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Goals {
    /// As issues on its host
    Github,
    /// In herder's database
    Local,
}

/// What to do with stories.
#[derive(Debug, Subcommand)]
pub enum StoryCommand {
    /// Write a story
    Create(StoryCreate),
    /// List stories
    List(Everywhere),
    /// Show a story with its goals
    Show(Named),
    /// Change a story's title or text
    Edit(StoryEdit),
    /// Queue all drafts of a story, in the order of their dependencies
    Queue(Named),
}

/// `story create`.
#[derive(Debug, Args)]
pub struct StoryCreate {
    /// One line
    #[arg(long)]
    pub title: String,
    /// Its text; `-` reads it from standard input
    #[arg(long, default_value = "", hide_default_value = true)]
    pub body: String,
}

/// A list of one repository or of all.
#[derive(Debug, Args)]
pub struct Everywhere {
    /// Of all repositories
    #[arg(long, visible_alias = "all-repos", conflicts_with = "repo")]
    pub all: bool,
}

/// `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Look once
    #[arg(long)]
    pub once: bool,
    /// Print the logs line by line at a terminal too, and draw nothing: for a screen reader
    #[arg(long, conflicts_with = "once")]
    pub plain: bool,
}

/// One goal, or all.
#[derive(Debug, Args)]
pub struct OneOrAll {
    /// Its number [default: the whole queue]
    #[arg(value_name = "NUMBER")]
    pub number: Option<Reference>,
}

/// `forecast`.
#[derive(Debug, Args)]
pub struct Forecast {
    /// Goals; drafts and stuck ones are looked at as if they were queued now [default: the queue]
    #[arg(value_name = "NUMBER")]
    pub numbers: Vec<Reference>,
}

/// `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// A goal's number, or the name of a run
    #[arg(value_name = "GOAL|RUN")]
    pub what: String,
    /// Go on as the log grows
    #[arg(long, short)]
    pub follow: bool,
}

/// `dashboard`.
#[derive(Debug, Args)]
pub struct Dashboard {
    /// Show the rows of this file, and nothing else
    #[arg(long, value_name = "FILE")]
    pub stats: Option<PathBuf>,
    /// Where to listen; with port 0 at any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7117")]
    pub listen: SocketAddr,
    /// Who may look.
    #[command(flatten)]
    pub looking: Looking,
}

/// Who may look at the dashboard.
#[derive(Debug, Args)]
pub struct Looking {
    /// A file with the token that is asked for; needed at an address that other machines reach
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// A host name under which this address is asked for; may be given several times
    #[arg(long, value_name = "NAME")]
    pub host_name: Vec<String>,
}

/// `stats`.
#[derive(Debug, Args)]
pub struct Stats {
    /// Another file of the same kind
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// Only these groups
    #[arg(long, value_enum)]
    pub by: Option<Group>,
}

/// How runs are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// By repository.
    Repo,
    /// By model.
    Model,
    /// By how they ended.
    Outcome,
}

/// `ralph`.
#[derive(Debug, Args)]
pub struct Ralph {
    /// The file with the goal's text
    #[arg(long, value_name = "FILE")]
    pub goal: PathBuf,
    /// Take a tree with changes as it is, for example what an earlier run left
    #[arg(long = "continue")]
    pub continues: bool,
    /// How it works.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// `install-links`.
#[derive(Debug, Args)]
pub struct InstallLinks {
    /// Where to make them
    #[arg(default_value = "~/.local/bin")]
    pub dir: PathBuf,
}

/// Understands the arguments, or says what is wrong with them.
pub fn read(argv: &[OsString]) -> Result<Cli, Refusal> {
    Cli::try_parse_from(argv).map_err(Refusal::of)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
