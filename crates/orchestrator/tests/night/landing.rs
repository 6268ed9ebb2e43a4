//! Work that lands, and work that does not at first.

use std::path::PathBuf;

use herder_domain::event::What;
use herder_domain::gate::Refusal;
use herder_domain::goal::{GoalState, SpotCheckReason, StuckCause};
use herder_domain::landing::Bounce;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_testkit::{NotifySink, until};
use serde_json::json;

use crate::stage::gates::{landing_only, slow_once};
use crate::stage::script::{answer, bad, done, easy, expect, good, script, shell, waits, write};
use crate::stage::{GATE, Moment, PATIENCE, Plan, Stage};

fn bounce(stage: &Stage, goal: &GoalRef) -> Bounce {
    stage.until_happened("a bounce", goal, |what| {
        let What::LandingBounced { bounce, .. } = what else { return None };
        Some(bounce.clone())
    })
}

#[test]
fn a_goal_is_worked_off_and_lands() {
    let mut stage = Stage::new(GATE);
    let script = script(&[vec![
        json!({"say": "writing"}),
        write("new.txt", "ok\n"),
        json!({"usage": {"input": 10, "output": 5}}),
        json!({"cost_usd": 0.25}),
        answer("done", "Wrote the file."),
    ]]);
    let goal = stage.goal("Write a file", "---\nmodel: sonnet\n---", &script);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", "new.txt").as_deref(), Some("ok\n"));
    let run = RunId::of(&goal, 1);
    let message = format!(
        "Goal #1: Write a file\n\nWrote the file.\n\nHerder-Goal: {goal}\nHerder-Run: {run}\n\
         Herder-Agent: replay\nHerder-Model: sonnet\nHerder-Gate: green\nHerder-Cost: $0.2500\n"
    );
    assert_eq!(stage.repo.message("main").trim_end(), message.trim_end());
    assert_eq!(stage.repo.git(["log", "-1", "--format=%an %cn %P", "main"]).split_whitespace().count(), 3);
    assert_eq!(stage.rows().len(), 1);
    let row = stage.row(&goal, 1);
    assert_eq!(
        (row.tokens.unwrap().input, row.cost_usd.known(), row.exit_reason.as_str()),
        (10, Some(0.25), "done")
    );
    assert_eq!(stage.repo.branches(), ["main"]);
}

#[test]
fn what_was_pushed_before_a_goal_was_queued_is_in_its_base() {
    let mut stage = Stage::new(GATE);
    let first = stage.goal("First", "", &script(&[good("one.txt")]));
    let up = stage.up();
    stage.until_word(&first, "done");
    // The mirror is seconds old, which spares goals that waited longer a fetch, and not this one.
    let pushed = stage.repo.push("main", "By hand", &[("by-hand.txt", Some("ok\n"))]);
    let second = stage.goal("Second", "", &script(&[good("two.txt")]));
    stage.until_word(&second, "done");
    assert!(up.stop().success());
    assert_eq!(stage.run_dir(&second, 1).spec().unwrap().unwrap().base_commit, pushed);
}

#[test]
fn work_that_only_its_clone_accepts_bounces_and_counts_as_a_failed_run() {
    let gate =
        "test ! -e new.txt || test -e made.cache || test -e kept.txt || { echo nothing was made; exit 1; }";
    let mut stage = Plan::gate(gate).file(".gitignore", "*.cache\n").build();
    let sessions = [
        vec![write("made.cache", ""), write("new.txt", "ok\n"), done("Works here.")],
        vec![
            expect("The last one ended so: gate_red: the landing gate was red"),
            expect("nothing was made"),
            expect("It said last: Works here."),
            shell("test -e new.txt && test ! -e made.cache && echo ok >kept.txt"),
            done("Works everywhere."),
        ],
    ];
    let goal = stage.goal("Make something", "", &script(&sessions));
    stage.good_night();
    assert_eq!(bounce(&stage, &goal), Bounce::Red(Refusal::unnamed("nothing was made")));
    assert_eq!((stage.word(&goal), stage.found(&goal).series.failed), ("done", 1));
    assert_eq!(stage.rows().len(), 2);
    assert_eq!(stage.repo.log().len(), 2);
}

