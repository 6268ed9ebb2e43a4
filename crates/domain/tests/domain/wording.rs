//! Every reason is a sentence that a person can act on.

use herder_domain::case::Case;
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::gate::Refusal;
use herder_domain::goal::{Goal, GoalState, SpotCheckReason};
use herder_domain::hand::Hold;
use herder_domain::landing::{Bounce, Landing, LandingState, Warrant};
use herder_domain::pause::Scope;
use herder_domain::plan::{DependencyTrouble, Wait};
use herder_domain::run::{Run, RunId, RunState};
use herder_domain::why::{Answer, why};
use herder_domain::world::World;

use crate::samples::{self, after, draft, id, run, start};
use crate::sim::{self, Op, Sim};

/// A world with one goal in `state`.
fn world_with(state: GoalState) -> World {
    let mut world = Sim::new(1).world;
    world.goals.insert(id(42), Goal { state, ..draft(42) });
    world
}

fn answer(world: &World) -> Answer {
    why(world, &id(42), start()).unwrap()
}

#[test]
fn every_state_has_its_sentence() {
    let standings: Vec<String> =
        samples::goal_states().into_iter().map(|state| answer(&world_with(state)).standing).collect();
    let expected = [
        "acme/app#42 is a draft",
        "acme/app#42 is queued since 2026-11-01T22:00:00Z",
        "acme/app#42 is running: run app-42-1-3f0a60 is ending",
        "acme/app#42 waits for a person's look",
        "acme/app#42 is done: pull request #50 is to be merged",
        "acme/app#42 has landed as c0ffee",
        "acme/app#42 is stuck: its runs failed",
        "acme/app#42 was cancelled",
        "acme/app#42 was closed as completed",
    ];
    assert_eq!(standings, expected);
    assert_eq!(why(&world_with(GoalState::Cancelled), &id(7), start()), None);
}

