//! What the vault keeps of a goal, and the way of it back into a person's repository.
//!
//! The refs of the vault suffice: neither clone nor run directory nor database is asked.

use crate::bare::Bare;
use crate::diff::DiffFacts;
use crate::error::{Result, WorkspaceError};
use crate::git::{checked_branch, succeeded, unparsable};
use crate::id::CommitId;
use crate::standalone::Checkout;
use crate::vault::Vault;
use jiff::Timestamp;

/// A state of a goal's work that the vault keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The run that it belongs to.
    pub run: String,
    /// The iteration that it ended; `None` for earlier work that the run set aside because it conflicted
    /// with the base.
    pub iteration: Option<u32>,
    /// The commit.
    pub commit: CommitId,
    /// When it was taken.
    pub at: Timestamp,
    /// The first line of its message.
    pub message: String,
}

/// What became of a branch that was to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branched {
    /// It is new.
    Made,
    /// It was there, at the same commit.
    There,
    /// It was there, at another commit, and stays there.
    Taken {
        /// Where it is.
        at: CommitId,
    },
}

/// The fields that are asked of each ref.
const FORMAT: &str = "--format=%(objectname)%00%(committerdate:unix)%00%(refname)%00%(contents:subject)";

impl Vault {
    /// Everything that is kept of a goal's work, oldest first.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn saved(&self, goal: u64) -> Result<Vec<Saved>> {
        let (wip, attempts) = (format!("refs/herder/wip/{goal}/"), format!("refs/herder/attempts/{goal}/"));
        let answer = self.bare().git("for-each-ref").args([FORMAT, &wip, &attempts]).answer()?;
        let text = String::from_utf8_lossy(&answer);
        let mut saved = Vec::new();
        for line in text.lines() {
            let [commit, at, name, message] = fields(line)?;
            let place = match (name.strip_prefix(&wip), name.strip_prefix(&attempts)) {
                (Some(rest), _) => {
                    rest.split_once('/').and_then(|(run, n)| Some((run, Some(n.parse().ok()?))))
                }
                (None, Some(run)) => Some((run, None)),
                (None, None) => None,
            };
            let at = at.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
            if let Some(((run, iteration), at)) = place.zip(at) {
                let (run, commit) = (run.replace("%2E", "."), CommitId::parse(commit)?);
                saved.push(Saved { run, iteration, commit, at, message: message.to_owned() });
            }
        }
        saved.sort_by(|a, b| (a.at, &a.run, a.iteration).cmp(&(b.at, &b.run, b.iteration)));
        Ok(saved)
    }

    /// What a commit changed against its first parent; nothing for one that has none.
    ///
    /// # Errors
    /// The commit is missing, or git cannot be run.
    pub fn changes_of(&self, commit: &CommitId) -> Result<DiffFacts> {
        match self.bare().resolve(&format!("{commit}^"))? {
            Some(parent) => self.bare().diff(&parent, commit),
            None => Ok(DiffFacts::default()),
        }
    }

    /// Makes a branch in the vault itself; what is there is never moved.
    ///
    /// # Errors
    /// The name is none, or the vault cannot be written.
    pub fn keep_branch(&self, branch: &str, commit: &CommitId) -> Result<Branched> {
        let name = format!("refs/heads/{}", checked_branch(branch)?);
        let _alone = self.bare().alone()?;
        if let Some(there) = standing(self.bare(), &name, commit)? {
            return Ok(there);
        }
        let absent = "0".repeat(commit.as_str().len());
        self.bare().git("update-ref").args(["--no-deref", &name, commit.as_str(), &absent]).done()?;
        Ok(Branched::Made)
    }

    /// Whether a checkout is one of the same repository: it holds the first commit of this one's history,
    /// or, if it is shallow, the base that the work began at.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn shares_history(&self, commit: &CommitId, checkout: &Checkout) -> Result<bool> {
        let theirs = Bare::at(&checkout.git_dir);
        let roots = self.bare().git("rev-list").args(["--max-parents=0", commit.as_str()]).answer()?;
        for root in String::from_utf8_lossy(&roots).lines() {
            if theirs.contains(&CommitId::parse(root)?)? {
                return Ok(true);
            }
        }
        self.bare().contains(&checkout.head)
    }
}

fn fields(line: &str) -> Result<[&str; 4]> {
    let mut fields = line.splitn(4, '\0');
    let mut next = || fields.next().ok_or_else(|| unparsable("for-each-ref", line.as_bytes()));
    Ok([next()?, next()?, next()?, next()?])
}

/// What a ref that exists means for one that is to be made.
fn standing(bare: &Bare, name: &str, commit: &CommitId) -> Result<Option<Branched>> {
    Ok(bare.resolve(name)?.map(|at| if at == *commit { Branched::There } else { Branched::Taken { at } }))
}

impl Checkout {
    /// Fetches a commit of the vault as a new branch. No hook runs, no file is touched, and a branch that
    /// is there is never moved.
    ///
    /// # Errors
    /// The name is none, or the repository cannot be written.
    pub fn bring_back(&self, vault: &Vault, commit: &CommitId, branch: &str) -> Result<Branched> {
        let name = format!("refs/heads/{}", checked_branch(branch)?);
        if let Some(there) = standing(&Bare::at(&self.git_dir), &name, commit)? {
            return Ok(there);
        }
        let finished = self
            .git("fetch")
            .setting("protocol.version=2")
            .args(["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--"])
            .arg(vault.bare().path())
            .arg(format!("{commit}:{name}"))
            .finish()?;
        succeeded(finished, "fetch")?;
        match standing(&Bare::at(&self.git_dir), &name, commit)? {
            Some(Branched::There) => Ok(Branched::Made),
            Some(taken) => Ok(taken),
            None => {
                Err(WorkspaceError::NoBranch { branch: branch.into(), url: self.top.display().to_string() })
            }
        }
    }
}
