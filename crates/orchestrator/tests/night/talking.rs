//! What people say to goals, what agents ask and propose, and what a repository has its agents told.

use herder_domain::event::Event;
use herder_domain::event::What;
use herder_domain::goal::{GoalState, SpotCheckReason, Told};
use herder_domain::repo::GoalRef;
use herder_domain::story::{Story, StoryState};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::stage::script::{answer, done, expect, goes_on, good, script, waits, write};
use crate::stage::{GATE, Plan, Stage};

fn tell(stage: &mut Stage, goal: &GoalRef, text: &str) {
    stage.person(goal, What::GoalTold { text: text.into() });
}

fn step(number: u32) -> Value {
    write("steps.txt", &format!("{number}\nok\n"))
}

#[test]
fn what_a_person_says_reaches_the_next_iteration_and_all_after_it() {
    let mut stage = Stage::new(GATE);
    let both = "<told>\nUse tabs.\n</told>\n<told>\nAnd no colours.\n</told>";
    let sessions = [
        vec![waits(), step(1), goes_on("Step 1.")],
        vec![expect(both), step(2), goes_on("Step 2.")],
        vec![expect(both), write("new.txt", "bad\n"), json!({"crash": {"exit": 3}})],
        vec![expect(both), expect("Begin the file with a title."), write("new.txt", "ok\n"), done("Met.")],
    ];
    let goal = stage.goal("Listen", "---\nduration: 1h\n---", &script(&sessions));
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    tell(&mut stage, &goal, "Use tabs.");
    tell(&mut stage, &goal, "And no colours.");
    let dir = stage.run_dir(&goal, 1);
    herder_testkit::until("both to be passed on", crate::stage::PATIENCE, || {
        (dir.told().unwrap().len() == 2).then_some(())
    });
    // The orchestrator dies and comes back: what was said is said once.
    up.kill();
    tell(&mut stage, &goal, "Begin the file with a title.");
    stage.let_go(&goal, 1);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    let told: Vec<u32> = dir.told().unwrap().iter().map(|told: &Told| told.id).collect();
    assert!(told == [1, 2, 3] || told == [1, 2], "{told:?}");
}

#[test]
fn what_is_said_to_a_goal_that_is_not_at_work_waits_for_its_next_run() {
    let mut stage = Stage::new(GATE);
    let goal = stage.draft(
        "Wait",
        &script(&[vec![expect("<told>\nMind the tabs.\n</told>"), write("new.txt", "ok\n"), done("Met.")]]),
    );
    tell(&mut stage, &goal, "Mind the tabs.");
    stage.person(&goal, What::GoalQueued);
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
}

#[test]
fn a_question_is_answered_and_both_stand_in_every_later_prompt() {
    let mut stage = Stage::new(GATE);
    let both = "<question>\nWhich port?\n</question>\nis answered by\n<told>\n4711, and no other.\n</told>";
    let sessions = [
        vec![write("port.txt", "80 ok\nok\n"), answer("blocked", "Which port?")],
        vec![expect(both), expect("Its work is in the directory"), step(2), goes_on("Looked.")],
        vec![expect(both), write("port.txt", "4711 ok\nok\n"), done("Changed the port.")],
    ];
    let goal = stage.goal("Write the port", "", &script(&sessions));
    stage.good_night();
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::Question { question: "Which port?".into() }]);
    assert!(stage.comments(&goal)[0].contains("`herder goal answer 1"), "{:?}", stage.comments(&goal));
    stage.person(&goal, What::GoalAnswered { answer: "4711, and no other.".into() });
    stage.good_night();
    assert_eq!(
        (stage.word(&goal), stage.found(&goal).runs, stage.found(&goal).series.failed),
        ("done", 2, 0)
    );
    assert_eq!(stage.repo.file_at("main", "port.txt").as_deref(), Some("4711 ok\nok\n"));
}

#[test]
fn a_run_is_over_by_the_wall_clock_though_it_only_waits() {
    let mut stage = Stage::new(GATE);
    let waits = vec![json!({"limit": {"resets_in_s": 600}})];
    let hangs = vec![json!("hang")];
    // In this order: a limit that a run has met keeps its account from beginning another one.
    let goal = stage.goal("Wait", "---\nmax_age: 3s\n---", &script(&[hangs, waits, good("new.txt")]));
    let up = stage.up();
    for attempt in 1..=2 {
        let run = herder_domain::run::RunId::of(&goal, attempt);
        stage.until_happened("a judged run", &goal, |what| {
            matches!(what, What::RunJudged { run: judged, .. } if *judged == run).then_some(())
        });
    }
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    assert_eq!(stage.outcomes(&goal)[..2], ["max_age", "max_age"]);
    assert!(stage.why(&goal).contains("its 3s by the wall clock are over"), "{}", stage.why(&goal));
}

