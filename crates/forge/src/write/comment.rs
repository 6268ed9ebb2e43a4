//! Comments that are known again by their marker.

use herder_domain::repo::{Number, RepoId};
use serde_json::json;

use super::issue::same_text;
use crate::budget::Load;
use crate::client::Client;
use crate::lookup::Undone;
use crate::marker::Marker;
use crate::read::comment::Comment;
use crate::wire::Method;

impl Client {
    /// Writes a comment, or edits the one that has this marker: one comment for each marker, ever.
    ///
    /// A second one finds the first by its marker in the complete list, and sends nothing where the text is the same. Only
    /// comments of `author`, the account that the token is of, are taken for our own: anybody can copy a marker.
    ///
    /// # Errors
    /// [`Undone`]; [`Undone::NotSent`] also where it cannot be told whether the comment is there.
    pub fn put_comment(
        &self,
        repo: &RepoId,
        number: Number,
        author: &str,
        marker: &Marker,
        text: &str,
    ) -> Result<Comment, Undone> {
        let body = marker.put_into(text);
        let path = format!("/issues/{number}/comments");
        let known = self.list_plain(repo, &format!("{path}?per_page=100"), |comment: &Comment| comment.id)?;
        let is_ours = |comment: &&Comment| {
            let by = comment.author.as_deref().is_some_and(|by| by.eq_ignore_ascii_case(author));
            by && marker.is_in(&comment.body)
        };
        let answer = match known.seen().iter().find(is_ours).cloned() {
            Some(comment) if same_text(&comment.body, &body) => return Ok(comment),
            Some(comment) => {
                let path = format!("/issues/comments/{}", comment.id);
                self.write(Method::Patch, repo, &path, json!({ "body": body }), Load::Write)?
            }
            None => {
                known.whole().map_err(Undone::NotSent)?;
                self.write(Method::Post, repo, &path, json!({ "body": body }), Load::Create)?
            }
        };
        answer.parse().map_err(Undone::Unknown)
    }
}
