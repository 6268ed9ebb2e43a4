//! Apps and their installations.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::View;
use crate::state::{Access, App, NodeKind, Token};

impl View<'_> {
    /// An app.
    #[must_use]
    pub fn app(&self, app: &App) -> Value {
        let at = app.created_at.to_string();
        json!({
            "id": app.id.0, "slug": app.slug, "node_id": app.id.node(NodeKind::App),
            "client_id": format!("Iv1.{}", app.id), "owner": self.user(&app.account), "name": app.slug,
            "description": "", "external_url": "https://example.com",
            "html_url": format!("{}/apps/{}", self.web(), app.slug), "created_at": at, "updated_at": at,
            "permissions": permissions(&app.permissions), "events": [],
        })
    }

    /// Its installation.
    #[must_use]
    pub fn installation(&self, app: &App) -> Value {
        let (id, at) = (app.installation.0, app.created_at.to_string());
        let account = self.user(&app.account);
        json!({
            "id": id, "account": account, "repository_selection": "all",
            "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", self.root),
            "repositories_url": format!("{}/installation/repositories", self.root),
            "html_url": format!("{}/settings/installations/{id}", self.web()), "app_id": app.id.0,
            "app_slug": app.slug, "target_id": account["id"], "target_type": account["type"],
            "permissions": permissions(&app.permissions), "events": [], "single_file_name": null, "created_at": at,
            "updated_at": at, "suspended_by": null, "suspended_at": null,
        })
    }

    /// A token for it.
    #[must_use]
    pub fn installation_token(&self, secret: &str, token: &Token) -> Value {
        json!({
            "token": secret, "expires_at": token.expires_at.map(|at| at.to_string()),
            "permissions": token.permissions.as_ref().map(permissions), "repository_selection": "all",
        })
    }
}

fn permissions(granted: &BTreeMap<String, Access>) -> Value {
    granted.iter().map(|(name, access)| (name.clone(), json!(access.word()))).collect()
}
