//! A branch of the remote that herder alone writes, over and over: the work of one goal, offered by a pull request.

use crate::bare::Bare;
use crate::error::Result;
use crate::git::UserEnvironment;
use crate::id::CommitId;
use crate::push::{Push, PushOrder, remote_tip};
use crate::reading::Objects;
use crate::ref_files::{read_ref, write_ref};
use crate::vault::Vault;

/// So many merges of the base one above the other are looked through for a commit of ours.
const MERGES: usize = 64;

/// What is to be offered where.
#[derive(Debug, Clone, Copy)]
pub struct OfferOrder<'a> {
    /// The remote's address.
    pub url: &'a str,
    /// The goal's number.
    pub goal: u64,
    /// The remote's branch.
    pub branch: &'a str,
    /// The commit.
    pub commit: &'a CommitId,
}

/// What became of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offering {
    /// The branch is at the commit.
    Done,
    /// The branch holds what herder did not put there; it is left as it is.
    Foreign {
        /// Where it is.
        now: CommitId,
    },
    /// The remote said no.
    Refused {
        /// What it said.
        message: String,
    },
}

impl Vault {
    /// Puts a commit onto a branch of the remote, in place of what herder put there before and of nothing else. A
    /// commit that is to be pushed is noted first, so that one whose push nobody saw the end of is known again.
    ///
    /// # Errors
    /// The remote cannot be asked, or the vault cannot be written.
    pub fn offer(&self, order: OfferOrder<'_>, user: &UserEnvironment) -> Result<Offering> {
        let OfferOrder { url, branch, commit, .. } = order;
        let now = remote_tip(url, branch, user)?;
        if now.as_ref() == Some(commit) {
            self.note_offer(order.goal, commit)?;
            return Ok(Offering::Done);
        }
        if let Some(now) = &now
            && !self.has_offered(&order, now, user)?
        {
            return Ok(Offering::Foreign { now: now.clone() });
        }
        self.note_offer(order.goal, commit)?;
        let push = PushOrder { url, commit, branch, expected_old: now.as_ref() };
        Ok(match self.bare().replace(push, user)? {
            Push::Done => Offering::Done,
            Push::Lost { now: Some(now) } => Offering::Foreign { now },
            Push::Lost { now: None } => Offering::Refused { message: "the branch was deleted".to_owned() },
            Push::Refused { message } => Offering::Refused { message },
        })
    }

    /// Whether a commit was noted as one that herder offers for a goal.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn is_offer(&self, goal: u64, commit: &CommitId) -> Result<bool> {
        Ok(read_ref(self.bare(), &offer_ref(goal, commit))?.is_some())
    }

    fn note_offer(&self, goal: u64, commit: &CommitId) -> Result<()> {
        let _alone = self.bare().alone()?;
        write_ref(self.bare(), &offer_ref(goal, commit), commit)
    }

    /// Whether a tip is an offer of ours, or one with the base merged into it, as the forge does when it brings a
    /// branch up to date.
    fn has_offered(&self, order: &OfferOrder<'_>, tip: &CommitId, user: &UserEnvironment) -> Result<bool> {
        let mut at = tip.clone();
        for _ in 0..MERGES {
            if self.is_offer(order.goal, &at)? {
                return Ok(true);
            }
            let Some(parents) = self.parents_at(&at, order, user)? else { return Ok(false) };
            match parents.as_slice() {
                [ours, _] => at = ours.clone(),
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    fn parents_at(
        &self,
        commit: &CommitId,
        order: &OfferOrder<'_>,
        user: &UserEnvironment,
    ) -> Result<Option<Vec<CommitId>>> {
        if !self.bare().contains(commit)? {
            self.bare()
                .reaching("fetch", order.url, user)?
                .args(["--no-tags", "--no-write-fetch-head", "--quiet", "--", order.url])
                .arg(format!("refs/heads/{}", order.branch))
                .done()?;
        }
        Ok(Objects::of(self.bare(), commit)?.commit(commit)?.map(|(_, facts)| facts.parents))
    }
}

/// The ref that notes an offer.
fn offer_ref(goal: u64, commit: &CommitId) -> String {
    format!("{}/{commit}", offers_of(goal))
}

/// What the refs of a goal's offers lie below.
pub(crate) fn offers_of(goal: u64) -> String {
    format!("refs/herder/offers/{goal}")
}

impl Bare {
    /// The trailer `Herder-Run` of one commit.
    ///
    /// # Errors
    /// The commit is missing or cannot be read.
    pub fn run_of(&self, commit: &CommitId) -> Result<Option<String>> {
        let Some((_, facts)) = Objects::of(self, commit)?.commit(commit)? else { return Ok(None) };
        let value = |line: &str| line.strip_prefix("Herder-Run: ").map(|run| run.trim().to_owned());
        Ok(facts.message.lines().rev().find_map(value))
    }
}
