//! Who asks.

use super::{Answer, Call};
use crate::op::{Ctx, Done, Refusal};

pub fn user(_: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let login = ctx.login()?;
    Ok(Answer::ok(ctx.view().private_user(&login)))
}

pub fn user_by_name(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let login = ctx.state.user(call.param("username")).ok_or(Refusal::NotFound)?.login.clone();
    Ok(Answer::ok(ctx.view().private_user(&login)))
}
