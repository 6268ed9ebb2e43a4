//! What the hub does by itself after each deed: merge what waits for its checks, move the merge queues on.

use super::merge::{self, How};
use super::mergeability::{self, MergeState};
use super::{Ctx, Done, queue};
use crate::state::IssueRef;

/// Goes on until nothing follows any more.
///
/// # Errors
/// When something that was found a moment ago is gone: a defect of the hub.
pub fn settle(ctx: &mut Ctx<'_>) -> Done<()> {
    while step(ctx)? {}
    Ok(())
}

fn step(ctx: &mut Ctx<'_>) -> Done<bool> {
    for at in waiting(ctx) {
        if let Some(how) = ready(ctx, &at) {
            return fulfil(ctx, &at, &how).map(|()| true);
        }
    }
    for (key, base) in queues(ctx) {
        if queue::advance(ctx, &key, &base)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Pull requests that are to merge by themselves.
fn waiting(ctx: &Ctx<'_>) -> Vec<IssueRef> {
    let repos = ctx.state.repos.values();
    let all = repos.flat_map(|repo| repo.issues.values().map(move |issue| (repo, issue)));
    all.filter(|(_, issue)| issue.open_pull().is_some_and(|pull| pull.auto_merge.is_some()))
        .map(|(repo, issue)| repo.at(issue.number))
        .collect()
}

fn queues(ctx: &Ctx<'_>) -> Vec<(String, String)> {
    let repos = ctx.state.repos.values();
    repos.flat_map(|repo| repo.queues.keys().map(|base| (repo.key(), base.clone()))).collect()
}

/// How it is to be merged, when nothing is in the way any more.
fn ready(ctx: &mut Ctx<'_>, at: &IssueRef) -> Option<How> {
    mergeability::work_out(ctx, &at.repo, at.number);
    let repo = ctx.state.repo(&at.repo)?;
    let (issue, pull) = repo.pull(at.number)?;
    let wish = pull.auto_merge.clone()?;
    let state = mergeability::merge_state(ctx.git, repo, issue, pull);
    let is_ready = matches!(state, MergeState::Clean | MergeState::Unstable);
    is_ready.then_some(How { method: wish.method, title: wish.title, message: wish.message, sha: None })
}

fn fulfil(ctx: &mut Ctx<'_>, at: &IssueRef, how: &How) -> Done<()> {
    let repo = ctx.state.repo(&at.repo);
    let pull = repo.and_then(|repo| repo.pull(at.number)).map(|(_, pull)| pull.clone());
    let Some(pull) = pull else { return Ok(()) };
    let by = pull.auto_merge.map(|wish| wish.by);
    let actor = std::mem::replace(&mut ctx.actor, by);
    let has_queue = ctx.state.repo(&at.repo).is_some_and(|repo| repo.has_queue(&pull.base));
    let done = if has_queue {
        if let Some(pull) = ctx.issue_mut(at)?.pull.as_mut() {
            pull.auto_merge = None;
        }
        queue::enqueue(ctx, &at.repo, at.number, None).map(drop)
    } else {
        merge::carry_out(ctx, at, how).map(drop)
    };
    ctx.actor = actor;
    done
}
