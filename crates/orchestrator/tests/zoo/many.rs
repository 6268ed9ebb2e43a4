//! Many runs at once, and the ends that come to all of them at the same time.

use herder_domain::event::What;
use herder_domain::goal::Series;
use herder_domain::repo::GoalRef;
use herder_testkit::until;

use crate::stage::killing::kill;
use crate::stage::{GATE, Orchestrator, PATIENCE, Plan, Stage};

/// An agent that ignores what asks it to end, and beside it a witness that does not, but has stopped itself: the
/// kernel keeps the request that has reached it, for everybody to see, until it is killed.
const AGENT: &str = "#!/bin/sh
cat >/dev/null
sh -c 'kill -STOP $$' &
trap '' TERM INT HUP
echo $! >.herder/witness
mv .herder/witness .herder/up
wait";

/// What has become of a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Witness {
    /// It has not stopped itself yet.
    Coming,
    Unasked,
    /// SIGTERM has reached it.
    Asked,
    Gone,
}

impl Witness {
    fn see(pid: u32) -> Self {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return Self::Gone };
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").trim();
        // Signals that wait for the whole process, bit by bit from the first on: proc_pid_status(5).
        let pending = u64::from_str_radix(field("ShdPnd:"), 16).unwrap_or(0);
        match field("State:").chars().next() {
            Some('T') if pending & (1 << (15 - 1)) != 0 => Self::Asked,
            Some('T') => Self::Unasked,
            Some('Z' | 'X') | None => Self::Gone,
            Some(_) => Self::Coming,
        }
    }
}

struct Many {
    stage: Stage,
    goals: Vec<GoalRef>,
}

impl Many {
    fn open(count: u32) -> Self {
        let agent = "[agents.deaf]\nkind = \"command\"\nprogram = \"deaf\"";
        let mut stage = Plan::gate(GATE).max(count).config(agent).build();
        stage.home.install_program("deaf", AGENT);
        let head = "---\nagent: deaf\n---";
        let goals = (0..count).map(|_| stage.goal("Do not listen", head, "[]")).collect();
        Self { stage, goals }
    }

    /// The witnesses of all runs of this attempt, once all are at work.
    fn until_at_work(&self, attempt: u32) -> Vec<u32> {
        let witness = |goal: &GoalRef| {
            self.stage.until_file(goal, attempt, ".herder/up");
            let up = self.stage.clone_of(goal, attempt).join(".herder/up");
            let pid = fs_err::read_to_string(up).unwrap().trim().parse().unwrap();
            until("a witness", PATIENCE, || (Witness::see(pid) == Witness::Unasked).then_some(pid))
        };
        self.goals.iter().map(witness).collect()
    }

    /// Every keeper is killed, and each run is tried once more.
    fn kill_keepers(&self) {
        let keepers: Vec<u32> = self.goals.iter().map(|goal| self.stage.keeper_of(goal, 1)).collect();
        let witnesses = self.until_at_work(1);
        kill(&keepers);
        let is_gone = |pid: &u32| Witness::see(*pid) == Witness::Gone;
        until("all to be gone", PATIENCE, || witnesses.iter().all(is_gone).then_some(()));
    }

    /// All are asked to end before the first is killed.
    fn go_down(&self, up: Orchestrator) {
        let witnesses = self.until_at_work(2);
        let look = || witnesses.iter().map(|pid| Witness::see(*pid)).collect::<Vec<_>>();
        let down = Orchestrator::start(&self.stage.home, &["down"]);
        until("all to be asked to end", PATIENCE, || {
            let seen = look();
            assert!(!seen.contains(&Witness::Gone), "killed before all were asked: {seen:?}");
            seen.iter().all(|one| *one == Witness::Asked).then_some(())
        });
        // Each of them had been asked by then, and this look is later: nobody had been killed by then.
        let seen = look();
        assert!(!seen.contains(&Witness::Gone), "killed while the last were asked: {seen:?}");
        assert!(up.finish().success() && down.finish().success());
        self.stage.home.assert_no_process_left();
    }
}

fn ended_together(count: u32) {
    let mut many = Many::open(count);
    let up = many.stage.up();
    many.until_at_work(1);
    many.kill_keepers();
    many.go_down(up);
    // What could not be collected in the time of going down is collected by the next orchestrator.
    let goals = many.goals.clone();
    goals.iter().for_each(|goal| many.stage.person(goal, What::GoalCancelled));
    many.stage.good_night();
    for goal in &goals {
        assert_eq!(many.stage.outcomes(goal), ["crashed", "stopped"], "{goal}");
        assert_eq!(many.stage.found(goal).series, Series { crashed: 1, ..Series::default() }, "{goal}");
        let rows = [1, 2].map(|attempt| many.stage.row(goal, attempt).exit_reason);
        assert_eq!(rows, ["crashed", "stopped"], "{goal}");
    }
    assert!(many.stage.store.open_effects().unwrap().is_empty());
}

#[test]
fn six_runs_lose_their_keepers_together_and_are_stopped_in_parallel() {
    ended_together(6);
}

#[test]
#[ignore = "a minute: the suite zoo"]
fn fifty_runs_lose_their_keepers_together_and_are_stopped_in_parallel() {
    ended_together(50);
}
