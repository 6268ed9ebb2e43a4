//! What was said of a goal or a story.

use herder_store::Comment;
use jiff::Timestamp;
use serde::Serialize;

/// A comment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommentItem {
    author: String,
    at: Timestamp,
    text: String,
}

impl CommentItem {
    /// A comment as it is shown.
    pub fn of(comment: Comment) -> Self {
        Self { author: comment.author, at: comment.at, text: comment.text }
    }
}

/// Comments as text, with a heading; nothing where there are none.
pub fn comments_text(comments: &[CommentItem]) -> String {
    let mut text = String::new();
    if !comments.is_empty() {
        text.push_str("\ncomments\n");
    }
    for comment in comments {
        let body = comment.text.trim_end().replace('\n', "\n    ");
        text.push_str(&format!("  {} at {:.0}\n    {body}\n", comment.author, comment.at));
    }
    text
}
