//! Refs.

use super::{Answer, Call};
use crate::op::{Ctx, Done, Refusal, refs};
use crate::state::Permission;

/// The full name: addresses leave `refs/` out.
fn full(call: &Call) -> String {
    format!("refs/{}", call.param("ref"))
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    show(call, ctx, &full(call))
}

fn show(call: &Call, ctx: &Ctx<'_>, name: &str) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let sha = repo.refs.get(name).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().git_ref(repo, name, sha)))
}

pub fn matching(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let prefix = full(call);
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let refs: Vec<_> = repo.refs.iter().filter(|(name, _)| name.starts_with(&prefix)).collect();
    Ok(call.page(&refs, |(name, sha)| ctx.view().git_ref(repo, name, sha)))
}

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (name, sha) = (call.needed("Reference", "ref")?, call.needed("Reference", "sha")?);
    refs::create(ctx, &call.slug(), &name, &sha)?;
    Ok(Answer { status: 201, ..show(call, ctx, &name)? })
}

pub fn update(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let sha = call.needed("Reference", "sha")?;
    let is_forced = call.switch("force").unwrap_or(false);
    refs::update(ctx, &call.slug(), &full(call), &sha, is_forced)?;
    get(call, ctx)
}

pub fn delete(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    refs::delete(ctx, &call.slug(), &full(call))?;
    Ok(Answer::nothing())
}
