//! A goal on GitHub is claimed there before it is worked on, and left alone while another orchestrator has it.

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalText};
use herder_domain::repo::{GoalRef, Number};
use herder_domain::run::RunId;
use herder_fakehub::op;
use herder_forge::claim::{ClaimRecord, ClaimState, Fence, LeaseRecord};
use herder_testkit::until;
use jiff::{SignedDuration, Timestamp};

use crate::script::easy;
use crate::stage::{APP, PATIENCE, Stage};

/// A queued goal whose agent writes one good file.
fn goal(stage: &Stage, number: u64) -> GoalRef {
    let body = format!("## Objective\nDo it\n\n```replay\n{}\n```\n", easy("new.txt"));
    let id = GoalRef::new(Stage::app(), number);
    let text = GoalText::read(&Stage::app(), "Do it", &body).unwrap();
    let draft = Box::new(Goal::draft(id.clone(), text, Timestamp::now()));
    for what in [What::GoalCreated { draft }, What::GoalQueued] {
        stage.store().append(&Event::of(&id, what), Timestamp::now()).unwrap();
    }
    herder_orchestrator::wake(&stage.state());
    id
}

fn git(stage: &Stage, args: &[&str]) -> String {
    let mut git = std::process::Command::new("git");
    git.current_dir(stage.hub.git_dir(APP)).env("GIT_CONFIG_GLOBAL", "/dev/null").args(args);
    let who = ["AUTHOR", "COMMITTER"].map(|role| [format!("GIT_{role}_NAME"), format!("GIT_{role}_EMAIL")]);
    let said = git.envs(who.iter().flatten().map(|name| (name, "host-2"))).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// What the claim of a goal says.
fn claim(stage: &Stage, number: u64) -> Option<ClaimRecord> {
    let name = format!("refs/herder/claims/{number}");
    stage.hub.look(|state| state.repo(APP).unwrap().refs.get(&name).cloned())?;
    ClaimRecord::parse(&name, &git(stage, &["log", "-1", "--format=%B", &name])).ok()
}

/// Another machine's words, as it would have pushed them.
fn says(stage: &Stage, name: &str, text: &str) {
    let empty = git(stage, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let commit = git(stage, &["commit-tree", &empty, "-m", text]);
    stage.hub.act("herder", |ctx| op::refs::create(ctx, APP, name, &commit));
}

#[test]
fn a_goal_is_claimed_before_it_is_worked_on_and_another_orchestrators_goal_is_left_alone() {
    let stage = Stage::new();
    let theirs = ClaimRecord {
        goal: Number(8),
        owner: "host-2-0".parse().unwrap(),
        fence: Fence(4),
        run: RunId::try_from("app-8-1-0".to_owned()).unwrap(),
        state: ClaimState::Held,
    };
    let until_then = Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let lease = LeaseRecord { owner: theirs.owner.clone(), until: until_then, broken: None };
    says(&stage, "refs/herder/claims/8", &theirs.text());
    says(&stage, "refs/herder/leases/host-2-0", &lease.text());
    let up = stage.up();
    let (ours, other) = (goal(&stage, 7), goal(&stage, 8));
    until("the goal to be offered", PATIENCE, || {
        let found = stage.store().goal(&ours).unwrap()?;
        (found.state.word() == "offered").then_some(())
    });
    let claimed = claim(&stage, 7).unwrap();
    assert_eq!((claimed.fence, claimed.state), (Fence(1), ClaimState::Held));
    assert_ne!(claimed.owner, theirs.owner);
    assert_eq!(claim(&stage, 8), Some(theirs));
    let run = stage.store().goal(&other).unwrap().unwrap().current_run().cloned();
    let launched = run.is_some_and(|run| stage.state().runs().join(run.as_str()).join("run.json").exists());
    assert!(!launched, "nobody works on what is another's");
    assert!(up.stop().success());
}

#[test]
fn a_claim_that_no_run_is_left_of_is_let_go_of() {
    let stage = Stage::new();
    let up = stage.up();
    let ours = goal(&stage, 7);
    let held = until("the goal to be claimed", PATIENCE, || claim(&stage, 7));
    until("the goal to be offered", PATIENCE, || {
        (stage.store().goal(&ours).unwrap()?.state.word() == "offered").then_some(())
    });
    assert!(up.stop().success());
    stage.store().append(&Event::of(&ours, What::GoalCancelled), Timestamp::now()).unwrap();
    // What is claimed and not worked on is looked at when herder comes up.
    let up = stage.up();
    let gone = until("the claim to be let go of", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        claim(&stage, 7).filter(|claim| claim.state == ClaimState::Released)
    });
    assert_eq!((gone.owner, gone.fence), (held.owner, held.fence));
    assert!(up.stop().success());
}
