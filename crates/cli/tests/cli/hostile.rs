//! herder called inside a run's clone, whose `.git` an agent has turned against whoever looks at it.

use std::path::{Path, PathBuf};

use herder_testkit::Canary;
use serde_json::Value;

use crate::scene::{GOAL, Said, Scene, feed, git};

/// A taken goal's workspace full of traps.
struct Trapped {
    scene: Scene,
    clone: PathBuf,
    canary: Canary,
    /// Where the base branch really is.
    base: String,
}

impl Trapped {
    fn new() -> Self {
        let scene = Scene::new();
        let base = git(scene.origin.path(), &["rev-parse", "main"]);
        scene.goal("Hello", &["--queue"]);
        let clone = PathBuf::from(scene.json(&["take", "1"])["path"].as_str().unwrap());
        scene.second("acme/other");
        let canary = Canary::new(&scene.home.path().join("canary"));
        forge_the_base(&clone);
        plant(&clone, &canary);
        Self { scene, clone, canary, base }
    }

    fn said_in(&self, directory: &Path, args: &[&str]) -> Said {
        let mut command = self.scene.command(args);
        command.current_dir(directory);
        let said = feed(command, GOAL.as_bytes());
        let heard = self.canary.heard();
        assert!(heard.is_empty(), "{args:?} in {}: {heard:?}", directory.display());
        said
    }

    fn said(&self, args: &[&str]) -> Said {
        self.said_in(&self.clone, args)
    }

    #[track_caller]
    fn refused(&self, args: &[&str]) {
        let said = self.said(args);
        assert!(![0, 1].contains(&said.code) && said.err.contains("hint: "), "{args:?}: {said:?}");
    }
}

/// What the clone calls the base branch has a gate that always says yes.
fn forge_the_base(clone: &Path) {
    let was = git(clone, &["rev-parse", "HEAD"]);
    fs_err::write(clone.join(".ralph/check"), "#!/bin/sh\nexit 0\n").unwrap();
    git(clone, &["commit", "--quiet", "--all", "--message", "Forged"]);
    let forged = git(clone, &["rev-parse", "HEAD"]);
    for name in ["refs/remotes/origin/main", "refs/heads/main", "refs/remotes/origin/HEAD"] {
        git(clone, &["update-ref", "--no-deref", name, &forged]);
    }
    git(clone, &["reset", "--quiet", "--hard", &was]);
}

/// Programs in every setting from which git starts some when it looks, fetches or lists.
fn plant(clone: &Path, canary: &Canary) {
    let wire = |name: &str| canary.tripwire(name).display().to_string();
    let filter = canary.filter("filter").display().to_string();
    let included = canary.tripwire("included").with_extension("config");
    let text =
        format!("[core]\n\talternateRefsCommand = {}\n[diff]\n\texternal = {}\n", wire("refs"), wire("diff"));
    fs_err::write(&included, text).unwrap();
    let hooks = clone.join(".git/hooks");
    fs_err::create_dir_all(&hooks).unwrap();
    for hook in ["post-index-change", "reference-transaction", "post-checkout", "pre-commit"] {
        fs_err::copy(canary.tripwire(hook), hooks.join(hook)).unwrap();
    }
    let elsewhere = format!("url.ext::{} %S.insteadOf", wire("instead"));
    let settings = [
        ("filter.x.clean", filter.as_str()),
        ("filter.x.smudge", &filter),
        ("core.fsmonitor", &wire("fsmonitor")),
        ("core.hooksPath", &hooks.display().to_string()),
        ("core.sshCommand", &wire("ssh")),
        ("include.path", &included.display().to_string()),
        ("credential.helper", &wire("credential")),
        ("remote.origin.url", "ssh://git@example.invalid/evil/agents-choice"),
        ("remote.origin.uploadpack", &wire("upload-pack")),
        ("protocol.ext.allow", "always"),
        (&elsewhere, "/"),
    ];
    for (name, value) in settings {
        git(clone, &["config", name, value]);
    }
    fs_err::write(clone.join(".git/info/attributes"), "* filter=x\n").unwrap();
    // Changed and of the same size: whoever asks what is changed has to read it.
    let check = clone.join(".ralph/check");
    let text = fs_err::read(&check).unwrap();
    fs_err::remove_file(&check).unwrap();
    fs_err::write(check, text).unwrap();
}