#[test]
fn a_goal_that_needs_a_person_says_what_to_type() {
    let hint = |state| answer(&world_with(state)).hints.join(" ");
    assert!(hint(GoalState::Draft { note: None }).contains("`herder goal queue 42`"));
    for state in samples::goal_states() {
        let expected = match &state {
            GoalState::SpotCheck { .. } => "`herder goal approve 42`",
            GoalState::Stuck { .. } => "`herder goal retry 42`",
            GoalState::Draft { .. } => "`herder goal queue 42`",
            GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::Offered { .. }
            | GoalState::Done { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => "",
        };
        assert!(hint(state).contains(expected));
    }
}

#[test]
fn a_running_goal_says_where_its_run_is() {
    let mut world = world_with(GoalState::Running { run: run() });
    for state in samples::run_states() {
        let expected = format!("acme/app#42 is running: run {} is {}", run(), state.word());
        world.runs.insert(run(), a_run(state));
        assert_eq!(answer(&world).standing, expected);
    }
}

#[test]
fn a_goal_whose_clone_is_being_made_says_so_and_how_to_stop_that() {
    let mut world = world_with(GoalState::Running { run: run() });
    world.runs.insert(run(), a_run(RunState::Claimed));
    let prepare = Effect::Prepare { goal: id(42), run: run() };
    world.open.insert(prepare.key(), prepare);
    let said = answer(&world);
    assert_eq!(said.standing, format!("acme/app#42 is setting up: run {}", run()));
    assert!(said.reasons[0].contains(".ralph/setup") && said.hints[0].contains("`herder goal cancel 42`"));
}

/// The goal's first run, as it was ordered and prepared, in another state.
fn a_run(state: RunState) -> Run {
    let goal = Goal { state: GoalState::Queued { since: start() }, ..draft(42) };
    let ordered = What::RunOrdered { run: run(), attempt: 1 };
    let case = Case { goal, run: None, landing: None }.apply(&ordered, start()).unwrap().case;
    Run { base_branch: Some("main".into()), agent: Some("claude".into()), state, ..case.run.unwrap() }
}

#[test]
fn a_landing_goal_says_which_round_it_is_and_what_it_waits_for() {
    let mut world = world_with(GoalState::Running { run: run() });
    let why = Some("somebody else pushed first".to_owned());
    let state = LandingState::Submitted { rounds: 1, not_before: Some(after(60)), why };
    world.landings.insert(
        run(),
        Landing {
            run: run(),
            goal: id(42),
            base_branch: "main".into(),
            state,
            warrant: Warrant::Gate,
            returns: 0,
            undos: 0,
            offer: None,
            turns: 0,
        },
    );
    let answer = answer(&world);
    assert_eq!(answer.standing, "acme/app#42 is landing on main (round 2)");
    assert_eq!(answer.reasons, ["somebody else pushed first", "next round at 2026-11-01T22:01:00Z"]);
}

#[test]
fn a_goal_in_a_persons_hands_says_whose_and_what_to_type() {
    let mut world = world_with(GoalState::Running { run: run() });
    let hold = Hold { by: "ada".into(), since: start(), before: samples::stuck() };
    world.goals.get_mut(&id(42)).unwrap().taken = Some(hold);
    let held = Run { by: Some("ada".into()), ..a_run(RunState::Held { since: start() }) };
    world.runs.insert(run(), held);
    let said = answer(&world);
    assert_eq!(said.standing, "acme/app#42 is taken by ada since 2026-11-01T22:00:00Z");
    assert!(said.hints.join(" ").contains("`herder take 42`") && said.hints.join(" ").contains("--drop"));
    world.runs.insert(run(), a_run(samples::run_states().remove(3)));
    assert!(answer(&world).standing.contains("is between ada and herder"), "the ralph makes way first");
}

#[test]
fn a_quarantined_goal_says_so_in_every_state() {
    for state in samples::goal_states() {
        let mut world = world_with(state);
        world.goals.get_mut(&id(42)).unwrap().quarantine = Some("two clones".into());
        let said = answer(&world).reasons.iter().filter(|reason| reason.contains("two clones")).count();
        assert_eq!(said, 1);
    }
}

#[test]
fn every_wait_is_a_sentence() {
    let mut all = samples::waits();
    all.push(Wait::Held { reason: None });
    all.push(Wait::Backoff { until: after(30), after: None });
    all.push(Wait::AccountParked { agent: "claude".into(), until: None, why: "the login failed".into() });
    let depend = |trouble| Wait::Dependency { on: id(1), trouble };
    all.extend(samples::troubles().into_iter().map(depend));
    let paused = |scope| Wait::Paused { scope, until: None, reason: None };
    all.extend(samples::scopes().into_iter().map(paused));
    let expected = [
        "it depends on acme/app#1, which depends on it in turn",
        "backing off until 2026-11-01T22:00:30Z after: timeout: 4h are spent",
        "it is not to begin before 2026-11-01T22:01:30Z",
        "it was not begun before its deadline, 2026-11-01T21:59:00Z, and will not be begun now",
        "night-1a2b has it; whether it is free is asked again at 2026-11-01T22:01:00Z",
        "the account of claude is parked until 2026-11-01T22:01:00Z: limit",
        "96% of the usage window five_hour of claude are used; the last 5% are kept for goals with a priority until \
         2026-11-01T22:01:00Z",
        "everything is paused until 2026-11-01T22:01:00Z: a build",
        "the budget for today is spent: $10.42 of $10.00; the next day begins at 2026-11-01T22:01:30Z",
        "no window of the hours is open; night opens at 2026-11-01T22:01:30Z",
        "it asks for opus, and the window day lets haiku or sonnet run until 2026-11-01T22:01:30Z",
        "github.com/acme/app is red itself: ci on main at 7ee (since 2026-11-01T22:00:07Z); it starts when that is over",
        "all 2 slots are taken",
        "the machine has no room: what this machine has free is not measured yet",
        "the orchestrator is going down",
        "the orchestrator works off another repository alone (`up --repo`)",
        "its last run app-42-1-3f0a60 is reported and not gone yet",
        "its repository github.com/acme/app is not registered",
        "it is held: the vendor answers on Monday",
        "it is quarantined: a run that is closed",
        "it is held",
        "backing off until 2026-11-01T22:00:30Z",
        "the account of claude is parked until `herder resume --agent claude`: the login failed",
        "it depends on acme/app#1, which is running",
        "it depends on acme/app#1, which was cancelled and will never land",
        "it depends on acme/app#1, which does not exist",
        "it depends on acme/app#1, which depends on it in turn",
        "everything is paused until `herder resume`",
        "github.com/acme/app is paused until `herder resume`",
        "story acme/app#7 is paused until `herder resume`",
    ];
    assert_eq!(all.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
}

#[test]
fn what_needs_a_person_is_not_what_time_ends() {
    let mut all = samples::waits();
    all.push(Wait::AccountParked { agent: "claude".into(), until: None, why: "login".into() });
    all.extend(samples::troubles().into_iter().map(|trouble| Wait::Dependency { on: id(1), trouble }));
    all.push(Wait::Paused { scope: Scope::Everything, until: None, reason: None });
    for wait in all {
        assert!(!(wait.needs_person() && wait.until().is_some()), "{wait:?}");
        let text = serde_json::to_string(&wait).unwrap();
        assert_eq!(serde_json::from_str::<Wait>(&text).unwrap(), wait, "{text}");
    }
    assert!(
        !Wait::Dependency { on: id(1), trouble: DependencyTrouble::Open { state: "queued".into() } }
            .needs_person()
    );
}

/// What `herder why` says of one of the simulator's goals.
fn reasons(sim: &Sim, number: u64) -> Vec<String> {
    why(&sim.world, &sim::id(number), sim.now).unwrap().reasons
}

#[test]
fn a_cycle_is_named_and_a_settled_goal_breaks_it() {
    let mut sim = Sim::new(1);
    sim.write(&[1], |_| {}); // 1 waits for 2
    sim.write(&[2], |_| {}); // 2 waits for 3
    sim.write(&[0], |_| {}); // 3 waits for 1
    sim.write(&[3], |_| {}); // 4 waits for itself
    (0..4).for_each(|goal| sim.take(&Op::Queue(goal)));
    for number in 1..=4 {
        assert!(reasons(&sim, number)[0].ends_with("depends on it in turn"), "{number}");
    }
    sim.record(Event::of(&sim::id(3), What::GoalResolved)).unwrap();
    sim.settle();
    assert_eq!(sim.state(2).word(), "running");
    assert!(reasons(&sim, 1)[0].ends_with("which is running"), "{:?}", reasons(&sim, 1));
}

#[test]
fn a_settled_goal_in_the_way_is_not_taken_for_a_cycle() {
    let mut sim = Sim::new(1);
    sim.write(&[1], |_| {}); // 1 waits for 2
    sim.write(&[2], |goal| goal.quarantine = Some("odd".into())); // 2 waits for 3 and is held
    sim.write(&[0], |_| {}); // 3 waits for 1, and a person closes it
    sim.record(Event::of(&sim::id(3), What::GoalResolved)).unwrap();
    [0, 1].into_iter().for_each(|goal| sim.take(&Op::Queue(goal)));
    sim.settle();
    let said: Vec<String> = (1..=2).flat_map(|number| reasons(&sim, number)).collect();
    assert!(!said.iter().any(|reason| reason.contains("in turn")), "{said:?}");
}

#[test]
fn the_post_mortem_tells_the_runs_and_the_way_out() {
    let mut goal = Goal { state: GoalState::Running { run: run() }, ..draft(42) };
    goal.series.failed = 2;
    let landing = Landing {
        run: run(),
        goal: id(42),
        base_branch: "main".into(),
        state: LandingState::Bounced(Bounce::Red(Refusal::unnamed("1 test failed"))),
        warrant: Warrant::Gate,
        returns: 0,
        undos: 0,
        offer: None,
        turns: 0,
    };
    let policy = herder_domain::judge::Policy::default();
    let bounce = Bounce::Red(Refusal::unnamed("1 test failed"));
    let judgement = herder_domain::judge::judge_bounce(&goal, &run(), &bounce, &policy, start());
    let case = Case { goal, run: Some(a_run(RunState::Closed)), landing: Some(landing) };
    let folded = case.apply(&What::BounceJudged { run: run(), judgement }, start()).unwrap();
    let text = format!("{:?}", folded.effects);
    for expected in
        ["its runs failed", "landing gate was red", "1 test failed", "herder goal retry 42", "gate_red"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(folded.effects.len(), 2);
}

#[test]
fn a_request_for_a_look_says_why_and_what_to_type() {
    let goal = Goal { state: GoalState::Running { run: run() }, ..draft(42) };
    let why = samples::spot_check_reasons();
    let state = samples::run_states().into_iter().find(|state| state.word() == "collected").unwrap();
    let case = Case { goal, run: Some(a_run(state)), landing: None };
    let judgement = herder_domain::judge::Judgement::SpotCheck { why: why.clone() };
    let folded = case.apply(&What::RunJudged { run: run(), judgement }, start()).unwrap();
    let text = format!("{:?}", folded.effects);
    for reason in why.iter().map(SpotCheckReason::to_string) {
        assert!(text.contains(&reason), "{reason}: {text}");
    }
    assert!(text.contains("herder goal approve 42") && text.contains("herder goal reject 42"));
}

#[test]
fn a_name_of_another_goals_run_is_refused() {
    let goal = Goal { state: GoalState::Running { run: run() }, ..draft(7) };
    let case = Case { goal, run: Some(a_run(RunState::Ordered)), landing: None };
    assert!(case.apply(&What::RunClaimed { run: RunId::of(&id(42), 1) }, start()).is_err());
}
