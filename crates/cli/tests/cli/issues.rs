//! `herder goal` and `herder story` where goals are issues: what is said here stands there.

use herder_fakehub::{Fault, Hub, Permission, Rule};
use serde_json::Value;

use crate::scene::{Said, Scene, feed};

const APP: &str = "acme/app";
const TEXT: &str = "---\npriority: 3\n---\n## Objective\nSay hello.\n";

/// A GitHub with `acme/app`, which is registered, and to which `herder` writes.
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
            .file("first.txt", "ok\n")
            .create();
        let scene = Scene::bare();
        let url = hub.url();
        scene.config(&format!(
            "agent = \"replay\"\n[forge.\"github.com\"]\napi = \"{url}\"\ngraphql = \"{url}/graphql\"\ngit = \"{url}\"\n\
             token = \"APP_TOKEN\"\n"
        ));
        let there = Self { hub, scene, token };
        assert_eq!(there.run(&["init", APP], "").code, 0);
        there
    }

    fn run(&self, args: &[&str], input: &str) -> Said {
        let mut command = self.scene.command(args);
        command.env("APP_TOKEN", &self.token);
        feed(command, input.as_bytes())
    }

    #[track_caller]
    fn json(&self, args: &[&str], input: &str) -> Value {
        let said = self.run(&[&["--json"], args].concat(), input);
        assert_eq!(said.code, 0, "{said:?}");
        serde_json::from_str(&said.out).unwrap()
    }

    /// An issue's title, text and labels.
    fn issue(&self, number: u64) -> (String, String, Vec<String>) {
        self.hub.look(|state| {
            let repo = state.repo(APP).unwrap();
            let issue = &repo.issues[&number];
            let mut labels: Vec<_> = issue.labels.iter().map(|id| repo.labels[id].name.clone()).collect();
            labels.sort();
            (issue.title.clone(), issue.body.clone().unwrap_or_default(), labels)
        })
    }

    fn issues(&self) -> usize {
        self.hub.look(|state| state.repo(APP).unwrap().issues.len())
    }
}

#[test]
fn a_goal_that_is_created_is_an_issue_with_its_labels_and_a_part_of_its_story() {
    let there = There::new();
    let story = there.json(&["story", "create", "--repo", APP, "--title", "Greetings"], "");
    let story = story["number"].as_u64().unwrap();
    let (title, _, labels) = there.issue(story);
    assert_eq!((title.as_str(), labels), ("Greetings", vec!["story".to_owned()]));
    let of = story.to_string();
    let args =
        ["goal", "create", "--repo", APP, "--title", "Hello", "--story", &of, "--spot-check", "--queue"];
    let goal = there.json(&args, TEXT)["number"].as_u64().unwrap();
    let (title, body, labels) = there.issue(goal);
    assert_eq!(
        (title.as_str(), labels),
        ("Hello", ["goal", "goal:queued", "spot-check"].map(str::to_owned).to_vec())
    );
    assert!(body.starts_with(&format!("---\npriority: 3\n---\nStory: #{story}\n\n## Objective\n")), "{body}");
    assert_eq!(there.hub.look(|state| state.repo(APP).unwrap().issues[&story].sub_issues.len()), 1);
    let shown = there.json(&["goal", "show", &format!("{APP}#{goal}")], "");
    assert_eq!((shown["status"].as_str(), shown["story"].as_u64()), (Some("queued"), Some(story)));
    let stories = there.json(&["story", "list", "--repo", APP], "");
    assert_eq!(stories["items"][0]["title"], "Greetings");
}

#[test]
fn a_goal_whose_answer_was_lost_is_found_by_the_same_command() {
    let there = There::new();
    there.hub.fault(Rule::new(Fault::CutAfter).method("POST").part("/issues").times(1));
    let args = ["goal", "create", "--repo", APP, "--title", "Hello"];
    let lost = there.run(&args, TEXT);
    assert!(lost.code != 0 && lost.err.contains("nobody knows whether it was written"), "{lost:?}");
    assert!(lost.err.contains("say the same again"), "{lost:?}");
    let found = there.json(&args, TEXT);
    assert_eq!((found["number"].as_u64(), there.issues()), (Some(1), 1));
}

#[test]
fn a_text_that_is_edited_here_is_edited_there_and_what_is_refused_changes_nothing() {
    let there = There::new();
    let goal =
        there.json(&["goal", "create", "--repo", APP, "--title", "Hello"], TEXT)["number"].as_u64().unwrap();
    let name = format!("{APP}#{goal}");
    there.json(&["goal", "edit", &name, "--title", "Hello, world"], "");
    assert_eq!(there.issue(goal).0, "Hello, world");
    there.hub.fault(Rule::new(Fault::Secondary(403, 1)).method("PATCH").times(1));
    let refused = there.run(&["goal", "edit", &name, "--title", "Bye"], "");
    assert!(refused.code != 0 && refused.err.contains("failed to write to acme/app"), "{refused:?}");
    assert_eq!(there.json(&["goal", "show", &name], "")["title"], "Hello, world");
}
