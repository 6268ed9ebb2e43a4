//! What the published schema has forgotten.

/// `gh` 2.102 asks github.com for these, and the npm package 15.26.1 has none of them.
pub const AMENDMENTS: &str = "
extend type Issue {
  blockedBy(after: String, before: String, first: Int, last: Int): IssueConnection!
  blocking(after: String, before: String, first: Int, last: Int): IssueConnection!
  issueType: IssueType
}
type IssueType { id: ID! name: String! description: String color: String! }
extend type Mutation {
  addBlockedBy(input: AddBlockedByInput!): AddBlockedByPayload
  removeBlockedBy(input: RemoveBlockedByInput!): RemoveBlockedByPayload
}
input AddBlockedByInput { clientMutationId: String issueId: ID! blockingIssueId: ID! }
input RemoveBlockedByInput { clientMutationId: String issueId: ID! blockingIssueId: ID! }
type AddBlockedByPayload { clientMutationId: String issue: Issue blockingIssue: Issue }
type RemoveBlockedByPayload { clientMutationId: String issue: Issue blockingIssue: Issue }
";
