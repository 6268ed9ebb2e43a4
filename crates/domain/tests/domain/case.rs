//! Stories about single goals: what an event makes of a goal, its run and its landing.

use herder_domain::case::Case;
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::gate::{Failure, Refusal};
use herder_domain::goal::{Goal, GoalState, SpotCheckReason, Told};
use herder_domain::judge::Judgement;
use herder_domain::landing::{Bounce, Warrant};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::plan::plan;
use herder_domain::run::{Harvest, RunId, RunState};

use crate::samples::{self, draft, id, start};
use crate::sim::{self, Ending, Op, Sim};

/// A goal whose ralph is at work.
fn at_work() -> (Sim, RunId) {
    let mut sim = Sim::new(1);
    sim.write(&[], |_| {});
    sim.take(&Op::Queue(0));
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    let run = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
    assert_eq!(sim.world.runs[&run].state.word(), "launched");
    (sim, run)
}

fn tell(sim: &mut Sim, what: What) {
    sim.record(Event::of(&sim::id(1), what)).unwrap();
    sim.settle();
}

fn finish(sim: &mut Sim, verb: &str, ending: Ending) {
    let key = sim.world.open.keys().find(|key| key.starts_with(verb)).unwrap().clone();
    let effect = sim.world.open[&key].clone();
    sim.finish(&effect, ending);
    sim.settle();
}

fn has_open(sim: &Sim, verb: &str) -> bool {
    sim.world.open.keys().any(|key| key.starts_with(verb))
}

#[test]
fn approved_work_lands_on_its_branch_long_after_its_run_is_closed() {
    let (mut sim, run) = at_work();
    tell(
        &mut sim,
        What::RunReported { run: run.clone(), outcome: Outcome::NeedsReview { summary: "?".into() } },
    );
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!((sim.state(1).word(), sim.world.runs[&run].state.word()), ("spot-check", "closed"));
    sim.crash();
    tell(&mut sim, What::GoalApproved);
    let land = sim.world.open.values().find(|effect| matches!(effect, Effect::Land { .. })).unwrap();
    assert!(matches!(land, Effect::Land { base_branch, round: 0, .. } if base_branch == "main"));
    sim.take(&Op::FinishAll);
    assert_eq!(sim.state(1).word(), "done");
}

#[test]
fn work_that_is_empty_after_its_approval_is_told_to_a_person_again() {
    let (mut sim, run) = at_work();
    tell(
        &mut sim,
        What::RunReported { run: run.clone(), outcome: Outcome::NeedsReview { summary: "?".into() } },
    );
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    tell(&mut sim, What::GoalApproved);
    tell(&mut sim, What::LandingBounced { run, bounce: Bounce::Empty });
    assert_eq!(sim.state(1).word(), "spot-check");
    assert!(has_open(&sim, "notify") && has_open(&sim, "comment"));
    tell(&mut sim, What::GoalApproved);
    assert_eq!(sim.state(1).word(), "resolved", "there is nothing to land");
}

#[test]
fn a_goal_that_is_cancelled_stops_its_ralph_and_leaves_a_row() {
    let (mut sim, run) = at_work();
    tell(&mut sim, What::GoalCancelled);
    assert!(has_open(&sim, "stop"));
    finish(&mut sim, "stop", Ending::Well);
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert!(!sim.world.runs.contains_key(&run));
    assert!(sim.world.was_ordered(&format!("stats/{run}")));
    assert_eq!(sim.state(1).word(), "cancelled");
}

#[test]
fn a_goal_that_is_closed_before_its_run_began_begins_no_more() {
    let closings = [What::GoalCancelled, What::GoalResolved];
    for (done, verb, next) in [(0, "claim", "prepare"), (1, "prepare", "launch")] {
        for (closing, word) in closings.iter().zip(["cancelled", "resolved"]) {
            let mut sim = Sim::new(1);
            sim.write(&[], |_| {});
            sim.take(&Op::Queue(0));
            (0..done).for_each(|_| sim.take(&Op::FinishAll));
            let run = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
            tell(&mut sim, closing.clone());
            assert!(has_open(&sim, verb), "what is under way is awaited");
            finish(&mut sim, verb, Ending::Well);
            assert!(!sim.world.was_ordered(&format!("{next}/{run}")));
            let detail = "the goal was closed before the run began".to_owned();
            let outcome = Outcome::Interrupted { cause: Interruption::Stopped, detail };
            assert_eq!(sim.world.runs[&run].state, RunState::Reported { outcome });
            (0..3).for_each(|_| sim.take(&Op::FinishAll));
            assert!(sim.world.was_ordered(&format!("stats/{run}")) && !sim.world.runs.contains_key(&run));
            assert_eq!(sim.state(1).word(), word);
        }
    }
}

