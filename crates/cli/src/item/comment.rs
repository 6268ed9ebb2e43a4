//! Comments as text.

use herder_view::CommentItem;

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