#[test]
fn no_command_runs_what_an_agent_planted_in_the_clone_it_is_called_in() {
    let trapped = Trapped::new();
    let inner = trapped.clone.join("src");
    fs_err::create_dir_all(&inner).unwrap();
    let file = trapped.scene.home.home().join("goal.md");
    fs_err::write(&file, GOAL).unwrap();
    let file = file.to_str().unwrap();
    let backlog = trapped.scene.home.home().join("backlog.md");
    fs_err::write(&backlog, GOAL.replace("## ", "### ").replacen("###", "## Imported\n\n###", 1)).unwrap();
    let looks: &[&[&str]] = &[
        &["goal", "list"],
        &["goal", "show", "1"],
        &["goal", "lint", file],
        &["goal", "create", "--title", "Here"],
        &["goal", "hold", "2"],
        &["goal", "priority", "2", "1"],
        &["goal", "queue", "2"],
        &["goal", "cancel", "2"],
        &["goal", "comment", "1"],
        &["goal", "import", backlog.to_str().unwrap()],
        &["story", "list"],
        &["why", "1"],
        &["logs", "1"],
        &["watch", "--once"],
        &["stats"],
        &["pause"],
        &["resume"],
        &["doctor"],
        &["config", "explain"],
        &["repo", "list"],
        &["repo", "add", "."],
        &["init"],
        &["salvage", "1"],
        &["undo", "1"],
        &["take", "1", "--print"],
        &["gate"],
        &["gate", "--here"],
        &["gate", "HEAD"],
        &["ralph", "--goal", file],
        &["ralph", "--goal", file, "--continue"],
        &["up", "--once"],
        &["give", "1"],
    ];
    for args in looks {
        let said = trapped.said(args);
        assert_ne!(said.code, 2, "{args:?} is no way to call it: {said:?}");
    }
    trapped.said_in(&inner, &["goal", "list"]);
    trapped.said_in(&inner, &["gate"]);
    let repos = trapped.scene.json(&["repo", "list"]);
    assert_eq!(
        repos["items"].as_array().unwrap().len(),
        2,
        "nothing of the agent's choice is registered: {repos}"
    );
    // The traps are such: plain git falls into them.
    let mut plain = std::process::Command::new("git");
    plain.arg("status").current_dir(&trapped.clone).output().unwrap();
    assert!(!trapped.canary.heard().is_empty());
}

#[test]
fn the_gate_that_counts_in_a_clone_is_the_one_that_the_run_was_given() {
    let trapped = Trapped::new();
    let asked = |args: &[&str]| -> (i32, Value) {
        let said = trapped.said(&[&["gate", "--json", "--once"], args].concat());
        (said.code, said.as_json())
    };
    let (code, red) = asked(&[]);
    assert_eq!((code, red["base"].as_str()), (1, Some(trapped.base.as_str())), "{red}");
    fs_err::write(trapped.clone.join("hello"), "").unwrap();
    let (code, green) = asked(&[]);
    assert_eq!((code, &green["verdict"]), (0, &Value::from("green")), "{green}");
    trapped.refused(&["gate", "HEAD"]);
    trapped.refused(&["gate", "origin/main"]);
    assert_eq!(trapped.scene.status(1), "running", "the run is where it was");
    trapped.scene.ok(&["give", "1"]);
    trapped.scene.ok(&["up", "--once"]);
    assert_eq!(trapped.scene.status(1), "done", "and its work lands");
}

#[test]
fn a_command_in_a_clone_is_about_the_runs_repository() {
    let trapped = Trapped::new();
    let file = trapped.scene.home.home().join("goal.md");
    fs_err::write(&file, GOAL).unwrap();
    let mut command = trapped.scene.command(&["goal", "create", "--json", "--title", "Here"]);
    command.current_dir(&trapped.clone);
    let made = feed(command, GOAL.as_bytes());
    assert_eq!(made.code, 0, "it is clear which of two repositories is meant: {made:?}");
    let number = made.as_json()["number"].as_u64().unwrap().to_string();
    let shown = trapped.said(&["goal", "show", &number, "--json"]).as_json();
    assert_eq!(shown["repo"], trapped.scene.full("acme/app"), "{shown}");
}

#[test]
fn what_would_need_git_in_a_clone_is_refused() {
    let trapped = Trapped::new();
    let file = trapped.scene.home.home().join("goal.md");
    fs_err::write(&file, GOAL).unwrap();
    for args in [
        &["ralph", "--goal", file.to_str().unwrap()][..],
        &["repo", "add", "."],
        &["init"],
        &["salvage", "1", "--into", "."],
    ] {
        trapped.refused(args);
    }
    let clone = trapped.clone.to_str().unwrap();
    let from_home = trapped.said_in(&trapped.scene.home.home(), &["repo", "add", clone]);
    assert!(from_home.code != 0 && from_home.err.contains("where agents write"), "{from_home:?}");
}

#[test]
fn another_work_tree_of_a_clones_repository_is_no_safer_than_the_clone() {
    let scene = Scene::new();
    scene.goal("Hello", &["--queue"]);
    let clone = PathBuf::from(scene.json(&["take", "1"])["path"].as_str().unwrap());
    let beside = scene.home.home().join("beside");
    git(&clone, &["worktree", "add", "--quiet", "--detach", beside.to_str().unwrap()]);
    let canary = Canary::new(&scene.home.path().join("canary"));
    plant(&clone, &canary);
    for args in [&["gate"][..], &["goal", "list"], &["init"]] {
        let mut command = scene.command(args);
        command.current_dir(&beside);
        let said = feed(command, b"");
        assert!(args[0] == "goal" || said.err.contains("where agents write"), "{said:?}");
    }
    canary.assert_silent();
}
