//! Branch protection and rulesets.

use serde_json::{Value, json};

use super::View;
use super::repo::encode;
use crate::state::{NodeKind, Protection, Repo, RequiredChecks, Ruleset};

impl View<'_> {
    /// The protection of a branch.
    #[must_use]
    pub fn protection(&self, repo: &Repo, branch: &str, rule: &Protection) -> Value {
        let url = self.of(repo, &format!("/branches/{}/protection", encode(branch)));
        let switch = |is_on: bool| json!({ "enabled": is_on });
        let mut shown = json!({
            "url": url,
            "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": rule.binds_admins },
            "required_linear_history": switch(false), "allow_force_pushes": switch(rule.allows_force),
            "allow_deletions": switch(false), "block_creations": switch(false),
            "required_conversation_resolution": switch(false), "lock_branch": switch(false),
            "allow_fork_syncing": switch(false),
            "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": false },
        });
        if let Some(RequiredChecks { is_strict, contexts }) = &rule.checks {
            let checks: Vec<Value> =
                contexts.iter().map(|context| json!({ "context": context, "app_id": null })).collect();
            let url = format!("{url}/required_status_checks");
            shown["required_status_checks"] = json!({
                "url": url, "strict": is_strict, "contexts": contexts,
                "contexts_url": format!("{url}/contexts"), "checks": checks,
            });
        }
        if let Some(count) = rule.approvals {
            shown["required_pull_request_reviews"] = json!({
                "url": format!("{url}/required_pull_request_reviews"), "dismiss_stale_reviews": false,
                "require_code_owner_reviews": false, "require_last_push_approval": false,
                "required_approving_review_count": count,
            });
        }
        shown
    }

    /// A ruleset; a list leaves the rules out.
    #[must_use]
    pub fn ruleset(&self, repo: &Repo, ruleset: &Ruleset, with_rules: bool) -> Value {
        let at = ruleset.created_at.to_string();
        let mut shown = json!({
            "id": ruleset.id.0, "name": ruleset.name, "target": "branch", "source_type": "Repository",
            "source": repo.slug(), "enforcement": "active", "node_id": ruleset.id.node(NodeKind::Ruleset),
            "_links": {
                "self": { "href": self.of(repo, &format!("/rulesets/{}", ruleset.id)) },
                "html": { "href": self.page(repo, &format!("/rules/{}", ruleset.id)) },
            },
            "created_at": at, "updated_at": at,
        });
        if with_rules {
            let include = [format!("refs/heads/{}", ruleset.branch)];
            shown["conditions"] = json!({ "ref_name": { "include": include, "exclude": [] } });
            shown["rules"] = json!(rules(ruleset));
            shown["bypass_actors"] = json!([]);
            shown["current_user_can_bypass"] = json!("never");
        }
        shown
    }

    /// The rules that hold for a branch, each with where it comes from.
    #[must_use]
    pub fn rules_of(&self, repo: &Repo, branch: &str) -> Vec<Value> {
        let active = repo.rulesets.iter().filter(|ruleset| ruleset.branch == branch);
        let with_source = |ruleset: &Ruleset| {
            let (slug, id) = (repo.slug(), ruleset.id.0);
            rules(ruleset).into_iter().map(move |mut rule| {
                rule["ruleset_source_type"] = json!("Repository");
                rule["ruleset_source"] = json!(slug);
                rule["ruleset_id"] = json!(id);
                rule
            })
        };
        active.flat_map(with_source).collect()
    }
}

fn rules(ruleset: &Ruleset) -> Vec<Value> {
    let checks = ruleset.checks.as_ref().map(|checks| {
        let names: Vec<Value> = checks.contexts.iter().map(|name| json!({ "context": name })).collect();
        json!({ "type": "required_status_checks", "parameters": {
            "required_status_checks": names, "strict_required_status_checks_policy": checks.is_strict,
        } })
    });
    let queue = ruleset.has_queue.then(|| {
        json!({ "type": "merge_queue", "parameters": {
            "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5, "max_entries_to_merge": 1, "merge_method": "MERGE",
            "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 0,
        } })
    });
    checks.into_iter().chain(queue).collect()
}
