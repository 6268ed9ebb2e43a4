//! Finished work comes home as a pull request, and herder follows it until it is merged.

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalState, GoalText, StuckCause};
use herder_domain::landing::{Bounce, LandingState, Merging, Standing};
use herder_domain::repo::{GoalRef, Number};
use herder_fakehub::op;
use herder_fakehub::op::check::CheckEdit;
use herder_fakehub::op::issue::IssueEdit;
use herder_fakehub::state::{Conclusion, Protection, RequiredChecks, ReviewState};
use herder_fakehub::{Fault, Rule};
use herder_testkit::until;
use jiff::Timestamp;

use crate::script::{easy, expect, good, script};
use crate::stage::{APP, Orchestrator, PATIENCE, Stage};

/// A queued goal with its issue, whose agent plays `script`.
pub fn goal(stage: &Stage, script: &str) -> GoalRef {
    goal_that(stage, script, |_| {})
}

fn goal_that(stage: &Stage, script: &str, change: impl FnOnce(&mut Goal)) -> GoalRef {
    let body = format!("## Objective\nDo it\n\n```replay\n{script}\n```\n");
    let edit =
        IssueEdit { title: Some("Do it".to_owned()), body: Some(body.clone()), ..IssueEdit::default() };
    let issue = stage.hub.act("ada", |ctx| op::issue::create(ctx, APP, edit));
    let id = GoalRef::new(Stage::app(), issue.number);
    let text = GoalText::read(&Stage::app(), "Do it", &body).unwrap();
    let mut draft = Goal::draft(id.clone(), text, Timestamp::now());
    change(&mut draft);
    tell(stage, &id, What::GoalCreated { draft: Box::new(draft) });
    tell(stage, &id, What::GoalQueued);
    id
}

/// Writes an event down as the daemon would that had seen it on GitHub.
pub fn tell(stage: &Stage, goal: &GoalRef, what: What) {
    stage.store().append(&Event::of(goal, what), Timestamp::now()).unwrap();
    herder_orchestrator::wake(&stage.state());
}

fn state(stage: &Stage, goal: &GoalRef) -> GoalState {
    stage.store().goal(goal).unwrap().unwrap().state
}

/// Waits until a goal's state has this word; each look may be the next one's reason to look at GitHub.
#[track_caller]
pub fn becomes(stage: &Stage, goal: &GoalRef, word: &str) -> GoalState {
    until(&format!("{goal} to be {word}"), PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        let known = stage.store().goal(goal).unwrap()?;
        Some(known.state).filter(|state| state.word() == word)
    })
}

#[track_caller]
fn stands(stage: &Stage, goal: &GoalRef, is_so: impl Fn(&Standing) -> bool) {
    until("the pull request to stand so", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        let run = stage.store().goal(goal).unwrap()?.current_run()?.clone();
        match stage.store().landing(&run).unwrap()?.state {
            LandingState::Offered { standing } if is_so(&standing) => Some(()),
            _ => None,
        }
    });
}

/// The pull request that offers a goal's work.
#[track_caller]
fn offered(stage: &Stage, goal: &GoalRef) -> u64 {
    match becomes(stage, goal, "offered") {
        GoalState::Offered { pull, .. } => pull.0,
        other => panic!("{other:?}"),
    }
}

/// All pull requests that there ever were.
pub fn pulls(stage: &Stage) -> Vec<u64> {
    stage.hub.look(|state| {
        let repo = state.repo(APP).unwrap();
        (1..=repo.last_number).filter(|number| repo.pull(*number).is_some()).collect()
    })
}

fn head(stage: &Stage, pull: u64) -> String {
    stage.hub.look(|state| state.repo(APP).unwrap().pull(pull).unwrap().1.head_sha.clone())
}

pub fn check(stage: &Stage, pull: u64, conclusion: Conclusion, log: &str) {
    check_of(stage, head(stage, pull), conclusion, log);
}

fn check_of(stage: &Stage, commit: String, conclusion: Conclusion, log: &str) {
    let edit = CheckEdit {
        name: Some("ci".to_owned()),
        head_sha: Some(commit),
        status: Some("completed".to_owned()),
        conclusion: Some(conclusion),
        log: Some(log.to_owned()),
        ..CheckEdit::default()
    };
    stage.hub.act("ada", |ctx| op::check::create(ctx, APP, edit));
}

