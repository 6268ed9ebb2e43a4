//! Bad input, row by row: one sentence, a hint, an exit code that is not 0, and nothing lost.

use serde_json::Value;

use crate::scene::{GOAL, Said, Scene, git};

/// A command that has to be refused.
struct Row<'r> {
    args: &'r [&'r str],
    input: &'r str,
    code: i32,
    kind: &'r str,
    says: &'r str,
}

impl Row<'_> {
    #[track_caller]
    fn check(&self, scene: &Scene) {
        let text = scene.with(self.args, self.input);
        assert_eq!(text.code, self.code, "{:?}: {text:?}", self.args);
        check_text(&text, self.says);
        let json = scene.with(&[self.args, &["--json"]].concat(), self.input);
        assert_eq!(json.code, self.code, "{:?}: {json:?}", self.args);
        check_json(&json, self.kind, self.says);
    }
}

/// One sentence and hints on standard error, nothing else.
#[track_caller]
pub fn check_text(said: &Said, says: &str) {
    let lines: Vec<&str> = said.err.lines().collect();
    assert!(lines[0].starts_with("error: ") && lines[0].contains(says), "{said:?}");
    assert!(lines.len() > 1, "no hint: {said:?}");
    assert!(lines[1..].iter().all(|line| line.starts_with("hint: ")), "{said:?}");
    assert_eq!(said.out, "", "{said:?}");
}

#[track_caller]
pub fn check_json(said: &Said, kind: &str, says: &str) {
    let value = said.as_json();
    assert_eq!(
        (&value["ok"], &value["error"]["kind"]),
        (&Value::Bool(false), &Value::from(kind)),
        "{said:?}"
    );
    assert!(value["error"]["message"].as_str().unwrap().contains(says), "{said:?}");
    assert!(!value["error"]["hints"].as_array().unwrap().is_empty(), "{said:?}");
    assert_eq!(said.err, "");
}

/// `goal create` with a text that has to be refused.
#[track_caller]
fn refuses_goal(scene: &Scene, input: &str, more: &[&str], (code, kind, says): (i32, &str, &str)) {
    let args = [&["goal", "create", "--title", "T"], more].concat();
    Row { args: &args, input, code, kind, says }.check(scene);
}

#[test]
fn a_goal_that_cannot_be_one() {
    let scene = Scene::new();
    let huge = format!("## Objective\n{}\n", "x".repeat(10 << 20));
    let rows = [
        ("", "## Objective"),
        ("## Acceptance\n- x\n", "## Objective"),
        (huge.as_str(), "10485774 bytes"),
        ("## Objective\na\u{7}b\n", "U+0007"),
        ("---\nmodel: x\n", "closing"),
        ("---\nmodle: x\n---\n## Objective\nx\n", "did you mean \"model\""),
        ("---\nduration: soon\n---\n## Objective\nx\n", "\"soon\" is not a duration"),
        ("---\nreasoning: hard\n---\n## Objective\nx\n", "reasoning"),
        ("Depends: twelve\n## Objective\nx\n", "twelve"),
    ];
    for (input, says) in rows {
        refuses_goal(&scene, input, &[], (2, "usage", says));
    }
    let latin = scene.with(&["goal", "create", "--title", "T"], b"## Objective\n\xe4\n");
    assert_eq!(latin.code, 2);
    check_text(&latin, "not UTF-8");
    assert_eq!(scene.ok(&["goal", "list"]), "no goals\n");
}

#[test]
fn a_title_that_cannot_be_one() {
    let scene = Scene::new();
    let long = "x".repeat(300);
    for title in ["", " ", "two\nlines", long.as_str()] {
        let args = ["goal", "create", "--title", title];
        Row { args: &args, input: GOAL, code: 2, kind: "usage", says: "title" }.check(&scene);
        let args = ["story", "create", "--title", title];
        Row { args: &args, input: "", code: 2, kind: "usage", says: "title" }.check(&scene);
    }
}

