//! What is asked about by hand, laid down in a private git directory.

use std::path::{Path, PathBuf};

use herder_domain::run::{RunId, RunSpec};
use herder_record::RunDir;
use herder_workspace::{
    Bare, Checkout, CommitId, PrivateGit, RunKey, Signature, SnapshotLimits, SnapshotOrder, Standalone,
    UserEnvironment,
};

use super::Ground;
use crate::error::RalphError;

/// The commits that a question is about, and where they are.
pub(super) struct Scene {
    pub(super) git: PrivateGit,
    /// The commit that the gate is asked about.
    pub(super) subject: CommitId,
    /// The base branch's tip.
    pub(super) base: CommitId,
    /// What `origin` is said to call it.
    pub(super) base_branch: String,
    /// Files of the work tree that no snapshot takes.
    pub(super) left_out: Vec<PathBuf>,
}

/// What a scene is made of.
pub(super) struct Making<'a> {
    pub(super) ground: &'a Ground<'a>,
    /// The commit that is meant; without it what lies in the work tree.
    pub(super) commit: Option<&'a str>,
    pub(super) run: &'a RunId,
    pub(super) signature: Signature,
    /// Where the private git directory is to be.
    pub(super) private: &'a Path,
}

impl Making<'_> {
    pub(super) fn make(&self) -> Result<Scene, RalphError> {
        match self.ground {
            Ground::Checkout { directory, base } => self.in_a_checkout(directory, base),
            Ground::Workspace(dir, spec) => self.in_a_workspace(dir, spec),
        }
    }

    /// In the person's name, with their settings: no agent works here.
    fn in_a_checkout(&self, directory: &Path, names: &[String]) -> Result<Scene, RalphError> {
        let user = UserEnvironment::of_this_process();
        let checkout = Checkout::inspect(directory, &user)?;
        let is_clean = !checkout.is_dirty(&user)?;
        let persons = Bare::at(&checkout.git_dir);
        let base = base_tip(&persons, names)?.unwrap_or_else(|| checkout.head.clone());
        let named = self.commit.map(|name| named(&persons, name)).transpose()?;
        let git = Standalone::begin(checkout, self.private, self.run.as_str(), is_clean, &user)?;
        git.take(&base)?;
        let (subject, left_out) = match named {
            Some(commit) => git.take(&commit).map(|()| (commit, Vec::new()))?,
            None => self.as_it_lies(git.private())?,
        };
        Ok(Scene { git: git.private().clone(), subject, base, base_branch: "HEAD".into(), left_out })
    }

    /// Through the run's own git directory, which no agent reaches, and with the base that the run began at: what
    /// the clone's `.git` says is an agent's word.
    fn in_a_workspace(&self, dir: &RunDir, spec: &RunSpec) -> Result<Scene, RalphError> {
        if self.commit.is_some() {
            return Err(RalphError::CommitOfAgents);
        }
        let key = RunKey::new(spec.goal.as_ref().map_or(0, |goal| goal.number.0), spec.run.as_str())?;
        let git = PrivateGit::at(&dir.git_dir(), &spec.setup.clone, key).beside(self.private)?;
        let base = CommitId::parse(&spec.base_commit)?;
        let (subject, left_out) = self.as_it_lies(&git)?;
        Ok(Scene { git, subject, base, base_branch: spec.base_branch.clone(), left_out })
    }

    /// The work tree as it lies there, as a commit, and what of it is not in that.
    fn as_it_lies(&self, git: &PrivateGit) -> Result<(CommitId, Vec<PathBuf>), RalphError> {
        let taken = git.snapshot_of_a_persons(&SnapshotOrder {
            iteration: 1,
            message: "The work tree as it is".into(),
            signature: self.signature.clone(),
            limits: SnapshotLimits::default(),
        })?;
        Ok((taken.commit, taken.skipped.into_iter().map(|skipped| skipped.path).collect()))
    }
}

fn base_tip(persons: &Bare, names: &[String]) -> Result<Option<CommitId>, RalphError> {
    for name in names {
        if let Some(commit) = persons.resolve(name)? {
            return Ok(Some(commit));
        }
    }
    Ok(None)
}

fn named(persons: &Bare, name: &str) -> Result<CommitId, RalphError> {
    persons.resolve(name)?.ok_or_else(|| RalphError::NoCommit { name: name.to_owned() })
}