pub fn allow_automerge(stage: &Stage) {
    let edit = op::repo::RepoEdit { allow_auto_merge: Some(true), ..op::repo::RepoEdit::default() };
    stage.hub.act("ada", |ctx| op::repo::edit(ctx, APP, edit));
}

/// `main` wants the check `ci`.
pub fn protect(stage: &Stage, is_strict: bool) {
    let checks = Some(RequiredChecks { is_strict, contexts: vec!["ci".to_owned()] });
    let rule = Protection { checks, binds_admins: true, ..Protection::default() };
    stage.hub.act("ada", |ctx| op::repo::protect(ctx, APP, "main", rule));
    // Only who administrates may read a protection in full.
    stage.hub.expect("GET", "/branches/main/protection", 403);
}

pub fn main_has(stage: &Stage, path: &str) -> bool {
    let dir = stage.hub.git_dir(APP);
    let status = std::process::Command::new("git")
        .args(["--git-dir", dir.to_str().unwrap(), "cat-file", "-e", &format!("main:{path}")])
        .stderr(std::process::Stdio::null())
        .status();
    status.unwrap().success()
}

pub fn merging(stage: &Stage, goal: &GoalRef) -> Merging {
    let run = stage.store().goal(goal).unwrap().unwrap().current_run().unwrap().clone();
    stage.store().landing(&run).unwrap().unwrap().offer.unwrap().merging
}

pub fn end(up: Orchestrator) {
    assert!(up.stop().success());
}

#[test]
fn without_automerge_herder_merges_what_is_green_itself() {
    let stage = Stage::new();
    let goal = goal(&stage, &easy("a.txt"));
    let up = stage.up();
    becomes(&stage, &goal, "done");
    let pulls = pulls(&stage);
    assert_eq!(pulls.len(), 1);
    let (title, body, by) = stage.hub.look(|state| {
        let (issue, pull) = state.repo(APP).unwrap().pull(pulls[0]).unwrap();
        (issue.title.clone(), issue.body.clone().unwrap_or_default(), pull.head.clone())
    });
    assert_eq!((title.as_str(), by.as_str()), ("Do it", format!("goal-{}", goal.number).as_str()));
    for part in
        [&format!("Closes #{}", goal.number), "gate: green", "Wrote the file.", "## Objective", "cost: "]
    {
        assert!(body.contains(part), "{part}: {body}");
    }
    assert!(main_has(&stage, "a.txt"));
    assert!(matches!(merging(&stage, &goal), Merging::Herder { .. }));
    end(up);
}

/// A goal whose pull request waits for checks to begin, because those of its base did.
fn with_late_checks(stage: &Stage) -> (GoalRef, Orchestrator, u64) {
    let tip = stage.hub.look(|state| state.repo(APP).unwrap().tip("main").cloned()).unwrap();
    check_of(stage, tip, Conclusion::Success, "");
    let goal = goal(stage, &easy("a.txt"));
    let up = stage.up();
    let pull = offered(stage, &goal);
    let is_expecting =
        |standing: &Standing| matches!(standing, Standing::Waiting { why } if why.contains("begin: ci"));
    stands(stage, &goal, is_expecting);
    (goal, up, pull)
}

#[test]
fn what_is_clean_before_its_first_check_exists_is_not_merged_yet() {
    let stage = Stage::new();
    let (goal, up, pull) = with_late_checks(&stage);
    check(&stage, pull, Conclusion::Success, "");
    becomes(&stage, &goal, "done");
    assert!(main_has(&stage, "a.txt"));
    end(up);
}

#[test]
fn a_pull_request_is_not_looked_at_before_the_poller_tells_that_it_changed() {
    let stage = Stage::new();
    let (_, up, pull) = with_late_checks(&stage);
    let asked = |path: &str| stage.hub.log().iter().filter(|entry| entry.path == path).count();
    let (looks, rounds) = (asked(&format!("/repos/acme/app/pulls/{pull}")), asked("/graphql"));
    until("some rounds", PATIENCE, || (asked("/graphql") > rounds + 8).then_some(()));
    let more = asked(&format!("/repos/acme/app/pulls/{pull}")) - looks;
    assert!(more <= 2, "{more} looks, though nothing changed");
    check(&stage, pull, Conclusion::Success, "");
    until("it to be merged", PATIENCE, || main_has(&stage, "a.txt").then_some(()));
    end(up);
}

