//! Branch protection and rulesets.

use serde_json::Value;

use super::{Answer, Call};
use crate::op::{Ctx, Done, Refusal, repo};
use crate::state::{Permission, Protection, RequiredChecks};

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Admin)?;
    let branch = call.param("branch");
    repo.tip(branch).ok_or(Refusal::NotFound)?;
    let rule = repo.protections.get(branch).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().protection(repo, branch, rule)))
}

pub fn put(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let reviews = &call.body["required_pull_request_reviews"];
    let rule = Protection {
        checks: required_checks(&call.body["required_status_checks"]),
        approvals: reviews
            .is_object()
            .then(|| reviews["required_approving_review_count"].as_u64().unwrap_or(1)),
        binds_admins: call.switch("enforce_admins").unwrap_or(false),
        allows_force: call.switch("allow_force_pushes").unwrap_or(false),
    };
    repo::protect(ctx, &call.slug(), call.param("branch"), rule)?;
    get(call, ctx)
}

fn required_checks(value: &Value) -> Option<RequiredChecks> {
    let names = |list: &Value, name: fn(&Value) -> Option<&str>| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(name).map(str::to_owned).collect()
    };
    let mut contexts = names(&value["contexts"], Value::as_str);
    contexts.extend(names(&value["checks"], |check| check["context"].as_str()));
    let is_strict = value["strict"].as_bool().unwrap_or(false);
    value.is_object().then_some(RequiredChecks { is_strict, contexts })
}

pub fn delete(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    repo::unprotect(ctx, &call.slug(), call.param("branch"))?;
    Ok(Answer::nothing())
}

pub fn rulesets(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    Ok(call.page(&repo.rulesets, |ruleset| ctx.view().ruleset(repo, ruleset, false)))
}

pub fn ruleset(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("ruleset_id")?;
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let ruleset = repo.rulesets.iter().find(|ruleset| ruleset.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().ruleset(repo, ruleset, true)))
}

pub fn of_branch(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    Ok(call.page(&ctx.view().rules_of(repo, call.param("branch")), Value::clone))
}
