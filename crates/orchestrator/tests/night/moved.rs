//! Backups of every moment of a run: elsewhere its goal goes on, and its work lands once.

use herder_domain::event::What;
use herder_domain::repo::GoalRef;
use herder_orchestrator::{BackupOrder, Onto, RestoreOrder, Runs, backup, restore};
use herder_store::Store;
use jiff::Timestamp;

use crate::stage::script::easy;
use crate::stage::{GATE, Moment, Stage};

/// Brings the goal's first run to a state, with no orchestrator left.
fn bring_to(stage: &mut Stage, goal: &GoalRef, state: &str) {
    match state {
        "ordered" => stage.plan_only(),
        "claimed" => {
            let hold = stage.hold_git(Moment::Before, "checkout-index");
            let up = stage.up_once();
            hold.until_reached();
            up.kill();
        }
        "prepared" => stage.prepare_only(goal),
        _ => {
            stage.person(goal, What::GoalTaken { by: "ada".into() });
            stage.good_night();
            fs_err::write(stage.clone_of(goal, 1).join("by-hand.txt"), "ok\n").unwrap();
        }
    }
    assert_eq!(stage.run(goal, 1).state.word(), state);
}

/// Has the state directory restored from a backup of it, where no clone is; gives the goals that it queued again.
fn move_house(stage: &mut Stage, runs: Runs) -> Vec<GoalRef> {
    let (state, file) = (stage.state(), stage.home.path().join("backup.tar.gz"));
    backup(&BackupOrder { state: &state, config: None, file: &file, runs }, Timestamp::now()).unwrap();
    let clones = stage.home.root();
    if clones.exists() {
        fs_err::remove_dir_all(clones).unwrap();
    }
    let order = RestoreOrder { file: &file, state: &state, config: None, onto: Onto::Aside };
    let restored = restore(&order, Timestamp::now()).unwrap();
    fs_err::remove_dir_all(restored.moved_aside.unwrap()).unwrap();
    stage.store = Store::open(&state.database()).unwrap();
    restored.requeued
}

#[track_caller]
fn goes_on(state: &str, runs: Runs, outcomes: &[&str]) {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    bring_to(&mut stage, &goal, state);
    assert_eq!(move_house(&mut stage, runs), std::slice::from_ref(&goal), "{state}");
    stage.good_night();
    assert_eq!(
        (stage.word(&goal), stage.outcomes(&goal)),
        ("done", outcomes.iter().map(|&word| word.into()).collect())
    );
    assert_eq!(stage.found(&goal).series.failed, 0, "moving is nobody's failure");
    assert_eq!(stage.repo.log(), ["Goal #1: Write a file", "Begin"]);
    assert_eq!(stage.repo.files_at("main"), [".ralph/check", "first.txt", "new.txt"]);
    assert_eq!(stage.rows().len(), outcomes.len());
    assert!(stage.store.open_effects().unwrap().is_empty());
}

#[test]
fn a_run_that_is_only_ordered_begins_elsewhere() {
    goes_on("ordered", Runs::All, &["done"]);
}

#[test]
fn a_run_whose_clone_was_half_made_is_prepared_anew_elsewhere() {
    goes_on("claimed", Runs::Unfinished, &["done"]);
}

#[test]
fn a_run_that_was_about_to_be_launched_is_over_and_the_next_one_begins_elsewhere() {
    goes_on("prepared", Runs::All, &["stopped", "done"]);
}

#[test]
fn a_run_that_a_person_held_is_over_and_the_next_one_begins_elsewhere() {
    goes_on("held", Runs::Unfinished, &["stopped", "done"]);
}
