//! Work that a person has to look at, and what comes of their look.

use herder_domain::event::What;
use herder_domain::goal::{Charge, SpotCheckReason};
use herder_domain::judge::Judgement;
use herder_domain::landing::Bounce;
use herder_testkit::NotifySink;

use crate::stage::script::{answer, delete, done, easy, expect, good, script, shell, write};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

#[test]
fn work_that_a_person_wants_to_see_lands_when_it_is_approved() {
    let sink = NotifySink::start();
    let command =
        "[notify]\ncommand = [\"sh\", \"-c\", 'echo \"$HERDER_GOAL $HERDER_TITLE\" >>\"$HOME/told\"']";
    let post = format!("post_url = \"{}\"", sink.url());
    let mut stage = Plan::gate(GATE).config(command).config(&post).build();
    let goal = stage.goal_to_see("Write a file", &easy("new.txt"));
    stage.good_night();
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::Requested]);
    assert_eq!(stage.repo.log(), ["Begin"]);
    assert!(stage.comments(&goal)[0].contains("`herder goal approve 1` lands it"));
    assert!(sink.wait_for(1, PATIENCE)[0].body.contains("waits for a spot-check: Write a file"));
    let told = fs_err::read_to_string(stage.home.home().join("told")).unwrap();
    assert!(told.starts_with(&goal.to_string()), "{told}");
    assert!(told.contains("waits for a spot-check: Write a file") && told.lines().count() == 1, "{told}");
    stage.repo.push("main", "Meanwhile", &[("other.txt", Some("ok\n"))]);
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.log(), ["Goal #1: Write a file", "Meanwhile", "Begin"]);
    assert_eq!(stage.rows().len(), 1);
}

#[test]
fn an_agent_can_ask_for_a_review_or_for_an_answer() {
    let mut stage = Stage::new(GATE);
    let review = stage.goal(
        "Ask for a review",
        "",
        &script(&[vec![write("a.txt", "ok\n"), answer("needs_review", "Is this the tone?")]]),
    );
    let question = stage.goal(
        "Ask a question",
        "",
        &script(&[vec![answer("blocked", "Which port?")], good("port.txt")]),
    );
    stage.good_night();
    let summary = "Is this the tone?".to_owned();
    assert_eq!(stage.spot_check(&review), [SpotCheckReason::NeedsReview { summary }]);
    let question_asked = SpotCheckReason::Question { question: "Which port?".into() };
    assert_eq!(stage.spot_check(&question), [question_asked]);
    assert!(stage.comments(&question)[0].contains("the agent asks: Which port?"));
    assert!(stage.why(&question).contains("Which port?"));
}

#[test]
fn a_rejection_stands_first_in_the_next_prompt_and_the_work_goes_on() {
    let mut stage = Stage::new(GATE);
    let sessions = [
        vec![write("port.txt", "80 ok\nok\n"), answer("blocked", "Which port?")],
        vec![
            expect("sent it back with these words; answer them first:\n<feedback>\nUse 4711.\n</feedback>"),
            expect("Its work is in the directory"),
            shell("grep -q 80 port.txt && sed -i s/80/4711/ port.txt"),
            done("Changed the port."),
        ],
    ];
    let goal = stage.goal("Write the port", "", &script(&sessions));
    stage.good_night();
    stage.person(&goal, What::GoalRejected { feedback: "Use 4711.".into() });
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", "port.txt").as_deref(), Some("4711 ok\nok\n"));
    let found = stage.found(&goal);
    assert_eq!((found.runs, found.series.failed), (2, 0));
}

#[test]
fn protected_files_and_deleted_tests_are_looked_at() {
    let mut stage = Plan::gate(GATE).file("tests/one.rs", "").file("Cargo.lock", "").build();
    let gate =
        stage.goal("Soften the gate", "", &script(&[vec![write(".ralph/check", "exit 0\n"), done("Done.")]]));
    let lock = stage.goal("Lock", "", &script(&[vec![write("Cargo.lock", "x\n"), done("Done.")]]));
    let test = stage.goal("Fewer tests", "", &script(&[vec![delete("tests/one.rs"), done("Done.")]]));
    let moved =
        stage.goal("Move tests", "", &script(&[vec![shell("mv tests/one.rs one.rs"), done("Done.")]]));
    stage.good_night();
    let protected = |path: &str| SpotCheckReason::ProtectedPaths { paths: vec![path.into()] };
    let deleted = |path: &str| SpotCheckReason::DeletedTests { paths: vec![path.into()] };
    assert_eq!(stage.spot_check(&gate), [protected(".ralph/check")]);
    assert_eq!(stage.spot_check(&lock), [protected("Cargo.lock")]);
    assert_eq!(stage.spot_check(&test), [deleted("tests/one.rs")]);
    assert!(matches!(stage.spot_check(&moved)[..], [SpotCheckReason::DeletedTests { .. }]));
    assert_eq!(stage.repo.log(), ["Begin"]);
}

#[test]
fn without_a_gate_every_success_is_looked_at_unless_the_repository_waives_it() {
    let mut stage = Plan::without_gate().build();
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.good_night();
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::NoGate]);
    let mut stage = Plan::without_gate().file(".ralph/config.toml", "gate = \"none\"\n").build();
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    assert!(stage.repo.message("main").contains("\nHerder-Gate: none\n"), "{}", stage.repo.message("main"));
}

#[test]
fn a_success_that_changed_nothing_is_looked_at_and_approving_it_closes_the_goal() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Do nothing", "", &script(&[vec![done("It was done before.")]]));
    let next = stage.goal("Go on", "Depends: #1", &easy("next.txt"));
    stage.good_night();
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::NoDiff]);
    assert_eq!(stage.word(&next), "queued");
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.word(&next)), ("resolved", "done"));
    assert_eq!(stage.repo.log(), ["Goal #2: Go on", "Begin"]);
}

#[test]
fn approved_work_may_bounce_off_a_base_that_has_moved_on() {
    let mut stage = Stage::new(GATE);
    let again = [vec![expect("gate_red"), expect("no new.txt, please"), delete("new.txt")], good("old.txt")];
    let goal = stage.goal_to_see("Write a file", &script(&[good("new.txt"), again.concat()]));
    stage.good_night();
    let stricter = "#!/bin/sh\ntest ! -e new.txt || { echo no new.txt, please; exit 1; }\n";
    stage.repo.push("main", "Be stricter", &[(".ralph/check", Some(stricter))]);
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    let red = stage.until_happened("a bounce", &goal, |what| {
        let What::LandingBounced { bounce: Bounce::Red(refusal), .. } = what else { return None };
        Some(refusal.tail.clone())
    });
    assert_eq!(red, "no new.txt, please");
    stage.until_happened("a charge", &goal, |what| {
        let What::BounceJudged { judgement: Judgement::Requeue { charge, .. }, .. } = what else {
            return None;
        };
        (*charge == Charge::Failed).then_some(())
    });
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::Requested]);
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.files_at("main"), [".ralph/check", "first.txt", "old.txt"]);
}
