//! What the poller remembers of one repository.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use herder_domain::repo::Number;
use jiff::Timestamp;

use super::answer::IssueBrief;
use crate::budget::later;

/// One repository.
#[derive(Debug)]
pub(super) struct Watched {
    /// Its base branch.
    pub base: String,
    /// Pull requests in landing.
    pub pulls: BTreeSet<Number>,
    /// When all goals were last asked for.
    pub reconciled_at: Option<Timestamp>,
    /// The pages of a whole list that is under way.
    pub collected: BTreeMap<Number, IssueBrief>,
    /// The newest change of which everything before was seen.
    seen_until: Timestamp,
    /// The newest change of the pages under way.
    newest: Timestamp,
    /// Changes that were seen already, as far back as a question reaches.
    known: BTreeMap<Number, Timestamp>,
}

impl Watched {
    /// One of which nothing was seen, but what was before `since`.
    pub fn from(base: &str, since: Timestamp) -> Self {
        Self {
            base: base.to_owned(),
            pulls: BTreeSet::new(),
            reconciled_at: None,
            collected: BTreeMap::new(),
            seen_until: since,
            newest: since,
            known: BTreeMap::new(),
        }
    }

    /// Where the next question begins.
    pub fn since(&self, overlap: Duration) -> Timestamp {
        self.seen_until.checked_sub(overlap).unwrap_or(self.seen_until)
    }

    /// Those of a page, asked for at `at`, that were not seen so before. Pages come newest first, so what is before the
    /// newest is known to be seen only with the last page.
    pub fn changed(&mut self, page: Vec<IssueBrief>, is_last: bool, at: Timestamp) -> Vec<IssueBrief> {
        let mut fresh = Vec::new();
        for issue in page {
            self.newest = self.newest.max(issue.updated_at);
            let known = self.known.get(&issue.number).copied();
            if known.is_none_or(|known| known < issue.updated_at) {
                self.known.insert(issue.number, settled(issue.updated_at, at));
                fresh.push(issue);
            }
        }
        if is_last {
            self.seen_until = self.seen_until.max(self.newest);
            let oldest = self.seen_until.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
            self.known.retain(|_, at| *at >= oldest);
        }
        fresh
    }
}

/// What is known of a change that was seen at `at`: times are whole seconds, so a change in a second that was hardly
/// over may not be the last of that second, and is looked at once more.
fn settled(updated_at: Timestamp, at: Timestamp) -> Timestamp {
    if later(updated_at, SETTLED) <= at {
        updated_at
    } else {
        updated_at.checked_sub(TICK).unwrap_or(updated_at)
    }
}

/// After how long nothing more happens in a second that has passed.
const SETTLED: Duration = Duration::from_secs(2);

/// The smallest step of GitHub's times.
const TICK: Duration = Duration::from_secs(1);

/// How long a change is known: longer than any overlap.
const KEPT: Duration = Duration::from_secs(3600);
