//! Runs that fail: backoff, what the next run is told, and giving up.

use herder_domain::event::What;
use herder_domain::goal::{GoalState, StuckCause};
use herder_domain::judge::Judgement;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_testkit::{NotifySink, until};
use jiff::Timestamp;
use serde_json::json;

use crate::stage::script::{
    bad, costs, done, easy, expect, goes_on, good, script, shell, takes, waits, write,
};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

/// Each run has one iteration, so a red gate is a failed run.
const ONE_ITERATION: &str = "[budget]\niterations = 1";

/// Three sessions that the gate refuses, each of which wants to be told of the one before.
fn three_bad_sessions() -> Vec<Vec<serde_json::Value>> {
    let told = [
        expect("The last one ended so: max_iterations: its 1 iterations are spent"),
        expect("It said last: Tried badly."),
        expect("Its work is in the directory"),
        expect("new.txt is not ok"),
    ];
    let again = [told.to_vec(), bad("new.txt")].concat();
    vec![bad("new.txt"), again.clone(), again]
}

/// For each failed run, until when the goal was to wait and when its next run was ordered.
fn backoffs(stage: &Stage, goal: &GoalRef) -> Vec<(Timestamp, Timestamp, Timestamp)> {
    let happened = stage.happened(goal);
    let mut found = Vec::new();
    for (index, (judged, what)) in happened.iter().enumerate() {
        let What::RunJudged { judgement: Judgement::Requeue { retry_at: Some(until), .. }, .. } = what else {
            continue;
        };
        let ordered = happened[index..].iter().find(|(_, what)| matches!(what, What::RunOrdered { .. }));
        found.push((*judged, *until, ordered.unwrap().0));
    }
    found
}

#[test]
fn a_third_failed_run_makes_the_goal_stuck_and_a_person_is_told() {
    let sink = NotifySink::start();
    let home_file = "[notify]\ncommand = [\"sh\", \"-c\", 'echo \"$HERDER_TITLE\" >>\"$HOME/told\"']";
    let post = format!("post_url = \"{}\"\npost_topic = \"goals\"", sink.url());
    let plan = Plan::gate(GATE).config(ONE_ITERATION).config(home_file).config(&post);
    let mut stage = plan.build();
    let goal = stage.goal("Write a file", "", &script(&three_bad_sessions()));
    stage.good_night();
    assert_eq!(stage.outcomes(&goal), ["max_iterations", "max_iterations", "max_iterations"]);
    let GoalState::Stuck { cause: StuckCause::Failed, .. } = stage.found(&goal).state else {
        panic!("{:?}", stage.found(&goal).state);
    };
    let backoffs = backoffs(&stage, &goal);
    assert_eq!(backoffs.len(), 2);
    for (at_least, (judged, until, ordered)) in [0.8, 1.6].into_iter().zip(backoffs) {
        assert!(until.duration_since(judged).as_secs_f64() >= at_least && ordered >= until);
    }
    let last = RunId::of(&goal, 3);
    let [post_mortem] = stage.comments(&goal).try_into().unwrap();
    for part in
        ["Given up because its runs failed", last.as_str(), "new.txt is not ok", "Tried badly.", "`goal-1`"]
    {
        assert!(post_mortem.contains(part), "{part}: {post_mortem}");
    }
    let posts = sink.wait_for(1, PATIENCE);
    assert_eq!(posts.len(), 1);
    assert!(posts[0].body.contains("is stuck: Write a file"), "{}", posts[0].body);
    let told = fs_err::read_to_string(stage.home.home().join("told")).unwrap();
    assert!(told.contains("#1 is stuck: Write a file"), "{told}");
}

#[test]
fn a_retry_opens_a_new_series_that_knows_the_old_one() {
    let mut stage = Plan::gate(GATE).config(ONE_ITERATION).build();
    let mut sessions = three_bad_sessions();
    sessions.push([vec![expect("new.txt is not ok")], good("new.txt")].concat());
    let goal = stage.goal("Write a file", "", &script(&sessions));
    stage.good_night();
    assert_eq!(stage.word(&goal), "stuck");
    stage.person(&goal, What::GoalRetried);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    let found = stage.found(&goal);
    assert_eq!((found.runs, found.series.failed), (4, 0));
    assert_eq!(stage.rows().len(), 4);
}

#[test]
fn a_run_out_of_time_has_failed_and_the_next_one_goes_on_with_its_work() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal(
        "Write two files",
        "---\nduration: 5m\n---",
        &script(&[
            vec![write("one.txt", "ok\n"), takes(400.0), goes_on("Wrote one of two.")],
            vec![
                expect("The last one ended so: timeout: its 5m of working time are spent"),
                expect("It said last: Wrote one of two."),
                expect("Its work is in the directory"),
                shell("test -e one.txt && echo ok >two.txt"),
                done("Wrote the other."),
            ],
        ]),
    );
    stage.good_night();
    assert_eq!(stage.outcomes(&goal), ["timeout", "done"]);
    assert_eq!(stage.word(&goal), "done");
    assert!(
        stage.repo.file_at("main", "one.txt").is_some() && stage.repo.file_at("main", "two.txt").is_some()
    );
    assert!(stage.row(&goal, 1).time_seconds.llm >= 400.0);
}