#[test]
fn dependencies_and_stories_that_are_not_there() {
    let scene = Scene::new();
    refuses_goal(&scene, GOAL, &["--depends", "9"], (3, "not_found", "acme/app#9, which does not exist"));
    // The goal would get this very number: it would wait for itself.
    refuses_goal(&scene, &format!("Depends: #1\n\n{GOAL}"), &[], (3, "not_found", "acme/app#1"));
    refuses_goal(&scene, GOAL, &["--depends", "other/repo#3"], (3, "not_found", "other/repo#3"));
    refuses_goal(&scene, GOAL, &["--depends", "x"], (2, "usage", "names no goal"));
    refuses_goal(&scene, GOAL, &["--story", "4"], (3, "not_found", "acme/app#4"));
    scene.goal("Cancelled", &[]);
    scene.ok(&["goal", "cancel", "1"]);
    refuses_goal(&scene, GOAL, &["--depends", "1"], (4, "refused", "cancelled"));
    scene.ok(&["story", "create", "--title", "Greetings"]);
    refuses_goal(&scene, GOAL, &["--depends", "2"], (3, "not_found", "acme/app#2"));
    refuses_goal(&scene, GOAL, &["--story", "1"], (3, "not_found", "the story acme/app#1"));
}

#[test]
fn agents_and_models_that_are_not_there_are_refused_before_the_night() {
    let scene = Scene::new();
    scene.config("agent = \"replay\"\n[agents.replay]\nmodels_allowed = [\"small*\"]\nmodel = \"small\"\n");
    let with = |line: &str| format!("---\n{line}\n---\n{GOAL}");
    refuses_goal(&scene, &with("agent: clod"), &[], (5, "config", "agent `clod`"));
    refuses_goal(&scene, &with("model: huge"), &[], (5, "config", "model `huge`"));
    for (args, says) in [
        (["up", "--once", "--agent", "clod"], "agent `clod`"),
        (["up", "--once", "--model", "huge"], "model `huge`"),
    ] {
        Row { args: &args, input: "", code: 5, kind: "config", says }.check(&scene);
    }
}

#[test]
fn flags_that_mean_nothing() {
    let scene = Scene::new();
    let rows: [(&[&str], &str); 9] = [
        (&["up", "--duration", "soon"], "90s, 200m, 4h or 1h30m"),
        (&["up", "--duration", "4"], "is not a duration"),
        (&["up", "--reasoning", "hard"], "none, low, med or high"),
        (&["up", "--max", "0"], "0"),
        (&["up", "--budget", "0"], "'--budget <USD>'"),
        (&["up", "--maxx", "3"], "--maxx"),
        (&["goal", "frobnicate"], "frobnicate"),
        (&["goal", "list", "asleep"], "asleep"),
        (&["goal", "show", "x"], "owner/name#42"),
    ];
    for (args, says) in rows {
        Row { args, input: "", code: 2, kind: "usage", says }.check(&scene);
    }
    let near = scene.run(&["up", "--maxx", "3"]);
    assert!(near.err.contains("--max"), "{near:?}");
}

#[test]
fn settings_that_mean_nothing() {
    let scene = Scene::new();
    scene.goal("Kept", &["--queue"]);
    for (text, says) in [
        ("modle = \"x\"\n", "did you mean `model`?"),
        ("duration = \"soon\"\n", "`duration`"),
        ("max = 0\n", "`max`"),
        ("agent = \"clod\"\n", "agent `clod`"),
        ("not toml", "config.toml:1"),
    ] {
        scene.config(text);
        Row { args: &["up", "--once"], input: "", code: 5, kind: "config", says }.check(&scene);
        Row { args: &["config", "explain"], input: "", code: 5, kind: "config", says }.check(&scene);
    }
    assert_eq!(scene.status(1), "queued");
}

