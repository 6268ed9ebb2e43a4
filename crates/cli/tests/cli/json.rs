//! `--json` everywhere: each command says one object, and nothing on standard error.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scene::{GOAL, Said, Scene, feed};

const DONE: &str = "## Objective\nSay hello.\n\n```replay\n\
    [{\"write\": {\"path\": \"hello\", \"text\": \"hi\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

/// Money that is spent makes a goal stuck at once.
const SPENT: &str = "## Objective\nx\n\n```replay\n[\"budget_spent\"]\n```\n";

/// Settings and papers: commands that are about no goal.
fn further<'r>() -> Vec<(&'static str, Vec<&'r str>, bool)> {
    vec![
        // What they do when they go well is told in the orchestrator's `frozen`.
        ("freeze", vec!["2"], false),
        ("thaw", vec!["2"], false),
        ("forecast", vec![], true),
        ("config set", vec!["max", "3"], true),
        ("config unset", vec!["max"], true),
        ("config path", vec![], true),
        ("gate", vec!["--once"], true),
        // What it says when it goes well is the program's.
        ("heavy", vec![], false),
        ("service install", vec!["--print"], true),
        ("service uninstall", vec![], false),
        ("service status", vec![], true),
        ("backup", vec!["kept.tar.gz"], true),
        ("restore", vec!["kept.tar.gz"], false),
        ("completions", vec!["zsh"], true),
        ("man", vec![], true),
        // What it says when it goes well is told in docs/how-to/be-told.md.
        ("notify test", vec![], false),
        ("digest", vec![], true),
    ]
}

/// The words of a command, what follows them, and whether it goes well. Those that tell line by line what
/// happens (`up`, `watch`, `logs -f`) stand here as they are asked once.
fn rows<'r>(
    origin: &'r str,
    name: &'r str,
    file: &'r str,
    links: &'r str,
) -> Vec<(&'r str, Vec<&'r str>, bool)> {
    vec![
        ("repo add", vec![origin, "--name", name], true),
        ("repo list", vec![], true),
        ("story create", vec!["--title", "More"], true),
        ("story list", vec![], true),
        ("story show", vec!["1"], true),
        ("story edit", vec!["1", "--title", "Greetings all"], true),
        ("story queue", vec!["1"], true),
        ("goal create", vec!["--title", "Again"], true),
        ("goal queue", vec!["7"], true),
        ("goal new", vec!["--from", "-", "--title", "From a file"], true),
        ("goal edit", vec!["7", "--title", "Anew", "--queue"], true),
        ("goal lint", vec!["--all"], true),
        ("goal import", vec!["-"], false),
        ("goal priority", vec!["7", "-3"], true),
        ("goal move", vec!["7", "--story", "1"], true),
        ("goal hold", vec!["7", "--reason", "Monday"], true),
        ("goal release", vec!["7"], true),
        ("goal list", vec![], true),
        ("goal show", vec!["2"], true),
        ("goal comment", vec!["2"], true),
        ("goal approve", vec!["2"], true),
        ("goal reject", vec!["3", "--feedback", "Too short."], true),
        ("goal answer", vec!["3", "The second."], false),
        ("tell", vec!["3", "Mind the tabs."], true),
        ("goal spot-check", vec!["4", "approve"], true),
        ("goal retry", vec!["5"], true),
        ("goal cancel", vec!["7"], true),
        ("goal resolve", vec!["5"], true),
        ("up", vec!["--dry-run"], true),
        ("down", vec![], true),
        ("pause", vec!["--for", "1s"], true),
        ("set max", vec!["2"], true),
        ("why", vec!["2"], true),
        ("watch", vec!["--once"], true),
        ("logs", vec!["2"], true),
        // What they do when they go well is told in `hands` and `salvage`.
        ("salvage", vec!["99"], false),
        ("take", vec!["99"], false),
        ("give", vec!["99"], false),
        ("undo", vec!["99"], false),
        ("gc", vec!["--dry-run"], true),
        ("stats", vec![], true),
        // What it says when it goes well is told in `dashboard`.
        ("dashboard", vec!["--listen", "0.0.0.0:0"], false),
        ("doctor", vec![], true),
        ("demo", vec!["--dir", "."], false),
        ("init", vec!["--dry-run"], true),
        ("config explain", vec![], true),
        ("resume", vec!["replay"], false),
        ("ralph", vec!["--goal", file], true),
        ("install-links", vec![links], true),
    ]
}

/// A story (1), goals that wait for a look (2 to 4) and one that is stuck (5).
fn prepared() -> (Scene, PathBuf) {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    for title in ["Two", "Three", "Four"] {
        scene.goal_of(DONE, title, &["--queue", "--spot-check", "--story", "1"]);
    }
    scene.goal_of(SPENT, "Five", &["--queue"]);
    scene.ok(&["up", "--once", "--max", "2"]);
    let states: Vec<String> = (2..=5).map(|number| scene.status(number)).collect();
    assert_eq!(states, ["spot-check", "spot-check", "spot-check", "stuck"]);
    let checkout = scene.checkout("work");
    (scene, checkout)
}

#[track_caller]
fn check(said: &Said, goes_well: bool, words: &str) {
    assert_eq!((said.err.as_str(), said.code == 0), ("", goes_well), "{words}: {said:?}");
    let value: Value =
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{words}: {error}: {said:?}"));
    assert_eq!(value["ok"], goes_well, "{words}: {said:?}");
    assert_eq!(value["error"].is_object(), !goes_well, "{words}: {said:?}");
}

fn perform(scene: &Scene, checkout: &Path, words: &str, more: &[&str]) -> Said {
    let args: Vec<&str> = words.split(' ').chain(more.iter().copied()).chain(["--json"]).collect();
    let mut command = scene.command(&args);
    command.current_dir(checkout);
    feed(command, GOAL.as_bytes())
}

#[test]
fn each_command_says_one_object() {
    let (scene, checkout) = prepared();
    let (origin, name) = (scene.origin.path().to_str().unwrap(), scene.full("acme/app"));
    let file = scene.home.write("hello.md", DONE);
    let links = scene.home.home().join("links");
    let mut rows = rows(origin, &name, file.to_str().unwrap(), links.to_str().unwrap());
    rows.extend(further());
    for (words, more, goes_well) in &rows {
        check(&perform(&scene, &checkout, words, more), *goes_well, words);
    }
    let named: Vec<&str> = rows.iter().map(|(words, ..)| *words).collect();
    let missing: Vec<String> =
        leaves(&scene, "").into_iter().filter(|leaf| !named.contains(&leaf.as_str())).collect();
    assert!(missing.is_empty(), "commands without a row: {missing:?}");
    scene.home.assert_no_process_left();
}

/// The commands below `words` that have no commands below them, as the help lists them.
fn leaves(scene: &Scene, words: &str) -> Vec<String> {
    let help = scene.ok(&words.split_whitespace().chain(["--help"]).collect::<Vec<_>>());
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return vec![words.to_owned()] };
    let lines = listed.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.flat_map(|name| leaves(scene, format!("{words} {name}").trim_start())).collect()
}
