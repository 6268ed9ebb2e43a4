//! Commits and comparisons.

use super::{Answer, Call};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{Permission, Repo};

/// The commit that a word of an address means: a branch, a full ref, or a commit's own name.
pub(super) fn resolve(ctx: &Ctx<'_>, repo: &Repo, word: &str) -> Done<String> {
    let known = [format!("refs/heads/{word}"), word.to_owned(), format!("refs/{word}")];
    let known = known.iter().find_map(|name| repo.refs.get(name)).cloned();
    let is_sha = word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    let found = known.or_else(|| ctx.git.resolve(&repo.key(), word).filter(|_| is_sha));
    found.ok_or_else(|| Refusal::unprocessable(format!("No commit found for SHA: {word}")))
}

pub fn list(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let tip = resolve(ctx, repo, call.query("sha").unwrap_or(&repo.default_branch))?;
    let all = ctx.git.history(&repo.key(), &tip);
    Ok(call.page(&all, |sha| ctx.view().commit(ctx.git, repo, sha)))
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let sha = resolve(ctx, repo, call.param("ref"))?;
    let mut shown = ctx.view().commit(ctx.git, repo, &sha);
    let parent = ctx.git.commit(&repo.key(), &sha).and_then(|commit| commit.parents.first().cloned());
    let files = parent.map(|parent| ctx.git.changes(&repo.key(), &parent, &sha)).unwrap_or_default();
    let sum = |count: fn(&crate::git::FileChange) -> u64| files.iter().map(count).sum::<u64>();
    let (additions, deletions) = (sum(|file| file.additions), sum(|file| file.deletions));
    shown["stats"] = serde_json::json!({
        "additions": additions, "deletions": deletions, "total": additions + deletions,
    });
    shown["files"] = files.iter().map(|file| ctx.view().file(repo, file, &sha)).collect();
    Ok(Answer::ok(shown))
}

pub fn compare(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let (base, head) = call.param("basehead").split_once("...").ok_or(Refusal::NotFound)?;
    let own = format!("{}:", repo.owner);
    let commit = |word: &str| resolve(ctx, repo, word.strip_prefix(&own).unwrap_or(word));
    let (base, head) =
        (commit(base).map_err(|_| Refusal::NotFound)?, commit(head).map_err(|_| Refusal::NotFound)?);
    Ok(Answer::ok(ctx.view().comparison(ctx.git, repo, &base, &head)))
}