#[test]
fn a_spent_budget_of_money_makes_the_goal_stuck_at_once() {
    let mut stage = Stage::new(GATE);
    let session = vec![write("one.txt", "ok\n"), costs(0.6), goes_on("Halfway.")];
    let goal = stage.goal("Cost much", "---\nbudget: 0.50\n---", &script(&[session]));
    stage.good_night();
    assert_eq!(stage.outcomes(&goal), ["budget"]);
    let GoalState::Stuck { cause: StuckCause::BudgetSpent, detail } = stage.found(&goal).state else {
        panic!("{:?}", stage.found(&goal).state);
    };
    assert_eq!(detail, "$0.60 of $0.50 are spent");
    assert!(stage.comments(&goal)[0].contains("its budget is spent"));
}

#[test]
fn what_cannot_run_as_it_is_written_goes_back_to_draft_with_a_note() {
    let mut stage =
        Plan::gate(GATE).config("[agents.strict]\nkind = \"replay\"\nmodels_allowed = [\"so*\"]").build();
    let easy = &script(&[good("new.txt")]);
    let agent = stage.goal("No such agent", "---\nagent: nobody\n---", easy);
    let model = stage.goal("No such model", "---\nagent: strict\nmodel: gpt\n---", easy);
    let refused =
        stage.goal("Refused", "---\nmodel: imaginary\n---", &script(&[vec![json!("model_refused")]]));
    stage.good_night();
    for (goal, words) in [
        (&agent, "there is none of that name"),
        (&model, "allowed are so*"),
        (&refused, "no model \"imaginary\""),
    ] {
        let GoalState::Draft { note: Some(note) } = stage.found(goal).state else {
            panic!("{:?}", stage.found(goal).state);
        };
        assert!(note.contains(words), "{note}");
        assert!(stage.why(goal).contains(words));
        assert_eq!(stage.row(goal, 1).exit_reason, "misconfigured");
    }
    assert_eq!(stage.repo.log(), ["Begin"]);
}

#[test]
fn an_agent_that_crashes_five_times_in_a_row_has_failed() {
    let mut stage = Stage::new(GATE);
    let crash = |code: u32| vec![json!({"say": "oh"}), json!({"crash": {"exit": code}})];
    let sessions = [(1..=5).map(crash).collect(), vec![good("new.txt")]].concat();
    let goal = stage.goal("Crash", "", &script(&sessions));
    stage.good_night();
    assert_eq!(stage.outcomes(&goal), ["agent_failed", "done"]);
    assert_eq!(stage.row(&goal, 1).iterations, 5);
    assert_eq!(stage.word(&goal), "done");
}

#[test]
fn an_origin_that_is_away_is_waited_for_and_not_held_against_the_goal() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    let (here, away) = (stage.repo.path().to_owned(), stage.home.path().join("away.git"));
    fs_err::rename(&here, &away).unwrap();
    let up = stage.up_once();
    until("a run that found no origin", PATIENCE, || (!stage.outcomes(&goal).is_empty()).then_some(()));
    fs_err::rename(&away, &here).unwrap();
    assert!(up.finish().success());
    assert_eq!(stage.outcomes(&goal)[0], "unreachable");
    assert_eq!((stage.word(&goal), stage.found(&goal).series.failed), ("done", 0));
}

#[test]
fn a_person_who_cannot_be_told_does_not_keep_the_night_going() {
    let deaf = "[notify]\ncommand = [\"sh\", \"-c\", 'test -e \"$HOME/listening\" && touch \"$HOME/told\"']";
    let sink = NotifySink::start();
    let other = format!("[notify.to.other]\nkind = \"json\"\nurl = \"{}\"", sink.url());
    let mut stage = Plan::gate(GATE).config(deaf).config(&other).build();
    let session = vec![costs(0.6), goes_on("Halfway.")];
    let goal = stage.goal("Cost much", "---\nbudget: 0.50\n---", &script(&[session]));
    stage.good_night();
    assert_eq!(stage.word(&goal), "stuck");
    let told = stage.home.home().join("told");
    assert!(!told.exists());
    stage.home.write("listening", "");
    let up = stage.up();
    until("the message", PATIENCE, || told.exists().then_some(()));
    assert!(up.stop().success());
    assert_eq!(sink.received().len(), 1, "whom it reached is not told again");
}

#[test]
fn a_run_that_could_not_be_prepared_leaves_nothing_in_the_way() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    // Where gates are to be, which are made after the clone, stands a file.
    let in_the_way = stage.home.root().join(".run");
    fs_err::create_dir_all(stage.home.root()).unwrap();
    fs_err::write(&in_the_way, "").unwrap();
    let up = stage.up_once();
    until("a run that could not be prepared", PATIENCE, || (!stage.outcomes(&goal).is_empty()).then_some(()));
    fs_err::remove_file(in_the_way).unwrap();
    assert!(up.finish().success());
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("done", vec!["crashed".into(), "done".into()]));
    let left = fs_err::read_dir(stage.clone_of(&goal, 2).parent().unwrap()).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn work_is_judged_by_its_repository_whatever_became_of_the_agents_settings() {
    let file = "model = \"gpt\"\n";
    let strict = "[agents.strict]\nkind = \"replay\"\nmodels_allowed = [\"so*\"]";
    let mut stage = Plan::gate(GATE).config(strict).file(".ralph/config.toml", file).build();
    let head = "---\nagent: strict\nmodel: sonnet\n---";
    let goal = stage.goal("Write a file", head, &easy("new.txt"));
    let session = [vec![waits()], good("next.txt")].concat();
    let next = stage.goal("Write another", head, &script(&[session]));
    let up = stage.up();
    stage.until_word(&goal, "done");
    stage.until_waiting(&next, 1);
    up.kill();
    // The agent is taken out of the settings while its ralph works on.
    stage.configure(&stage.config().replace(strict, ""));
    stage.let_go(&next, 1);
    stage.good_night();
    assert_eq!(stage.word(&next), "done");
}
