//! What happened to an issue or a pull request: the lines of its timeline that are no comments.

use jiff::Timestamp;

use super::{Id, IssueRef, Reason};

/// One line of a timeline.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: Id,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub deed: Deed,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A label was added: its name and colour at that time.
    Labeled(String, String),
    /// A label was taken away.
    Unlabeled(String, String),
    /// Closed, by a commit where there is one.
    Closed(Option<Reason>, Option<String>),
    /// Opened again.
    Reopened,
    /// The title was changed, from and to.
    Renamed(String, String),
    /// Somebody is to do it.
    Assigned(String),
    /// Somebody is not to do it any more.
    Unassigned(String),
    /// Another issue or pull request speaks of it.
    CrossReferenced(IssueRef),
    /// It got a part.
    SubIssueAdded(IssueRef),
    /// It lost a part.
    SubIssueRemoved(IssueRef),
    /// It became a part.
    ParentIssueAdded(IssueRef),
    /// It is no part any more.
    ParentIssueRemoved(IssueRef),
    /// It has to wait for another.
    BlockedByAdded(IssueRef),
    /// It need not wait any more.
    BlockedByRemoved(IssueRef),
    /// Another waits for it.
    BlockingAdded(IssueRef),
    /// Another waits no more.
    BlockingRemoved(IssueRef),
    /// A branch was replaced by one that does not contain it: before and after.
    HeadRefForcePushed(String, String),
    /// The branch was removed.
    HeadRefDeleted,
    /// A commit came in.
    Committed(String),
    /// Somebody was asked for a review.
    ReviewRequested(String),
    /// Nobody asks for it any more.
    ReviewRequestRemoved(String),
    /// A review with this id was handed in.
    Reviewed(Id),
    /// The pull request is for all to look at.
    ReadyForReview,
    /// It is a draft again.
    ConvertToDraft,
    /// It was merged as this commit.
    Merged(String),
    /// It is to be merged when it can be.
    AutoMergeEnabled,
    /// It is not any more, for this reason.
    AutoMergeDisabled(Option<String>),
    /// It waits in the queue.
    AddedToMergeQueue,
    /// It waits no more, for this reason.
    RemovedFromMergeQueue(String),
}

impl Deed {
    /// REST's `event`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Deed::Labeled(..) => "labeled",
            Deed::Unlabeled(..) => "unlabeled",
            Deed::Closed(..) => "closed",
            Deed::Reopened => "reopened",
            Deed::Renamed(..) => "renamed",
            Deed::Assigned(_) => "assigned",
            Deed::Unassigned(_) => "unassigned",
            Deed::CrossReferenced(_) => "cross-referenced",
            Deed::SubIssueAdded(_) => "sub_issue_added",
            Deed::SubIssueRemoved(_) => "sub_issue_removed",
            Deed::ParentIssueAdded(_) => "parent_issue_added",
            Deed::ParentIssueRemoved(_) => "parent_issue_removed",
            Deed::BlockedByAdded(_) => "blocked_by_added",
            Deed::BlockedByRemoved(_) => "blocked_by_removed",
            Deed::BlockingAdded(_) => "blocking_added",
            Deed::BlockingRemoved(_) => "blocking_removed",
            Deed::HeadRefForcePushed(..) => "head_ref_force_pushed",
            Deed::HeadRefDeleted => "head_ref_deleted",
            Deed::Committed(_) => "committed",
            Deed::ReviewRequested(_) => "review_requested",
            Deed::ReviewRequestRemoved(_) => "review_request_removed",
            Deed::Reviewed(_) => "reviewed",
            Deed::ReadyForReview => "ready_for_review",
            Deed::ConvertToDraft => "convert_to_draft",
            Deed::Merged(_) => "merged",
            Deed::AutoMergeEnabled => "auto_merge_enabled",
            Deed::AutoMergeDisabled(_) => "auto_merge_disabled",
            Deed::AddedToMergeQueue => "added_to_merge_queue",
            Deed::RemovedFromMergeQueue(_) => "removed_from_merge_queue",
        }
    }

    /// The commit that it is about, where it is about one.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        if let Deed::Closed(_, Some(sha)) | Deed::Merged(sha) | Deed::HeadRefForcePushed(_, sha) = self {
            return Some(sha);
        }
        None
    }

    /// Whether `GET .../events` lists it too; the others are in the timeline alone.
    #[must_use]
    pub fn is_issue_event(&self) -> bool {
        !matches!(self, Deed::CrossReferenced(_) | Deed::Committed(_) | Deed::Reviewed(_))
    }
}
