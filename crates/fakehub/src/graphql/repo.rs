//! Repositories, refs, commits.

use serde_json::{Value, json};

use super::node::{Answer, Args, Found, Thing};
use super::{check, issue};
use crate::git::Person;
use crate::op::{Ctx, Refusal};
use crate::state::{Issue, IssueRef, NodeKind, Permission, Repo};

/// A field of a repository.
pub fn field(ctx: &Ctx<'_>, key: &str, field: &str, args: &Args<'_>) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let number = || args.number("number").unwrap_or_default();
    let is_pull = |number: u64| repo.pull(number).is_some();
    let one = |kind: &str, wants: fn(bool) -> bool| {
        let number = number();
        let at = repo.issues.contains_key(&number).then(|| repo.at(number));
        let at = at.filter(|_| wants(is_pull(number)));
        let sentence = format!("Could not resolve to {kind} with the number of {number}.");
        at.ok_or(Refusal::Invalid(sentence, None))
    };
    Ok(match field {
        "issue" => Found::Thing(Thing::Issue(one("an Issue", |is_pull| !is_pull)?)),
        "pullRequest" => Found::Thing(Thing::Pull(one("a PullRequest", |is_pull| is_pull)?)),
        "issueOrPullRequest" => Found::from(issue::thing(ctx, &one("an issue or pull request", |_| true)?)),
        "issues" => Found::All("IssueConnection", list(repo, args, false)),
        "pullRequests" => Found::All("PullRequestConnection", list(repo, args, true)),
        "label" => {
            let label = args.text("name").and_then(|name| repo.label(&name).map(|label| label.id));
            Found::from(label.map(|id| Thing::Label(repo.key(), id)))
        }
        "labels" => {
            let labels = repo.labels.keys().map(|id| Thing::Label(repo.key(), *id));
            Found::All("LabelConnection", labels.collect())
        }
        "owner" => Found::Thing(Thing::Person(repo.owner.clone())),
        "defaultBranchRef" => ref_named(repo, &format!("refs/heads/{}", repo.default_branch)),
        "ref" => ref_named(repo, &qualified(repo, &args.text("qualifiedName").unwrap_or_default())),
        "refs" => {
            let prefix = args.text("refPrefix").unwrap_or_default();
            let refs = repo.refs.keys().filter(|name| name.starts_with(&prefix));
            Found::All("RefConnection", refs.map(|name| Thing::Ref(repo.key(), name.clone())).collect())
        }
        "object" => {
            let name = args.text("oid").or(args.text("expression")).unwrap_or_default();
            let sha = repo.refs.get(&qualified(repo, &name)).cloned().or_else(|| ctx.git.resolve(key, &name));
            Found::from(sha.map(|sha| Thing::Commit(repo.key(), sha)))
        }
        "mergeQueue" => {
            let branch = args.text("branch").unwrap_or_else(|| repo.default_branch.clone());
            Found::from(repo.has_queue(&branch).then(|| Thing::Queue(repo.key(), branch)))
        }
        _ => plain(ctx, repo, field),
    })
}

fn plain(ctx: &Ctx<'_>, repo: &Repo, field: &str) -> Found {
    let has = repo.permission(ctx.actor.as_deref().unwrap_or_default());
    let value = match field {
        "id" => json!(repo.id.node(NodeKind::Repository)),
        "databaseId" => json!(repo.id.0),
        "name" => json!(repo.name),
        "nameWithOwner" => json!(repo.slug()),
        "url" => json!(ctx.view().page(repo, "")),
        "resourcePath" => json!(format!("/{}", repo.slug())),
        "sshUrl" => json!(format!("git@github.com:{}.git", repo.slug())),
        "isPrivate" => json!(repo.is_private),
        "isArchived" => json!(repo.is_archived),
        "hasIssuesEnabled" => json!(repo.has_issues),
        "hasWikiEnabled" | "hasProjectsEnabled" => json!(true),
        "mergeCommitAllowed" | "squashMergeAllowed" | "rebaseMergeAllowed" | "allowUpdateBranch" => {
            json!(true)
        }
        "visibility" => json!(if repo.is_private { "PRIVATE" } else { "PUBLIC" }),
        "viewerPermission" => json!(has.map(|has| has.role().to_ascii_uppercase())),
        "viewerCanAdminister" => json!(has == Some(Permission::Admin)),
        "viewerDefaultMergeMethod" => json!("MERGE"),
        "autoMergeAllowed" => json!(repo.allows_auto_merge),
        "deleteBranchOnMerge" => json!(repo.deletes_merged_branches),
        "createdAt" => json!(repo.created_at.to_string()),
        "updatedAt" => json!(repo.updated_at.to_string()),
        "pushedAt" => json!(repo.pushed_at.to_string()),
        _ => return Found::Unknown,
    };
    Found::Leaf(value)
}

