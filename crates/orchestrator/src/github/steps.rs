//! One deed about a pull request. Each reads it first, and names the commit that it means.

use herder_domain::event::What;
use herder_domain::forge::Trouble;
use herder_domain::landing::{Landing, Merging, Standing, Step};
use herder_domain::repo::RepoId;
use herder_forge::Client;
use herder_forge::read::issue::IssueState;
use herder_forge::read::pull::Pull;
use herder_forge::write::merge::{Merge, Update};

use super::entrust::{entrust, method};
use super::look::{arrived, present};
use super::undone;

/// Carries a deed out; what came of it, where that is new.
///
/// # Errors
/// [`Trouble`]: it is not known to be done.
pub(crate) fn follow(
    client: &Client,
    repo: &RepoId,
    landing: &Landing,
    step: Step,
) -> Result<Option<What>, Trouble> {
    let Some(offer) = &landing.offer else { return Ok(None) };
    let Some(mut pull) = present(client.pull(repo, offer.pull))? else { return Ok(None) };
    if let Some(commit) = pull.merge_commit_sha.clone().filter(|_| pull.is_merged()) {
        return Ok(Some(arrived(landing, commit)));
    }
    if pull.state == IssueState::Closed {
        // The next look says so.
        return Ok(None);
    }
    match step {
        Step::Update => update(client, repo, landing, &offer.head),
        Step::Merge => {
            pull.head.sha.clone_from(&offer.head);
            merge(client, repo, landing, &pull)
        }
        Step::Halt => halt(client, &pull).map(|()| None),
        Step::Close => {
            halt(client, &pull)?;
            client.close_pull(repo, offer.pull).map(|_| None).map_err(|error| undone(&error))
        }
        // It opens a pull request, which is the landing's to do.
        Step::Show => Ok(None),
    }
}

fn update(client: &Client, repo: &RepoId, landing: &Landing, head: &str) -> Result<Option<What>, Trouble> {
    let Some(offer) = &landing.offer else { return Ok(None) };
    let run = landing.run.clone();
    let standing = match client.update_branch(repo, offer.pull, head).map_err(|error| undone(&error))? {
        Update::Begun => Standing::Updating,
        // Its tip is another by now, it is up to date, or there is a conflict: the next look says which.
        Update::Refused { why } => Standing::Waiting { why: format!("it was not brought up to date: {why}") },
    };
    Ok(Some(What::LandingSeen { run, standing }))
}

/// Merges it, unless GitHub takes that over after all: what was in its way when it was opened may be so no more.
fn merge(client: &Client, repo: &RepoId, landing: &Landing, pull: &Pull) -> Result<Option<What>, Trouble> {
    let run = landing.run.clone();
    let waiting = |why: String| What::LandingSeen { run: run.clone(), standing: Standing::Waiting { why } };
    if entrust(client, repo, pull)? == Merging::Forge {
        return Ok(Some(waiting("GitHub merges it".to_owned())));
    }
    let merged = client.merge(repo, pull.number, &pull.head.sha, method(client, repo)?);
    Ok(Some(match merged.map_err(|error| undone(&error))? {
        Merge::Merged { sha } => arrived(landing, sha),
        Merge::HeadMoved => waiting("its branch has another tip than the one that is meant".to_owned()),
        Merge::Blocked { why } => waiting(format!("GitHub does not merge it: {why}")),
    }))
}

/// Has nobody merge it: neither automerge nor the queue.
fn halt(client: &Client, pull: &Pull) -> Result<(), Trouble> {
    client.disable_automerge(pull).map_err(|error| undone(&error))?;
    match client.dequeue(pull) {
        // It is in no queue.
        Ok(()) | Err(herder_forge::Undone::Refused(_)) => Ok(()),
        Err(error) => Err(undone(&error)),
    }
}
