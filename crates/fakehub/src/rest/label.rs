//! Labels of a repository.

use super::{Answer, Call};
use crate::op::label::{self, LabelEdit};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{Id, Permission};

pub fn list(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let labels: Vec<_> = repo.labels.values().collect();
    Ok(call.page(&labels, |label| ctx.view().label(repo, label)))
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let label = repo.label(call.param("name")).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().label(repo, label)))
}

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let edit = LabelEdit { name: call.text("name"), ..wanted(call) };
    let id = label::create(ctx, &call.slug(), edit)?;
    Ok(Answer { status: 201, ..show(call, ctx, id)? })
}

pub fn edit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let edit = LabelEdit { name: call.text("new_name"), ..wanted(call) };
    let id = label::edit(ctx, &call.slug(), call.param("name"), edit)?;
    show(call, ctx, id)
}

pub fn delete(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    label::delete(ctx, &call.slug(), call.param("name"))?;
    Ok(Answer::nothing())
}

fn wanted(call: &Call) -> LabelEdit {
    LabelEdit { name: None, color: call.text("color"), description: call.text("description") }
}

fn show(call: &Call, ctx: &Ctx<'_>, id: Id) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let label = repo.labels.get(&id).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().label(repo, label)))
}
