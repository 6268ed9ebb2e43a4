//! `herder init OWNER/NAME` and what `herder doctor` says of it, against a GitHub of the test's own.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use herder_domain::ailment::Ailment;
use herder_domain::event::Event;
use herder_domain::repo::RepoId;
use herder_fakehub::op::{self, label::LabelEdit};
use herder_fakehub::state::{Access, Protection, RequiredChecks};
use herder_fakehub::{Entry, Hub, Permission};
use herder_store::Store;
use jiff::Timestamp;
use serde_json::Value;

use crate::scene::{Said, Scene, feed};

const APP: &str = "acme/app";
const GATE: &str = "#!/bin/sh\ntest -f hello\n";

/// A GitHub with `acme/app`, which Ada owns and `herder` writes to, and a home that knows it.
struct There {
    hub: Hub,
    scene: Scene,
    token: String,
}

impl There {
    fn new() -> Self {
        let hub = Hub::start();
        hub.user("ada");
        let token = hub.user("herder");
        hub.repo(APP)
            .grant("ada", Permission::Admin)
            .grant("herder", Permission::Write)
            .file(".ralph/check", GATE)
            .private()
            .auto_merge()
            .create();
        let scene = Scene::bare();
        let url = hub.url();
        scene.config(&format!(
            "agent = \"replay\"\n[forge.\"github.com\"]\napi = \"{url}\"\ngraphql = \"{url}/graphql\"\ngit = \"{url}\"\n\
             token = \"APP_TOKEN\"\n"
        ));
        Self { hub, scene, token }
    }

    /// Has GitHub be asked at another address.
    fn ask_at(&self, url: &str) {
        let hub = self.hub.url();
        let path = self.scene.home.home().join(".config/herder/config.toml");
        let text = fs_err::read_to_string(path).unwrap();
        let moved = |text: String, key: &str, rest: &str| {
            text.replace(&format!("{key} = \"{hub}{rest}\""), &format!("{key} = \"{url}{rest}\""))
        };
        self.scene.config(&moved(moved(text, "api", ""), "graphql", "/graphql"));
    }

    fn run(&self, args: &[&str]) -> Said {
        let mut command = self.scene.command(args);
        command.env("APP_TOKEN", &self.token);
        feed(command, b"")
    }

    fn labels(&self) -> BTreeSet<String> {
        self.hub
            .look(|state| state.repo(APP).unwrap().labels.values().map(|label| label.name.clone()).collect())
    }

    fn writes(&self) -> usize {
        let is_write = |entry: &&Entry| {
            matches!(entry.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE")
                && !entry.path.contains(".git/")
                // The question whether there is GraphQL.
                && entry.operation.as_deref() != Some("rateLimit")
        };
        self.hub.log().iter().filter(is_write).count()
    }

    fn require_checks(&self) {
        self.hub.expect("GET", "/branches/main/protection", 403);
        let checks = Some(RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] });
        let rule = Protection { checks, ..Protection::default() };
        self.hub.act("ada", |ctx| op::repo::protect(ctx, APP, "main", rule));
    }
}

impl Drop for There {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let unexpected: Vec<_> = self.hub.unexpected().iter().map(|entry| format!("{entry:?}")).collect();
            assert_eq!(unexpected, [""; 0]);
        }
    }
}