/// Issues or pull requests by state, labels, branches, time, and in order.
fn list(repo: &Repo, args: &Args<'_>, pulls: bool) -> Vec<Thing> {
    let filter = args.get("filterBy");
    let states = args.texts("states").or_else(|| texts(&filter["states"]));
    let labels = args.texts("labels").or_else(|| texts(&filter["labels"]));
    let since = filter["since"].as_str().and_then(|since| since.parse::<jiff::Timestamp>().ok());
    let text = |name: &str| filter[name].as_str().map(str::to_owned);
    let (creator, assignee) = (text("createdBy"), text("assignee"));
    let (head, base) = (args.text("headRefName"), args.text("baseRefName"));
    let is_wanted = |issue: &&Issue| {
        let has = |name: &String| repo.label(name).is_some_and(|label| issue.labels.contains(&label.id));
        let pull = issue.pull.as_ref();
        pull.is_some() == pulls
            && states.as_ref().is_none_or(|states| states.iter().any(|one| one == state(issue)))
            && labels.as_ref().is_none_or(|labels| labels.iter().any(has))
            && since.is_none_or(|since| issue.updated_at >= since)
            && creator.as_ref().is_none_or(|login| login.eq_ignore_ascii_case(&issue.author))
            && assignee.as_ref().is_none_or(|login| login == "*" || issue.assignees.contains(login))
            && head.as_ref().is_none_or(|head| pull.is_some_and(|pull| pull.head == *head))
            && base.as_ref().is_none_or(|base| pull.is_some_and(|pull| pull.base == *base))
    };
    let mut found: Vec<&Issue> = repo.issues.values().filter(is_wanted).collect();
    let order = args.get("orderBy");
    match order["field"].as_str() {
        Some("UPDATED_AT") => found.sort_by_key(|issue| (issue.updated_at, issue.number)),
        Some("COMMENTS") => found.sort_by_key(|issue| (issue.comments.len(), issue.number)),
        _ => {}
    }
    if order["direction"] == "DESC" {
        found.reverse();
    }
    let thing = |at: IssueRef| if pulls { Thing::Pull(at) } else { Thing::Issue(at) };
    found.into_iter().map(|issue| thing(repo.at(issue.number))).collect()
}

/// `OPEN`, `CLOSED` or `MERGED`.
pub fn state(issue: &Issue) -> &'static str {
    let is_merged = issue.pull.as_ref().is_some_and(|pull| pull.merged.is_some());
    match (is_merged, issue.is_open()) {
        (true, _) => "MERGED",
        (false, true) => "OPEN",
        (false, false) => "CLOSED",
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The full name behind a short one.
fn qualified(repo: &Repo, name: &str) -> String {
    let known = [name.to_owned(), format!("refs/heads/{name}"), format!("refs/{name}")];
    known.into_iter().find(|name| repo.refs.contains_key(name)).unwrap_or_else(|| name.to_owned())
}

/// A ref, if it is there.
pub fn ref_named(repo: &Repo, name: &str) -> Found {
    Found::from(repo.refs.contains_key(name).then(|| Thing::Ref(repo.key(), name.to_owned())))
}

/// A field of a ref.
pub fn git_ref(ctx: &Ctx<'_>, key: &str, name: &str, field: &str) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let short = name.rsplit_once('/').map_or(name, |(_, short)| short);
    let (prefix, short) = match name.strip_prefix("refs/heads/") {
        Some(branch) => ("refs/heads/", branch),
        None => (&name[..name.len() - short.len()], short),
    };
    Ok(match field {
        "id" => Found::Leaf(json!(format!("REF_{}_{name}", repo.id))),
        "name" => Found::Leaf(json!(short)),
        "prefix" => Found::Leaf(json!(prefix)),
        "target" => Found::from(repo.refs.get(name).map(|sha| Thing::Commit(repo.key(), sha.clone()))),
        "repository" => Found::Thing(Thing::Repo(repo.key())),
        _ => Found::Unknown,
    })
}

/// A field of a commit.
pub fn commit(ctx: &Ctx<'_>, key: &str, sha: &str, field: &str, _: &Args<'_>) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let commit = ctx.git.commit(key, sha).ok_or(Refusal::NotFound)?;
    let has_checks = !repo.checks_at(sha).is_empty();
    let page = ctx.view().page(repo, &format!("/commit/{sha}"));
    let (headline, rest) = commit.message.split_once('\n').unwrap_or((&commit.message, ""));
    let many = |shas: Vec<String>| shas.into_iter().map(|sha| Thing::Commit(repo.key(), sha)).collect();
    let value = match field {
        "id" => json!(crate::view::node(repo, sha)),
        "oid" => json!(sha),
        "abbreviatedOid" => json!(&sha[..7]),
        "message" => json!(commit.message),
        "messageHeadline" => json!(headline),
        "messageBody" => json!(rest.trim_start()),
        "committedDate" => json!(commit.committer.at.to_string()),
        "authoredDate" => json!(commit.author.at.to_string()),
        "url" | "commitUrl" => json!(page),
        "resourcePath" => json!(page.trim_start_matches(&ctx.view().web())),
        "author" => return Ok(Found::Thing(actor(ctx, &commit.author))),
        "committer" => return Ok(Found::Thing(actor(ctx, &commit.committer))),
        "authors" => return Ok(Found::All("GitActorConnection", vec![actor(ctx, &commit.author)])),
        "repository" => return Ok(Found::Thing(Thing::Repo(repo.key()))),
        "parents" => return Ok(Found::All("CommitConnection", many(commit.parents))),
        "history" => return Ok(Found::All("CommitHistoryConnection", many(ctx.git.history(key, sha)))),
        "statusCheckRollup" => {
            return Ok(Found::from(has_checks.then(|| Thing::Rollup(repo.key(), sha.to_owned()))));
        }
        "checkSuites" => return Ok(Found::All("CheckSuiteConnection", check::suites(repo, sha))),
        _ => return Ok(Found::Unknown),
    };
    Ok(Found::Leaf(value))
}

fn actor(ctx: &Ctx<'_>, person: &Person) -> Thing {
    let shown = json!({
        "name": person.name, "email": person.email, "date": person.at.to_string(),
        "avatarUrl": format!("{}/avatars/0", ctx.view().web()), "user": null,
    });
    let login = crate::view::account(ctx.state, person);
    Thing::Plain("GitActor", shown, login.map(|login| ("user", Thing::Person(login))).into_iter().collect())
}
