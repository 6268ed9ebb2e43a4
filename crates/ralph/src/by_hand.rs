//! Asking a repository's gate by hand: in a person's own checkout or in a run's workspace that they have taken, in
//! the sandbox of a run, on clean files.
//!
//! Nothing of the checkout is changed: what lies in it is recorded in a private git directory, as a run
//! would, and laid out anew.

mod asking;
mod rooms;
mod scene;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::run::{RunId, RunSpec};
use herder_domain::setup::{Author, Setup};
use herder_executor::{Launcher, become_subreaper};
use herder_gate::{Cache, Findings, Gate, inquire};
use herder_record::{Redactor, RunDir};
use herder_workspace::{CommitId, Identity, Signature};
use jiff::Timestamp;

use crate::error::RalphError;
use crate::signals;
use crate::stop::Stop;
use asking::Asking;
use rooms::Lodging;
use scene::{Making, Scene};

/// Where somebody asks.
#[derive(Clone, Copy, Debug)]
pub enum Ground<'a> {
    /// In a person's own checkout.
    Checkout {
        /// A directory in it.
        directory: &'a Path,
        /// How the base branch's tip may be called. The first that there is counts; if there is none, HEAD.
        base: &'a [String],
    },
    /// In the clone of a run, where an agent may have worked: the run's git directory and base are used, and no
    /// git is run in the clone.
    Workspace(&'a RunDir, &'a RunSpec),
}

/// Whose `.ralph/` is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The base branch's, as for a run.
    Base,
    /// That of what is asked about: for who works at the gate itself.
    Here,
}

/// How often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// Once, whatever it says.
    Once,
    /// As for a run: once more where it is red, and what stays red is held against the base branch.
    AsForARun,
}

/// What one asking is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The work.
    Work,
    /// The base branch itself.
    Base,
}

/// Gives the place where the output of one asking goes.
pub type Logs<'a> = dyn Fn(About) -> Box<dyn Write + Send> + 'a;

/// What is asked about by hand.
#[derive(Debug)]
pub struct ByHand<'a> {
    /// Where.
    pub ground: Ground<'a>,
    /// The commit that it is about, as git names it; without it what lies in the work tree.
    pub commit: Option<&'a str>,
    /// Whose gate.
    pub whose: Whose,
    /// The name of this question; what it starts is marked with it.
    pub run: RunId,
    /// The directory that rooms lie below.
    pub root: &'a Path,
    /// Package caches.
    pub caches: &'a Path,
    /// Who makes the commit of what lies in the work tree, which nobody keeps.
    pub author: &'a Author,
}

/// How it is asked.
#[derive(Debug)]
pub struct Manner<'a> {
    /// How often.
    pub thoroughness: Thoroughness,
    /// What the gate may read, write and see, and how long it may take; the rest is not looked at.
    pub setup: &'a Setup,
    /// Where it is kept what gates say of base branches by hand; without it nothing is looked up or kept.
    pub said: Option<PathBuf>,
    /// Hides secrets in what the gate says.
    pub redactor: &'a Redactor,
    /// Starts keepers.
    pub launcher: Launcher,
}

/// What came of it.
#[derive(Debug)]
pub struct Handed {
    /// The verdict.
    pub findings: Findings,
    /// What it is about.
    pub subject: CommitId,
    /// Files of the work tree that no snapshot takes, and the gate was not shown.
    pub left_out: Vec<PathBuf>,
    /// The base branch's tip.
    pub base: CommitId,
    /// How often the gate was asked, about the base branch as well.
    pub askings: u32,
    /// How long all that took.
    pub elapsed: Duration,
}

/// A question that is ready to be asked. Whatever becomes of it, its room goes with it. SIGINT, SIGTERM and SIGHUP
/// end it.
pub struct Question {
    run: RunId,
    root: PathBuf,
    whose: Whose,
    lodging: Lodging,
    stop: Stop,
    scene: Scene,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("run", &self.run).field("whose", &self.whose).finish_non_exhaustive()
    }
}

impl ByHand<'_> {
    /// Lays out what is asked about. The checkout is not changed.
    ///
    /// # Errors
    /// It is no checkout, there is no such commit, or something cannot be written.
    pub fn begin(&self) -> Result<Question, RalphError> {
        let stop = Stop::default();
        signals::turn(&stop)?;
        become_subreaper()?;
        let lodging = Lodging::take(self.root, self.caches)?;
        let who = Identity { name: self.author.name.clone(), email: self.author.email.clone() };
        let making = Making {
            ground: &self.ground,
            commit: self.commit,
            run: &self.run,
            signature: Signature { who, at: Timestamp::now() },
            private: &lodging.room().dir().join("git"),
        };
        let scene = called_off(&stop, making.make())?;
        let (run, root) = (self.run.clone(), self.root.to_owned());
        Ok(Question { run, root, whose: self.whose, lodging, stop, scene })
    }
}

/// Whatever was said to somebody who did not wait for it was said of something that was cut off.
fn called_off<T>(stop: &Stop, said: Result<T, RalphError>) -> Result<T, RalphError> {
    if stop.is_ordered() { Err(RalphError::CalledOff) } else { said }
}

impl Question {
    /// The commit whose `.ralph/` is asked.
    fn gates(&self) -> &CommitId {
        match self.whose {
            Whose::Base => &self.scene.base,
            Whose::Here => &self.scene.subject,
        }
    }

    /// A file of the commit whose gate is asked, at most `max` bytes of it; `None` if there is none.
    ///
    /// # Errors
    /// It is larger, or git cannot be run.
    pub fn file(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, RalphError> {
        Ok(self.scene.git.bare().read_file(self.gates(), path, max)?)
    }

    /// Whether files that the repository keeps in Git LFS are laid out as pointers.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn holds_pointers(&self) -> Result<bool, RalphError> {
        let bare = self.scene.git.bare();
        Ok(!bare.has_contents()?
            && (bare.uses_lfs(&self.scene.subject)? || bare.uses_lfs(&self.scene.base)?))
    }

    /// Asks; what the gate prints goes to `logs` as it comes. `None` if there is no gate. Nothing is left behind
    /// but what is kept of base branches.
    ///
    /// # Errors
    /// The gate could not be asked, or it was called off.
    pub fn ask(self, manner: &Manner<'_>, logs: &Logs<'_>) -> Result<Option<Handed>, RalphError> {
        let asked = self.ask_in(manner, logs);
        let Self { lodging, stop, .. } = self;
        let removed = lodging.leave();
        let asked = called_off(&stop, asked)?;
        removed?;
        Ok(asked)
    }

    fn ask_in(&self, manner: &Manner<'_>, logs: &Logs<'_>) -> Result<Option<Handed>, RalphError> {
        let (bare, dir) = (self.scene.git.bare(), self.lodging.room().dir().join("gate"));
        let gate = if bare.materialize_dir(self.gates(), ".ralph", &dir)? { Gate::at(dir) } else { None };
        let Some(gate) = gate else { return Ok(None) };
        let cache = manner.said.as_ref().filter(|_| self.whose == Whose::Base).map(Cache::at);
        let mut asking = Asking::new(self, manner, logs, (&gate, cache))?;
        let findings = inquire(&mut asking)?;
        let (askings, elapsed) = asking.spent();
        let Scene { subject, base, left_out, .. } = &self.scene;
        let (subject, base, left_out) = (subject.clone(), base.clone(), left_out.clone());
        Ok(Some(Handed { findings, subject, left_out, base, askings, elapsed }))
    }
}