fn proposing(titles: &[&str]) -> Value {
    let one = |title: &&str| json!({"title": title, "objective": "It is slow.", "acceptance": ["faster"]});
    let follow_ups: Vec<Value> = titles.iter().map(one).collect();
    json!({"answer": {"status": "done", "summary": "Met.", "follow_ups": follow_ups}})
}

#[test]
fn what_an_agent_proposes_becomes_drafts_of_its_story_and_is_never_queued() {
    let mut stage = Stage::new(GATE);
    let story = GoalRef::new(stage.id.clone(), 1);
    let told = Story {
        id: story.clone(),
        title: "Lists".into(),
        body: String::new(),
        created_at: Timestamp::now(),
        state: StoryState::Open,
    };
    stage.store.append(&Event::StoryCreated { story: told }, Timestamp::now()).unwrap();
    let propose = |path: &str, titles: &[&str]| script(&[vec![write(path, "ok\n"), proposing(titles)]]);
    let first =
        stage.goal("Sort", "Story: #1", &propose("new.txt", &["Sort faster", "sort FASTER", "Sort by date"]));
    stage.good_night();
    let flood: Vec<String> = (0..200).map(|number| format!("Fix {number}")).collect();
    let mut flood: Vec<&str> = flood.iter().map(String::as_str).collect();
    flood.insert(0, "Sort faster!");
    let second = stage.goal("Sort more", "Story: #1", &propose("more.txt", &flood));
    stage.good_night();
    assert_eq!((stage.word(&first), stage.word(&second)), ("done", "done"));
    let of = |goal: &GoalRef| -> Vec<String> {
        let drafts = stage.store.proposals_of(goal).unwrap();
        drafts.iter().map(|draft| stage.found(draft).title).collect()
    };
    assert_eq!(of(&first), ["Sort faster", "Sort by date"]);
    assert_eq!(of(&second), ["Fix 0", "Fix 1", "Fix 2", "Fix 3"], "five a run, and one was there");
    for draft in stage.store.proposals_of(&first).unwrap() {
        let found = stage.found(&draft);
        assert_eq!((found.state, found.story), (GoalState::Draft { note: None }, Some(story.number)));
        assert_eq!(found.body, "## Objective\n> It is slow.\n\n## Acceptance\n- faster\n");
        assert_eq!(found.proposed_by.unwrap().goal, first);
    }
}

#[test]
fn all_runs_of_a_goal_together_propose_no_more_than_ten() {
    let fails = |run: u32| {
        let titles: Vec<String> = (0..5).map(|number| format!("Fix {run}-{number}")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let mut proposes = proposing(&titles);
        proposes["answer"]["status"] = json!("continue");
        vec![step(run), proposes]
    };
    let sessions: Vec<_> = (1..=3).map(fails).collect();
    let mut stage = Plan::gate(GATE).config("[budget]\niterations = 1").build();
    let goal = stage.goal("Propose", "", &script(&sessions));
    stage.good_night();
    assert_eq!(stage.word(&goal), "stuck");
    assert_eq!(stage.store.proposals_of(&goal).unwrap().len(), 10);
}

#[test]
fn a_repository_has_its_agents_told_in_its_own_words_and_the_ledger_names_them() {
    let own = "{{ rules }}\n\nSpeak French.\n\n{{ goal }}\n\n{{ answer }}\n";
    let mut stage = Plan::gate(GATE).file(".ralph/prompt.md", own).build();
    let sessions =
        [vec![expect("Speak French.\n\nThe goal:\n<goal>"), write("new.txt", "ok\n"), done("Fini.")]];
    let goal = stage.goal("Greet", "", &script(&sessions));
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    let hash = herder_record::run::prompt_hash(own);
    assert_eq!(stage.run_dir(&goal, 1).spec().unwrap().unwrap().prompt_hash.as_deref(), Some(hash.as_str()));
    assert_eq!(stage.row(&goal, 1).prompt_hash.as_deref(), Some(hash.as_str()));
    let mut usual = Stage::new(GATE);
    let goal = usual.goal("Greet", "", &script(&[good("new.txt")]));
    usual.good_night();
    let row = usual.row(&goal, 1);
    assert!(row.prompt_hash.is_some_and(|usual| usual.len() == 16 && usual != hash));
}

#[test]
fn a_broken_prompt_sends_its_goals_back_to_draft_with_the_line() {
    let mut stage = Plan::gate(GATE).file(".ralph/prompt.md", "{{ rules }}\n{{ gaol }}\n").build();
    let goal = stage.goal("Greet", "", &script(&[good("new.txt")]));
    stage.good_night();
    let GoalState::Draft { note: Some(note) } = stage.found(&goal).state else {
        panic!("{}", stage.word(&goal))
    };
    assert!(note.contains(".ralph/prompt.md cannot be used: line 2: "), "{note}");
    assert_eq!(stage.row(&goal, 1).iterations, 0);
}
