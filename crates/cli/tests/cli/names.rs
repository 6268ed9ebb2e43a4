//! The journal's own words, verbatim, in a shell.

use std::process::Stdio;
use std::time::Duration;

use herder_testkit::until;
use serde_json::{Value, json};

use crate::scene::{Said, Scene, feed};

/// Runs a script as a person of the journal typed it.
fn shell(scene: &Scene, script: &str) -> Said {
    let mut sh = scene.home.herder("/bin/sh");
    sh.args(["-c", script]).stdin(Stdio::null());
    Said::of(sh.output().unwrap())
}

fn installed() -> Scene {
    let scene = Scene::new();
    scene.ok(&["install-links", scene.home.bin().to_str().unwrap()]);
    scene
}

#[test]
fn goals_are_written_queued_and_read_as_in_the_journal() {
    let scene = installed();
    let said = shell(&scene, "story-create --title 'Say hello'; story-list; story-get 1");
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["number"], 1);
    assert_eq!(lines[1]["items"][0]["title"], "Say hello");
    assert_eq!(lines[2]["title"], "Say hello");

    let script = "goal-create --story 1 --title \"Say hello\" <<EOF\n## Objective\nSay hello.\nEOF\n\
                  goal-create --story 1 --title \"Say more\" --spot-check --depends \"2\" <<EOF\n\
                  ## Objective\nSay more.\nEOF\n\
                  goal-queue 2; goal-list; goal-list queued; goal-get 3; echo Well. | goal-comment 3; goal-cancel 3";
    let said = shell(&scene, script);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["ok"] == json!(true)), "{said:?}");
    assert_eq!((&lines[0]["number"], &lines[1]["number"]), (&json!(2), &json!(3)));
    assert_eq!(lines[3]["items"].as_array().unwrap().len(), 2);
    assert_eq!(lines[4]["items"][0]["number"], 2);
    assert_eq!((&lines[5]["spot_check"], &lines[5]["status"]), (&json!(true), &json!("draft")));
    assert_eq!(lines[7]["status"], "cancelled");
}

#[test]
fn a_look_is_told_as_in_the_journal() {
    let scene = installed();
    scene.goal("Hello", &["--queue"]);
    for (script, code, says) in [
        ("goal-spot-check 1 approve", 4, "cannot be approved"),
        ("goal-spot-check 1 reject --feedback 'no good'", 4, "cannot be rejected"),
        ("goal-spot-check 1 reject", 2, "--feedback"),
        ("goal-approve 1", 4, "cannot be approved"),
        ("goal-retry 1", 4, "cannot be retried"),
    ] {
        let said = shell(&scene, script);
        assert_eq!(said.code, code, "{script}: {said:?}");
        assert!(said.as_json()["error"]["message"].as_str().unwrap().contains(says), "{said:?}");
    }
}

#[test]
fn the_views_speak_json_to_programs() {
    let scene = installed();
    let said = shell(&scene, "ralph-stats; watch-ralphs --once");
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["all"]["runs"], &lines[1]["items"]), (&json!(0), &json!([])));
}

#[test]
fn the_orchestrators_line_of_the_journal_works_off_the_queue_of_a_checkout() {
    let scene = Scene::bare();
    let checkout = scene.checkout("work");
    let mut up = scene.home.herder(scene.link("orchestrator"));
    up.args(["--max", "5", "--model", "sonnet", "--reasoning", "med", "--duration", "4h", "--once"]);
    up.current_dir(&checkout);
    let said = feed(up, b"");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.lines().all(|line| line.starts_with('{')), "{said:?}");
    assert!(said.out.contains("registered"), "{said:?}");
    assert_eq!(scene.json(&["repo", "list"])["items"].as_array().unwrap().len(), 1);
    scene.home.assert_no_process_left();
}

#[test]
fn the_orchestrators_line_of_the_journal_works_until_it_is_told_to_go() {
    let scene = installed();
    let script = "goal-create --title \"Say hello\" <<EOF\n## Objective\nSay hello.\n\n```replay\n\
                  [{\"write\": {\"path\": \"hello\", \"text\": \"hi\"}}, \
                  {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\nEOF\n\
                  goal-queue 1"
        .replace('`', "\\`");
    assert_eq!(shell(&scene, &script).code, 0);
    let mut sh = scene.home.herder("/bin/sh");
    sh.args(["-c", "orchestrator --max 5 --model sonnet --reasoning med --duration 4h"]);
    let mut orchestrator = sh.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    until("the goal to land", Duration::from_secs(60), || (scene.status(1) == "done").then_some(()));
    // Without --once it stays when all is done.
    assert!(orchestrator.try_wait().unwrap().is_none());
    assert_eq!(scene.json(&["down"])["was_running"], true);
    assert!(orchestrator.wait().unwrap().success());

    assert_eq!(scene.origin.file_at("main", "hello").as_deref(), Some("hi"));
    let run = scene.json(&["goal", "show", "1"])["run"].as_str().unwrap().to_owned();
    let path = scene.home.state().join("runs").join(run).join("run.json");
    let spec: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    assert_eq!((&spec["model"], &spec["reasoning"]), (&json!("sonnet"), &json!("med")));
    assert_eq!(spec["budget"]["duration"].as_f64(), Some(14400.0));
    scene.home.assert_no_process_left();
}

#[test]
fn links_are_made_once_and_nothing_of_somebody_elses_is_touched() {
    let scene = Scene::bare();
    let dir = scene.home.home().join("links");
    let args = ["install-links", dir.to_str().unwrap()];
    let first = scene.json(&args);
    assert_eq!(first["items"].as_array().unwrap().len(), 17);
    assert!(scene.json(&args)["items"].as_array().unwrap().iter().all(|link| link["is_new"] == json!(false)));
    fs_err::remove_file(dir.join("ralph")).unwrap();
    fs_err::write(dir.join("ralph"), "mine").unwrap();
    let refused = scene.run(&args);
    assert_eq!(refused.code, 4);
    crate::bad_input::check_text(&refused, "is no link to herder");
    assert_eq!(fs_err::read_to_string(dir.join("ralph")).unwrap(), "mine");
}
