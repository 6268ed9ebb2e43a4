//! The vault: the bare repository from which nothing is ever lost.
//!
//! It holds goal branches (`refs/heads/goal-N`), the base each was built on
//! (`refs/herder/goal-base/N`), every snapshot of every run (`refs/herder/wip/<goal>/<run>/<iteration>`),
//! the commit each run began at (`refs/herder/base/<run>`) and work that could not be taken up
//! (`refs/herder/attempts/<goal>/<run>`), and where the branch was when a person took the goal
//! (`refs/herder/before/<run>`). It is complete in itself, only the refs of goals that were settled long ago
//! ever go, and no agent can reach it: runs' private git directories borrow its objects.

use crate::bare::Bare;
use crate::error::Result;
use crate::id::{CommitId, RunKey, branch_of, goal_base_ref};
use crate::lfs::drop_unneeded;
use crate::mirror::Mirror;
use crate::objects::{Guard, copy_all, gather, lock};
use crate::private::PrivateGit;
use crate::ref_files::{read_ref, refs_below, remove_ref, write_ref};
use crate::snapshot::strict;
use crate::transfer::{Load, bring};
use rustix::fs::FlockOperation;
use std::path::{Path, PathBuf};

/// The bare repository that keeps all work.
#[derive(Debug, Clone)]
pub struct Vault {
    bare: Bare,
}

/// The work on a goal that the vault holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalBranch {
    /// The last snapshot.
    pub tip: CommitId,
    /// The commit of the base branch that the work began at.
    pub base: CommitId,
}

impl Vault {
    /// Opens the vault at `path`, making it if it is missing, for the repository that `mirror` mirrors.
    ///
    /// # Errors
    /// The directory cannot be made or is no repository.
    pub fn open_or_create(path: &Path, mirror: &Mirror) -> Result<Self> {
        let vault = Self::at(path);
        if !vault.bare.exists() {
            let format = mirror.bare().git("rev-parse").arg("--show-object-format").line()?;
            Bare::create(path, &format)?;
        }
        Ok(vault)
    }

    /// Opens a vault that exists.
    pub fn at(path: &Path) -> Self {
        Self { bare: Bare::at(path) }
    }

    /// The repository, for questions.
    pub fn bare(&self) -> &Bare {
        &self.bare
    }

    /// Takes a commit of the base branch from the mirror and keeps it as the one that the run began at.
    ///
    /// # Errors
    /// The mirror lacks the commit, or the vault cannot be written.
    pub fn keep_base(&self, mirror: &Mirror, commit: &CommitId, key: &RunKey) -> Result<()> {
        self.take(mirror, commit)?;
        // Its directory may be going, with refs that are gathered.
        let _alone = self.bare.alone()?;
        write_ref(&self.bare, &key.base_ref(), commit)
    }

    /// Takes a commit with its history from the mirror, so that it can be built upon here.
    ///
    /// # Errors
    /// The mirror lacks the commit, or the vault cannot be written.
    pub fn take(&self, mirror: &Mirror, commit: &CommitId) -> Result<()> {
        if self.has_taken(commit)? {
            return Ok(());
        }
        let _alone = self.bare.alone()?;
        if self.has_taken(commit)? {
            return Ok(());
        }
        let known = self.known()?;
        let (from, tips) = (mirror.bare().path(), vec![commit]);
        if known.is_empty() || bring(&self.bare, Load { from, tips, known, check: None }).is_err() {
            // The first time files are many times cheaper than packing. And where something that should be known
            // is lost, as after a power cut, they are what the mirror still has of it.
            copy_all(from, self.bare.path())?;
            self.bare.git("rev-list").args(["--objects", "--quiet", commit.as_str()]).done()?;
        }
        self.hold(commit)
    }

    fn has_taken(&self, commit: &CommitId) -> Result<bool> {
        Ok(read_ref(&self.bare, &taken_ref(commit))?.is_some() && self.bare.tree_of(commit).is_ok())
    }

    /// Notes that a commit that was made here is the base branch's tip now: it needs not be taken any more.
    ///
    /// # Errors
    /// The vault cannot be written.
    pub fn keep_landed(&self, commit: &CommitId) -> Result<()> {
        let _alone = self.bare.alone()?;
        self.hold(commit)
    }

    /// The newest commits of base branches that are here.
    pub(crate) fn taken(&self) -> Result<Vec<CommitId>> {
        Ok(refs_below(&self.bare, TAKEN)?.into_iter().map(|(_, commit)| commit).collect())
    }