#[test]
fn a_conflict_bounces_uncounted_and_the_next_run_starts_afresh_and_knows_why() {
    let mut stage = Stage::new(GATE);
    let sessions = [
        vec![waits(), write("new.txt", "mine\nok\n"), done("Wrote mine.")],
        vec![
            expect("Its work conflicted with what landed since (in new.txt), so this run starts afresh"),
            shell("grep -q theirs new.txt && ! grep -q mine new.txt"),
            write("new.txt", "both\nok\n"),
            done("Wrote both."),
        ],
    ];
    let goal = stage.goal("Write a file", "", &script(&sessions));
    let up = stage.up_once();
    stage.until_waiting(&goal, 1);
    stage.repo.push("main", "Theirs", &[("new.txt", Some("theirs\nok\n"))]);
    stage.let_go(&goal, 1);
    assert!(up.finish().success());
    assert_eq!(bounce(&stage, &goal), Bounce::Conflict { files: vec!["new.txt".into()] });
    let found = stage.found(&goal);
    assert_eq!((stage.word(&goal), found.series.failed, found.series.conflicts), ("done", 0, 1));
    assert_eq!(stage.repo.file_at("main", "new.txt").as_deref(), Some("both\nok\n"));
    // The work that could not be taken up is kept under the name of the run that found so.
    let kept = format!("refs/herder/attempts/1/{}", RunId::of(&goal, 2));
    assert_eq!(stage.vault_file(&kept, "new.txt").as_deref(), Some("mine\nok\n"));
}

#[test]
fn somebody_elses_push_in_between_costs_a_round_and_nothing_else() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let hold = stage.hold_git(Moment::Before, "push");
    let up = stage.up_once();
    hold.until_reached();
    stage.repo.push("main", "Theirs", &[("theirs.txt", Some("ok\n"))]);
    hold.let_go();
    assert!(up.finish().success());
    assert_eq!(stage.repo.log(), ["Goal #1: Write a file", "Theirs", "Begin"]);
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
}

#[test]
fn goals_of_one_repository_land_one_after_another() {
    // A second landing at the same time would find the first one's mark.
    let alone = "mkdir \"$CARGO_HOME/busy\" || exit 1\nsleep 0.3\nrmdir \"$CARGO_HOME/busy\"";
    let mut stage = Stage::new(&landing_only(alone));
    let goals: Vec<_> =
        (1..=3).map(|number| stage.goal("Write a file", "", &easy(&format!("{number}.txt")))).collect();
    stage.good_night();
    for goal in &goals {
        assert_eq!((stage.word(goal), stage.found(goal).runs), ("done", 1));
    }
    assert_eq!(stage.repo.log().len(), 4);
}

#[test]
fn goals_of_two_repositories_land_at_the_same_time() {
    let meet = tempfile::tempdir().unwrap();
    let dir = meet.path().display();
    let gate = |own: &str, other: &str| {
        landing_only(&format!("touch {dir}/{own}; while [ ! -e {dir}/{other} ]; do sleep 0.02; done"))
    };
    let mut stage = Plan::gate(&gate("a", "b")).config(&format!("[sandbox]\nwrite = [\"{dir}\"]")).build();
    let (repo, id) = stage.another("other", &gate("b", "a"));
    let here = stage.goal("Here", "", &easy("new.txt"));
    let there = stage.goal_in(&id, "There", "", &easy("new.txt"));
    stage.good_night();
    assert_eq!((stage.word(&here), stage.word(&there)), ("done", "done"));
    assert_eq!((stage.repo.log()[0].as_str(), repo.log()[0].as_str()), ("Goal #1: Here", "Goal #1: There"));
}

/// Has every push refused until the hook is removed.
fn refuse_pushes(stage: &Stage) -> PathBuf {
    let hook = stage.repo.path().join("hooks/pre-receive");
    let installed = stage.home.install_program("hook", "#!/bin/sh\necho closed for the night\nexit 1\n");
    fs_err::rename(installed, &hook).unwrap();
    hook
}

#[test]
fn a_push_that_a_hook_refuses_is_tried_again_later() {
    let mut stage = Stage::new(GATE);
    let hook = refuse_pushes(&stage);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let up = stage.up_once();
    let why = stage.until_happened("a postponed landing", &goal, |what| {
        let What::LandingPostponed { why, .. } = what else { return None };
        Some(why.clone())
    });
    assert!(why.contains("closed for the night"), "{why}");
    assert!(stage.why(&goal).contains("closed for the night"));
    fs_err::remove_file(hook).unwrap();
    assert!(up.finish().success());
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
}

#[test]
fn a_push_that_a_hook_always_refuses_is_given_up_and_a_person_is_told() {
    let sink = NotifySink::start();
    let mut stage = Plan::gate(GATE).config(&format!("[notify]\npost_url = \"{}\"", sink.url())).build();
    stage.configure(&stage.config().replace("[backoff]", "[backoff]\nlongest = \"1s\""));
    refuse_pushes(&stage);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.good_night();
    let GoalState::Stuck { cause: StuckCause::Undeliverable, detail } = stage.found(&goal).state else {
        panic!("{:?}", stage.found(&goal).state);
    };
    assert!(detail.contains("closed for the night"), "{detail}");
    let Bounce::Undeliverable { why } = bounce(&stage, &goal) else { panic!("not given up") };
    assert!(why.contains("closed for the night"), "{why}");
    assert!(stage.comments(&goal)[0].contains("closed for the night"), "{:?}", stage.comments(&goal));
    let posts = sink.wait_for(1, PATIENCE);
    assert!(posts.len() == 1 && posts[0].body.contains("#1 is stuck: Write a file"), "{posts:?}");
    // The work is whole and waits, and nothing was charged.
    assert_eq!((stage.found(&goal).series.failed, stage.found(&goal).runs), (0, 1));
    assert_eq!(stage.vault_file("refs/heads/goal-1", "new.txt").as_deref(), Some("ok\n"));
    assert_eq!((stage.repo.log(), stage.rows().len()), (vec!["Begin".to_owned()], 1));
}

