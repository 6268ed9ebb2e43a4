//! A program of the user's as an agent: the whole way from its queue into the base, under keeper and sandbox.

use herder_domain::repo::GoalRef;

use crate::stage::{GATE, Plan, Stage};

/// A stage whose agent `mine` is a shell script.
fn stage(script: &str) -> Stage {
    let stage = Plan::gate(GATE).config("[agents.mine]\nkind = \"command\"\nprogram = \"mine\"").build();
    stage.home.install_program("mine", &format!("#!/bin/sh\ncat >/dev/null\n{script}\n"));
    stage
}

fn night(stage: &mut Stage) -> GoalRef {
    let head = "---\nagent: mine\nmodel: large\nreasoning: high\n---";
    let goal = stage.goal("Write a file", head, "[]");
    stage.good_night();
    goal
}

#[test]
fn a_command_that_fails_at_first_lands_its_work_at_a_cost_that_nobody_knows() {
    let mut stage = stage(
        "test -e .herder/tried || { touch .herder/tried; echo out of luck >&2; exit 7; }\n\
         printf '%s\\nok\\n' \"$HERDER_MODEL $HERDER_REASONING\" >new.txt\n\
         echo Wrote the file.",
    );
    let goal = night(&mut stage);
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", "new.txt").as_deref(), Some("large high\nok\n"));
    let iterations = stage.run_dir(&goal, 1).iterations().unwrap();
    let endings: Vec<_> = iterations.iter().map(|iteration| iteration.ending.as_str()).collect();
    assert_eq!(endings, ["crashed", "done"]);
    assert!(stage.progress(&goal, 1)[0].contains("out of luck"), "{:?}", stage.progress(&goal, 1));
    let row = stage.row(&goal, 1);
    assert_eq!((row.agent.as_deref(), row.iterations, row.cost_usd.known()), (Some("mine"), 2, None));
    assert_eq!(row.tokens, None, "nobody counted them");
    let message = stage.repo.message("main");
    assert!(message.contains("\n\nWrote the file.\n\n") && message.contains("\nHerder-Cost: unknown\n"));
}

#[test]
fn a_command_is_kept_in_its_sandbox_and_what_it_leaves_running_is_ended() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("file");
    let mut stage = stage(&format!(
        "setsid sleep 600 </dev/null >/dev/null 2>&1 &\n(: >{}) 2>/dev/null\necho ok >new.txt",
        file.display()
    ));
    let goal = night(&mut stage);
    assert_eq!((stage.word(&goal), file.exists()), ("done", false));
}
