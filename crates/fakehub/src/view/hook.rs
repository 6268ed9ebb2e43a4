//! Webhooks and what they sent.

use serde_json::{Value, json};

use super::View;
use crate::state::{Delivery, Hook, Repo};

impl View<'_> {
    /// A webhook; its secret is shown as stars.
    #[must_use]
    pub fn hook(&self, repo: &Repo, hook: &Hook) -> Value {
        let url = self.of(repo, &format!("/hooks/{}", hook.id));
        let last = hook.deliveries.iter().rev().find_map(|delivery| delivery.status);
        let status = match last {
            None => "unused",
            Some(200..=299) => "active",
            Some(_) => "failed",
        };
        let mut config = json!({ "content_type": "json", "insecure_ssl": "0", "url": hook.url });
        if hook.secret.is_some() {
            config["secret"] = json!("********");
        }
        json!({
            "type": "Repository", "id": hook.id.0, "name": "web", "active": hook.is_active,
            "events": hook.events, "config": config, "updated_at": hook.created_at.to_string(),
            "created_at": hook.created_at.to_string(), "url": url, "test_url": format!("{url}/test"),
            "ping_url": format!("{url}/pings"), "deliveries_url": format!("{url}/deliveries"),
            "last_response": { "code": last, "status": status, "message": null },
        })
    }

    /// A message in a list.
    #[must_use]
    pub fn delivery(&self, repo: &Repo, delivery: &Delivery) -> Value {
        let code = delivery.status.unwrap_or(0);
        json!({
            "id": delivery.id.0, "guid": delivery.guid, "delivered_at": delivery.at.to_string(),
            "redelivery": delivery.is_redelivery, "duration": 0.01,
            "status": if (200..300).contains(&code) { "OK" } else { "Invalid HTTP Response" },
            "status_code": code, "event": delivery.event, "action": delivery.payload["action"],
            "installation_id": null, "repository_id": repo.id.0,
        })
    }

    /// A message by itself.
    #[must_use]
    pub fn full_delivery(&self, repo: &Repo, hook: &Hook, delivery: &Delivery) -> Value {
        let mut shown = self.delivery(repo, delivery);
        super::merge(
            &mut shown,
            json!({
                "url": hook.url,
                "request": { "headers": {
                    "X-GitHub-Delivery": delivery.guid, "X-GitHub-Event": delivery.event,
                }, "payload": delivery.payload },
                "response": { "headers": {}, "payload": "" },
            }),
        );
        shown
    }
}
