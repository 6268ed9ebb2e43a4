//! A base branch that is red itself traps nobody; and gates that say now one thing and now another.

use herder_domain::event::What;
use herder_domain::gate::{Asked, Flake, Verdict};
use herder_domain::goal::SpotCheckReason;
use herder_domain::landing::Bounce;
use herder_domain::repo::GoalRef;
use herder_testkit::NotifySink;

use crate::stage::gates::landing_only;
use crate::stage::script::{done, easy, expect, good, script, write};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

/// Like [`GATE`], and names each file that is not ok.
pub const NAMING: &str = r#"bad=
for f in *.txt; do tail -n 1 "$f" | grep -qx ok || bad="$bad,{\"name\":\"$f\",\"ok\":false,\"message\":\"not ok\"}"; done
ok=$(test -z "$bad" && echo true || echo false)
echo "{\"ok\":$ok,\"items\":[${bad#,}]}"
$ok"#;

/// A repository whose base branch the gate refuses.
fn broken(gate: &str) -> Plan {
    Plan::gate(gate).file("broken.txt", "bad\n")
}

/// The comments on some goals that tell of a red base branch.
fn reports(stage: &Stage, goals: &[GoalRef]) -> Vec<String> {
    let comments = goals.iter().flat_map(|goal| stage.comments(goal));
    comments.filter(|text| text.contains("is red itself")).collect()
}

/// The verdicts of ralph's gate in a run.
fn verdicts(stage: &Stage, goal: &GoalRef, attempt: u32) -> Vec<&'static str> {
    let iterations = stage.run_dir(goal, attempt).iterations().unwrap();
    iterations.iter().filter_map(|one| one.gate.as_ref()).map(Verdict::word).collect()
}

fn flakes(stage: &Stage, goal: &GoalRef) -> Vec<(Asked, Vec<String>)> {
    let happened = stage.happened(goal).into_iter();
    let flaked = happened.filter_map(|(_, what)| match what {
        What::GateFlaked { asked, flake, .. } => Some((asked, flake.items)),
        _ => None,
    });
    flaked.collect()
}

#[test]
fn three_goals_land_on_a_base_that_names_its_failures_and_it_is_asked_and_told_of_once() {
    let sink = NotifySink::start();
    let seen = tempfile::tempdir().unwrap();
    let asked = seen.path().join("asked");
    let gate = format!("echo *.txt >>{}\n{NAMING}", asked.display());
    let config = format!(
        "[notify]\npost_url = \"{}\"\n[sandbox]\nwrite = [\"{}\"]",
        sink.url(),
        seen.path().display()
    );
    let mut stage = broken(&gate).config(&config).build();
    let goals: Vec<_> =
        (1..=3).map(|number| stage.goal("Write a file", "", &easy(&format!("{number}.txt")))).collect();
    stage.good_night();
    for goal in &goals {
        assert_eq!(
            (stage.word(goal), stage.found(goal).runs, stage.row(goal, 1).exit_reason.as_str()),
            ("done", 1, "done")
        );
        assert_eq!(verdicts(&stage, goal, 1), ["no new failure"]);
        let landed =
            stage.comments(goal).into_iter().filter(|text| text.contains("although the gate is red"));
        assert!(landed.collect::<Vec<_>>()[..].iter().all(|text| text.contains("- `broken.txt`\n")));
    }
    let message = stage.repo.message("main");
    assert!(message.contains("\nHerder-Gate: no new failure\n"), "{message}");
    let told = reports(&stage, &goals);
    assert!(told.len() == 1 && told[0].contains("- `broken.txt`: `not ok`\n"), "{told:?}");
    let posts = sink.wait_for(1, PATIENCE);
    assert!(posts.len() == 1 && posts[0].body.contains("is red itself on main"), "{posts:?}");
    // Twice by the first run, twice by the first landing: a red one is asked once more.
    let asked = fs_err::read_to_string(asked).unwrap();
    assert_eq!(asked.lines().filter(|line| *line == "broken.txt first.txt").count(), 4, "{asked}");
}

#[test]
fn what_is_new_is_told_apart_from_what_was_there_and_has_to_be_repaired() {
    let mut stage = broken(NAMING).build();
    let sessions = [
        vec![write("new.txt", "bad\n"), done("Tried badly.")],
        [
            vec![
                expect("- fails: new.txt: not ok\n"),
                expect("- fails on the base branch, too, and need not be repaired: broken.txt\n"),
                expect("the check said no: new.txt)"),
            ],
            good("new.txt"),
        ]
        .concat(),
    ];
    let goal = stage.goal("Write a file", "", &script(&sessions));
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
    assert_eq!(verdicts(&stage, &goal, 1), ["red", "no new failure"]);
}