#[test]
fn a_landing_under_way_is_awaited_when_its_goal_is_cancelled() {
    let (mut sim, run) = at_work();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    finish(&mut sim, "collect", Ending::Well);
    tell(&mut sim, What::GoalCancelled);
    assert_eq!(sim.world.landings[&run].state.word(), "submitted");
    finish(&mut sim, "land", Ending::Oddly);
    assert_eq!(sim.world.landings[&run].state.word(), "withdrawn", "lost its round, and is not tried again");
}

#[test]
fn work_that_landed_although_its_goal_was_closed_is_a_fact() {
    let (mut sim, run) = at_work();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    finish(&mut sim, "collect", Ending::Well);
    tell(&mut sim, What::GoalCancelled);
    finish(&mut sim, "land", Ending::Well);
    assert_eq!((sim.state(1).word(), sim.world.landings[&run].state.word()), ("cancelled", "landed"));
}

#[test]
fn nothing_begins_while_the_orchestrator_goes_down() {
    let mut sim = Sim::new(2);
    sim.write(&[], |_| {});
    sim.take(&Op::Queue(0));
    sim.take(&Op::FinishAll);
    assert!(has_open(&sim, "prepare"));
    sim.take(&Op::Drain(true));
    (0..4).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!(sim.state(1).word(), "queued", "prepared while it went down, and then not launched");
    assert!(!sim.world.was_ordered(&format!("launch/{}", RunId::of(&sim::id(1), 1))));
    sim.take(&Op::Drain(false));
    assert_eq!(sim.state(1).word(), "running");
}

#[test]
fn a_ralph_at_work_is_left_alone_while_the_orchestrator_goes_down() {
    let (mut sim, run) = at_work();
    sim.take(&Op::Drain(true));
    assert_eq!(sim.world.runs[&run].state.word(), "launched");
    assert!(!has_open(&sim, "stop"));
}

#[test]
fn a_quarantined_goal_is_not_decided_about_until_a_person_acts() {
    let (mut sim, run) = at_work();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    tell(&mut sim, What::GoalQuarantined { error: "two clones".into() });
    finish(&mut sim, "collect", Ending::Well);
    assert_eq!(sim.world.runs[&run].state.word(), "collected");
    assert!(plan(&sim.world, sim.now).is_quiet());
    tell(&mut sim, What::GoalRetried);
    assert!(has_open(&sim, "land"), "it goes on where it stood");
}

#[test]
fn a_bounce_of_a_quarantined_goal_waits_for_a_person() {
    let (mut sim, run) = at_work();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    finish(&mut sim, "collect", Ending::Well);
    tell(&mut sim, What::GoalQuarantined { error: "two clones".into() });
    finish(&mut sim, "land", Ending::Badly);
    assert_eq!((sim.state(1).word(), sim.world.landings[&run].state.word()), ("running", "bounced"));
    tell(&mut sim, What::GoalRetried);
    assert_eq!(sim.state(1).word(), "queued");
}

#[test]
fn a_goal_is_created_once_under_its_own_name_as_a_draft() {
    let mut sim = Sim::new(1);
    let create = |goal: Goal| What::GoalCreated { draft: Box::new(goal) };
    sim.record(Event::of(&id(3), create(draft(3)))).unwrap();
    let again = sim.record(Event::of(&id(3), create(draft(3)))).unwrap_err();
    assert_eq!(again.to_string(), "a goal that is draft cannot be created");
    assert!(sim.record(Event::of(&id(4), create(draft(5)))).is_err());
    let running = samples::goal_states().into_iter().find(|state| state.word() == "running").unwrap();
    assert!(sim.record(Event::of(&id(6), create(Goal { state: running, ..draft(6) }))).is_err());
    sim.record(Event::StoryCreated { story: samples::story(7) }).unwrap();
    assert!(sim.record(Event::StoryCreated { story: samples::story(7) }).is_err());
}

