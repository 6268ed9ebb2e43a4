//! GitHub's own client, `gh`, works with the double over a unix socket, where the double takes itself for
//! `https://api.github.com`.

use std::path::Path;
use std::process::{Command, Output};

use herder_fakehub::state::RequiredChecks;
use herder_fakehub::{Hub, Permission, op};
use serde_json::Value;

/// `gh` with a home of its own.
struct Gh {
    // First, so that it goes before its socket file.
    hub: Hub,
    token: String,
    place: tempfile::TempDir,
}

impl Gh {
    fn new() -> Gh {
        let place = tempfile::tempdir().unwrap();
        let mut hub = Hub::start();
        let socket = place.path().join("gh.sock");
        hub.listen_on(&socket);
        let token = hub.user("ada");
        hub.repo("acme/app").grant("ada", Permission::Admin).auto_merge().create();
        let gh = Gh { hub, token, place };
        must(gh.run(&["config", "set", "http_unix_socket", socket.to_str().unwrap()]));
        gh
    }

    fn run(&self, args: &[&str]) -> Output {
        let home: &Path = self.place.path();
        let mut command =
            Command::new(std::env::var_os("HERDER_TEST_GH").expect("the suite says where gh is"));
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HOME", home).env("GH_CONFIG_DIR", home.join("gh")).env("GH_TOKEN", &self.token);
        command.env("GH_PROMPT_DISABLED", "1").env("GH_NO_UPDATE_NOTIFIER", "1").env("GH_TELEMETRY", "false");
        command.env("NO_COLOR", "1").current_dir(home).args(args).output().expect("gh can be started")
    }

    /// What it prints, of the repository.
    #[track_caller]
    fn says(&self, args: &[&str]) -> String {
        let args: Vec<&str> = args.iter().copied().chain(["-R", "acme/app"]).collect();
        must(self.run(&args))
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.says(args)).expect("gh prints JSON")
    }
}

#[track_caller]
fn must(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "needs gh"]
fn gh_makes_lists_edits_and_shows_issues() {
    let gh = Gh::new();
    must(gh.run(&["label", "create", "goal:queued", "-R", "acme/app", "--color", "1d76db"]));
    let url = gh.says(&["issue", "create", "-t", "Do it", "-b", "## Objective", "-l", "goal:queued"]);
    assert_eq!(url.trim(), "https://github.com/acme/app/issues/1");
    assert!(gh.says(&["issue", "list"]).contains("Do it"));
    let listed = gh.json(&["issue", "list", "--label", "goal:queued", "--json", "number,labels,state"]);
    assert_eq!((&listed[0]["number"], &listed[0]["labels"][0]["name"]), (&1.into(), &"goal:queued".into()));
    gh.says(&["issue", "edit", "1", "-t", "Do it well", "--remove-label", "goal:queued"]);
    gh.says(&["issue", "comment", "1", "-b", "/approve"]);
    let shown = gh.json(&["issue", "view", "1", "--json", "title,labels,comments,body"]);
    assert_eq!((&shown["title"], &shown["labels"]), (&"Do it well".into(), &Value::Array(Vec::new())));
    assert_eq!(shown["comments"][0]["body"], "/approve");
    assert!(gh.says(&["issue", "view", "1"]).contains("Do it well"));
    gh.says(&["issue", "close", "1", "--reason", "not planned"]);
    let closed = gh.json(&["issue", "view", "1", "--json", "state,stateReason"]);
    assert_eq!((&closed["state"], &closed["stateReason"]), (&"CLOSED".into(), &"NOT_PLANNED".into()));
    assert_eq!(
        must(gh.run(&["api", "repos/acme/app/issues/1", "--jq", ".state_reason"])).trim(),
        "not_planned"
    );
}

#[test]
#[ignore = "needs gh"]
fn gh_makes_shows_and_merges_pull_requests() {
    let gh = Gh::new();
    let head = gh.hub.commit("ada", "acme/app", "goal-1", "a.txt", "a");
    let args = ["pr", "create", "-H", "goal-1", "-B", "main", "-t", "Do it", "-b", "Closes #7"];
    assert_eq!(gh.says(&args).trim(), "https://github.com/acme/app/pull/1");
    assert!(gh.says(&["pr", "list"]).contains("Do it"));
    assert!(gh.says(&["pr", "view", "1"]).contains("Do it"));
    let shown = gh.json(&["pr", "view", "1", "--json", "headRefOid,mergeStateStatus,state,mergeable"]);
    assert_eq!(shown["headRefOid"], head);
    gh.says(&["pr", "merge", "1", "--squash"]);
    let merged = gh.json(&["pr", "view", "1", "--json", "state,mergedBy"]);
    assert_eq!((&merged["state"], &merged["mergedBy"]["login"]), (&"MERGED".into(), &"ada".into()));
}

#[test]
#[ignore = "needs gh"]
fn gh_turns_automerge_on_and_the_check_merges() {
    let gh = Gh::new();
    let rule = herder_fakehub::state::Protection {
        checks: Some(RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] }),
        binds_admins: true,
        ..Default::default()
    };
    gh.hub.act("ada", |ctx| op::repo::protect(ctx, "acme/app", "main", rule));
    let head = gh.hub.commit("ada", "acme/app", "goal-1", "a.txt", "a");
    gh.says(&["pr", "create", "-H", "goal-1", "-B", "main", "-t", "Do it", "-b", "x"]);
    gh.says(&["pr", "merge", "1", "--auto", "--squash"]);
    let waiting = gh.json(&["pr", "view", "1", "--json", "autoMergeRequest,state"]);
    assert_eq!(waiting["autoMergeRequest"]["mergeMethod"], "SQUASH");
    gh.hub.act("ada", |ctx| {
        let edit = op::check::CheckEdit {
            name: Some("ci".to_owned()),
            head_sha: Some(head.clone()),
            conclusion: Some(herder_fakehub::state::Conclusion::Success),
            ..Default::default()
        };
        op::check::create(ctx, "acme/app", edit)
    });
    let merged = gh.json(&["pr", "view", "1", "--json", "state,statusCheckRollup"]);
    assert_eq!(merged["state"], "MERGED");
    assert_eq!(merged["statusCheckRollup"][0]["conclusion"], "SUCCESS");
}
