//! Where a look begins.

use serde_json::json;

use super::node::{Answer, Args, Found, Session, Thing};
use super::search;
use crate::limit;
use crate::op::{Ctx, Refusal, mergeability};
use crate::state::{Id, IssueRef, Kind, NodeKind, Permission};

/// A field of `Query`.
pub fn field(session: &Session<'_, '_>, field: &str, args: &Args<'_>) -> Answer {
    let mut ctx = session.ctx.borrow_mut();
    let text = |name: &str| args.text(name).unwrap_or_default();
    match field {
        "id" => Ok(Found::Leaf(json!("Q"))),
        "viewer" => Ok(Found::Thing(Thing::Person(ctx.login()?))),
        "repository" => repository(&mut ctx, &text("owner"), &text("name")),
        "rateLimit" => Ok(rate_limit(&ctx, session.cost)),
        "user" => person(&ctx, &text("login"), "a User", |kind| kind == Kind::User),
        "organization" => person(&ctx, &text("login"), "an Organization", |kind| kind == Kind::Organization),
        "repositoryOwner" => Ok(Found::from(known(&ctx, &text("login")))),
        "node" => node(&ctx, &text("id")).map(Found::Thing),
        "nodes" => {
            let ids = args.texts("ids").unwrap_or_default();
            let found: Result<Vec<Thing>, Refusal> = ids.iter().map(|id| node(&ctx, id)).collect();
            found.map(Found::Things)
        }
        "search" => Ok(Found::All("SearchResultItemConnection", search::issues(&ctx, &text("query")))),
        _ => Ok(Found::Unknown),
    }
}

fn repository(ctx: &mut Ctx<'_>, owner: &str, name: &str) -> Answer {
    let slug = format!("{owner}/{name}");
    let unknown = || {
        let sentence = format!("Could not resolve to a Repository with the name '{slug}'.");
        Refusal::Invalid(sentence, None)
    };
    let key = ctx.repo(&slug, Permission::Read).map_err(|_| unknown())?.key();
    Ok(Found::Thing(Thing::Repo(key)))
}

/// What GitHub works out behind the back of who looks at pull requests: who looks again is told.
pub fn work_out(ctx: &mut Ctx<'_>) {
    let open: Vec<IssueRef> = ctx
        .state
        .repos
        .values()
        .flat_map(|repo| repo.issues.values().map(move |issue| (repo, issue)))
        .filter(|(repo, issue)| {
            let tip = |base: &str| repo.tip(base).map(String::as_str).unwrap_or_default().to_owned();
            issue.open_pull().is_some_and(|pull| pull.is_mergeable(&tip(&pull.base)).is_none())
        })
        .map(|(repo, issue)| repo.at(issue.number))
        .collect();
    for at in open {
        mergeability::work_out(ctx, &at.repo, at.number);
    }
}

fn rate_limit(ctx: &Ctx<'_>, cost: u64) -> Found {
    let account = limit::account(ctx.state, ctx.actor.as_deref(), super::POOL);
    // The answer counts itself.
    let remaining = account.remaining().saturating_sub(cost);
    let shown = json!({
        "cost": cost, "limit": account.limit, "remaining": remaining, "used": account.limit - remaining,
        "resetAt": account.reset.to_string(), "nodeCount": 0,
    });
    Found::Thing(Thing::Plain("RateLimit", shown, Vec::new()))
}

fn known(ctx: &Ctx<'_>, login: &str) -> Option<Thing> {
    ctx.state.user(login).map(|user| Thing::Person(user.login.clone()))
}

fn person(ctx: &Ctx<'_>, login: &str, what: &str, wants: fn(Kind) -> bool) -> Answer {
    let user = ctx.state.user(login).filter(|user| wants(user.kind));
    let sentence = format!("Could not resolve to {what} with the login of '{login}'.");
    let user = user.ok_or(Refusal::Invalid(sentence, None))?;
    Ok(Found::Thing(Thing::Person(user.login.clone())))
}

/// The thing of a node id.
pub fn node(ctx: &Ctx<'_>, text: &str) -> Result<Thing, Refusal> {
    let sentence = format!("Could not resolve to a node with the global id of '{text}'.");
    let unknown = || Refusal::Invalid(sentence.clone(), None);
    let (kind, id) = Id::parse(text).ok_or_else(unknown)?;
    find(ctx, kind, id).ok_or_else(unknown)
}

fn find(ctx: &Ctx<'_>, kind: NodeKind, id: Id) -> Option<Thing> {
    let login = ctx.actor.as_deref().unwrap_or_default();
    let repos = ctx.state.repos.values().filter(|repo| repo.permission(login).is_some());
    if kind == NodeKind::User {
        let user = ctx.state.users.values().find(|user| user.id == id)?;
        return Some(Thing::Person(user.login.clone()));
    }
    for repo in repos {
        let key = repo.key();
        if kind == NodeKind::Repository && repo.id == id {
            return Some(Thing::Repo(key));
        }
        if kind == NodeKind::Label && repo.labels.contains_key(&id) {
            return Some(Thing::Label(key, id));
        }
        if kind == NodeKind::CheckRun && repo.check_runs.iter().any(|run| run.id == id) {
            return Some(Thing::CheckRun(key, id));
        }
        for issue in repo.issues.values() {
            let at = repo.at(issue.number);
            let pull = issue.pull.as_ref();
            if kind == NodeKind::Issue && issue.id == id && pull.is_none() {
                return Some(Thing::Issue(at));
            }
            if kind == NodeKind::Pull && pull.is_some_and(|pull| pull.id == id) {
                return Some(Thing::Pull(at));
            }
            if kind == NodeKind::Comment && issue.comments.iter().any(|comment| comment.id == id) {
                return Some(Thing::Comment(at, id));
            }
            if kind == NodeKind::Review
                && pull.is_some_and(|pull| pull.reviews.iter().any(|one| one.id == id))
            {
                return Some(Thing::Review(at, id));
            }
        }
    }
    None
}