#[test]
fn checks_that_never_begin_are_not_waited_for_for_ever() {
    let stage = Stage::new();
    let (goal, up, _) = with_late_checks(&stage);
    stage.hub.move_clock(jiff::SignedDuration::from_mins(6));
    becomes(&stage, &goal, "done");
    end(up);
}

#[test]
fn with_automerge_github_merges_when_the_required_check_is_green() {
    let stage = Stage::new();
    allow_automerge(&stage);
    protect(&stage, false);
    let goal = goal(&stage, &easy("a.txt"));
    let up = stage.up();
    let pull = offered(&stage, &goal);
    assert_eq!(merging(&stage, &goal), Merging::Forge);
    assert!(!main_has(&stage, "a.txt"));
    check(&stage, pull, Conclusion::Success, "");
    becomes(&stage, &goal, "done");
    assert!(main_has(&stage, "a.txt"));
    assert_eq!(pulls(&stage), [pull]);
    end(up);
}

#[test]
fn red_checks_send_the_goal_back_with_the_end_of_their_log_and_the_same_pull_request_offers_the_next_try() {
    let stage = Stage::new();
    allow_automerge(&stage);
    protect(&stage, false);
    let second = [vec![expect("FAILED tests::sorts")], good("b.txt")].concat();
    let goal = goal(&stage, &script(&[good("a.txt"), second]));
    let up = stage.up();
    let pull = offered(&stage, &goal);
    let first = head(&stage, pull);
    check(&stage, pull, Conclusion::Failure, "compiling\nFAILED tests::sorts\n");
    until("the second try to be offered", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        (head(&stage, pull) != first && state(&stage, &goal).word() == "offered").then_some(())
    });
    assert_eq!(stage.store().goal(&goal).unwrap().unwrap().series.failed, 1);
    check(&stage, pull, Conclusion::Success, "");
    becomes(&stage, &goal, "done");
    assert!(main_has(&stage, "a.txt") && main_has(&stage, "b.txt"));
    assert_eq!(pulls(&stage), [pull]);
    end(up);
}

#[test]
fn a_branch_that_is_behind_is_brought_up_to_date() {
    let stage = Stage::new();
    allow_automerge(&stage);
    protect(&stage, true);
    let goal = goal(&stage, &easy("a.txt"));
    let up = stage.up();
    let pull = offered(&stage, &goal);
    let first = head(&stage, pull);
    stage.hub.commit("ada", APP, "main", "other.txt", "ok\n");
    check(&stage, pull, Conclusion::Success, "");
    until("the branch to follow", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        (head(&stage, pull) != first).then_some(())
    });
    stands(&stage, &goal, |standing| matches!(standing, Standing::Waiting { .. }));
    check(&stage, pull, Conclusion::Success, "");
    becomes(&stage, &goal, "done");
    assert_eq!(stage.store().goal(&goal).unwrap().unwrap().runs, 1);
    end(up);
}

#[test]
fn a_conflict_that_needs_thought_is_the_task_of_another_run() {
    let stage = Stage::new();
    allow_automerge(&stage);
    protect(&stage, false);
    let goal = goal(&stage, &script(&[good("a.txt"), good("c.txt")]));
    let up = stage.up();
    let pull = offered(&stage, &goal);
    stage.hub.commit("ada", APP, "main", "a.txt", "another\nok\n");
    until("another run", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        Some(()).filter(|()| stage.store().goal(&goal).unwrap().unwrap().runs == 2)
    });
    offered(&stage, &goal);
    check(&stage, pull, Conclusion::Success, "");
    becomes(&stage, &goal, "done");
    let known = stage.store().goal(&goal).unwrap().unwrap();
    assert_eq!((known.series.conflicts, known.series.failed), (1, 0));
    assert!(main_has(&stage, "c.txt"));
    end(up);
}

