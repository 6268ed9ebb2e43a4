//! A configuration that changes under a going orchestrator.

use herder_testkit::until;
use serde_json::json;

use crate::stage::script::{easy, good, script, waits};
use crate::stage::{GATE, Orchestrator, PATIENCE, Plan, Stage};

/// An orchestrator that has read its configuration.
fn up(stage: &Stage) -> Orchestrator {
    let up = stage.up();
    until("an orchestrator that is up", PATIENCE, || up.said().contains("herder is up").then_some(()));
    up
}

#[test]
fn a_changed_configuration_holds_at_once_and_a_broken_one_not_at_all() {
    let mut stage = Plan::gate(GATE).max(1).build();
    let session = |path: &str| script(&[[vec![waits()], good(path)].concat()]);
    let first = stage.goal("First", "", &session("a.txt"));
    let second = stage.goal("Second", "", &session("b.txt"));
    let up = stage.up();
    stage.until_waiting(&first, 1);
    assert_eq!(stage.word(&second), "queued");
    let config = stage.config();
    stage.configure("max = \"many\"\n");
    until("a complaint", PATIENCE, || {
        up.said().contains("cannot be used, the last one holds on").then_some(())
    });
    assert!(up.said().contains("`max`"), "{}", up.said());
    assert_eq!(stage.word(&second), "queued");
    stage.configure(&config.replace("max = 1", "max = 2"));
    stage.until_waiting(&second, 1);
    assert!(up.said().contains("the changed configuration holds: max at once\n"), "{}", up.said());
    assert_eq!(up.said().matches("cannot be used").count(), 1, "{}", up.said());
    [&first, &second].into_iter().for_each(|goal| stage.let_go(goal, 1));
    [&first, &second].into_iter().for_each(|goal| stage.until_word(goal, "done"));
    assert!(up.stop().success());
}

#[test]
fn a_changed_configuration_frees_a_login_that_failed() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &script(&[vec![json!("login_failed")], good("new.txt")]));
    let up = stage.up();
    until("a parked account", PATIENCE, || {
        stage.store.parked().unwrap().contains_key("replay").then_some(())
    });
    stage.configure(&format!("{}\n# The login is mended.\n", stage.config()));
    stage.until_word(&goal, "done");
    assert!(up.stop().success());
}

#[test]
fn a_secret_that_is_named_under_way_is_left_out_of_the_log_from_then_on() {
    let stage = Stage::new(GATE);
    let (up, config) = (up(&stage), stage.config());
    let log = || fs_err::read_to_string(stage.state().orchestrator_log()).unwrap_or_default();
    let home = stage.home.home().display().to_string();
    let complains = |times: usize| {
        stage.configure("max = \"many\"\n");
        until("a complaint", PATIENCE, || (log().matches("cannot be used").count() == times).then_some(()));
    };
    complains(1);
    assert!(log().contains(&home), "an error names the file: {}", log());
    stage.configure(&format!("{config}\n[redact]\nenv = [\"HOME\"]\n"));
    until("the change", PATIENCE, || log().contains("redact.env at once").then_some(()));
    let before = log().len();
    complains(2);
    let since = log()[before..].to_owned();
    assert!(!since.contains(&home) && since.contains("[redacted]"), "{since}");
    assert!(up.stop().success());
}

#[test]
fn another_root_waits_for_a_restart_and_that_is_said() {
    let mut stage = Stage::new(GATE);
    let other = stage.home.path().join("other");
    let up = up(&stage);
    stage.configure(&format!("root = \"{}\"\n{}", other.display(), stage.config()));
    until("the change", PATIENCE, || up.said().contains("root only after a restart").then_some(()));
    let here = stage.goal("Here", "", &easy("a.txt"));
    stage.until_word(&here, "done");
    assert!(stage.clone_of(&here, 1).starts_with(stage.home.root()) && !other.exists());
    assert!(up.stop().success());
    let there = stage.goal("There", "", &easy("b.txt"));
    stage.good_night();
    assert_eq!(stage.word(&there), "done");
    assert!(stage.clone_of(&there, 1).starts_with(&other));
}
