//! The process zoo as coding agents: every animal, ended in every way that a run can end, in whole nights. Each time
//! the goal gets the label that is due, its series is charged with that and nothing else, the log is complete up to the
//! point, and of no animal anything is left.

use herder_domain::event::What;
use herder_domain::goal::Series;
use herder_domain::repo::GoalRef;
use herder_testkit::example;
use herder_testkit::processes::{self, cgroups_named};

use rustix::process::Signal;

use crate::stage::killing::kill;
use crate::stage::{GATE, Orchestrator, Plan, Stage};

/// All that behave until somebody ends them, in two nights: those that only are there, and those that leave the
/// machine little.
const SMALL_AND_LARGE: [&[&str]; 2] =
    [&["deaf", "daemon", "escapee", "mute", "stopped", "stopper"], &["shouter", "graveyard", "storm"]];

/// Those that stop whoever started them, where the sandbox lets them. They never leave: they stop that, too.
const WARDENS: [&str; 2] = ["jailer", "warden"];

/// A night of animals.
struct Zoo {
    stage: Stage,
    goals: Vec<(&'static str, GoalRef)>,
}

impl Zoo {
    /// A goal for each animal, all of them to be at work at the same time; `how` they behave, and what stands at
    /// the head of each goal.
    fn open(animals: &[&'static str], how: &str, head: &str) -> Self {
        let zoo = example("animal").display().to_string();
        let agent = format!("[agents.zoo]\nkind = \"command\"\nprogram = \"{zoo}\"\nargs = [\"agent\"]");
        let mut stage = Plan::gate(GATE).max(6).config(&agent).build();
        let marker = stage.home.marker().to_owned();
        let head = format!("---\nagent: zoo\n{head}---");
        let mut goal = |animal: &str| stage.goal(&format!("Animal: {animal} {how} {marker}"), &head, "[]");
        let goals = animals.iter().map(|animal| (*animal, goal(animal))).collect();
        Self { stage, goals }
    }

    /// Waits until every animal behaves as it is meant to.
    fn until_up(&self) {
        self.goals.iter().for_each(|(_, goal)| self.stage.until_file(goal, 1, ".herder/up"));
    }

    /// Waits until the first run of each has ended, and was judged.
    fn until_judged(&self) {
        for (animal, goal) in &self.goals {
            let is_judged = |what: &What| matches!(what, What::RunJudged { .. }).then_some(());
            self.stage.until_happened(&format!("the {animal}'s end"), goal, is_judged);
        }
    }

    /// What each goal came to: its label, how its runs ended, and what its series was charged with.
    #[track_caller]
    fn came_to(&self, word: &str, outcomes: &[&str], series: Series) {
        let stage = &self.stage;
        stage.home.assert_no_process_left();
        for (animal, goal) in &self.goals {
            let seen = (stage.word(goal), stage.outcomes(goal), stage.found(goal).series);
            let outcomes: Vec<String> = outcomes.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(seen, (word, outcomes.clone(), series), "{animal}");
            let rows = (1..).zip(&outcomes).map(|(attempt, _)| stage.row(goal, attempt).exit_reason);
            assert_eq!(rows.collect::<Vec<_>>(), outcomes, "{animal}");
            let log = fs_err::read_to_string(stage.run_dir(goal, 1).path().join("ralph.log")).unwrap();
            assert!(log.contains("first words"), "{animal}: {log}");
            assert_eq!(cgroups_named(stage.run_dir(goal, 1).mark().as_str()), NONE, "{animal}");
        }
    }

    /// Whether the animals that left were heard to their end.
    #[track_caller]
    fn heard_to_the_end(&self) {
        for (animal, goal) in &self.goals {
            let log = fs_err::read_to_string(self.stage.run_dir(goal, 1).path().join("ralph.log")).unwrap();
            assert!(log.contains("last words") && log.contains("== ended: "), "{animal}: {log}");
        }
    }
}

const UNCHARGED: Series =
    Series { failed: 0, crashed: 0, out_of_memory: 0, unreachable: 0, conflicts: 0, changes: 0 };

/// No directory.
const NONE: [std::path::PathBuf; 0] = [];

/// The work of the first run is taken up by the second, which lands it.
#[track_caller]
fn crashed_once(zoo: &Zoo, up: Orchestrator) {
    assert!(up.finish().success());
    zoo.came_to("done", &["crashed", "done"], Series { crashed: 1, ..UNCHARGED });
}

fn left(animals: &[&'static str], how: &str) {
    let zoo = Zoo::open(animals, how, "");
    zoo.stage.good_night();
    zoo.came_to("done", &["done"], UNCHARGED);
    zoo.heard_to_the_end();
}

fn cancelled(animals: &[&'static str]) {
    cancelled_after(animals, |_, _| {});
}

/// Something is done to each run, and then its goal is cancelled.
fn cancelled_after(animals: &[&'static str], deed: impl Fn(&Stage, &GoalRef)) {
    let mut zoo = Zoo::open(animals, "stay", "");
    let up = zoo.stage.up();
    zoo.until_up();
    for (_, goal) in &zoo.goals {
        deed(&zoo.stage, goal);
        zoo.stage.person(goal, What::GoalCancelled);
    }
    zoo.until_judged();
    assert!(up.stop().success());
    zoo.came_to("cancelled", &["stopped"], UNCHARGED);
}

fn ralph_killed(animals: &[&'static str]) {
    let zoo = Zoo::open(animals, "stay", "");
    let up = zoo.stage.up_once();
    zoo.until_up();
    let ralphs: Vec<u32> = zoo.goals.iter().map(|(_, goal)| zoo.stage.ralph_of(goal, 1)).collect();
    kill(&ralphs);
    crashed_once(&zoo, up);
}

fn keeper_killed(animals: &[&'static str]) {
    let zoo = Zoo::open(animals, "stay", "");
    let up = zoo.stage.up_once();
    zoo.until_up();
    let keepers: Vec<u32> = zoo.goals.iter().map(|(_, goal)| zoo.stage.keeper_of(goal, 1)).collect();
    kill(&keepers);
    crashed_once(&zoo, up);
}

fn orchestrator_killed(animals: &[&'static str]) {
    let zoo = Zoo::open(animals, "linger", "");
    let up = zoo.stage.up();
    zoo.until_up();
    let up = zoo.stage.next_up(up);
    for (_, goal) in &zoo.goals {
        zoo.stage.let_go(goal, 1);
        zoo.stage.until_word(goal, "done");
    }
    assert!(up.stop().success());
    zoo.came_to("done", &["done"], UNCHARGED);
    zoo.heard_to_the_end();
}

fn time_spent(animals: &[&'static str]) {
    let zoo = Zoo::open(animals, "stay", "duration: 5s\n");
    // Nothing is tried again in this night.
    zoo.stage.configure(&zoo.stage.config().replace("first = \"1s\"", "first = \"20m\""));
    let up = zoo.stage.up();
    zoo.until_judged();
    assert!(up.stop().success());
    zoo.came_to("queued", &["timeout"], Series { failed: 1, ..UNCHARGED });
}

#[test]
fn some_animals_are_ended_with_their_goal() {
    cancelled(&["deaf", "escapee", "stopper"]);
}

#[test]
fn some_animals_are_ended_with_their_ralph() {
    ralph_killed(&["deaf", "daemon", "stopped"]);
}

#[test]
fn a_goal_is_cancelled_although_its_keeper_was_stopped() {
    cancelled_after(&["daemon"], |stage, goal| processes::kill(stage.keeper_of(goal, 1), Signal::STOP));
}

#[test]
#[ignore = "it takes the ten seconds of a ralph's grace: the suite zoo"]
fn a_goal_is_cancelled_although_its_ralph_was_stopped() {
    cancelled_after(&["daemon", "deaf"], |stage, goal| {
        processes::kill(stage.ralph_of(goal, 1), Signal::STOP);
    });
}

#[test]
fn an_agent_that_deserts_its_children_has_done_its_work() {
    let zoo = Zoo::open(&["deserter"], "stay", "");
    zoo.stage.good_night();
    zoo.came_to("done", &["done"], UNCHARGED);
}

#[test]
#[ignore = "a minute: the suite zoo"]
fn an_agent_that_leaves_its_work_and_an_animal_lands_the_one_and_loses_the_other() {
    SMALL_AND_LARGE.iter().for_each(|animals| left(animals, "leave"));
}

#[test]
#[ignore = "a minute: the suite zoo"]
fn a_goal_is_cancelled_whatever_its_agent_does() {
    SMALL_AND_LARGE.iter().for_each(|animals| cancelled(animals));
    cancelled(&WARDENS);
}

#[test]
#[ignore = "a minute: the suite zoo"]
fn a_run_whose_ralph_is_killed_is_taken_up_by_the_next_whatever_its_agent_does() {
    SMALL_AND_LARGE.iter().for_each(|animals| ralph_killed(animals));
    ralph_killed(&WARDENS);
}

#[test]
#[ignore = "a minute: the suite zoo"]
fn a_run_whose_keeper_is_killed_is_taken_up_by_the_next_whatever_its_agent_does() {
    SMALL_AND_LARGE.iter().for_each(|animals| keeper_killed(animals));
    keeper_killed(&WARDENS);
}

#[test]
#[ignore = "a minute: the suite zoo"]
fn runs_outlive_their_orchestrator_and_land_with_the_next_whatever_their_agents_left() {
    SMALL_AND_LARGE.iter().for_each(|animals| orchestrator_killed(animals));
}

#[test]
#[ignore = "a minute: the suite zoo"]
fn a_run_whose_time_is_spent_ends_whatever_its_agent_does() {
    SMALL_AND_LARGE.iter().for_each(|animals| time_spent(animals));
    time_spent(&WARDENS);
}
