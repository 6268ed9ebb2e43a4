//! Which part of GitHub's schema the double has.

use std::collections::BTreeSet;
use std::fmt::Write;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;

/// Types with the fields that are answered.
pub const FIELDS: &[(&str, &str)] = &[
    ("Query", "id repository viewer node nodes rateLimit search user organization repositoryOwner"),
    (
        "Mutation",
        "addSubIssue removeSubIssue addBlockedBy removeBlockedBy addComment updateIssueComment deleteIssueComment \
         createIssue updateIssue closeIssue reopenIssue createPullRequest updatePullRequest closePullRequest \
         reopenPullRequest mergePullRequest enablePullRequestAutoMerge disablePullRequestAutoMerge enqueuePullRequest \
         dequeuePullRequest updatePullRequestBranch convertPullRequestToDraft markPullRequestReadyForReview \
         addPullRequestReview requestReviews addLabelsToLabelable removeLabelsFromLabelable createLabel \
         addAssigneesToAssignable removeAssigneesFromAssignable createRef updateRef deleteRef",
    ),
    ("User", "id databaseId login name url resourcePath avatarUrl email"),
    ("Bot", "id databaseId login url resourcePath avatarUrl"),
    ("Organization", "id databaseId login name url resourcePath avatarUrl"),
    (
        "Repository",
        "id databaseId name nameWithOwner owner url resourcePath sshUrl isPrivate isArchived isDisabled isFork isLocked \
         isMirror hasIssuesEnabled hasWikiEnabled hasProjectsEnabled description createdAt updatedAt pushedAt visibility \
         viewerPermission viewerCanAdminister autoMergeAllowed mergeCommitAllowed squashMergeAllowed \
         rebaseMergeAllowed deleteBranchOnMerge allowUpdateBranch defaultBranchRef ref refs object issue issues \
         issueOrPullRequest pullRequest pullRequests label labels mergeQueue parent milestones \
         viewerDefaultMergeMethod",
    ),
    (
        "Issue",
        "id databaseId fullDatabaseId number title titleHTML body bodyText url resourcePath state stateReason closed \
         closedAt createdAt updatedAt publishedAt lastEditedAt includesCreatedEdit locked author editor \
         authorAssociation viewerDidAuthor viewerCanUpdate repository labels assignees comments timelineItems parent \
         subIssues subIssuesSummary blockedBy blocking milestone reactionGroups issueType isPinned \
         closedByPullRequestsReferences",
    ),
    (
        "PullRequest",
        "id databaseId fullDatabaseId number title titleHTML body bodyText url resourcePath permalink state closed \
         closedAt createdAt updatedAt publishedAt lastEditedAt includesCreatedEdit locked author editor \
         authorAssociation viewerDidAuthor viewerCanUpdate repository labels assignees comments timelineItems \
         milestone reactionGroups isDraft mergeable mergeStateStatus merged mergedAt mergedBy mergeCommit \
         headRefName headRefOid headRef baseRefName baseRefOid baseRef headRepository headRepositoryOwner \
         baseRepository isCrossRepository maintainerCanModify additions deletions changedFiles autoMergeRequest \
         commits reviews latestReviews latestOpinionatedReviews reviewRequests reviewDecision statusCheckRollup \
         closingIssuesReferences isInMergeQueue isMergeQueueEnabled mergeQueue mergeQueueEntry \
         viewerCanEnableAutoMerge viewerCanDisableAutoMerge totalCommentsCount projectItems reviewThreads files",
    ),
    ("Label", "id name color description url resourcePath isDefault repository"),
    (
        "IssueComment",
        "id databaseId fullDatabaseId body bodyText url resourcePath author editor authorAssociation createdAt \
         updatedAt publishedAt lastEditedAt includesCreatedEdit isMinimized minimizedReason reactionGroups \
         viewerDidAuthor viewerCanUpdate repository issue",
    ),
    (
        "PullRequestReview",
        "id databaseId fullDatabaseId body bodyText state url resourcePath author authorAssociation createdAt \
         updatedAt submittedAt commit reactionGroups viewerDidAuthor pullRequest repository",
    ),
    (
        "Commit",
        "id oid abbreviatedOid message messageHeadline messageBody committedDate authoredDate url resourcePath \
         commitUrl author committer authors parents statusCheckRollup status tree checkSuites repository history",
    ),
    ("GitActor", "name email date user avatarUrl"),
    ("Ref", "id name prefix target repository"),
    ("StatusCheckRollup", "id state contexts commit"),
    (
        "CheckRun",
        "id databaseId name status conclusion startedAt completedAt detailsUrl permalink url resourcePath title \
         summary text externalId checkSuite isRequired repository",
    ),
    ("CheckSuite", "id databaseId status conclusion workflowRun"),
    ("StatusContext", "id context state description targetUrl createdAt creator isRequired"),
    ("AutoMergeRequest", "authorEmail commitBody commitHeadline mergeMethod enabledAt enabledBy pullRequest"),
    ("MergeQueue", "id url resourcePath entries nextEntryEstimatedTimeToMerge configuration repository"),
    (
        "MergeQueueEntry",
        "id position state enqueuedAt enqueuer headCommit baseCommit pullRequest mergeQueue jump solo",
    ),
    ("MergeQueueConfiguration", "mergeMethod mergingStrategy checkResponseTimeout maximumEntriesToBuild"),
    ("IssueType", "id name description color"),
    ("SubIssuesSummary", "total completed percentCompleted"),
    ("RateLimit", "cost limit remaining used resetAt nodeCount"),
    ("PageInfo", "hasNextPage hasPreviousPage startCursor endCursor"),
    ("PullRequestCommit", "id commit pullRequest url resourcePath"),
    ("ReviewRequest", "id requestedReviewer asCodeOwner databaseId pullRequest"),
    ("PullRequestChangedFile", "path additions deletions changeType"),
    ("LabeledEvent", EVENT_WITH_LABEL),
    ("UnlabeledEvent", EVENT_WITH_LABEL),
    ("ClosedEvent", "id actor createdAt stateReason closable url resourcePath"),
    ("ReopenedEvent", "id actor createdAt stateReason closable"),
    ("RenamedTitleEvent", "id actor createdAt previousTitle currentTitle subject"),
    ("AssignedEvent", "id actor createdAt assignee assignable"),
    ("UnassignedEvent", "id actor createdAt assignee assignable"),
    ("MergedEvent", "id actor createdAt commit mergeRefName url resourcePath pullRequest"),
    ("HeadRefForcePushedEvent", "id actor createdAt beforeCommit afterCommit pullRequest"),
    ("HeadRefDeletedEvent", "id actor createdAt headRefName pullRequest"),
    ("AutoMergeEnabledEvent", "id actor createdAt enabler pullRequest"),
    ("AutoMergeDisabledEvent", "id actor createdAt disabler reason pullRequest"),
    ("AddedToMergeQueueEvent", "id actor createdAt enqueuer pullRequest"),
    ("RemovedFromMergeQueueEvent", "id actor createdAt reason enqueuer pullRequest"),
    (
        "CrossReferencedEvent",
        "id actor createdAt referencedAt isCrossRepository source target url resourcePath willCloseTarget",
    ),
    ("SubIssueAddedEvent", "id actor createdAt subIssue"),
    ("SubIssueRemovedEvent", "id actor createdAt subIssue"),
    ("ParentIssueAddedEvent", "id actor createdAt parent"),
    ("ParentIssueRemovedEvent", "id actor createdAt parent"),
    ("ReviewRequestedEvent", "id actor createdAt requestedReviewer pullRequest"),
    ("ReadyForReviewEvent", "id actor createdAt pullRequest url resourcePath"),
    ("ConvertToDraftEvent", "id actor createdAt pullRequest url resourcePath"),
];