    /// Commits that are here with all of their history.
    fn known(&self) -> Result<Vec<CommitId>> {
        let mut refs = refs_below(&self.bare, TAKEN)?;
        if refs.is_empty() {
            refs = refs_below(&self.bare, "refs")?;
        }
        refs.retain(|(_, commit)| self.bare.tree_of(commit).is_ok());
        Ok(refs.into_iter().map(|(_, commit)| commit).collect())
    }

    /// Holds a commit of the base branch, and no longer those before it: of them only the newest is needed to
    /// hold the history that later ones share.
    fn hold(&self, commit: &CommitId) -> Result<()> {
        write_ref(&self.bare, &taken_ref(commit), commit)?;
        for (name, old) in refs_below(&self.bare, TAKEN)? {
            // One that cannot be read holds nothing.
            let is_past = old != *commit && self.bare.is_ancestor(&old, commit).unwrap_or(true);
            if is_past && !remove_ref(&self.bare, &name)? {
                self.bare.git("update-ref").args(["-d", &name, old.as_str()]).done()?;
            }
        }
        Ok(())
    }

    /// Takes all snapshots of a run and moves the goal's branch to the last one, that last; the same however often it is
    /// repeated. `None` if the run has no snapshot yet.
    ///
    /// # Errors
    /// An object of the run does not pass git's check, or the vault cannot be written.
    pub fn fetch_run(&self, private: &PrivateGit, key: &RunKey) -> Result<Option<CommitId>> {
        let alone = self.bare.alone()?;
        let taken = refs_below(private.bare(), &key.snapshot_prefix())?;
        if taken.is_empty() {
            return Ok(None);
        }
        let base = read_ref(&self.bare, &key.base_ref())?;
        let known = match &base {
            Some(base) => vec![base.clone()],
            None => self.known()?,
        };
        let tips = taken.iter().map(|(_, commit)| commit).collect();
        let check = Some(strict(private));
        bring(&self.bare, Load { from: private.bare().path(), tips, known, check })?;
        let all = taken.iter().cloned().chain(refs_below(&self.bare, &key.snapshot_prefix())?);
        let Some((_, last)) = in_order(key, all).pop() else {
            return Ok(None);
        };
        for (name, commit) in &taken {
            write_ref(&self.bare, name, commit)?;
        }
        self.move_branch(key, &last, base.as_ref())?;
        gather(&self.bare, &alone)?;
        Ok(Some(last))
    }

