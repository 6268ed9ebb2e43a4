//! Who merges a pull request: GitHub where it can, by automerge or its queue, else herder.

use herder_domain::forge::Trouble;
use herder_domain::landing::Merging;
use herder_domain::repo::RepoId;
use herder_forge::read::pull::Pull;
use herder_forge::read::repository::Repository;
use herder_forge::write::automerge::AutoMerge;
use herder_forge::write::merge::MergeMethod;
use herder_forge::{Client, Lookup};

use super::{trouble, undone};

/// Has GitHub merge it when nothing is in its way any more. What it refuses is not an error: then herder merges.
pub(super) fn entrust(client: &Client, repo: &RepoId, pull: &Pull) -> Result<Merging, Trouble> {
    let method = method(client, repo)?;
    let answer = client.enable_automerge(pull, method).map_err(|error| undone(&error))?;
    let why = match answer {
        AutoMerge::Enabled => return Ok(Merging::Forge),
        AutoMerge::Clean if has_queue(client, repo, pull)? => return enqueue(client, pull),
        AutoMerge::Clean => "nothing was in its way when it was opened".to_owned(),
        AutoMerge::Unstable => "only checks that are not required are in its way".to_owned(),
        AutoMerge::NotAllowed => "the repository does not allow automerge".to_owned(),
        AutoMerge::NoGraphql => "the server has no GraphQL, by which automerge is asked for".to_owned(),
        AutoMerge::NoRules => "no rule protects the base branch".to_owned(),
        AutoMerge::HeadMoved => return Err(moved()),
        AutoMerge::Refused { why } => format!("GitHub does not: {why}"),
    };
    Ok(Merging::Herder { why })
}

fn enqueue(client: &Client, pull: &Pull) -> Result<Merging, Trouble> {
    match client.enqueue(pull).map_err(|error| undone(&error))? {
        AutoMerge::Enabled => Ok(Merging::Forge),
        AutoMerge::HeadMoved => Err(moved()),
        AutoMerge::Refused { why } => {
            Ok(Merging::Herder { why: format!("the queue does not take it: {why}") })
        }
        AutoMerge::Clean
        | AutoMerge::Unstable
        | AutoMerge::NotAllowed
        | AutoMerge::NoGraphql
        | AutoMerge::NoRules => Ok(Merging::Herder { why: "the queue does not take it".to_owned() }),
    }
}

/// Whether its base has a merge queue.
pub(super) fn has_queue(client: &Client, repo: &RepoId, pull: &Pull) -> Result<bool, Trouble> {
    match client.branch_rules(repo, &pull.base.branch) {
        Lookup::Present(rules) => Ok(rules.has_merge_queue),
        Lookup::Gone => Ok(false),
        Lookup::Unknown(why) => Err(trouble(&why)),
    }
}

/// How the repository lets pull requests become commits: one commit where it may be, as a local landing is.
pub(super) fn method(client: &Client, repo: &RepoId) -> Result<MergeMethod, Trouble> {
    match client.repository(repo) {
        Lookup::Present(facts) => Ok(allowed(&facts)),
        Lookup::Gone => Err(Trouble::Passing { why: format!("{} is not there", repo.short()), until: None }),
        Lookup::Unknown(why) => Err(trouble(&why)),
    }
}

/// Only who may administrate is told what is allowed.
fn allowed(facts: &Repository) -> MergeMethod {
    if facts.allow_squash_merge != Some(false) {
        MergeMethod::Squash
    } else if facts.allow_rebase_merge != Some(false) {
        MergeMethod::Rebase
    } else {
        MergeMethod::Merge
    }
}

fn moved() -> Trouble {
    Trouble::Passing { why: "GitHub does not show what was pushed yet".to_owned(), until: None }
}
