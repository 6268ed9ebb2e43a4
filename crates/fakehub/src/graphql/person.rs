//! Accounts.

use serde_json::json;

use super::node::{Found, Thing};
use crate::op::Ctx;
use crate::state::{Kind, NodeKind};

/// The type of an account in the schema.
pub fn type_name(ctx: &Ctx<'_>, login: &str) -> &'static str {
    match ctx.state.user(login).map(|user| user.kind) {
        Some(Kind::Organization) => "Organization",
        Some(Kind::Bot) => "Bot",
        Some(Kind::User) | None => "User",
    }
}

/// A field of an account.
pub fn field(ctx: &Ctx<'_>, login: &str, field: &str) -> Found {
    let Some(user) = ctx.state.user(login) else { return Found::Null };
    let value = match field {
        "id" => json!(user.id.node(NodeKind::User)),
        "databaseId" => json!(user.id.0),
        // An app's bot is called without its suffix here, as on GitHub.
        "login" => json!(user.login.trim_end_matches("[bot]")),
        "name" => json!(user.login),
        "email" => json!(""),
        "url" => json!(format!("{}/{}", ctx.view().web(), user.login)),
        "resourcePath" => json!(format!("/{}", user.login)),
        "avatarUrl" => json!(format!("{}/avatars/{}", ctx.view().web(), user.id)),
        _ => return Found::Unknown,
    };
    Found::Leaf(value)
}

/// Accounts by their logins.
pub fn all<'a>(logins: impl IntoIterator<Item = &'a String>) -> Vec<Thing> {
    logins.into_iter().map(|login| Thing::Person(login.clone())).collect()
}
