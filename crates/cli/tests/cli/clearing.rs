//! Clearing away what is old.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use herder_testkit::until;
use serde_json::{Value, json};

use crate::scene::{Scene, git};

/// A bound on waiting that only a hopeless test reaches.
const PATIENCE: Duration = Duration::from_secs(60);

fn writes(path: &str, more: &str) -> String {
    format!(
        "## Objective\nSay hello.\n\n```replay\n[{{\"write\": {{\"path\": \"{path}\", \"text\": \"x\\n\"}}}}, \
         {{\"write\": {{\"path\": \"hello\", \"text\": \"hi\\n\"}}}}, {more}\
         {{\"answer\": {{\"status\": \"done\", \"summary\": \"Said it.\"}}}}]\n```\n"
    )
}

/// A goal that has landed and one whose work waits for a look; what is settled is old after a second.
fn night(retention: &str, expected: &[&str]) -> Scene {
    let scene = Scene::new();
    scene.goal_of(&writes("one", ""), "One", &["--queue"]);
    scene.goal_of(&writes("two", ""), "Two", &["--queue", "--spot-check"]);
    scene.ok(&["up", "--once"]);
    assert_eq!((scene.status(1).as_str(), scene.status(2).as_str()), ("done", "spot-check"));
    scene.config(&format!("agent = \"replay\"\n[backoff]\nfirst = \"1s\"\n[retention]\n{retention}\n"));
    until("the landed goal to be old", PATIENCE, || (kinds(&look(&scene)) == expected).then_some(()));
    scene
}

const ALL: &str = "runs = \"1s\"\nsnapshots = \"1s\"\nrecords = \"1s\"";

/// What of the landed goal goes then.
const OLD: [&str; 5] = ["run directory", "snapshots", "verdicts", "template", "rows"];

fn look(scene: &Scene) -> Value {
    scene.json(&["gc", "--dry-run"])
}

fn goes(said: &Value) -> Vec<&Value> {
    said["items"].as_array().unwrap().iter().filter(|item| item["goes"] == true).collect()
}

fn kinds(said: &Value) -> Vec<&str> {
    goes(said).iter().map(|item| item["kind"].as_str().unwrap()).collect()
}

fn run_dir(scene: &Scene, goal: u64) -> PathBuf {
    let run = scene.json(&["goal", "show", &goal.to_string()])["runs"][0]["run"].as_str().unwrap().to_owned();
    scene.home.state().join("runs").join(run)
}

/// All files below a directory with their sizes.
fn files(dir: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut waiting) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let facts = std::fs::symlink_metadata(&path).unwrap();
            if facts.is_dir() { waiting.push(path) } else { found.push((path, facts.len())) }
        }
    }
    found.sort();
    found
}

fn vault(scene: &Scene) -> PathBuf {
    scene.home.state().join("vault").join(scene.full("acme/app")).with_extension("git")
}

