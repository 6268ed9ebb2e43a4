//! GitHub's own client sees in herder's story what herder did.

use std::path::Path;
use std::process::Command;

use herder_testkit::until;
use serde_json::{Value, json};

use crate::script::easy;
use crate::stage::{APP, PATIENCE, Stage};

/// `gh` with a home of its own, as somebody, at a hub that listens on a socket file.
struct Gh<'a> {
    home: &'a Path,
    token: String,
}

impl Gh<'_> {
    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let mut command =
            Command::new(std::env::var_os("HERDER_TEST_GH").expect("the suite says where gh is"));
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HOME", self.home).env("GH_CONFIG_DIR", self.home.join("gh"));
        command.env("GH_TOKEN", &self.token).env("GH_PROMPT_DISABLED", "1");
        command.env("GH_NO_UPDATE_NOTIFIER", "1").env("GH_TELEMETRY", "false").env("NO_COLOR", "1");
        let output = command.current_dir(self.home).args(args).output().expect("gh can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["-R", APP]).collect();
        serde_json::from_str(&self.run(&args)).expect("gh prints JSON")
    }
}

fn names(labels: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        labels.as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
#[ignore = "needs gh"]
fn gh_queues_a_goal_and_sees_it_closed_with_its_label_and_its_merged_pull_request() {
    let mut stage = Stage::new();
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("gh.sock");
    stage.hub.listen_on(&socket);
    let gh = Gh { home: place.path(), token: stage.hub.token("bob", &["repo", "read:org", "workflow"]) };
    gh.run(&["config", "set", "http_unix_socket", socket.to_str().unwrap()]);
    let issue = stage.issue("bob", "Write a file", &easy("new.txt"), &["goal"]);
    let up = stage.up();
    stage.until_labels(issue, &["goal", "goal:draft"]);
    stage.hub.move_clock(jiff::SignedDuration::from_secs(2));
    let number = issue.to_string();
    gh.run(&[
        "issue",
        "edit",
        &number,
        "-R",
        APP,
        "--add-label",
        "goal:queued",
        "--remove-label",
        "goal:draft",
    ]);
    let fields = ["issue", "view", &number, "--json", "state,labels,comments"];
    let seen = until("gh to see it closed", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        let seen = gh.json(&fields);
        (seen["state"] == "CLOSED" && names(&seen["labels"]).contains(&"goal:done")).then_some(seen)
    });
    assert_eq!(names(&seen["labels"]), ["goal", "goal:done"]);
    let comments = seen["comments"].as_array().unwrap();
    assert_eq!(comments.len(), 1, "one comment says where it stands: {comments:?}");
    assert_eq!(comments[0]["author"]["login"], "herder");
    let pulls = gh.json(&["pr", "list", "--state", "merged", "--json", "number,title,headRefName,state"]);
    let pull = json!({
        "number": pulls[0]["number"], "title": "Write a file", "headRefName": format!("goal-{issue}"),
        "state": "MERGED",
    });
    assert_eq!(pulls, json!([pull]));
    let number = pulls[0]["number"].to_string();
    let merged = gh.json(&["pr", "view", &number, "--json", "mergedBy,closingIssuesReferences"]);
    assert_eq!(merged["mergedBy"]["login"], "herder");
    assert_eq!(gh.json(&["issue", "list", "--label", "goal", "--json", "number"]), json!([]));
    until("nothing to be left to do", PATIENCE, || {
        stage.store().open_effects().unwrap().is_empty().then_some(())
    });
    assert!(up.stop().success());
}