    /// The snapshots of a run by iteration, in order.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn snapshots(&self, key: &RunKey) -> Result<Vec<(u32, CommitId)>> {
        Ok(in_order(key, refs_below(&self.bare, &key.snapshot_prefix())?))
    }

    /// The work on a goal, if there is any.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn branch(&self, goal: u64) -> Result<Option<GoalBranch>> {
        let Some(tip) = read_ref(&self.bare, &format!("refs/heads/{}", branch_of(goal)))? else {
            return Ok(None);
        };
        let base = read_ref(&self.bare, &goal_base_ref(goal))?.unwrap_or_else(|| tip.clone());
        Ok(Some(GoalBranch { tip, base }))
    }

    /// The commit that a run began at, if it was prepared.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn base_of(&self, key: &RunKey) -> Result<Option<CommitId>> {
        read_ref(&self.bare, &key.base_ref())
    }

    /// Keeps the goal's present branch as an attempt of `key`, before that run replaces it. Returns
    /// the attempt's ref.
    ///
    /// # Errors
    /// Git cannot be run, or the vault cannot be written.
    pub fn keep_attempt(&self, key: &RunKey, work: &GoalBranch) -> Result<String> {
        let attempt = key.attempt_ref();
        let _alone = self.bare.alone()?;
        write_ref(&self.bare, &attempt, &work.tip)?;
        Ok(attempt)
    }

    /// The numbers of the goals that it keeps work of, in order.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn goals(&self) -> Result<Vec<u64>> {
        let mut goals = Vec::new();
        for prefix in
            ["refs/heads/goal-", "refs/herder/wip/", "refs/herder/attempts/", "refs/herder/goal-base/"]
        {
            let whole = prefix.rsplit_once('/').map_or(prefix, |(whole, _)| whole);
            let number = |name: &str| name.strip_prefix(prefix)?.split('/').next()?.parse::<u64>().ok();
            goals.extend(refs_below(&self.bare, whole)?.iter().filter_map(|(name, _)| number(name)));
        }
        goals.sort_unstable();
        goals.dedup();
        Ok(goals)
    }

    /// Forgets all that it keeps of a goal and its runs. What the base branch has of it stays there; what
    /// only these refs held goes with the next [`Vault::tidy`].
    ///
    /// # Errors
    /// Git cannot be run, or the vault cannot be written.
    pub fn forget(&self, goal: u64, runs: &[&str]) -> Result<()> {
        let _alone = self.bare.alone()?;
        let mut names = Vec::new();
        let mut prefixes = vec![format!("refs/herder/wip/{goal}"), format!("refs/herder/attempts/{goal}")];
        for run in runs {
            let key = RunKey::new(goal, run)?;
            names.push(key.base_ref());
            prefixes.push(key.before_prefix());
        }
        for prefix in prefixes {
            names.extend(refs_below(&self.bare, &prefix)?.into_iter().map(|(name, _)| name));
        }
        names.extend([format!("refs/heads/{}", branch_of(goal)), goal_base_ref(goal)]);
        let mut orders = b"start\0".to_vec();
        for name in names {
            if read_ref(&self.bare, &name)?.is_some() {
                orders.extend(format!("delete {name}\0\0").bytes());
            }
        }
        orders.extend(b"prepare\0commit\0");
        self.bare.git("update-ref").args(["--no-deref", "-z", "--stdin"]).stdin(orders).done()
    }

    /// Packs everything anew and drops what no ref leads to and is older than two days: what somebody is
    /// about to make a ref for is younger. Of contents of Git LFS the same. To be called only where nobody borrows
    /// objects from here.
    ///
    /// # Errors
    /// Git cannot be run, or the vault cannot be written.
    pub fn tidy(&self) -> Result<()> {
        let _refs = self.bare.alone()?;
        let _packs = lock(self.bare.path(), Guard::Packs, FlockOperation::LockExclusive)?;
        self.bare.git("repack").args(["-A", "-d", "-q", "--unpack-unreachable=2.days.ago"]).done()?;
        self.bare.git("prune").args(["--expire=2.days.ago"]).done()?;
        drop_unneeded(&self.bare)
    }

    /// Remembers where the goal's branch is, so that [`Vault::go_back`] finds it. To be called before the run
    /// writes; repeated, it changes nothing.
    ///
    /// # Errors
    /// Git cannot be run, or the vault cannot be written.
    pub fn remember(&self, key: &RunKey) -> Result<()> {
        let Some(work) = self.branch(key.goal())? else { return Ok(()) };
        let (tip, base) = key.before_refs();
        if read_ref(&self.bare, &tip)?.is_some() {
            return Ok(());
        }
        let _alone = self.bare.alone()?;
        // That of the tip is what shows that it was remembered.
        write_ref(&self.bare, &base, &work.base)?;
        write_ref(&self.bare, &tip, &work.tip)
    }

    /// Moves the goal's branch, and before that the note of where it began.
    fn move_branch(&self, key: &RunKey, tip: &CommitId, base: Option<&CommitId>) -> Result<()> {
        if let Some(base) = base {
            write_ref(&self.bare, &goal_base_ref(key.goal()), base)?;
        }
        write_ref(&self.bare, &key.branch_ref(), tip)
    }

    /// Puts the goal's branch back to where it was when the run began; what the run has written stays under
    /// its own refs.
    ///
    /// # Errors
    /// Git cannot be run, or the vault cannot be written.
    pub fn go_back(&self, key: &RunKey) -> Result<()> {
        let (tip, base) = key.before_refs();
        let _alone = self.bare.alone()?;
        match (read_ref(&self.bare, &tip)?, read_ref(&self.bare, &base)?) {
            (Some(tip), Some(base)) => self.move_branch(key, &tip, Some(&base)),
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                for name in [key.branch_ref(), goal_base_ref(key.goal())] {
                    self.bare.git("update-ref").args(["-d", &name]).done()?;
                }
                Ok(())
            }
        }
    }

    /// Where the objects lie that private git directories borrow.
    pub(crate) fn objects(&self) -> PathBuf {
        self.bare.path().join("objects")
    }
}

/// Where the tips of base branches are held that were taken.
const TAKEN: &str = "refs/herder/taken";

fn taken_ref(commit: &CommitId) -> String {
    format!("{TAKEN}/{commit}")
}

/// Refs of a run's snapshots by iteration, in order.
fn in_order(key: &RunKey, refs: impl IntoIterator<Item = (String, CommitId)>) -> Vec<(u32, CommitId)> {
    let prefix = key.snapshot_prefix();
    let iteration = |name: &str| name.strip_prefix(&prefix)?.parse().ok();
    let mut snapshots: Vec<_> =
        refs.into_iter().filter_map(|(name, commit)| Some((iteration(&name)?, commit))).collect();
    snapshots.sort();
    snapshots
}