#[test]
fn a_judgement_of_an_earlier_run_does_not_touch_the_run_at_work() {
    let (mut sim, run) = at_work();
    let earlier = RunId::of(&sim::id(1), 9);
    for judgement in samples::judgements().into_iter().filter(|judgement| *judgement != Judgement::Nothing) {
        let what = What::BounceJudged { run: earlier.clone(), judgement };
        assert!(sim.record(Event::of(&sim::id(1), what)).is_err());
    }
    assert!(sim.world.goals[&sim::id(1)].is_running(&run));
}

#[test]
fn a_run_without_a_base_branch_cannot_be_landed() {
    let mut sim = Sim::new(1);
    sim.write(&[], |_| {});
    sim.take(&Op::Queue(0));
    let run = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
    let accepted = Outcome::Accepted { gated: true };
    sim.record(Event::of(&sim::id(1), What::RunReported { run: run.clone(), outcome: accepted })).unwrap();
    let collected =
        What::RunCollected { run: run.clone(), harvest: Harvest { files_changed: 1, ..Harvest::default() } };
    sim.record(Event::of(&sim::id(1), collected)).unwrap();
    let judged = What::RunJudged { run, judgement: Judgement::Land };
    assert!(sim.record(Event::of(&sim::id(1), judged)).unwrap_err().to_string().contains("base branch"));
}

#[test]
fn the_time_in_the_queue_is_kept_and_is_never_negative() {
    let mut sim = Sim::new(1);
    sim.write(&[], |_| {});
    sim.record(Event::of(&sim::id(1), What::GoalQueued)).unwrap();
    sim.now = start() + jiff::SignedDuration::from_secs(90);
    sim.settle();
    let run = sim.world.runs.values().next().unwrap();
    assert_eq!((run.queue_seconds, run.attempt), (90.0, 1));
}

fn hears(sim: &mut Sim, text: &str) {
    tell(sim, What::GoalTold { text: text.into() });
}

#[test]
fn what_a_person_says_reaches_the_ralph_at_work_and_every_later_run() {
    let (mut sim, run) = at_work();
    hears(&mut sim, "one");
    hears(&mut sim, "two");
    let told: Vec<String> = sim.world.open.keys().filter(|key| key.starts_with("tell/")).cloned().collect();
    assert_eq!(told, [format!("tell/{run}/1"), format!("tell/{run}/2")]);
    tell(&mut sim, What::RunReported { run, outcome: Outcome::NeedsReview { summary: "?".into() } });
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    hears(&mut sim, "three");
    assert!(!has_open(&sim, "tell"), "nobody is at work; it waits for the next run");
    let texts = |sim: &Sim| -> Vec<String> {
        sim.world.goals[&sim::id(1)].told.iter().map(|told| told.text.clone()).collect()
    };
    assert_eq!(texts(&sim), ["one", "two", "three"]);
    (0..100).for_each(|number| hears(&mut sim, &number.to_string()));
    let goal = &sim.world.goals[&sim::id(1)];
    assert_eq!((goal.told.len(), goal.told.last().unwrap().id), (Told::KEPT, 103));
}

#[test]
fn a_settled_goal_is_not_told_anything() {
    let mut sim = Sim::new(1);
    sim.write(&[], |_| {});
    sim.record(Event::of(&sim::id(1), What::GoalCancelled)).unwrap();
    let refused = sim.record(Event::of(&sim::id(1), What::GoalTold { text: "x".into() })).unwrap_err();
    assert_eq!(refused.to_string(), "a goal that is cancelled cannot be told");
}

#[test]
fn an_answer_goes_with_its_question_and_only_a_question_is_answered() {
    let (mut sim, run) = at_work();
    let answer = || What::GoalAnswered { answer: "4711".into() };
    let refused = sim.record(Event::of(&sim::id(1), answer())).unwrap_err();
    assert_eq!(refused.to_string(), "a goal that is running cannot be answered");
    let asked = Outcome::Blocked { question: "Which port?".into() };
    tell(&mut sim, What::RunReported { run, outcome: asked });
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!(sim.state(1).word(), "spot-check");
    sim.record(Event::of(&sim::id(1), answer())).unwrap();
    let goal = &sim.world.goals[&sim::id(1)];
    assert_eq!((goal.state.word(), goal.context.feedback.clone()), ("queued", None));
    let told = &goal.told[0];
    assert_eq!((told.text.as_str(), told.question.as_deref()), ("4711", Some("Which port?")));
}

