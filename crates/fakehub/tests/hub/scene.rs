//! The scene of most tests: a repository `acme/app` with its people.

use herder_fakehub::{Hub, Permission};

use crate::client::Client;

/// Ada owns it, Bob writes to it, Eve only looks.
pub struct Scene {
    pub ada: Client,
    pub bob: Client,
    pub eve: Client,
    pub bob_token: String,
    pub hub: Hub,
}

pub const APP: &str = "/repos/acme/app";

impl Scene {
    pub fn new() -> Scene {
        let hub = Hub::start();
        let [ada, bob_token, eve] = ["ada", "bob", "eve"].map(|login| hub.user(login));
        let [ada, bob, eve] = [&ada, &bob_token, &eve].map(|token| Client::new(&hub, token));
        hub.repo("acme/app")
            .grant("ada", Permission::Admin)
            .grant("bob", Permission::Write)
            .auto_merge()
            .create();
        Scene { ada, bob, eve, bob_token, hub }
    }

    /// An issue of Ada's.
    pub fn issue(&self, title: &str) -> u64 {
        let made = self.ada.post(&format!("{APP}/issues"), serde_json::json!({ "title": title })).ok();
        made["number"].as_u64().expect("a number")
    }

    /// A pull request of Bob's from a branch with one commit.
    pub fn pull(&self, branch: &str, body: &str) -> u64 {
        self.hub.commit("bob", "acme/app", branch, &format!("{branch}.txt"), branch);
        let new = serde_json::json!({ "title": format!("Do {branch}"), "head": branch, "base": "main", "body": body });
        self.bob.post(&format!("{APP}/pulls"), new).ok()["number"].as_u64().expect("a number")
    }

    /// Says that a check at the head of a pull request came to this.
    pub fn check(&self, number: u64, name: &str, conclusion: &str) {
        let sha = self.bob.get(&format!("{APP}/pulls/{number}")).ok()["head"]["sha"].clone();
        let run = serde_json::json!({ "name": name, "head_sha": sha, "conclusion": conclusion, "status": "completed" });
        self.bob.post(&format!("{APP}/check-runs"), run).ok();
    }

    /// Protects `main` with one check, for admins too.
    pub fn protect(&self, check: &str) {
        let rule = serde_json::json!({
            "required_status_checks": { "strict": false, "contexts": [check] }, "enforce_admins": true,
            "required_pull_request_reviews": null, "restrictions": null,
        });
        self.ada.put(&format!("{APP}/branches/main/protection"), rule).ok();
    }

    /// A pull request whose mergeability has been worked out.
    pub fn known(&self, number: u64) -> serde_json::Value {
        self.bob.get(&format!("{APP}/pulls/{number}")).ok();
        self.bob.get(&format!("{APP}/pulls/{number}")).ok()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.hub.unexpected().iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>(),
                [""; 0]
            );
        }
    }
}