#[test]
fn a_push_whose_answer_was_lost_is_found_and_not_made_twice() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let hold = stage.hold_git(Moment::After, "push");
    let up = stage.up_once();
    hold.until_reached();
    up.kill();
    hold.let_go();
    assert_eq!(stage.word(&goal), "running");
    stage.repo.push("main", "Theirs", &[("theirs.txt", Some("ok\n"))]);
    stage.good_night();
    assert_eq!(stage.repo.log(), ["Theirs", "Goal #1: Write a file", "Begin"]);
    let [(commit, _)] = stage.repo.commits_with_trailer("Herder-Run").try_into().unwrap();
    stage.until_happened("its landing", &goal, |what| {
        matches!(what, What::Landed { commit: found, .. } if *found == commit).then_some(())
    });
    assert_eq!(stage.rows().len(), 1);
}

#[test]
fn the_gate_is_the_bases_and_its_checkout_is_clean_whatever_the_agent_wrote() {
    let gate = "test \"$0\" != .ralph/check && test ! -e litter && grep -qx ok new.txt";
    let mut stage = Plan::gate(gate).file(".gitignore", "litter\n").file(".ralph/word", "base").build();
    let honest = "test \"$(cat \"$(dirname \"$0\")/word\")\" = base";
    stage.repo.push(
        "main",
        "Look at the word",
        &[(".ralph/check", Some(&format!("#!/bin/sh\nset -e\n{gate}\n{honest}\n")))],
    );
    let session = vec![
        write(".ralph/check", "#!/bin/sh\nexit 1\n"),
        write(".ralph/word", "agent"),
        write("new.txt", "ok\n"),
        done("Closed the gate."),
    ];
    let goal = stage.goal("Close the gate", "", &script(&[session]));
    stage.good_night();
    let paths = vec![".ralph/check".to_owned(), ".ralph/word".to_owned()];
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::ProtectedPaths { paths }]);
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", ".ralph/word").as_deref(), Some("agent"));
}

#[test]
fn an_agent_that_opens_the_gate_in_its_clone_has_not_opened_it() {
    let mut stage = Plan::gate(GATE).config("[budget]\niterations = 1").build();
    let open = [vec![write(".ralph/check", "#!/bin/sh\nexit 0\n")], bad("new.txt")].concat();
    let goal = stage.goal("Open the gate", "", &script(&[open]));
    let up = stage.up();
    until("a judged run", PATIENCE, || (stage.found(&goal).series.failed == 1).then_some(()));
    assert!(up.stop().success());
    assert_eq!(stage.outcomes(&goal)[0], "max_iterations");
    assert!(
        stage.found(&goal).context.gate_output.is_some_and(|output| output.contains("new.txt is not ok"))
    );
    assert_eq!(stage.repo.log(), ["Begin"]);
}

#[test]
fn a_landing_gate_that_is_red_once_and_green_then_lets_the_work_through() {
    let flaky = "mkdir \"$CARGO_HOME/seen\" 2>/dev/null || exit 0\necho the weather; exit 1";
    let mut stage = Stage::new(&landing_only(flaky));
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
    let log = stage.run_dir(&goal, 1).path().join("gate/landing.log");
    assert_eq!(fs_err::read_to_string(log).unwrap(), "the weather\n");
}

#[test]
fn cancelling_a_goal_whose_work_is_landing_stops_the_gate_and_nothing_is_pushed() {
    let mut stage = Stage::new(&slow_once());
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let next = stage.goal("Write another", "", &easy("next.txt"));
    let up = stage.up_once();
    stage.until_landing_gate();
    let landing = if stage.landing_now() == goal { &goal } else { &next };
    let other = if landing == &goal { &next } else { &goal };
    stage.person(landing, What::GoalCancelled);
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(landing), stage.word(other)), ("cancelled", "done"));
    assert_eq!(
        stage.repo.log(),
        [format!("Goal #{}: {}", other.number, stage.found(other).title), "Begin".into()]
    );
    stage.until_happened("a landing that was called off", landing, |what| {
        matches!(what, What::LandingWithdrawn { .. }).then_some(())
    });
}