const EVENT_WITH_LABEL: &str = "id actor createdAt label labelable";

/// Fields that are always empty here: nobody can fill them.
const EMPTY: &[(&str, &str)] = &[
    ("Repository", "parent milestones description isMirror isDisabled isLocked isFork"),
    ("Issue", "milestone reactionGroups issueType isPinned projectItems"),
    ("PullRequest", "milestone reactionGroups projectItems reviewThreads isCrossRepository editor"),
    ("IssueComment", "reactionGroups isMinimized minimizedReason editor"),
    ("PullRequestReview", "reactionGroups"),
    ("CheckSuite", "workflowRun"),
    ("MergeQueue", "nextEntryEstimatedTimeToMerge"),
    ("MergeQueueEntry", "jump solo"),
    ("ReviewRequest", "asCodeOwner databaseId"),
    ("User", "email"),
];

/// Why a field is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// It is always empty here.
    Empty,
    /// Nobody has thought of it: a test that asks for it must not pass.
    Forgotten,
}

/// Whether a field is one that is not answered, as far as the table knows.
pub fn gap(kind: &str, field: &str) -> Option<Gap> {
    let is_empty = EMPTY
        .iter()
        .any(|(known, fields)| *known == kind && fields.split_whitespace().any(|one| one == field));
    is_empty.then_some(Gap::Empty)
}

