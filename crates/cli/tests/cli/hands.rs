//! A person's hands: take, give, undo.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use herder_testkit::until;
use serde_json::{Value, json};

use crate::scene::{Scene, feed, git};

/// A bound on waiting that only a hopeless test reaches.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a ralph does that a person takes the goal from: a file is written, then it waits for the person's
/// hand and their words.
const WAITS: &str = "## Objective\nSay hello.\n\n```replay\n[\
    [{\"write\": {\"path\": \"notes\", \"text\": \"half done\\n\"}}, \
     {\"answer\": {\"status\": \"continue\", \"summary\": \"Noted.\"}}], \
    [{\"run\": \"touch .herder/waiting; grep -q person notes || sleep 600\"}, \
     {\"expect\": \"Mind the accents\"}, {\"run\": \"cp notes hello\"}, \
     {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]]\n```\n";

fn writes(path: &str, text: &str) -> String {
    format!(
        "## Objective\nSay hello.\n\n```replay\n[{{\"write\": {{\"path\": \"{path}\", \"text\": \"{text}\"}}}}, \
         {{\"answer\": {{\"status\": \"done\", \"summary\": \"Said it.\"}}}}]\n```\n"
    )
}

/// An orchestrator at work, killed at the end.
struct Up(Child);

impl Up {
    fn start(scene: &Scene) -> Self {
        let mut command = scene.command(&["up"]);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[track_caller]
fn take(scene: &Scene, goal: u64) -> Value {
    scene.json(&["take", &goal.to_string()])
}

fn workspace(taken: &Value) -> PathBuf {
    PathBuf::from(taken["path"].as_str().unwrap())
}

#[track_caller]
fn until_status(scene: &Scene, goal: u64, status: &str) {
    until(&format!("goal {goal} to be {status}"), PATIENCE, || (scene.status(goal) == status).then_some(()));
}

fn rows(scene: &Scene) -> Vec<Value> {
    let text = std::fs::read_to_string(scene.home.state().join("stats.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn content(scene: &Scene, path: &str) -> String {
    git(scene.origin.path(), &["show", &format!("main:{path}")])
}

#[test]
fn what_a_person_finishes_by_hand_lands_like_a_runs_work() {
    let scene = Scene::new();
    scene.goal("Hello", &["--queue"]);
    let taken = take(&scene, 1);
    let clone = workspace(&taken);
    assert!(clone.join(".herder/goal.md").is_file(), "prepared as for a run");
    let env = &taken["env"];
    assert_eq!(env["HOME"].as_str().unwrap(), scene.home.home().to_str().unwrap(), "the person's own");
    assert!(env["CARGO_HOME"].as_str().unwrap().contains("/.cache/"), "the run's: {env}");
    assert_eq!(env["HERDER_TAKEN"], taken["run"]);

    let by = taken["by"].as_str().unwrap();
    assert!(scene.ok(&["why", "1"]).starts_with(&format!("acme/app#1 is taken by {by} since ")));
    assert!(scene.ok(&["goal", "list"]).contains(&format!("taken by {by}")));
    assert_eq!(scene.json(&["goal", "list", "running"])["items"][0]["taken_by"], by);
    assert!(scene.ok(&["watch", "--once"]).contains(&format!("taken by {by} since ")));
    scene.ok(&["up", "--once"]);
    assert!(clone.is_dir(), "no orchestrator touches it");
    assert_eq!(workspace(&take(&scene, 1)), clone, "stepping in again changes nothing");

    std::fs::write(clone.join("hello"), "by hand\n").unwrap();
    assert!(scene.ok(&["give", "1"]).contains("`herder up` goes on with it"));
    scene.ok(&["up", "--once"]);
    assert_eq!((scene.status(1).as_str(), content(&scene, "hello").as_str()), ("done", "by hand"));
    let message = git(scene.origin.path(), &["log", "-1", "--format=%B", "main"]);
    assert!(message.contains("Herder-Agent: person") && message.contains("Herder-Gate: green"), "{message}");
    assert!(!message.contains("Herder-Cost"), "{message}");
    let row = &rows(&scene)[0];
    assert_eq!(
        (&row["agent"], &row["exit_reason"], &row["outcome"]),
        (&json!("person"), &json!("done"), &json!("by_hand"))
    );
    assert_eq!(
        (&row["cost_usd"], &row["iterations"], &row["lines_added"]),
        (&json!(0.0), &json!(0), &json!(1))
    );
    assert!(!clone.exists(), "what was given is cleared away");
    assert_eq!(scene.ok(&["watch", "--once"]), "no ralph is running\n");
}

#[test]
fn a_ralph_makes_way_and_goes_on_from_where_the_person_stopped() {
    let scene = Scene::new();
    scene.goal_of(WAITS, "Hello", &["--queue"]);
    let up = Up::start(&scene);
    let run =
        until("a run", PATIENCE, || scene.json(&["goal", "show", "1"])["run"].as_str().map(str::to_owned));
    let spec = scene.home.state().join("runs").join(&run).join("run.json");
    let first: Value =
        until("its clone", PATIENCE, || serde_json::from_slice(&std::fs::read(&spec).ok()?).ok());
    let waiting = Path::new(first["setup"]["clone"].as_str().unwrap()).join(".herder/waiting");
    until("the agent to wait", PATIENCE, || waiting.exists().then_some(()));

    let taken = take(&scene, 1);
    let clone = workspace(&taken);
    assert_eq!(std::fs::read_to_string(clone.join("notes")).unwrap(), "half done\n");
    std::fs::write(clone.join("notes"), "done by a person\n").unwrap();
    up.kill();
    let up = Up::start(&scene);
    let cancelled = scene.run(&["goal", "cancel", "1"]);
    assert!(cancelled.code == 4 && cancelled.err.contains("while a person has it in hand"), "{cancelled:?}");
    assert_eq!(std::fs::read_to_string(clone.join("notes")).unwrap(), "done by a person\n");

    scene.ok(&["give", "1", "--back", "--say", "Mind the accents"]);
    until_status(&scene, 1, "done");
    up.kill();
    assert_eq!(content(&scene, "hello"), "done by a person");
    let words: Vec<Value> = rows(&scene).iter().map(|row| row["exit_reason"].clone()).collect();
    assert_eq!(words, ["stopped", "given_back", "done"]);
    let shown = scene.json(&["goal", "show", "1"]);
    assert_eq!(shown["attempts"], 3);
    scene.home.assert_no_process_left();
}

#[test]
fn what_is_dropped_is_forgotten_and_kept() {
    let scene = Scene::new();
    scene.goal_of(&writes("hello", "good"), "Hello", &["--queue", "--spot-check"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "spot-check");
    let taken = take(&scene, 1);
    let clone = workspace(&taken);
    assert_eq!(std::fs::read_to_string(clone.join("hello")).unwrap(), "good", "taken from its branch");
    std::fs::write(clone.join("hello"), "worse").unwrap();
    scene.ok(&["give", "1", "--drop"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "spot-check", "as it was");
    let listed = scene.json(&["salvage", "1", "--list", "--run", taken["run"].as_str().unwrap()]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let vault = scene.home.state().join("vault").join(scene.full("acme/app")).with_extension("git");
    assert_eq!(
        git(&vault, &["show", "goal-1:hello"]),
        "good",
        "the next run begins with the goal's own work"
    );
    scene.ok(&["goal", "approve", "1"]);
    scene.ok(&["up", "--once"]);
    assert_eq!((scene.status(1).as_str(), content(&scene, "hello").as_str()), ("done", "good"));
}

#[test]
fn taking_opens_a_shell_in_the_workspace_and_says_how_to_go_on() {
    let scene = Scene::new();
    scene.goal("Hello", &[]);
    let mut command = scene.command(&["take", "1"]);
    command.env("SHELL", "/bin/sh").env("SOME_SECRET", "x");
    let said = feed(command, b"pwd\necho \"$HERDER_TAKEN ${SOME_SECRET:-none}\"\nexit 3\n");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("/acme/app/1-1\n") && said.out.contains(" none\n"), "{said:?}");
    assert!(said.out.contains("herder give 1 --back"), "{said:?}");
    assert_eq!(scene.ok(&["take", "1", "--print"]).trim(), said.out.lines().next().unwrap());
    scene.ok(&["give", "1", "--drop"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "draft", "as it was");
}

/// Wants what the set-up made, what the last gate built, and a port of its own.
const SET_UP_CHECK: &str = "#!/bin/sh\nset -e\ncmp deps/installed deps.lock\nmkdir -p out\n\
    [ -e out/built ] || echo \"$HERDER_PORT_BASE\" >out/built\n\
    perl -MIO::Socket::INET -e 'IO::Socket::INET->new(Listen => 1, LocalAddr => \"127.0.0.1\", \
    LocalPort => $ENV{HERDER_PORT_1}) or exit 1'\ntest -f hello\n";

#[test]
fn in_the_shell_of_a_taken_goal_the_gate_says_what_it_says_to_a_ralph() {
    let scene = Scene::new();
    let config = "ports = 2\n[setup]\nkey = [\"deps.lock\"]\nkeep = [\"deps\"]\nseed = [\"out\"]\n";
    let setup =
        "#!/bin/sh\nset -e\nmkdir deps\ncp deps.lock deps/installed\necho made >>\"$CARGO_HOME/made\"\n";
    let files = [
        (".ralph/config.toml", config),
        (".ralph/setup", setup),
        (".ralph/check", SET_UP_CHECK),
        (".gitignore", "/deps/\n/out/\n"),
        ("deps.lock", "one\n"),
    ];
    scene.origin.push("main", "Environment", &files.map(|(path, text)| (path, Some(text))));
    scene.goal_of(&writes("hello", "hi"), "Hello", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "done");
    scene.goal("More", &["--queue"]);
    let mut command = scene.command(&["take", "2"]);
    command.env("SHELL", "/bin/sh").env("ANTHROPIC_API_KEY", "sk-x");
    let words = "cat out/built && rm hello\n.ralph/check && echo too early\necho by hand >hello\n.ralph/check && echo green\n\
                 cat \"$CARGO_HOME/made\"; echo \"secret: ${ANTHROPIC_API_KEY:-none}\"\n";
    let said = feed(command, words.as_bytes());
    assert!(said.out.contains("\ngreen\nmade\nsecret: none\n") && !said.out.contains("early"), "{said:?}");
    assert!(said.out.starts_with("2"), "a port, noted by the gate whose build is the seed: {said:?}");
    scene.ok(&["give", "2"]);
    scene.ok(&["up", "--once"]);
    assert_eq!((scene.status(2).as_str(), content(&scene, "hello").as_str()), ("done", "by hand"));
    let ports = std::fs::read_to_string(scene.home.state().join("ports.json")).unwrap();
    assert_eq!(ports, "{}", "given back");
}

#[test]
fn who_has_nothing_in_hand_is_told_so() {
    let scene = Scene::new();
    scene.goal_of(&writes("hello", "hi"), "Hello", &["--queue"]);
    let given = scene.run(&["give", "1"]);
    assert!(given.code == 4 && given.err.contains("`herder take 1` takes it"), "{given:?}");
    scene.ok(&["up", "--once"]);
    let taken = scene.run(&["take", "1"]);
    assert!(taken.code == 4 && taken.err.contains("`herder undo 1`"), "{taken:?}");
    let undone = scene.run(&["give", "1", "--say", "x"]);
    assert_eq!(undone.code, 2, "--say is for --back: {undone:?}");
}

/// A goal that has landed the file `hello`, in a repository whose gate wants no `bad`.
fn landed() -> Scene {
    let scene = Scene::bare();
    let origin = herder_testkit::TargetRepo::builder(scene.home.path(), "lib")
        .file("README.md", "read me\n")
        .gate("test ! -f bad")
        .build();
    scene.add(&origin, "acme/app");
    let scene = Scene { origin, ..scene };
    scene.goal_of(&writes("hello", "hi\\n"), "Hello", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "done");
    scene
}

#[test]
fn landed_work_is_undone_by_the_way_it_came_in() {
    let scene = landed();
    let landed = git(scene.origin.path(), &["rev-parse", "main"]);
    scene.origin.push("main", "Meanwhile", &[("other", Some("x\n"))]);
    let undone = scene.json(&["undo", "1", "--say", "It greets the wrong people."]);
    assert_eq!((&undone["undone"], &undone["status"]), (&json!(landed), &json!("draft")));
    assert_eq!(scene.origin.files_at("main"), [".ralph/check", "README.md", "other"]);
    let message = git(scene.origin.path(), &["log", "-1", "--format=%B", "main"]);
    assert!(message.starts_with("Revert \"Goal #1: Hello\"") && message.contains(&landed), "{message}");
    let run = scene.json(&["goal", "show", "1"])["runs"][0]["run"].as_str().unwrap().to_owned();
    assert!(message.contains(&format!("Herder-Reverts: {run}\n")) && message.contains("Herder-Gate: green"));
    let shown = scene.ok(&["goal", "show", "1"]);
    assert!(shown.contains("undid it after it had landed: It greets the wrong people."), "{shown}");
    let twice = scene.run(&["undo", "1"]);
    assert!(twice.code == 4 && twice.err.contains("nothing of it has landed"), "{twice:?}");
    scene.ok(&["goal", "queue", "1"]);
    scene.ok(&["up", "--once"]);
    assert_eq!((scene.status(1).as_str(), content(&scene, "hello").as_str()), ("done", "hi"));
    assert_eq!(scene.json(&["undo", "1", "--queue"])["status"], "queued", "and the second landing too");
}

#[test]
fn a_revert_that_was_pushed_and_not_recorded_is_found_by_its_trailer() {
    let scene = landed();
    let run = scene.json(&["goal", "show", "1"])["run"].as_str().unwrap().to_owned();
    let desk = scene.checkout("desk");
    git(&desk, &["rm", "-q", "hello"]);
    git(
        &desk,
        &["commit", "-q", "-m", "Revert\n\nHerder-Reverts: nobody", "-m", &format!("Herder-Reverts: {run}")],
    );
    git(&desk, &["push", "-q", "origin", "HEAD:main"]);
    let pushed = git(&desk, &["rev-parse", "HEAD"]);
    scene.origin.push("main", "Meanwhile", &[("hello", Some("another one\n"))]);
    assert_eq!(scene.json(&["undo", "1"])["commit"], pushed);
    assert_eq!(content(&scene, "hello"), "another one", "nothing was taken out twice");
}

#[test]
fn what_cannot_be_undone_stays_with_a_reason_and_a_way_out() {
    let scene = landed();
    scene.origin.push("main", "Change it", &[("hello", Some("good day\n"))]);
    let conflict = scene.run(&["undo", "1"]);
    assert!(conflict.code == 4 && conflict.err.contains("changed the same lines, in hello"), "{conflict:?}");
    assert!(conflict.err.contains("herder undo 1 --as-goal"), "{conflict:?}");
    assert_eq!(scene.status(1), "done", "it stays");
    let draft = scene.json(&["undo", "1", "--as-goal"]);
    assert_eq!(scene.status(draft["number"].as_u64().unwrap()), "draft");

    let scene = landed();
    scene.origin.push("main", "Want it", &[(".ralph/check", Some("#!/bin/sh\ntest -f hello\n"))]);
    let red = scene.run(&["undo", "1"]);
    assert!(red.code == 4 && red.err.contains("the gate is red") && red.err.contains("--force"), "{red:?}");
    let forced = scene.json(&["undo", "1", "--force"]);
    assert_eq!(forced["status"], "draft");
    let message = git(scene.origin.path(), &["log", "-1", "--format=%B", "main"]);
    assert!(message.contains("Herder-Gate: skipped"), "{message}");
}

#[test]
fn what_others_were_built_on_is_undone_only_when_the_person_insists() {
    let scene = landed();
    let story = scene.json(&["story", "create", "--title", "Greetings"])["number"].as_u64().unwrap();
    let more = ["--queue", "--depends", "1", "--story", &story.to_string()];
    let second = scene.goal_of(&writes("second", "x"), "Second", &more);
    scene.ok(&["up", "--once"]);
    let of_story =
        || scene.json(&["story", "show", &story.to_string()])["status"].as_str().unwrap().to_owned();
    assert_eq!((scene.status(second).as_str(), of_story().as_str()), ("done", "closed"));
    let refused = scene.run(&["undo", "1"]);
    assert!(
        refused.code == 4 && refused.err.contains(&format!("acme/app#{second} has landed")),
        "{refused:?}"
    );
    assert_eq!(scene.json(&["undo", "1", "--yes"])["status"], "draft");
    assert_eq!(scene.json(&["undo", &second.to_string()])["status"], "draft");
    scene.ok(&["up", "--once"]);
    assert_eq!(of_story(), "open", "its story is open again");
}
