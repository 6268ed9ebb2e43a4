//! A goal on GitHub is claimed there before it is worked on, and left alone while another orchestrator has it.

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalText};
use herder_domain::repo::{GoalRef, Number};
use herder_domain::run::RunId;
use herder_fakehub::op;
use herder_fakehub::state::Method;
use herder_forge::claim::{ClaimRecord, ClaimState, Fence, LeaseRecord};
use herder_record::RunDir;
use herder_testkit::until;
use jiff::{SignedDuration, Timestamp};

use crate::script::{easy, good, script, waits};
use crate::stage::{APP, PATIENCE, Stage};

/// A queued goal whose agent writes one good file.
fn goal(stage: &Stage, number: u64) -> GoalRef {
    goal_that_plays(stage, number, &easy("new.txt"))
}

fn goal_that_plays(stage: &Stage, number: u64, script: &str) -> GoalRef {
    let body = format!("## Objective\nDo it\n\n```replay\n{script}\n```\n");
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
    let is_there = stage.hub.look(|state| state.repo(APP).unwrap().refs.contains_key(name));
    stage.hub.act("herder", |ctx| match is_there {
        true => op::refs::update(ctx, APP, name, &commit, true),
        false => op::refs::create(ctx, APP, name, &commit),
    });
}

const OTHER: &str = "host-2-0";

/// The other machine has a goal, until an hour from now.
fn others_have(stage: &Stage, goal: u64, fence: u64, published: Option<String>) {
    let run = RunId::try_from(format!("app-{goal}-1-0")).unwrap();
    let (owner, state) = (OTHER.parse().unwrap(), ClaimState::Held);
    let claim = ClaimRecord { goal: Number(goal), owner, fence: Fence(fence), run, published, state };
    says(stage, &format!("refs/herder/claims/{goal}"), &claim.text());
    let until = Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let lease = LeaseRecord { owner: claim.owner, until, broken: None };
    says(stage, &format!("refs/herder/leases/{OTHER}"), &lease.text());
}

/// The agent of a goal's first run waits; gives what lets it go on.
fn waiting(stage: &Stage, goal: &GoalRef) -> std::path::PathBuf {
    let dir = RunDir::of(&stage.state(), RunId::of(goal, 1));
    until("the agent to wait", PATIENCE, || {
        let clone = dir.spec().unwrap()?.setup.clone;
        clone.join(".herder/waiting").exists().then(|| clone.join(".herder/go"))
    })
}

fn tip(stage: &Stage, branch: &str) -> Option<String> {
    stage.hub.look(|state| state.repo(APP).unwrap().tip(branch).cloned())
}

fn waits_elsewhere(stage: &Stage, goal: &GoalRef) {
    until("the goal to be left to the other", PATIENCE, || {
        let goal = stage.store().goal(goal).unwrap()?;
        (goal.state.word() == "queued" && goal.elsewhere.is_some()).then_some(())
    });
}