#[test]
fn what_an_agent_proposes_becomes_drafts_unless_its_goal_was_closed() {
    for is_closed in [false, true] {
        let (mut sim, run) = at_work();
        tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
        if is_closed {
            tell(&mut sim, What::GoalCancelled);
        }
        tell(&mut sim, What::RunCollected { run: run.clone(), harvest: samples::harvest() });
        assert_eq!(sim.world.was_ordered(&format!("propose/{run}")), !is_closed);
    }
}

#[test]
fn a_person_who_knew_that_the_gate_cannot_tell_answers_for_the_landing() {
    for (reason, warrant) in
        [(SpotCheckReason::BaseRed, Warrant::Person), (SpotCheckReason::Requested, Warrant::Gate)]
    {
        let (mut sim, run) = at_work();
        tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
        finish(&mut sim, "collect", Ending::Well);
        let state = GoalState::SpotCheck { run: run.clone(), why: vec![reason] };
        sim.world.goals.get_mut(&sim::id(1)).unwrap().state = state;
        sim.world.landings.remove(&run);
        tell(&mut sim, What::GoalApproved);
        assert_eq!(sim.world.landings[&run].warrant, warrant);
    }
}

#[test]
fn a_red_base_is_told_once_whichever_goals_come_upon_it_and_what_gates_print_stays_in_its_place() {
    let refusal = samples::refusal();
    let hostile = Failure { name: "a`b``c".into(), message: Some("one\n# two".into()) };
    let refusal = Refusal { failures: vec![refusal.failures[0].clone(), hostile], ..refusal };
    let told = |number: u64, refusal: &Refusal| {
        let case = Case { goal: draft(number), run: None, landing: None };
        let run = RunId::of(&id(number), 1);
        let what = What::BaseFoundRed { run, since: "7ee".into(), refusal: refusal.clone() };
        case.apply(&what, start()).unwrap().effects
    };
    let keys = |number| told(number, &refusal).iter().map(Effect::key).collect::<Vec<_>>();
    assert_eq!(keys(1), keys(2));
    assert_eq!(keys(1)[0], "comment/github.com/acme/app/base-red/7ee");
    let Effect::Comment { text, .. } = &told(1, &refusal)[0] else { panic!("no comment") };
    assert!(text.contains("- `tests::sorts`: `left: 1, right: 2`\n"), "{text}");
    assert!(text.contains("- ``` a`b``c ```: `one # two`\n"), "{text}");
    let Effect::Comment { text, .. } = &told(1, &Refusal::unnamed("```\nno"))[0] else {
        panic!("no comment")
    };
    assert!(text.contains("does not name what fails") && text.contains("\n````\n```\nno\n````\n"), "{text}");
}

#[test]
fn work_that_lands_with_known_failures_says_which() {
    let (mut sim, run) = at_work();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    finish(&mut sim, "collect", Ending::Well);
    let landing = sim.world.landings[&run].clone();
    let goal = sim.world.goals[&sim::id(1)].clone();
    let case = Case { goal, run: Some(sim.world.runs[&run].clone()), landing: Some(landing) };
    let landed = |known: &[&str]| {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        let what = What::Landed { run: run.clone(), commit: "c0ffee".into(), known };
        case.clone().apply(&what, start()).unwrap().effects
    };
    assert!(landed(&[]).is_empty());
    let [Effect::Comment { text, .. }] = &landed(&["a", "b"])[..] else { panic!("no comment") };
    assert!(text.contains("- `a`\n- `b`\n") && text.contains("c0ffee"), "{text}");
}

#[test]
fn work_that_came_back_to_a_person_is_landed_anew_and_not_taken_for_done() {
    let (mut sim, run) = at_work();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    finish(&mut sim, "collect", Ending::Well);
    let bounce = Bounce::Undecided(Refusal::unnamed("no"));
    tell(&mut sim, What::LandingBounced { run: run.clone(), bounce });
    assert_eq!(sim.state(1).word(), "spot-check");
    tell(&mut sim, What::GoalApproved);
    let landing = &sim.world.landings[&run];
    assert_eq!((landing.returns, landing.warrant), (1, Warrant::Person));
    let key = |returns| {
        let base_branch = "main".into();
        Effect::Land { goal: sim::id(1), run: run.clone(), base_branch, round: 0, returns }.key()
    };
    assert_ne!(key(1), key(0));
}
