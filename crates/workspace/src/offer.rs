//! A branch of the remote that herders alone write, over and over: the work of one goal, offered by a pull request.

use crate::bare::Bare;
use crate::error::Result;
use crate::git::UserEnvironment;
use crate::id::CommitId;
use crate::push::remote_tip;
use crate::reading::Objects;

/// So many merges of the base one above the other are looked through for a commit of ours.
const MERGES: usize = 64;

/// A branch of a remote that is to be written anew.
#[derive(Debug, Clone, Copy)]
pub struct OfferPlace<'a> {
    /// The remote's address.
    pub url: &'a str,
    /// The branch.
    pub branch: &'a str,
    /// Where a herder last put it, if one ever did.
    pub published: Option<&'a CommitId>,
}

/// Whose a branch of a remote is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferedAt {
    /// There is none.
    Nowhere,
    /// It holds what a herder put there, perhaps with the base merged into it, as the forge does when it brings a branch
    /// up to date.
    Ours(CommitId),
    /// It holds what no herder put there, which is to be left as it is.
    Foreign(CommitId),
}

impl Bare {
    /// Where a branch of the remote is, and whether it may be written anew.
    ///
    /// # Errors
    /// The remote cannot be asked.
    pub fn offered_at(&self, place: OfferPlace<'_>, user: &UserEnvironment) -> Result<OfferedAt> {
        let Some(tip) = remote_tip(place.url, place.branch, user)? else { return Ok(OfferedAt::Nowhere) };
        let Some(published) = place.published else { return Ok(OfferedAt::Foreign(tip)) };
        let mut at = tip.clone();
        for _ in 0..MERGES {
            if *published == at {
                return Ok(OfferedAt::Ours(tip));
            }
            match self.parents_at(&at, place, user)?.as_deref() {
                Some([ours, _]) => at = ours.clone(),
                Some(_) | None => break,
            }
        }
        Ok(OfferedAt::Foreign(tip))
    }

    fn parents_at(
        &self,
        commit: &CommitId,
        place: OfferPlace<'_>,
        user: &UserEnvironment,
    ) -> Result<Option<Vec<CommitId>>> {
        if !self.contains(commit)? {
            self.reaching("fetch", place.url, user)?
                .args(["--no-tags", "--no-write-fetch-head", "--quiet", "--", place.url])
                .arg(format!("refs/heads/{}", place.branch))
                .done()?;
        }
        Ok(Objects::of(self, commit)?.commit(commit)?.map(|(_, facts)| facts.parents))
    }
}