/// The part of the schema that the table names, with all that it leads to.
pub fn cut(schema: &Schema) -> String {
    let mut cut = Cut { schema, needed: BTreeSet::new(), done: BTreeSet::new(), text: String::new() };
    for (kind, _) in FIELDS {
        cut.need(kind);
    }
    while let Some(kind) = cut.needed.pop_first() {
        if cut.done.insert(kind.clone()) {
            cut.write(&kind);
        }
    }
    cut.text
}

struct Cut<'a> {
    schema: &'a Schema,
    needed: BTreeSet<String>,
    done: BTreeSet<String>,
    text: String,
}

/// Objects that need no table: lists, edges, and what deeds return, whose fields lead to tabled things only.
fn is_derived(kind: &str) -> bool {
    kind.ends_with("Connection") || kind.ends_with("Edge") || kind.ends_with("Payload")
}

/// Whether an object of this name is in the double at all.
fn has(kind: &str) -> bool {
    FIELDS.iter().any(|(known, _)| *known == kind)
}

impl Cut<'_> {
    fn need(&mut self, kind: &str) {
        self.needed.insert(kind.to_owned());
    }

    /// Whether something of this type can be in the cut.
    fn is_possible(&self, kind: &str) -> bool {
        match self.schema.types.get(kind) {
            Some(ExtendedType::Object(object)) if is_derived(kind) => {
                let target = ["nodes", "node"].into_iter().find_map(|field| object.fields.get(field));
                target.is_none_or(|field| self.is_possible(field.ty.inner_named_type()))
            }
            Some(ExtendedType::Object(_)) => has(kind),
            Some(ExtendedType::Interface(_)) => self.has_common_fields(kind),
            Some(ExtendedType::Union(_)) => !self.members(kind).is_empty(),
            Some(_) => true,
            None => false,
        }
    }

    /// The tabled objects behind an interface or a union.
    fn members(&self, kind: &str) -> Vec<&'static str> {
        let belongs = |name: &str| match self.schema.types.get(name) {
            Some(ExtendedType::Object(object)) => {
                object.implements_interfaces.iter().any(|known| known.as_str() == kind)
            }
            _ => false,
        };
        let in_union = |name: &str| match self.schema.types.get(kind) {
            Some(ExtendedType::Union(union)) => union.members.iter().any(|known| known.as_str() == name),
            _ => false,
        };
        FIELDS.iter().map(|(name, _)| *name).filter(|name| belongs(name) || in_union(name)).collect()
    }

    fn write(&mut self, kind: &str) {
        let Some(definition) = self.schema.types.get(kind) else { return };
        match definition {
            ExtendedType::Scalar(_) if ["Int", "Float", "String", "Boolean", "ID"].contains(&kind) => {}
            ExtendedType::Scalar(_) => {
                let _ = writeln!(self.text, "scalar {kind}");
            }
            ExtendedType::Enum(one) => {
                let values: Vec<&str> = one.values.keys().map(|name| name.as_str()).collect();
                let _ = writeln!(self.text, "enum {kind} {{ {} }}", values.join(" "));
            }
            ExtendedType::Union(_) => {
                let _ = writeln!(self.text, "union {kind} = {}", self.members(kind).join(" | "));
            }
            ExtendedType::InputObject(input) => {
                let _ = writeln!(self.text, "input {kind} {{");
                for field in input.fields.values() {
                    let default = field.default_value.as_ref().map(|value| format!(" = {value}"));
                    let _ =
                        writeln!(self.text, "  {}: {}{}", field.name, field.ty, default.unwrap_or_default());
                    self.need(field.ty.inner_named_type());
                }
                self.text += "}\n";
            }
            ExtendedType::Interface(interface) => {
                let members = self.members(kind);
                let common = |name: &str| members.iter().all(|member| self.wanted(member, name));
                let fields: Vec<_> = interface.fields.values().filter(|field| common(&field.name)).collect();
                let above = self.above(&interface.implements_interfaces);
                self.write_fields("interface", kind, &above, &fields);
            }
            ExtendedType::Object(object) => {
                let fields: Vec<_> =
                    object.fields.values().filter(|field| self.wanted(kind, &field.name)).collect();
                let above = self.above(&object.implements_interfaces);
                self.write_fields("type", kind, &above, &fields);
            }
        }
    }

    /// Whether a field of an object is in the cut.
    fn wanted(&self, kind: &str, field: &str) -> bool {
        let Some(ExtendedType::Object(object)) = self.schema.types.get(kind) else { return false };
        let Some(definition) = object.fields.get(field) else { return false };
        let is_tabled = FIELDS
            .iter()
            .find(|(known, _)| *known == kind)
            .is_none_or(|(_, fields)| fields.split_whitespace().any(|one| one == field));
        is_tabled && self.is_possible(definition.ty.inner_named_type())
    }

    /// Whether all members of an interface have one of its fields in the cut.
    fn has_common_fields(&self, kind: &str) -> bool {
        let members = self.members(kind);
        let tabled = |member: &str, field: &str| {
            let fields = FIELDS.iter().find(|(known, _)| *known == member);
            fields.is_some_and(|(_, fields)| fields.split_whitespace().any(|one| one == field))
        };
        match self.schema.types.get(kind) {
            Some(ExtendedType::Interface(interface)) if !members.is_empty() => {
                interface.fields.keys().any(|field| members.iter().all(|member| tabled(member, field)))
            }
            _ => false,
        }
    }

    /// The interfaces of which something is left.
    fn above<'n, I>(&self, names: I) -> Vec<String>
    where
        I: IntoIterator<Item = &'n apollo_compiler::schema::ComponentName>,
    {
        names.into_iter().map(ToString::to_string).filter(|name| self.has_common_fields(name)).collect()
    }

    fn write_fields(
        &mut self,
        word: &str,
        kind: &str,
        above: &[String],
        fields: &[&apollo_compiler::schema::Component<apollo_compiler::schema::FieldDefinition>],
    ) {
        let implements =
            if above.is_empty() { String::new() } else { format!(" implements {}", above.join(" & ")) };
        let _ = writeln!(self.text, "{word} {kind}{implements} {{");
        for field in fields {
            let arguments: Vec<String> = field
                .arguments
                .iter()
                .map(|argument| {
                    let default = argument.default_value.as_ref().map(|value| format!(" = {value}"));
                    format!("{}: {}{}", argument.name, argument.ty, default.unwrap_or_default())
                })
                .collect();
            let arguments =
                if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
            let _ = writeln!(self.text, "  {}{arguments}: {}", field.name, field.ty);
            self.need(field.ty.inner_named_type());
            for argument in &field.arguments {
                self.need(argument.ty.inner_named_type());
            }
        }
        self.text += "}\n";
        above.iter().for_each(|name| self.need(name));
    }
}
