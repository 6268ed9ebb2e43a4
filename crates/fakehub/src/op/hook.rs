//! Webhooks of a repository.

use serde_json::json;

use super::{Ctx, Done, News, Refusal};
use crate::state::{Delivery, Hook, Id, Permission};

/// What is asked for; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct HookEdit {
    /// Where it posts to.
    pub url: Option<String>,
    /// What it is about.
    pub events: Option<Vec<String>>,
    /// What signs its messages.
    pub secret: Option<String>,
    /// Whether it posts.
    pub active: Option<bool>,
}

/// Makes a webhook, which is pinged at once.
///
/// # Errors
/// When the actor is no admin, or it has no address.
pub fn create(ctx: &mut Ctx<'_>, slug: &str, edit: HookEdit) -> Done<Id> {
    let (id, now) = (ctx.state.fresh_id(), ctx.now());
    let repo = ctx.repo_mut(slug, Permission::Admin)?;
    let url = edit.url.ok_or_else(|| Refusal::field("Hook", "url", "missing_field"))?;
    if repo.hooks.iter().any(|hook| hook.url == url) {
        return Err(Refusal::unprocessable("Hook already exists on this repository"));
    }
    repo.hooks.push(Hook {
        id,
        url,
        events: edit.events.unwrap_or_else(|| vec!["push".to_owned()]),
        secret: edit.secret,
        is_active: edit.active.unwrap_or(true),
        created_at: now,
        deliveries: Vec::new(),
    });
    ping(ctx, slug, id)?;
    Ok(id)
}

/// Changes a webhook.
///
/// # Errors
/// When there is none.
pub fn edit(ctx: &mut Ctx<'_>, slug: &str, id: Id, edit: HookEdit) -> Done<()> {
    let hook = find(ctx, slug, id)?;
    hook.url = edit.url.unwrap_or_else(|| hook.url.clone());
    hook.events = edit.events.unwrap_or_else(|| hook.events.clone());
    hook.secret = edit.secret.or_else(|| hook.secret.clone());
    hook.is_active = edit.active.unwrap_or(hook.is_active);
    Ok(())
}

/// Removes a webhook.
///
/// # Errors
/// When there is none.
pub fn delete(ctx: &mut Ctx<'_>, slug: &str, id: Id) -> Done<()> {
    find(ctx, slug, id)?;
    ctx.repo_mut(slug, Permission::Admin)?.hooks.retain(|hook| hook.id != id);
    Ok(())
}

/// Sends a ping.
///
/// # Errors
/// When there is no such webhook.
pub fn ping(ctx: &mut Ctx<'_>, slug: &str, id: Id) -> Done<()> {
    find(ctx, slug, id)?;
    let key = ctx.repo(slug, Permission::Admin)?.key();
    ctx.tell(&key, "ping", None, json!({ "zen": "Keep it logically awesome.", "hook_id": id.0 }));
    Ok(())
}

/// Sends a message once more, under the same name.
///
/// # Errors
/// When there is no such webhook or message.
pub fn redeliver(ctx: &mut Ctx<'_>, slug: &str, id: Id, delivery: Id) -> Done<()> {
    let (fresh, now) = (ctx.state.fresh_id(), ctx.now());
    let hook = find(ctx, slug, id)?;
    let old = hook.deliveries.iter().find(|old| old.id == delivery).ok_or(Refusal::NotFound)?.clone();
    hook.deliveries.push(Delivery { id: fresh, at: now, is_redelivery: true, status: None, ..old });
    Ok(())
}

/// Turns news into a message for each hook that wants it. Returns the ids of repository key, hook and delivery.
pub fn address(ctx: &mut Ctx<'_>, news: News) {
    let now = ctx.now();
    let hooks = ctx.state.repo(&news.repo).map(|repo| repo.hooks.clone()).unwrap_or_default();
    for hook in hooks.into_iter().filter(|hook| wants(hook, &news)) {
        let (id, guid) = (ctx.state.fresh_id(), ctx.state.fresh_id());
        let guid = format!("{:08x}-0000-4000-8000-{:012x}", guid.0, guid.0);
        let delivery = Delivery {
            id,
            guid,
            event: news.event.to_owned(),
            payload: news.payload.clone(),
            at: now,
            is_redelivery: false,
            status: None,
        };
        let repo = ctx.state.repo_mut(&news.repo);
        if let Some(hook) = repo.and_then(|repo| repo.hooks.iter_mut().find(|other| other.id == hook.id)) {
            hook.deliveries.push(delivery);
        }
    }
}

fn wants(hook: &Hook, news: &News) -> bool {
    if news.event == "ping" {
        return news.payload["hook_id"] == hook.id.0;
    }
    hook.is_active && hook.events.iter().any(|event| event == "*" || event == news.event)
}

fn find<'a>(ctx: &'a mut Ctx<'_>, slug: &str, id: Id) -> Done<&'a mut Hook> {
    let repo = ctx.repo_mut(slug, Permission::Admin)?;
    repo.hooks.iter_mut().find(|hook| hook.id == id).ok_or(Refusal::NotFound)
}
