//! Repositories, who works on them, their branches.

use serde_json::json;

use super::{Answer, Call};
use crate::op::repo::{self, RepoEdit};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{Permission, Repo};

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    Ok(Answer::ok(ctx.view().full_repo(repo, ctx.actor.as_deref())))
}

pub fn edit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let edit = RepoEdit {
        allow_auto_merge: call.switch("allow_auto_merge"),
        delete_branch_on_merge: call.switch("delete_branch_on_merge"),
        archived: call.switch("archived"),
        has_issues: call.switch("has_issues"),
        default_branch: call.text("default_branch"),
    };
    repo::edit(ctx, &call.slug(), edit)?;
    get(call, ctx)
}

pub fn of_installation(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let login = ctx.login()?;
    let may_see = |repo: &&Repo| repo.permission(&login).is_some();
    let repos: Vec<&Repo> = ctx.state.repos.values().map(AsRef::as_ref).filter(may_see).collect();
    let count = repos.len();
    Ok(call.page_in(
        &repos,
        |repo| ctx.view().repo(repo, Some(&login)),
        |repos| json!({ "total_count": count, "repositories": repos }),
    ))
}

pub fn permission(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    // Only who may push may ask.
    let repo = ctx.repo(&call.slug(), Permission::Write)?;
    let user = ctx.state.user(call.param("username")).ok_or(Refusal::NotFound)?;
    let has = repo.permission(&user.login);
    let mut shown = ctx.view().user(&user.login);
    shown["role_name"] = json!(has.map_or("none", Permission::role));
    shown["permissions"] = json!({
        "admin": has >= Some(Permission::Admin), "maintain": has >= Some(Permission::Maintain),
        "push": has >= Some(Permission::Write), "triage": has >= Some(Permission::Triage),
        "pull": has >= Some(Permission::Read),
    });
    Ok(Answer::ok(json!({
        "permission": has.map_or("none", Permission::legacy),
        "role_name": has.map_or("none", Permission::role), "user": shown,
    })))
}

pub fn branches(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let heads = repo.refs.iter();
    let heads = heads.filter_map(|(name, sha)| Some((name.strip_prefix("refs/heads/")?, sha)));
    let heads: Vec<(&str, &String)> = heads.collect();
    Ok(call.page(&heads, |(name, sha)| ctx.view().branch(repo, name, sha)))
}

pub fn branch(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let name = call.param("branch");
    let sha = repo.tip(name).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().full_branch(ctx.git, repo, name, sha)))
}
