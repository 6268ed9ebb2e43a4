//! A person's hands at night: goals that are taken and given back, landed work that is undone, and sudden ends
//! in the middle of both.

use herder_domain::event::What;
use herder_domain::hand::HandEnd;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_domain::undo::{AfterUndo, Undo, UndoGate};

use crate::stage::script::easy;
use crate::stage::{GATE, Moment, Stage};

fn take(stage: &mut Stage, goal: &GoalRef) {
    stage.person(goal, What::GoalTaken { by: "ada".into() });
}

fn give(stage: &mut Stage, goal: &GoalRef, attempt: u32, end: HandEnd) {
    let run = RunId::of(goal, attempt);
    stage.person(goal, What::GoalGiven { run, end, say: None });
}

/// An orchestrator is killed when it calls this git command, or has called it.
fn die_at(stage: &Stage, moment: Moment, command: &str) {
    let hold = stage.hold_git(moment, command);
    let up = stage.up_once();
    hold.until_reached();
    up.kill();
    hold.let_go();
}

#[test]
fn a_workspace_is_prepared_once_and_what_was_done_in_it_lands_once_whenever_the_orchestrator_dies() {
    for (prepared, collected) in [("fetch", "index-pack"), ("read-tree", "diff-tree")] {
        let mut stage = Stage::new(GATE);
        let goal = stage.goal("Write a file", "", &easy("new.txt"));
        take(&mut stage, &goal);
        stage.pushes_a_branch();
        die_at(&stage, Moment::Before, prepared);
        stage.good_night();
        assert!(stage.run(&goal, 1).is_held(), "no ralph began: {:?}", stage.run(&goal, 1).state);
        let clone = stage.clone_of(&goal, 1);
        fs_err::write(clone.join("by-hand.txt"), "ok\n").unwrap();
        stage.good_night();
        assert_eq!(fs_err::read_to_string(clone.join("by-hand.txt")).unwrap(), "ok\n");
        give(&mut stage, &goal, 1, HandEnd::Finished);
        die_at(&stage, Moment::After, collected);
        stage.good_night();
        assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
        assert_eq!(stage.repo.log(), ["Goal #1: Write a file", "Begin"]);
        assert_eq!(stage.repo.files_at("main"), [".ralph/check", "by-hand.txt", "first.txt"]);
        let row = stage.row(&goal, 1);
        assert_eq!(
            (row.agent.as_deref(), row.cost_usd.known(), row.iterations),
            (Some("person"), Some(0.0), 0)
        );
        assert!(!clone.exists() && stage.store.open_effects().unwrap().is_empty());
    }
}

#[test]
fn what_is_dropped_leaves_the_goals_branch_where_it_was_whenever_the_orchestrator_dies() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal_to_see("Write a file", &easy("new.txt"));
    stage.good_night();
    let before = stage.found(&goal).state;
    take(&mut stage, &goal);
    stage.good_night();
    fs_err::write(stage.clone_of(&goal, 2).join("new.txt"), "worse\n").unwrap();
    give(&mut stage, &goal, 2, HandEnd::Dropped);
    // The branch has moved to what the person left, and not gone back yet.
    die_at(&stage, Moment::Before, "diff-tree");
    stage.good_night();
    assert_eq!(stage.found(&goal).state, before);
    assert_eq!(stage.vault_file("refs/heads/goal-1", "new.txt").as_deref(), Some("ok\n"));
    let kept = format!("refs/herder/wip/1/{}/1", RunId::of(&goal, 2));
    assert_eq!(stage.vault_file(&kept, "new.txt").as_deref(), Some("worse\n"));
    assert_eq!(stage.row(&goal, 2).exit_reason, "dropped");
}

#[test]
fn landed_work_is_taken_out_once_whenever_the_orchestrator_dies() {
    let moments = [(Moment::Before, "merge-tree"), (Moment::Before, "push"), (Moment::After, "push")];
    for (moment, command) in moments {
        let mut stage = Stage::new(GATE);
        let goal = stage.goal("Write a file", "", &easy("new.txt"));
        stage.good_night();
        stage.repo.push("main", "Meanwhile", &[("other.txt", Some("ok\n"))]);
        let undo = Undo { by: "ada".into(), gate: UndoGate::Ask, then: AfterUndo::Draft, say: None };
        stage.person(&goal, What::UndoOrdered { run: RunId::of(&goal, 1), undo });
        die_at(&stage, moment, command);
        stage.good_night();
        assert_eq!(stage.word(&goal), "draft", "{command}");
        let log = ["Revert \"Goal #1: Write a file\"", "Meanwhile", "Goal #1: Write a file", "Begin"];
        assert_eq!(stage.repo.log(), log, "{command}");
        assert_eq!(stage.repo.commits_with_trailer("Herder-Reverts").len(), 1, "{command}");
        assert_eq!(stage.repo.files_at("main"), [".ralph/check", "first.txt", "other.txt"]);
        assert_eq!(stage.comments(&goal).len(), 1, "told once: {:?}", stage.comments(&goal));
        assert!(stage.store.open_effects().unwrap().is_empty());
    }
}
