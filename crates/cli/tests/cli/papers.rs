//! What is made of the definition of the commands: reference, manual, completions.

use std::process::Command;

use crate::scene::Scene;

/// As `cargo xtask gen` left it.
const REFERENCE: &str = include_str!("../../../../docs/reference/commands.md");

#[test]
fn the_reference_is_what_the_definition_says() {
    let scene = Scene::bare();
    assert!(
        scene.ok(&["reference"]) == REFERENCE,
        "docs/reference/commands.md is stale: `cargo xtask gen` writes it anew"
    );
}

#[test]
fn each_command_has_a_page_of_the_manual() {
    let scene = Scene::bare();
    let dir = scene.home.home().join("man/man1");
    scene.ok(&["man", dir.to_str().unwrap()]);
    for (page, words) in
        [("herder.1", "herder"), ("herder-goal-create.1", "Objective"), ("herder-up.1", "once")]
    {
        let text = fs_err::read_to_string(dir.join(page)).unwrap();
        assert!(text.contains(".TH") && text.contains(words), "{page}: {text}");
    }
    assert!(scene.ok(&["man"]).contains(".TH herder 1"));
}

/// What Bash offers for a line, with the script that herder prints.
fn offered(scene: &Scene, words: &[&str]) -> Vec<String> {
    let script = scene.home.write("herder.bash", &scene.ok(&["completions", "bash"]));
    let last = words.len() - 1;
    let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let ask = format!(
        ". '{}'; COMP_WORDS=({line}); COMP_CWORD={last}; _herder herder '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        words[last],
        words[last - 1],
    );
    let output = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_offers_commands_options_and_values() {
    let scene = Scene::bare();
    assert_eq!(offered(&scene, &["herder", "goal", "que"]), ["queue"]);
    assert!(offered(&scene, &["herder", "up", "--o"]).contains(&"--once".to_owned()));
    assert_eq!(offered(&scene, &["herder", "goal", "list", "stu"]), ["stuck"]);
}

#[test]
fn the_scripts_of_the_other_shells_name_herder() {
    let scene = Scene::bare();
    assert!(scene.ok(&["completions", "zsh"]).starts_with("#compdef herder"));
    assert!(scene.ok(&["completions", "fish"]).contains("complete -c herder"));
    let said = scene.run(&["completions", "tcsh"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("bash"), "{said:?}");
}
