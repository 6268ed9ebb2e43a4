//! What repositories have had of the slots, and how much more one is to have than another.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use crate::repo::RepoId;
use crate::run::Run;

/// How far back it counts what a repository has had; and how long at most one that had nothing is passed over by goals of
/// higher priority.
pub const LATELY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a run counts as when it has just begun and nobody knows how long it will take: without it, all slots that
/// come free at once would go to one repository.
pub const BEGUN: Duration = Duration::from_secs(10 * 60);

/// The repositories' shares of the slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// For how long runs of a repository that ended [`LATELY`] had a slot.
    pub had: BTreeMap<RepoId, Duration>,
    /// How many times the share of another a repository is to have; 1 where nothing is said.
    pub weights: BTreeMap<RepoId, NonZeroU32>,
}

impl Shares {
    /// For how long a repository has had slots lately, those included that its runs have now.
    pub fn time_of<'r>(
        &self,
        repo: &RepoId,
        at_work: impl Iterator<Item = &'r Run>,
        now: Timestamp,
    ) -> Duration {
        let until_now =
            |run: &Run| Duration::try_from(now.duration_since(run.ordered_at)).unwrap_or_default();
        let had = self.had.get(repo).copied().unwrap_or_default();
        at_work.map(|run| until_now(run).max(BEGUN)).fold(had, Duration::saturating_add)
    }

    /// That time by the repository's weight: whoever has the least of it is next.
    pub fn weighed(&self, repo: &RepoId, time: Duration) -> Duration {
        time / self.weights.get(repo).map_or(1, |weight| weight.get())
    }
}