#[test]
fn what_a_state_forbids() {
    let scene = Scene::new();
    scene.goal("Draft", &[]);
    let rows: [(&[&str], &str); 5] = [
        (&["goal", "answer", "1", "x"], "a goal that is draft cannot be answered"),
        (&["goal", "approve", "1"], "a goal that is draft cannot be approved"),
        (&["goal", "reject", "1", "--feedback", "x"], "a goal that is draft cannot be rejected"),
        (&["goal", "retry", "1"], "a goal that is draft cannot be retried"),
        (&["resume", "replay"], "is not parked"),
    ];
    for (args, says) in rows {
        Row { args, input: "", code: 4, kind: "refused", says }.check(&scene);
    }
    Row {
        args: &["goal", "reject", "1", "--feedback", " "],
        input: "",
        code: 2,
        kind: "usage",
        says: "feedback",
    }
    .check(&scene);
    Row { args: &["goal", "comment", "1"], input: "\n", code: 2, kind: "usage", says: "empty" }.check(&scene);
    assert_eq!(scene.status(1), "draft");
}

#[test]
fn what_is_not_there() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    scene.goal("Hello", &[]);
    refuses_goal(&scene, GOAL, &["--repo", "nowhere"], (3, "not_found", "\"nowhere\""));
    let rows: [(&[&str], &str); 11] = [
        (&["up", "--once", "--repo", "nowhere"], "\"nowhere\""),
        (&["goal", "show", "7"], "no goal #7"),
        (&["goal", "show", "acme/app#7"], "no goal acme/app#7"),
        (&["goal", "show", "app#1"], "no goal acme/app#1"),
        (&["story", "show", "app#2"], "no story acme/app#2"),
        (&["goal", "list", "--repo", "nowhere"], "\"nowhere\""),
        (&["goal", "show", "nowhere#1"], "\"nowhere\""),
        (&["why", "7"], "no goal #7"),
        (&["logs", "2"], "never ran"),
        (&["logs", "no-such-run"], "no run"),
        (&["stats", "--file", "/nonexistent"], "/nonexistent"),
    ];
    for (args, says) in rows {
        Row { args, input: "", code: 3, kind: "not_found", says }.check(&scene);
    }
}

#[test]
fn repositories_that_are_none_or_would_refuse_a_push() {
    let scene = Scene::bare();
    let plain = scene.home.home().join("plain");
    fs_err::create_dir(&plain).unwrap();
    for what in [plain.to_str().unwrap(), "/nonexistent"] {
        Row {
            args: &["repo", "add", what],
            input: "",
            code: 3,
            kind: "not_found",
            says: "not a git repository",
        }
        .check(&scene);
    }
    let tree = scene.home.home().join("tree");
    fs_err::create_dir(&tree).unwrap();
    git(&tree, &["init", "--quiet", "--initial-branch=main"]);
    git(&tree, &["commit", "--quiet", "--allow-empty", "--message", "Begin"]);
    let what = tree.to_str().unwrap();
    Row { args: &["repo", "add", what], input: "", code: 4, kind: "refused", says: "checked out" }
        .check(&scene);
    let origin = scene.origin.path().to_str().unwrap();
    let args = ["repo", "add", origin, "--base", "nowhere"];
    Row { args: &args, input: "", code: 3, kind: "not_found", says: "nowhere" }.check(&scene);
    let args = ["repo", "add", origin, "--name", "a b/c"];
    Row { args: &args, input: "", code: 2, kind: "usage", says: "a b/c" }.check(&scene);
    assert_eq!(scene.json(&["repo", "list"])["items"], serde_json::json!([]));
    Row {
        args: &["goal", "create", "--title", "T"],
        input: GOAL,
        code: 3,
        kind: "not_found",
        says: "registered",
    }
    .check(&scene);
}

#[test]
fn words_that_say_nothing_or_too_much() {
    let scene = Scene::new();
    scene.goal("Draft", &[]);
    scene.goal("Closed", &[]);
    scene.ok(&["goal", "cancel", "2"]);
    let long = "x".repeat(9000);
    for (args, code, kind, says) in [
        (["tell", "1", " "], 2, "usage", "the text is empty"),
        (["tell", "1", "\u{1b}[2J"], 2, "usage", "control character"),
        (["tell", "1", long.as_str()], 2, "usage", "9000 bytes"),
        (["tell", "9", "x"], 3, "not_found", "#9"),
        (["tell", "2", "x"], 4, "refused", "a goal that is cancelled cannot be told"),
    ] {
        Row { args: &args, input: "", code, kind, says }.check(&scene);
    }
}