#[test]
fn what_is_old_goes_and_what_anybody_needs_stays() {
    let scene = night(ALL, &OLD);
    let (first, second) = (run_dir(&scene, 1), run_dir(&scene, 2));
    let stats = std::fs::read(scene.home.state().join("stats.jsonl")).unwrap();
    let before = (files(&first), files(&vault(&scene)));
    let seen = look(&scene);
    assert_eq!(before, (files(&first), files(&vault(&scene))), "looking changes nothing");
    let directory = *goes(&seen).iter().find(|item| item["kind"] == "run directory").unwrap();
    let size: u64 = before.0.iter().map(|(_, size)| size).sum();
    assert_eq!(directory["bytes"], size, "{directory}");
    let sum: u64 = goes(&seen).iter().map(|item| item["bytes"].as_u64().unwrap()).sum();
    assert_eq!(seen["bytes"], sum, "the sizes add up");
    let kept = files(&second);

    let done = scene.json(&["gc"]);
    assert_eq!(kinds(&done), kinds(&seen), "what was said is what is done");
    assert!(done["bytes"].as_u64().unwrap() >= sum && !first.exists(), "{done}");
    assert_eq!(files(&second), kept, "work that waits for a look");
    assert_eq!(std::fs::read(scene.home.state().join("stats.jsonl")).unwrap(), stats);
    assert!(!scene.home.state().join(".trash").exists());
    git(&vault(&scene), &["fsck", "--strict", "--no-dangling"]);
    let refs = git(&vault(&scene), &["for-each-ref", "--format=%(refname)"]);
    assert!(!refs.contains("/wip/1/") && !refs.contains("goal-1\n"), "{refs}");
    assert!(refs.contains("/wip/2/") && refs.contains("goal-2"), "{refs}");
    assert!(goes(&look(&scene)).is_empty(), "and once is enough: {}", look(&scene));

    scene.ok(&["goal", "approve", "2"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(2), "done");
    assert_eq!(scene.json(&["goal", "show", "1"])["cost"], 0.0, "the database knows what it was");
}

#[test]
fn large_files_go_first_and_what_a_run_came_to_stays_readable() {
    let scene = night("runs = \"1s\"", &["run files", "verdicts", "template"]);
    let first = run_dir(&scene, 1);
    assert!(first.join("events.jsonl").is_file());
    let log = scene.ok(&["logs", "1"]);
    scene.ok(&["gc"]);
    for gone in ["events.jsonl", "gate", "git"] {
        assert!(!first.join(gone).exists(), "{gone}");
    }
    assert_eq!(scene.ok(&["logs", "1"]), log);
    assert_eq!(scene.json(&["goal", "show", "1"])["runs"][0]["outcome"], "done");
    assert_eq!(scene.json(&["salvage", "1", "--list"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_clone_with_work_that_no_snapshot_takes_goes_by_name_only() {
    let scene = Scene::new();
    let nested = "{\"run\": \"git init -q inner && touch inner/file\"}, ";
    scene.goal_of(&writes("one", nested), "One", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "spot-check");
    scene.ok(&["goal", "approve", "1"]);
    scene.ok(&["up", "--once"]);
    scene.config(&format!("agent = \"replay\"\n[retention]\n{ALL}\n"));
    let said = scene.json(&["gc"]);
    let kept = said["items"].as_array().unwrap().iter().find(|item| item["kind"] == "clone").unwrap().clone();
    assert_eq!(kept["goes"], false);
    let clone = PathBuf::from(kept["what"].as_str().unwrap());
    assert!(clone.join("inner/file").is_file() && kept["why"].as_str().unwrap().contains("--clones app-1-1"));
    let run = run_dir(&scene, 1);
    assert!(run.join("git").is_dir(), "its private git directory stays with it");
    scene.ok(&["gc", "--clones", run.file_name().unwrap().to_str().unwrap()]);
    assert!(!clone.exists());
}

#[test]
fn what_was_interrupted_is_finished_and_two_do_not_clear_at_once() {
    let scene = night(ALL, &OLD);
    let trash = scene.home.state().join(".trash/run.1.0");
    std::fs::create_dir_all(&trash).unwrap();
    std::fs::write(trash.join("half"), "x").unwrap();
    let lock = File::options().create(true).append(true).open(scene.home.state().join("gc.lock")).unwrap();
    lock.lock().unwrap();
    let busy = scene.run(&["gc"]);
    assert!(busy.code == 7 && busy.err.contains("another process is at it"), "{busy:?}");
    drop(lock);
    assert!(kinds(&scene.json(&["gc"])).contains(&"trash"));
    assert!(!trash.exists() && !run_dir_exists(&scene, 1));
}

fn run_dir_exists(scene: &Scene, goal: u64) -> bool {
    run_dir(scene, goal).exists()
}

#[test]
fn an_orchestrator_clears_away_by_itself_once_a_day_when_nothing_is_at_work() {
    let scene = night(ALL, &OLD);
    let first = run_dir(&scene, 1);
    std::fs::write(scene.home.state().join("gc.lock"), "2026-01-01T00:00:00Z").unwrap();
    let mut up = scene.command(&["up"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    until("the old run to be cleared away", PATIENCE, || (!first.exists()).then_some(()));
    until("the day to begin anew", PATIENCE, || {
        let last = std::fs::read_to_string(scene.home.state().join("gc.lock")).ok()?;
        (!last.starts_with("2026-01-01")).then_some(())
    });
    up.kill().unwrap();
    up.wait().unwrap();
    assert!(goes(&look(&scene)).is_empty());
    assert_eq!(scene.json(&["goal", "show", "2"])["status"], json!("spot-check"));
}

/// Makes a directory with a file in it that was last touched two days ago.
fn old(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    let file = path.join("herder.used");
    std::fs::write(&file, "x").unwrap();
    let then = std::time::SystemTime::now() - Duration::from_secs(2 * 86_400);
    for path in [file.as_path(), path] {
        File::open(path).unwrap().set_modified(then).unwrap();
    }
}

#[test]
fn caches_that_belong_to_nobody_go_and_those_of_registered_repositories_stay() {
    let scene = Scene::new();
    scene.goal_of(&writes("one", ""), "One", &["--queue"]);
    scene.ok(&["up", "--once"]);
    let state = scene.home.state();
    let strange = |kind: &str, ending: &str| state.join(kind).join(format!("example.org/acme/gone{ending}"));
    let begun = state.join("mirrors").join(scene.home.marker()).join("acme/.herder-new-Xx");
    let [unused, used, young] =
        ["unused", "used", "young"].map(|name| state.join("submodules").join(format!("{name}.git")));
    let go = [strange("mirrors", ".git"), strange("templates", ""), strange("setups", ""), begun, unused];
    go.iter().chain([&used, &young]).for_each(|path| old(path));
    std::fs::write(young.join("herder.used"), "").unwrap();
    let in_use = File::open(used.join("herder.used")).unwrap();
    in_use.lock_shared().unwrap();
    let held = state.join("vault").join(scene.home.marker()).join("acme/.herder-new-held");
    old(&held);
    let maker = File::open(&held).unwrap();
    maker.lock().unwrap();
    scene.config("agent = \"replay\"\n[retention]\nruns = \"1d\"\n");

    let seen = look(&scene);
    let named =
        |said: &Value, path: &Path| goes(said).iter().any(|item| item["what"] == path.to_str().unwrap());
    assert!(go.iter().all(|path| named(&seen, path) && path.exists()), "{seen}");
    assert!(goes(&seen).iter().all(|item| item["bytes"].as_u64() > Some(0)), "{seen}");
    let done = scene.json(&["gc"]);
    assert!(go.iter().all(|path| named(&done, path) && !path.exists()), "{done}");
    let needed = done["items"].as_array().unwrap().iter().find(|item| item["goes"] == false).unwrap();
    assert_eq!(
        (needed["what"].as_str(), needed["why"].as_str()),
        (used.to_str(), Some("somebody needs it just now"))
    );
    for kept in
        [used, young, held, state.join("mirrors"), state.join("templates").join(scene.full("acme/app"))]
    {
        assert!(kept.exists(), "{}", kept.display());
    }
    let again = look(&scene);
    assert!(!go.iter().any(|path| named(&again, path)), "once is enough: {again}");
    scene.goal_of(&writes("two", ""), "Two", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(2), "done");
}

#[test]
fn package_caches_stay_under_a_run_that_no_orchestrator_knows_of_and_go_after_it() {
    let scene = Scene::new();
    let waits = "{\"run\": \"echo x >\\\"$CARGO_HOME\\\"/kept; until test -e go; do sleep 0.1; done; test -e \\\"$CARGO_HOME\\\"/kept\"}, ";
    let goal = scene.home.write("goal.md", &writes("one", waits));
    scene.config("agent = \"replay\"\n[retention]\ncaches_gib = 1\n");
    let checkout = scene.checkout("work");
    let mut command = scene.command(&["ralph", "--goal", goal.to_str().unwrap()]);
    command.current_dir(&checkout).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut ralph = command.spawn().unwrap();
    let kept = until("something in its caches", PATIENCE, || {
        let sets = std::fs::read_dir(scene.home.root().join(".cache")).ok()?.flatten();
        sets.map(|set| set.path().join("runs/cargo/kept")).find(|file| file.is_file())
    });
    // It takes no room on the disk.
    File::create(kept.with_file_name("large")).unwrap().set_len(2 << 30).unwrap();
    let said = scene.json(&["gc"]);
    let of_caches = |said: &Value| {
        let all = said["items"].as_array().unwrap().clone();
        all.into_iter().find(|item| item["kind"] == "caches").unwrap()
    };
    assert_eq!(of_caches(&said)["why"], "somebody needs it just now", "{said}");
    assert!(kept.is_file());
    std::fs::write(checkout.join("go"), "").unwrap();
    assert!(ralph.wait().unwrap().success(), "it found its caches as it left them");
    let said = scene.json(&["gc"]);
    assert!(of_caches(&said)["goes"] == true && !kept.exists(), "{said}");
}
