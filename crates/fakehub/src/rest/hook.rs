//! Webhooks.

use serde_json::json;

use super::{Answer, Call};
use crate::op::hook::{self, HookEdit};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{Delivery, Hook, Id, Permission, Repo};

pub fn list(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Admin)?;
    Ok(call.page(&repo.hooks, |hook| ctx.view().hook(repo, hook)))
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    show(call, ctx, call.id("hook_id")?)
}

fn show(call: &Call, ctx: &Ctx<'_>, id: Id) -> Done<Answer> {
    let (repo, hook) = one(call, ctx, id)?;
    Ok(Answer::ok(ctx.view().hook(repo, hook)))
}

fn one<'a>(call: &Call, ctx: &'a Ctx<'_>, id: Id) -> Done<(&'a Repo, &'a Hook)> {
    let repo = ctx.repo(&call.slug(), Permission::Admin)?;
    let hook = repo.hooks.iter().find(|hook| hook.id == id).ok_or(Refusal::NotFound)?;
    Ok((repo, hook))
}

fn wanted(call: &Call) -> HookEdit {
    let config = |name: &str| call.body["config"][name].as_str().map(str::to_owned);
    HookEdit {
        url: config("url"),
        events: call.texts("events"),
        secret: config("secret"),
        active: call.switch("active"),
    }
}

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = hook::create(ctx, &call.slug(), wanted(call))?;
    Ok(Answer { status: 201, ..show(call, ctx, id)? })
}

pub fn edit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("hook_id")?;
    hook::edit(ctx, &call.slug(), id, wanted(call))?;
    show(call, ctx, id)
}

pub fn delete(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    hook::delete(ctx, &call.slug(), call.id("hook_id")?)?;
    Ok(Answer::nothing())
}

pub fn ping(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    hook::ping(ctx, &call.slug(), call.id("hook_id")?)?;
    Ok(Answer::nothing())
}

/// Newest first.
pub fn deliveries(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, hook) = one(call, ctx, call.id("hook_id")?)?;
    let sent: Vec<&Delivery> = hook.deliveries.iter().rev().collect();
    Ok(call.page(&sent, |delivery| ctx.view().delivery(repo, delivery)))
}

pub fn delivery(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, hook) = one(call, ctx, call.id("hook_id")?)?;
    let id = call.id("delivery_id")?;
    let delivery = hook.deliveries.iter().find(|delivery| delivery.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().full_delivery(repo, hook, delivery)))
}

pub fn redeliver(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    hook::redeliver(ctx, &call.slug(), call.id("hook_id")?, call.id("delivery_id")?)?;
    Ok(Answer::accepted(json!({})))
}