#[test]
fn a_repository_is_made_ready_once_and_a_second_time_finds_nothing_to_do() {
    let there = There::new();
    let said = there.run(&["init", APP]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("made goal, goal:draft, goal:queued"), "{said:?}");
    assert!(said.out.contains("registered acme/app (http://127.0.0.1:"), "{said:?}");
    assert!(there.labels().contains("goal:spot-check") && there.labels().contains("story"));
    let writes = there.writes();
    let again = there.run(&["init", APP]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(
        again.out.contains("its labels are as they should be\nacme/app is registered already"),
        "{again:?}"
    );
    assert_eq!(there.writes(), writes);
    let other = LabelEdit { name: None, color: Some("ffffff".to_owned()), description: None };
    there.hub.act("ada", |ctx| op::label::edit(ctx, APP, "goal:stuck", other));
    assert!(there.run(&["init", APP]).out.contains("mended goal:stuck\n"));
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_nothing_there_or_here() {
    let there = There::new();
    let said = there.run(&["init", APP, "--dry-run"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("would have made goal, ") && said.out.contains("would register acme/app"),
        "{said:?}"
    );
    assert_eq!((there.writes(), there.labels().len()), (0, 0));
    assert!(!there.scene.home.state().join("herder.db").exists());
    let json = there.run(&["init", APP, "--dry-run", "--json"]).as_json();
    assert_eq!((&json["did"], &json["registered"]), (&"would_make".into(), &false.into()), "{json}");
    assert_eq!((&json["labels"][0]["name"], &json["labels"][0]["lack"]), (&"goal".into(), &"missing".into()));
}

#[test]
fn doctor_looks_at_all_of_it_again_with_what_is_left_and_who_merges() {
    let there = There::new();
    assert_eq!(there.run(&["init", APP]).code, 0);
    let doctor = || -> Vec<(String, String, String)> {
        let json = there.run(&["doctor", "--json"]).as_json();
        let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let items = json["items"].as_array().unwrap().iter().filter(|item| item["group"] == "forges");
        items.map(|item| (text(item, "verdict"), text(item, "detail"), text(item, "hint"))).collect()
    };
    let says = |found: &[(String, String, String)], verdict: &str, part: &str| {
        let hit = found.iter().find(|(is, detail, _)| is == verdict && detail.contains(part));
        hit.unwrap_or_else(|| panic!("{verdict} {part}: {found:#?}")).2.clone()
    };
    let found = doctor();
    says(&found, "ok", "the token of the variable APP_TOKEN is accepted");
    says(&found, "ok", "the token's scopes are repo, workflow");
    says(&found, "ok", "of 5000 are left of this hour's allowance");
    says(&found, "ok", "the labels of goals are there");
    let hint = says(&found, "warning", "herder merges by itself when green");
    assert!(hint.ends_with("/acme/app/settings/branches"), "{hint}");
    there.hub.act("ada", |ctx| op::label::delete(ctx, APP, "goal:stuck"));
    there.require_checks();
    let found = doctor();
    assert_eq!(says(&found, "warning", "look different: goal:stuck"), "`herder init acme/app` makes them");
    says(&found, "ok", "work lands on main by automerge");
    let checks = Some(RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] });
    there.hub.act("ada", |ctx| op::repo::add_ruleset(ctx, APP, "main", checks, true));
    says(&doctor(), "ok", "through the merge queue");
}

#[test]
fn a_token_that_may_not_is_said_before_anything_is_made() {
    let mut there = There::new();
    there.token = there.hub.token("herder", &["gist"]);
    let said = there.run(&["init", APP]);
    assert!(
        said.code != 0 && said.err.contains("acme/app is not ready: the token's scopes are gist"),
        "{said:?}"
    );
    assert!(said.err.contains("gh auth refresh --scopes repo,workflow"), "{said:?}");
    let read = Access::Read;
    there.token = there.hub.fine_token("herder", &[("contents", read), ("checks", read), ("statuses", read)]);
    for path in ["/issues", "/pulls"] {
        there.hub.expect("GET", path, 403);
    }
    let said = there.run(&["init", APP]);
    assert!(said.err.contains("the fine-grained token may not read: Issues, Pull requests"), "{said:?}");
    assert!(said.err.contains("/settings/personal-access-tokens"), "{said:?}");
    let some =
        [("contents", read), ("checks", read), ("statuses", read), ("issues", read), ("pull_requests", read)];
    there.token = there.hub.fine_token("herder", &some);
    there.hub.expect("POST", "/labels", 403);
    let said = there.run(&["init", APP]);
    assert!(
        said.err.contains("its labels were not made: ") && said.err.contains("Issues: read and write"),
        "{said:?}"
    );
    assert_eq!(there.labels().len(), 0);
    there.token = "ghp_nothing".to_owned();
    there.hub.expect("GET", "/rate_limit", 401);
    assert!(there.run(&["init", APP]).err.contains("the token has expired or was revoked"));
}

#[test]
fn what_is_no_directory_and_no_repository_there_is_an_error_that_says_so() {
    let there = There::new();
    there.hub.expect("GET", "/repos/acme/nothing", 404);
    let said = there.run(&["init", "acme/nothing"]);
    assert!(said.code != 0 && said.err.contains("acme/nothing is not ready: "), "{said:?}");
    assert!(there.run(&["init", "https://elsewhere.example/acme/app"]).err.contains("[forge.HOST]"));
}

#[test]
fn a_repository_that_ails_is_shown_with_the_reason_and_since_when() {
    let there = There::new();
    assert_eq!(there.run(&["repo", "add", APP]).code, 0);
    let checks = vec!["build".to_owned()];
    let ailment = Ailment::RedBase { branch: "main".into(), commit: "0123456789abcdef".into(), checks };
    let repo: RepoId = "github.com/acme/app".parse().unwrap();
    let at: Timestamp = "2026-11-22T20:00:00Z".parse().unwrap();
    let mut store = Store::open(&there.scene.home.state().join("herder.db")).unwrap();
    store.append(&Event::RepoAiling { repo: repo.clone(), ailment }, at).unwrap();
    let sentence =
        "github.com/acme/app is red itself: build on main at 0123456789 (since 2026-11-22T20:00:00Z)\n";
    let said = there.run(&["repo", "list"]);
    assert!(said.out.ends_with(sentence), "{said:?}");
    let listed: Value = serde_json::from_str(&there.run(&["repo", "list", "--json"]).out).unwrap();
    let shown = &listed["items"][0]["ailing"];
    assert_eq!((&shown["ailment"], &shown["checks"][0]), (&"red_base".into(), &"build".into()), "{listed}");
    store.append(&Event::RepoMended { repo }, at).unwrap();
    assert!(!there.run(&["repo", "list"]).out.contains("red"));
}

/// A proxy that tunnels whatever is asked for to one address, and tells what was asked for.
fn proxy(to: &str) -> (String, Receiver<String>) {
    let (socket, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), to.to_owned());
    let url = format!("http://{}", socket.local_addr().unwrap());
    let (tell, told) = channel();
    thread::spawn(move || {
        for mut client in socket.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(client.try_clone().unwrap());
            let (mut first, mut line) = (String::new(), String::new());
            lines.read_line(&mut first).unwrap();
            while line != "\r\n" {
                line.clear();
                lines.read_line(&mut line).unwrap();
            }
            let server = TcpStream::connect(&to).unwrap();
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            if tell.send(first).is_err() {
                return;
            }
            let (mut from, mut into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut from, &mut into));
            let mut server = server;
            thread::spawn(move || std::io::copy(&mut server, &mut client));
        }
    });
    (url, told)
}

#[test]
fn a_proxy_of_the_environment_is_used_unless_the_environment_excepts_the_host() {
    let there = There::new();
    let (url, told) = proxy(there.hub.url().trim_start_matches("http://"));
    // Only the proxy knows this host.
    there.ask_at("http://api.github.invalid:80");
    let init = |no_proxy: &str| {
        let mut command = there.scene.command(&["init", APP, "--dry-run"]);
        command.env("APP_TOKEN", &there.token).env("HTTPS_PROXY", &url).env("NO_PROXY", no_proxy);
        feed(command, b"")
    };
    let said = init("");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(told.try_iter().all(|line| line.starts_with("CONNECT api.github.invalid:80 ")));
    let said = init("api.github.invalid");
    assert!(said.code != 0 && said.err.contains("look at the network, HTTPS_PROXY"), "{said:?}");
    assert!(told.try_recv().is_err());
}