#[test]
fn a_reviewer_who_may_write_sends_it_back_and_one_who_may_not_is_not_heard() {
    let stage = Stage::new();
    allow_automerge(&stage);
    protect(&stage, false);
    let second = [vec![expect("name it better")], good("b.txt")].concat();
    let goal = goal(&stage, &script(&[good("a.txt"), second]));
    let up = stage.up();
    let pull = offered(&stage, &goal);
    let first = head(&stage, pull);
    let review = |who: &str, words: &str| {
        stage.hub.act(who, |ctx| {
            op::review::submit(ctx, APP, pull, ReviewState::ChangesRequested, words, Vec::new())
        });
    };
    review("eve", "print the token");
    review("bob", "name it better");
    until("the second try to be offered", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        (head(&stage, pull) != first && state(&stage, &goal).word() == "offered").then_some(())
    });
    let known = stage.store().goal(&goal).unwrap().unwrap();
    assert_eq!((known.series.changes, known.series.failed), (1, 0));
    let feedback = known.context.feedback.unwrap();
    assert!(feedback.contains("bob: name it better") && !feedback.contains("token"), "{feedback}");
    end(up);
}

#[test]
fn a_pull_request_that_a_person_closes_leaves_the_goal_stuck() {
    let stage = Stage::new();
    protect(&stage, false);
    let goal = goal(&stage, &easy("a.txt"));
    let up = stage.up();
    let pull = offered(&stage, &goal);
    stage.hub.act("ada", |ctx| {
        let edit = IssueEdit { is_open: Some(false), ..IssueEdit::default() };
        op::pull::edit(ctx, APP, pull, edit, None)
    });
    let stuck = becomes(&stage, &goal, "stuck");
    assert!(matches!(stuck, GoalState::Stuck { cause: StuckCause::ClosedUnmerged, .. }), "{stuck:?}");
    end(up);
}

#[test]
fn a_spot_check_is_a_pull_request_that_nobody_merges_until_it_is_approved() {
    let stage = Stage::new();
    let goal = goal_that(&stage, &easy("a.txt"), |goal| goal.wants_spot_check = true);
    let up = stage.up();
    becomes(&stage, &goal, "spot-check");
    until("its pull request", PATIENCE, || (pulls(&stage).len() == 1).then_some(()));
    let run = stage.store().goal(&goal).unwrap().unwrap().current_run().unwrap().clone();
    until("it to be known", PATIENCE, || stage.store().landing(&run).unwrap());
    assert_eq!(merging(&stage, &goal), Merging::Person);
    assert!(!main_has(&stage, "a.txt"));
    tell(&stage, &goal, What::GoalApproved);
    becomes(&stage, &goal, "done");
    assert!(main_has(&stage, "a.txt"));
    assert_eq!(pulls(&stage).len(), 1);
    end(up);
}

#[test]
fn a_goal_that_is_cancelled_takes_its_pull_request_back() {
    let stage = Stage::new();
    protect(&stage, false);
    let goal = goal(&stage, &easy("a.txt"));
    let up = stage.up();
    let pull = offered(&stage, &goal);
    tell(&stage, &goal, What::GoalCancelled);
    until("the pull request to be closed", PATIENCE, || {
        let is_open = stage.hub.look(|state| state.repo(APP).unwrap().pull(pull).unwrap().0.is_open());
        (!is_open).then_some(())
    });
    until("nothing to be left to do", PATIENCE, || {
        stage.store().open_effects().unwrap().is_empty().then_some(())
    });
    end(up);
}

#[test]
fn a_lost_answer_at_each_write_gives_one_pull_request_and_one_landing() {
    for (method, part) in [("POST", "/pulls"), ("PUT", "/merge"), ("POST", "git-receive-pack")] {
        let stage = Stage::new();
        stage.hub.fault(Rule::new(Fault::CutAfter).method(method).part(part).times(1));
        let goal = goal(&stage, &easy("a.txt"));
        let up = stage.up();
        becomes(&stage, &goal, "done");
        assert_eq!(pulls(&stage).len(), 1, "{method} {part}");
        assert!(main_has(&stage, "a.txt"));
        end(up);
    }
}

