//! The scene of most tests: a repository `acme/app` on a hub, and a client of somebody who may write.

use std::sync::Arc;
use std::time::Duration;

use herder_domain::repo::{Number, RepoId};
use herder_fakehub::{Hub, Permission};
use herder_forge::{Client, Credentials, Setup, Site, TokenSource};
use herder_testkit::http::{Handler, Listener, Request, Responder};

pub fn app() -> RepoId {
    RepoId::new("github.com", "acme", "app").unwrap()
}

/// Ada owns it, `herder` writes to it, Eve only looks.
pub struct Scene {
    pub client: Client,
    pub hub: Hub,
}

impl Scene {
    pub fn new() -> Scene {
        let hub = Hub::start();
        for login in ["ada", "eve"] {
            hub.user(login);
        }
        let token = hub.user("herder");
        hub.repo("acme/app")
            .grant("ada", Permission::Admin)
            .grant("herder", Permission::Write)
            .auto_merge()
            .create();
        let client = client(&hub.url(), &token);
        Scene { client, hub }
    }

    /// An issue by hand.
    pub fn issue(&self, title: &str, body: &str, labels: &[&str]) -> Number {
        let edit = herder_fakehub::op::issue::IssueEdit {
            title: Some(title.to_owned()),
            body: Some(body.to_owned()),
            is_open: None,
            reason: None,
            labels: Some(labels.iter().map(|name| (*name).to_owned()).collect()),
            assignees: None,
        };
        let at = self.hub.act("ada", |ctx| herder_fakehub::op::issue::create(ctx, "acme/app", edit));
        Number(at.number)
    }

    /// How many requests were made so far, and how many of them counted.
    pub fn requests(&self) -> (usize, u64) {
        let log = self.hub.log();
        (log.len(), log.iter().map(|entry| entry.cost).sum())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let unexpected: Vec<_> = self.hub.unexpected().iter().map(|entry| format!("{entry:?}")).collect();
            assert_eq!(unexpected, [""; 0]);
        }
    }
}

/// What is needed for a client of a server on this machine with this token.
pub fn setup(url: &str, token: &str) -> Setup {
    let site = Site::at("github.com", url, &format!("{url}/graphql"));
    let source = TokenSource::variable("GITHUB_TOKEN", |_| Some(token.into()));
    Setup::new(site, Credentials::new("github.com", vec![source]))
}

pub fn client(url: &str, token: &str) -> Client {
    Client::new(setup(url, token))
}

/// A server that answers as it likes, and a client of it that waits for two seconds at most.
pub fn server(answer: impl Fn(Request, Responder) + Send + Sync + 'static) -> (Listener, Client) {
    let handler: Arc<Handler> = Arc::new(answer);
    let listener = Listener::start(handler);
    let setup = Setup { time_limit: Duration::from_secs(2), ..setup(&listener.url(), "a-token") };
    (listener, Client::new(setup))
}
