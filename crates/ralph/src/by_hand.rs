//! Asking a repository's gate by hand: in a person's own checkout, in the sandbox of a run, on clean files.
//!
//! Nothing of the checkout is changed: what lies in it is recorded in a private git directory, as a run
//! would, and laid out anew.

mod asking;
mod rooms;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::run::RunId;
use herder_domain::setup::Setup;
use herder_executor::{Launcher, Room, become_subreaper};
use herder_gate::{Cache, Findings, Gate, inquire};
use herder_record::Redactor;
use herder_workspace::{
    Bare, Checkout, CommitId, Identity, Signature, SnapshotLimits, SnapshotOrder, Standalone,
    UserEnvironment, remove_tree,
};
use jiff::Timestamp;

use crate::error::RalphError;
use crate::signals;
use crate::stop::Stop;
use asking::Asking;
pub use rooms::room_by_hand;

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

/// What is asked by hand.
#[derive(Debug)]
pub struct ByHand<'a> {
    /// A directory in the checkout.
    pub checkout: &'a Path,
    /// The commit that it is about, as git names it; without it what lies in the work tree.
    pub commit: Option<&'a str>,
    /// Whose gate.
    pub whose: Whose,
    /// How the base branch's tip may be called. The first that there is counts; if there is none, HEAD.
    pub base: &'a [String],
    /// How often it is asked.
    pub thoroughness: Thoroughness,
    /// The name of this question; what it starts is marked with it.
    pub run: RunId,
    /// The directory that rooms lie below.
    pub root: &'a Path,
    /// Room ([`room_by_hand`]), caches, and what the gate may read, write and see; the rest is not looked at.
    pub setup: &'a Setup,
    /// Where it is kept what gates say of base branches; without it nothing is looked up or kept.
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

impl ByHand<'_> {
    /// Asks; what the gate prints goes to `logs` as it comes. `None` if there is no gate. SIGINT, SIGTERM and
    /// SIGHUP end it; either way nothing is left behind but what is kept of base branches.
    ///
    /// # Errors
    /// It is no checkout, there is no such commit, the gate could not be asked, or it was called off.
    pub fn ask(&self, logs: &Logs<'_>) -> Result<Option<Handed>, RalphError> {
        let stop = Stop::default();
        signals::turn(&stop)?;
        become_subreaper()?;
        let room = Room::new(&self.setup.room, &self.setup.caches);
        let asked = rooms::move_in(self.root, &room).and_then(|_lived| self.ask_in(&room, &stop, logs));
        let removed = remove_tree(self.root, room.dir());
        if stop.is_ordered() {
            // Whatever was said was said of a gate that was cut off.
            return Err(RalphError::CalledOff);
        }
        let asked = asked?;
        removed?;
        Ok(asked)
    }

    fn ask_in(&self, room: &Room, stop: &Stop, logs: &Logs<'_>) -> Result<Option<Handed>, RalphError> {
        let user = UserEnvironment::of_this_process();
        let checkout = Checkout::inspect(self.checkout, &user)?;
        let is_clean = !checkout.is_dirty(&user)?;
        let persons = Bare::at(&checkout.git_dir);
        let base = self.base_tip(&persons, &checkout)?;
        let named = self.commit.map(|name| named(&persons, name)).transpose()?;
        let private = room.dir().join("git");
        let git = Standalone::begin(checkout, &private, self.run.as_str(), is_clean, &user)?;
        git.take(&base)?;
        let (subject, left_out) = match named {
            Some(commit) => git.take(&commit).map(|()| (commit, Vec::new()))?,
            None => self.as_it_lies(&git)?,
        };
        let (bare, dir) = (git.private().bare(), room.dir().join("gate"));
        let gate = match self.whose {
            Whose::Base => &base,
            Whose::Here => &subject,
        };
        let gate = if bare.materialize_dir(gate, ".ralph", &dir)? { Gate::at(dir) } else { None };
        let Some(gate) = gate else { return Ok(None) };
        let cache = self.said.as_ref().filter(|_| self.whose == Whose::Base).map(Cache::at);
        let mut asking = Asking::new(self, (room, stop, logs), (bare, &gate, cache), (&subject, &base))?;
        let findings = inquire(&mut asking)?;
        let (askings, elapsed) = asking.spent();
        Ok(Some(Handed { findings, subject, left_out, base, askings, elapsed }))
    }

    fn base_tip(&self, persons: &Bare, checkout: &Checkout) -> Result<CommitId, RalphError> {
        for name in self.base {
            if let Some(commit) = persons.resolve(name)? {
                return Ok(commit);
            }
        }
        Ok(checkout.head.clone())
    }

    /// The work tree as it lies there, as a commit, and what of it is not in that.
    fn as_it_lies(&self, git: &Standalone) -> Result<(CommitId, Vec<PathBuf>), RalphError> {
        let author = &self.setup.author;
        let taken = git.private().snapshot_of_a_persons(&SnapshotOrder {
            iteration: 1,
            message: "The work tree as it is".into(),
            signature: Signature {
                who: Identity { name: author.name.clone(), email: author.email.clone() },
                at: Timestamp::now(),
            },
            limits: SnapshotLimits::default(),
        })?;
        Ok((taken.commit, taken.skipped.into_iter().map(|skipped| skipped.path).collect()))
    }
}

fn named(persons: &Bare, name: &str) -> Result<CommitId, RalphError> {
    persons.resolve(name)?.ok_or_else(|| RalphError::NoCommit { name: name.to_owned() })
}