#[test]
fn a_new_failure_that_only_the_landing_sees_bounces_with_its_name() {
    let only_there = landing_only("test ! -e new.txt || test -e kept.txt || printf 'bad\\n' >from-afar.txt");
    let mut stage = broken(&format!("({only_there}\n)\n{NAMING}")).build();
    let again = vec![
        expect("gate_red"),
        expect("(failing: from-afar.txt)"),
        expect("- fails: from-afar.txt: not ok\n"),
    ];
    let goal =
        stage.goal("Write a file", "", &script(&[good("new.txt"), [again, good("kept.txt")].concat()]));
    stage.good_night();
    let bounced = stage.until_happened("a bounce", &goal, |what| match what {
        What::LandingBounced { bounce: Bounce::Red(refusal), .. } => Some(refusal.clone()),
        _ => None,
    });
    assert_eq!((bounced.in_a_line(), bounced.known), ("from-afar.txt".into(), vec!["broken.txt".to_owned()]));
    assert_eq!((stage.word(&goal), stage.found(&goal).series.failed), ("done", 1));
}

#[test]
fn a_red_base_that_names_nothing_hands_finished_work_to_a_person_at_once() {
    let mut stage = broken(GATE).build();
    let insists = |path| {
        let told =
            vec![expect("The check says no of the base branch itself, too"), done("It was so before.")];
        script(&[good(path), told])
    };
    let goal = stage.goal("Write a file", "", &insists("new.txt"));
    let next = stage.goal("Write another", "", &insists("next.txt"));
    stage.good_night();
    for goal in [&goal, &next] {
        assert_eq!(stage.spot_check(goal), [SpotCheckReason::BaseRed]);
        assert_eq!(
            (stage.outcomes(goal), stage.found(goal).series.failed),
            (vec!["undecided".to_owned()], 0)
        );
        assert!(stage.why(goal).contains("the base itself is red, and its gate does not name failures"));
    }
    let told = reports(&stage, &[goal.clone(), next]);
    assert!(told.len() == 1 && told[0].contains("broken.txt is not ok"), "{told:?}");
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    let message = stage.repo.message("main");
    assert!(message.contains("\nHerder-Gate: undecided, approved by a person\n"), "{message}");
}

#[test]
fn a_run_that_ends_in_doubt_has_not_failed() {
    let mut stage = broken(GATE).config("[budget]\niterations = 1").build();
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.good_night();
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::BaseRed]);
    assert_eq!((stage.row(&goal, 1).iterations, stage.found(&goal).series.failed), (1, 0));
}

#[test]
fn a_goal_that_is_to_repair_a_base_that_names_nothing_is_told_what_is_still_red() {
    let mut stage = broken(GATE).build();
    let sessions = [
        vec![write("broken.txt", "still bad\n"), done("Tried.")],
        [vec![expect("broken.txt is not ok")], good("broken.txt")].concat(),
    ];
    let goal = stage.goal("Repair the base", "", &script(&sessions));
    stage.good_night();
    assert_eq!((stage.word(&goal), verdicts(&stage, &goal, 1)), ("done", vec!["undecided", "green"]));
    assert!(stage.repo.message("main").contains("\nHerder-Gate: green\n"));
}

#[test]
fn a_landing_that_cannot_tell_asks_a_person_once() {
    let mut stage = broken(&landing_only(GATE)).build();
    let goal = stage.goal_to_see("Write a file", &easy("new.txt"));
    stage.good_night();
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::Requested]);
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::BaseRed], "that is news to the person");
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
}

#[test]
fn a_goal_that_repairs_the_base_lands_green_and_the_next_one_is_held_to_that() {
    for gate in [NAMING, GATE] {
        let mut stage = broken(gate).build();
        let repair = stage.goal("Repair", "", &easy("broken.txt"));
        let breaks = [write("broken.txt", "bad\n"), done("Broke it again.")].to_vec();
        let next = stage.goal("Break", "Depends: #1", &script(&[breaks, good("broken.txt")]));
        stage.good_night();
        assert_eq!((stage.word(&repair), stage.word(&next)), ("done", "spot-check"));
        assert_eq!(
            (verdicts(&stage, &repair, 1), verdicts(&stage, &next, 1)),
            (vec!["green"], vec!["red", "green"])
        );
        assert!(stage.repo.message("main").contains("\nHerder-Gate: green\n"));
        assert!(reports(&stage, &[repair, next]).is_empty());
    }
}

#[test]
fn a_gate_that_is_red_once_is_a_flake_that_is_written_down_wherever_it_was_asked() {
    let flaky = r#"mkdir -p "$CARGO_HOME"; mkdir "$CARGO_HOME/seen" 2>/dev/null || exit 0
echo '{"ok":false,"items":["the weather",{"name":"the clock","ok":true}]}'; exit 1"#;
    let mut stage = Stage::new(flaky);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
    let items = vec!["the weather".to_owned()];
    let iterations = stage.run_dir(&goal, 1).iterations().unwrap();
    assert_eq!(iterations[0].flake, Some(Flake { items: items.clone() }));
    assert_eq!(flakes(&stage, &goal), [(Asked::ByRun, items.clone()), (Asked::ByLanding, items.clone())]);
    let row = stage.row(&goal, 1);
    assert_eq!((row.gate_flakes, row.flaky, row.gate_runs), (Some(1), Some(items), Some(2)));
    let log = fs_err::read_to_string(stage.state().root().join("logs/orchestrator.log")).unwrap();
    assert!(log.contains("the gate is flaky: failed one time of two: the weather"), "{log}");
}
