//! A program of the user's as an agent: the whole way from its queue into the base, under keeper and sandbox.
//!
//! The stand-in for herder plays scripts only, so the ralph of these nights is this very test program, called
//! again for its one ignored test.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use herder_agent::{Agent, Entry, Kind, Registry};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunSpec;
use herder_executor::{Launcher, SandboxSupport};
use herder_ralph::RalphError;

use crate::stage::{GATE, Plan, Stage, stand_in};

/// Names the run directory to the ralph.
const RUN: &str = "HERDER_TEST_RUN";

#[test]
#[ignore = "not a test: the ralph of the other tests here"]
fn ralph() {
    let Some(dir) = std::env::var_os(RUN) else { return };
    let find = |spec: &RunSpec| -> Result<Arc<dyn Agent>, RalphError> {
        let setup = &spec.setup.agent;
        let command = setup.program.iter().map(|program| program.display().to_string());
        let command = command.chain(setup.args.iter().cloned()).collect();
        let entry = Entry { command, ..Entry::new(&spec.agent, Kind::Command) };
        Ok(Registry::new(stand_in(), [entry])?.agent(&spec.agent)?)
    };
    herder_ralph::run(&herder_ralph::Order {
        dir: &PathBuf::from(dir),
        launcher: Launcher::at(stand_in()),
        agent: &find,
        lookup: &|name| std::env::var(name).ok(),
        announces: false,
    })
    .unwrap();
}

/// A stage whose agent `mine` is a shell script.
fn stage(script: &str) -> Stage {
    let stage = Plan::gate(GATE).config("[agents.mine]\nkind = \"command\"\nprogram = \"mine\"").build();
    stage.home.install_program("mine", &format!("#!/bin/sh\ncat >/dev/null\n{script}\n"));
    stage
}

/// A night with a ralph of our own.
fn night(stage: &mut Stage) -> GoalRef {
    let head = "---\nagent: mine\nmodel: large\nreasoning: high\n---";
    let goal = stage.goal("Write a file", head, "[]");
    stage.prepare_only(&goal);
    let mut ralph = stage.home.herder(std::env::current_exe().unwrap());
    ralph.args(["--exact", "command::ralph", "--ignored"]).env(RUN, stage.run_dir(&goal, 1).path());
    assert!(ralph.stdout(Stdio::null()).status().unwrap().success());
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
    let message = stage.repo.message("main");
    assert!(message.contains("\n\nWrote the file.\n\n") && message.contains("\nHerder-Cost: unknown\n"));
}

#[test]
fn a_command_is_kept_in_its_sandbox_and_what_it_leaves_running_is_ended() {
    if !SandboxSupport::detect().is_sufficient() {
        eprintln!("skipped: this machine has no sandbox");
        return;
    }
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("file");
    let mut stage = stage(&format!(
        "setsid sleep 600 </dev/null >/dev/null 2>&1 &\n(: >{}) 2>/dev/null\necho ok >new.txt",
        file.display()
    ));
    let goal = night(&mut stage);
    assert_eq!((stage.word(&goal), file.exists()), ("done", false));
}
