//! Apps: what a JWT may ask.

use super::{Answer, Call};
use crate::op::account::{self, Asker};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{App, Id};

/// The app that asks.
fn asking<'a>(call: &Call, ctx: &'a Ctx<'_>) -> Done<&'a App> {
    let Asker::App(id) = &call.asker else {
        return Err(Refusal::Unauthorized("A JSON web token could not be decoded".to_owned()));
    };
    ctx.state.apps.get(&id.0).ok_or(Refusal::NotFound)
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let app = asking(call, ctx)?;
    Ok(Answer::ok(ctx.view().app(app)))
}

pub fn installations(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let app = asking(call, ctx)?;
    Ok(call.page(&[app], |app| ctx.view().installation(app)))
}

pub fn of_repo(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let app = asking(call, ctx)?;
    if !app.account.eq_ignore_ascii_case(call.param("owner")) || ctx.state.repo(&call.slug()).is_none() {
        return Err(Refusal::NotFound);
    }
    Ok(Answer::ok(ctx.view().installation(app)))
}

pub fn token(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let app: Id = asking(call, ctx)?.id;
    let (secret, token) = account::install_token(ctx.state, app, call.id("installation_id")?)?;
    Ok(Answer::created(ctx.view().installation_token(&secret, &token)))
}
