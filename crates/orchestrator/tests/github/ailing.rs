//! A repository that is broken or red waits, says so, and goes on by itself; all others go on meanwhile.

use std::path::Path;

use herder_config::{Flags, UserConfig};
use herder_domain::ailment::Ailment;
use herder_domain::event::{Event, What};
use herder_domain::plan::Wait;
use herder_domain::repo::{GoalRef, RepoId};
use herder_fakehub::Permission;
use herder_fakehub::op;
use herder_fakehub::op::check::CheckEdit;
use herder_fakehub::state::Conclusion;
use herder_testkit::until;
use jiff::Timestamp;

use crate::script::easy;
use crate::stage::{APP, PATIENCE, Stage};

const LIB: &str = "acme/lib";

/// Two repositories, one slot, and an issue in each.
fn stage() -> (Stage, u64, u64) {
    let stage = Stage::new();
    stage.configure("max = 1\n", "", ("", ""));
    stage.repo(LIB);
    stage.must(&["add", LIB]);
    let app = stage.issue("bob", "Write a file", &easy("new.txt"), &["goal"]);
    let lib = stage.issue_in(LIB, ("bob", "Write a file"), &easy("new.txt"), &["goal"]);
    (stage, app, lib)
}

fn lib() -> RepoId {
    "github.com/acme/lib".parse().unwrap()
}

/// Waits until something is the matter with `acme/app` that `is_it`, or nothing is.
#[track_caller]
fn until_app(stage: &Stage, is_so: impl Fn(Option<&Ailment>) -> bool) {
    until("acme/app to be so", PATIENCE, || {
        let known = stage.store().ailments().unwrap();
        is_so(known.get(&Stage::app()).map(|ailing| &ailing.ailment)).then_some(())
    });
}

#[track_caller]
fn until_state(stage: &Stage, goal: &GoalRef, word: &str) {
    until(&format!("{goal} to be {word}"), PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        stage.store().goal(goal).unwrap().filter(|goal| goal.state.word() == word).map(drop)
    });
}

/// Queues the goal of `acme/app`, then that of `acme/lib`, and sees the second one home and the first one wait.
fn other_goes_on(stage: &Stage, (app, other): (u64, u64)) {
    let (app, other) = (GoalRef::new(Stage::app(), app), GoalRef::new(lib(), other));
    stage.label_in(LIB, ("bob", other.number.0), "goal:queued");
    until_state(stage, &other, "done");
    assert_ne!(stage.goal(app.number.0).state.word(), "done");
}

fn check(stage: &Stage, commit: String, conclusion: Conclusion) {
    let edit = CheckEdit {
        name: Some("ci".to_owned()),
        head_sha: Some(commit),
        conclusion: Some(conclusion),
        ..CheckEdit::default()
    };
    stage.hub.act("ada", |ctx| op::check::create(ctx, APP, edit));
}

#[test]
fn a_red_main_pauses_its_repository_until_it_is_green_again() {
    let (stage, app, other) = stage();
    let up = stage.up();
    check(&stage, stage.hub.commit("ada", APP, "main", "broken.md", "broken"), Conclusion::Failure);
    until_app(
        &stage,
        |ailment| matches!(ailment, Some(Ailment::RedBase { checks, .. }) if checks == &["ci"]),
    );
    stage.label("bob", app, "goal:queued");
    let goal = GoalRef::new(Stage::app(), app);
    until_state(&stage, &goal, "queued");
    other_goes_on(&stage, (app, other));
    assert_eq!(stage.goal(app).runs, 0, "nothing of it was begun");
    let config = UserConfig::parse(Path::new("config.toml"), "").unwrap();
    let planned = herder_orchestrator::dry_run(&stage.state(), &config, &Flags::default(), None).unwrap();
    assert!(matches!(planned.waits[&goal][..], [Wait::RepoAiling { .. }]), "{:?}", planned.waits);
    assert!(up.said().contains("github.com/acme/app is red itself: ci on main at "), "{}", up.said());
    let fixed = stage.hub.commit("ada", APP, "main", "broken.md", "mended");
    check(&stage, fixed, Conclusion::Success);
    until_state(&stage, &goal, "offered");
    assert!(stage.store().ailments().unwrap().is_empty());
    assert!(up.stop().success());
}

#[test]
fn a_repository_that_is_closed_to_herder_stops_nobody_else_and_goes_on_when_it_is_open_again() {
    let (stage, app, other) = stage();
    let up = stage.up();
    let goal = GoalRef::new(Stage::app(), app);
    stage.until_labels(app, &["goal", "goal:draft"]);
    access(&stage, None);
    until_app(&stage, |ailment| matches!(ailment, Some(Ailment::Unreadable { .. })));
    stage.label("bob", app, "goal:queued");
    other_goes_on(&stage, (app, other));
    access(&stage, Some(Permission::Write));
    until_state(&stage, &goal, "done");
    assert!(stage.store().ailments().unwrap().is_empty());
    assert!(up.stop().success());
}

#[test]
fn a_goal_that_cannot_be_claimed_leaves_its_slot_to_another_repository() {
    let (stage, app, other) = stage();
    stage.configure("", "", ("poll = \"1s\"", "poll = \"10m\""));
    let up = stage.up();
    let goals = [GoalRef::new(Stage::app(), app), GoalRef::new(lib(), other)];
    goals.iter().for_each(|goal| until_state(&stage, goal, "draft"));
    stage.until_labels(app, &["goal", "goal:draft"]);
    access(&stage, None);
    for goal in &goals {
        stage.store().append(&Event::of(goal, What::GoalQueued), Timestamp::now()).unwrap();
    }
    until_state(&stage, &goals[1], "done");
    let ended = stage.goal(app).history;
    assert!(ended[0].outcome.sentence().starts_with("unreachable"), "{ended:?}");
    assert!(up.stop().success());
}

/// Lets herder do so much in `acme/app`, which nobody else sees.
fn access(stage: &Stage, permission: Option<Permission>) {
    // Strangers are answered as if there were nothing.
    for method in ["GET", "POST", "PUT", "PATCH"] {
        stage.hub.expect(method, APP, 404);
    }
    stage.hub.act("ada", |ctx| {
        let repo = ctx.repo_mut(APP, Permission::Admin)?;
        repo.is_private = true;
        match permission {
            Some(permission) => repo.collaborators.insert("herder".to_owned(), permission),
            None => repo.collaborators.remove("herder"),
        };
        Ok(())
    });
}