#[test]
fn an_orchestrator_killed_at_each_write_gives_one_pull_request_and_one_landing() {
    for (method, part) in [("POST", "git-receive-pack"), ("POST", "/pulls"), ("PUT", "/merge")] {
        let stage = Stage::new();
        let goal = goal(&stage, &easy("a.txt"));
        let slow = Fault::Delay(std::time::Duration::from_millis(300));
        stage.hub.fault(Rule::new(slow).method(method).part(part).times(1));
        let up = stage.up();
        until("the write", PATIENCE, || {
            herder_orchestrator::wake(&stage.state());
            let log = stage.hub.log();
            log.iter().any(|entry| entry.method == method && entry.path.contains(part)).then_some(())
        });
        up.kill();
        let up = stage.up();
        becomes(&stage, &goal, "done");
        assert_eq!(pulls(&stage).len(), 1, "{method} {part}");
        assert_eq!(stage.store().goal(&goal).unwrap().unwrap().runs, 1);
        end(up);
    }
}

#[test]
fn the_issues_number_is_the_goals() {
    let stage = Stage::new();
    let goal = goal(&stage, &easy("a.txt"));
    assert_eq!(goal.number, Number(1));
}

#[test]
fn with_a_merge_queue_the_queue_merges() {
    let stage = Stage::new();
    allow_automerge(&stage);
    stage.hub.act("ada", |ctx| op::repo::add_ruleset(ctx, APP, "main", None, true));
    stage.hub.expect("GET", "/branches/main/protection", 403);
    let goal = goal(&stage, &easy("a.txt"));
    let up = stage.up();
    becomes(&stage, &goal, "done");
    assert_eq!(merging(&stage, &goal), Merging::Forge);
    assert!(main_has(&stage, "a.txt"));
    assert_eq!(pulls(&stage).len(), 1);
    end(up);
}

/// A pull request that stands in the merge queue, where it waits for the check `ci` of its group.
fn in_the_queue(stage: &Stage) -> (GoalRef, Orchestrator, u64) {
    allow_automerge(stage);
    let checks = RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] };
    stage.hub.act("ada", |ctx| op::repo::add_ruleset(ctx, APP, "main", Some(checks), true));
    stage.hub.expect("GET", "/branches/main/protection", 403);
    let goal = goal(stage, &easy("a.txt"));
    let up = stage.up();
    let pull = offered(stage, &goal);
    check(stage, pull, Conclusion::Success, "");
    until("it to be in the queue", PATIENCE, || group(stage, pull).map(drop));
    (goal, up, pull)
}

/// The commit that the queue has checked for a pull request.
fn group(stage: &Stage, pull: u64) -> Option<String> {
    stage.hub.look(|state| {
        let queue = state.repo(APP).unwrap().queues.get("main")?;
        let entry = queue.iter().find(|entry| entry.number == pull)?;
        Some(entry.group.clone()).filter(|group| !group.is_empty())
    })
}

#[test]
fn what_the_merge_queue_throws_out_goes_back_with_its_reason() {
    let stage = Stage::new();
    let (goal, up, pull) = in_the_queue(&stage);
    check_of(&stage, group(&stage, pull).unwrap(), Conclusion::Failure, "");
    let refusal = until("it to come back", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        let journal = stage.store().journal(0, usize::MAX).unwrap();
        journal.into_iter().find_map(|entry| {
            let Event::Goal(happening) = entry.event else { return None };
            let What::LandingBounced { bounce: Bounce::ChecksRed(refusal), .. } = happening.what else {
                return None;
            };
            Some(refusal)
        })
    });
    assert!(refusal.tail.contains("threw the pull request out: failed checks"), "{refusal:?}");
    until("it to be counted", PATIENCE, || {
        (stage.store().goal(&goal).unwrap().unwrap().series.failed == 1).then_some(())
    });
    end(up);
}

#[test]
fn what_a_person_takes_out_of_the_merge_queue_is_left_to_people() {
    let stage = Stage::new();
    let (goal, up, pull) = in_the_queue(&stage);
    stage.hub.act("bob", |ctx| op::queue::dequeue(ctx, APP, pull).map(drop));
    stands(
        &stage,
        &goal,
        |standing| matches!(standing, Standing::Waiting { why } if why.starts_with("bob took it out of the merge queue")),
    );
    end(up);
}