#[test]
fn a_goal_is_claimed_before_it_is_worked_on_and_another_orchestrators_goal_is_left_alone() {
    let stage = Stage::new();
    others_have(&stage, 8, 4, None);
    let theirs = claim(&stage, 8).unwrap();
    let up = stage.up();
    let (ours, other) = (goal(&stage, 7), goal(&stage, 8));
    until("the goal to be offered", PATIENCE, || {
        let found = stage.store().goal(&ours).unwrap()?;
        (found.state.word() == "offered").then_some(())
    });
    let claimed = claim(&stage, 7).unwrap();
    let tip = git(&stage, &["rev-parse", "goal-7"]);
    assert_eq!((claimed.fence, claimed.state), (Fence(1), ClaimState::Submitted { head: tip }));
    assert_ne!(claimed.owner, theirs.owner);
    assert_eq!(claim(&stage, 8), Some(theirs));
    let waits = until("the other goal to wait", PATIENCE, || {
        let goal = stage.store().goal(&other).unwrap()?;
        goal.elsewhere.clone().filter(|_| goal.state.word() == "queued")
    });
    assert_eq!(waits.owner, OTHER);
    let launched = stage.state().runs().join(RunId::of(&other, 1).as_str()).join("run.json").exists();
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

#[test]
fn finished_work_of_a_goal_that_was_taken_over_moves_no_branch_and_opens_no_pull_request() {
    let stage = Stage::new();
    let up = stage.up();
    let goal = goal_that_plays(&stage, 7, &script(&[[vec![waits()], good("new.txt")].concat()]));
    let go = waiting(&stage, &goal);
    others_have(&stage, 7, 2, None);
    std::fs::write(go, "").unwrap();
    waits_elsewhere(&stage, &goal);
    until("its run to be over", PATIENCE, || stage.store().active_runs().unwrap().is_empty().then_some(()));
    assert_eq!(tip(&stage, "goal-7"), None);
    assert_eq!(stage.hub.look(|state| state.repo(APP).unwrap().last_number), 0, "no pull request");
    assert!(up.stop().success());
}

#[test]
fn a_run_whose_goal_was_taken_over_is_stopped() {
    let stage = Stage::new();
    let up = stage.up();
    let goal = goal_that_plays(&stage, 7, &script(&[[vec![waits()], good("new.txt")].concat()]));
    waiting(&stage, &goal);
    up.kill();
    others_have(&stage, 7, 2, None);
    // Claims are kept at once when herder comes up.
    let up = stage.up();
    waits_elsewhere(&stage, &goal);
    until("its ralph to be stopped", PATIENCE, || {
        stage.store().active_runs().unwrap().is_empty().then_some(())
    });
    assert_eq!(tip(&stage, "goal-7"), None);
    assert!(up.stop().success());
}

#[test]
fn who_takes_over_what_another_has_published_puts_its_own_work_there() {
    let stage = Stage::new();
    let theirs = stage.hub.commit("herder", APP, "goal-7", "theirs.txt", "ok\n");
    others_have(&stage, 7, 4, Some(theirs.clone()));
    // Its owner died some time ago.
    let until_then = Timestamp::now().checked_sub(SignedDuration::from_hours(1)).unwrap();
    let lease = LeaseRecord { owner: OTHER.parse().unwrap(), until: until_then, broken: None };
    says(&stage, &format!("refs/herder/leases/{OTHER}"), &lease.text());
    let up = stage.up();
    let goal = goal(&stage, 7);
    until("the goal to land", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        (stage.store().goal(&goal).unwrap()?.state.word() == "done").then_some(())
    });
    let claim = claim(&stage, 7).unwrap();
    assert_eq!(claim.fence, Fence(5));
    assert_ne!(claim.published, Some(theirs));
    assert_eq!(git(&stage, &["ls-tree", "--name-only", "main", "theirs.txt"]), "");
    assert!(up.stop().success());
}

#[test]
fn what_another_had_merged_before_it_lost_the_goal_is_the_landing() {
    let stage = Stage::new();
    let up = stage.up();
    let goal = goal_that_plays(&stage, 7, &script(&[[vec![waits()], good("new.txt")].concat()]));
    let go = waiting(&stage, &goal);
    let theirs = stage.hub.commit("herder", APP, "goal-7", "theirs.txt", "ok\n");
    others_have(&stage, 7, 2, Some(theirs));
    let pull = stage.hub.act("herder", |ctx| {
        let new = op::pull::NewPull {
            title: "Do it".into(),
            head: "goal-7".into(),
            base: "main".into(),
            ..Default::default()
        };
        op::pull::create(ctx, APP, new)
    });
    let how = op::merge::How { method: Method::Squash, title: None, message: None, sha: None };
    stage.hub.act("herder", |ctx| op::merge::merge(ctx, APP, pull.number, &how));
    let mut released = claim(&stage, 7).unwrap();
    released.state = ClaimState::Released;
    says(&stage, "refs/herder/claims/7", &released.text());
    std::fs::write(go, "").unwrap();
    until("the goal to have landed", PATIENCE, || {
        (stage.store().goal(&goal).unwrap()?.state.word() == "done").then_some(())
    });
    assert_eq!(git(&stage, &["ls-tree", "--name-only", "main", "new.txt"]), "", "it lands once");
    assert!(up.stop().success());
}

#[test]
fn two_machines_share_a_backlog_and_each_goal_lands_once() {
    let stage = Stage::new();
    let other = stage.other_machine();
    let names = ["a.txt", "b.txt", "c.txt", "d.txt"];
    let issues = names.map(|name| stage.issue("bob", "Write a file", &easy(name), &["goal"]));
    issues.iter().for_each(|issue| stage.label("bob", *issue, "goal:queued"));
    let (up, up_there) = (stage.up(), stage.up_on(&other));
    for issue in issues {
        stage.until_labels(issue, &["goal", "goal:done"]);
    }
    let pulls = stage.hub.look(|state| {
        let repo = state.repo(APP).unwrap();
        (1..=repo.last_number).filter(|number| repo.pull(*number).is_some()).count()
    });
    assert_eq!(pulls, issues.len(), "one pull request a goal");
    // Neither has taken the other's labels for a person's.
    for issue in issues {
        let events =
            format!("{:?}", stage.hub.look(|state| state.repo(APP).unwrap().issues[&issue].events.clone()));
        assert!(!events.contains("goal:draft"), "{events}");
    }
    assert!(up.stop().success() && up_there.stop().success());
    other.assert_no_process_left();
}
