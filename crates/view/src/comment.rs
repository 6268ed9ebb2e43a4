//! What was said of a goal or a story.

use herder_store::Comment;
use jiff::Timestamp;
use serde::Serialize;

/// A comment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommentItem {
    /// Who said it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// Markdown.
    pub text: String,
}

impl CommentItem {
    /// A comment as it is shown.
    pub fn of(comment: Comment) -> Self {
        Self { author: comment.author, at: comment.at, text: comment.text }
    }
}
