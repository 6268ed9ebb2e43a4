//! The pull request: opened, followed, merged.

use herder_domain::repo::Number;
use herder_fakehub::op;
use herder_fakehub::op::check::CheckEdit;
use herder_fakehub::state::{Conclusion, Protection, RequiredChecks};
use herder_forge::read::check::CheckState;
use herder_forge::read::pull::{Mergeable, Pull};
use herder_forge::read::review::ReviewState;
use herder_forge::write::merge::{Merge, MergeMethod, Update};
use herder_forge::write::pull::NewPull;
use herder_forge::{Lookup, Undone};

use crate::scene::{Scene, app};

#[track_caller]
fn there<T: std::fmt::Debug>(found: Lookup<T>) -> T {
    match found {
        Lookup::Present(found) => found,
        other => panic!("{other:?}"),
    }
}

fn new(branch: &str) -> NewPull {
    let [head, base] = [branch, "main"].map(str::to_owned);
    NewPull { head, base, title: "Do it".into(), body: "Closes #1".into() }
}

/// A pull request of a branch with one commit.
fn opened(scene: &Scene, branch: &str) -> Pull {
    scene.hub.commit("herder", "acme/app", branch, "work.txt", branch);
    scene.client.open_pull(&app(), &new(branch)).unwrap()
}

/// What GitHub says of it once it has worked it out.
fn known(scene: &Scene, number: Number) -> Pull {
    there(scene.client.pull(&app(), number));
    there(scene.client.pull(&app(), number))
}

fn check(scene: &Scene, sha: &str, name: &str, conclusion: Option<Conclusion>, log: &str) {
    let edit = CheckEdit {
        name: Some(name.to_owned()),
        head_sha: Some(sha.to_owned()),
        status: conclusion.is_some().then(|| "completed".to_owned()),
        conclusion,
        log: Some(log.to_owned()),
        ..CheckEdit::default()
    };
    scene.hub.act("ada", |ctx| op::check::create(ctx, "acme/app", edit));
}

#[test]
fn it_is_opened_once_and_found_by_its_branch() {
    let scene = Scene::new();
    scene.issue("Do it", "", &[]);
    let pull = opened(&scene, "goal-1");
    assert_eq!(scene.client.open_pull(&app(), &new("goal-1")).unwrap().number, pull.number);
    assert_eq!(there(scene.client.pull_by_head(&app(), "goal-1")).number, pull.number);
    assert_eq!(scene.client.pull_by_head(&app(), "goal-2"), Lookup::Gone);
    let edited = scene.client.edit_pull(&app(), pull.number, "Do it well", "More").unwrap();
    assert_eq!((edited.title.as_str(), edited.body.as_str()), ("Do it well", "More"));
    let closed = scene.client.close_pull(&app(), pull.number).unwrap();
    assert!(!closed.is_merged());
    scene.hub.commit("herder", "acme/app", "goal-1", "more.txt", "more");
    let second = scene.client.open_pull(&app(), &new("goal-1")).unwrap();
    assert_ne!(second.number, pull.number);
    assert_eq!(there(scene.client.pull_by_head(&app(), "goal-1")).number, second.number);
}

#[test]
fn a_branch_without_work_is_refused() {
    let scene = Scene::new();
    scene.hub.expect("POST", "/pulls", 422);
    assert!(matches!(scene.client.open_pull(&app(), &new("goal-9")), Err(Undone::Refused(_))));
}

#[test]
fn it_is_merged_only_at_the_commit_that_was_meant_and_a_second_time_is_the_same() {
    let scene = Scene::new();
    let pull = opened(&scene, "goal-1");
    assert_eq!(known(&scene, pull.number).mergeable_state, Mergeable::Clean);
    scene.hub.expect("PUT", "/merge", 409);
    let wrong = scene.client.merge(&app(), pull.number, &"0".repeat(40), MergeMethod::Squash);
    assert_eq!(wrong, Ok(Merge::HeadMoved));
    let done = scene.client.merge(&app(), pull.number, &pull.head.sha, MergeMethod::Squash).unwrap();
    scene.hub.expect("PUT", "/merge", 405);
    assert_eq!(scene.client.merge(&app(), pull.number, &pull.head.sha, MergeMethod::Squash).unwrap(), done);
    assert!(there(scene.client.pull_by_head(&app(), "goal-1")).is_merged());
}

#[test]
fn what_is_in_its_way_is_told() {
    let scene = Scene::new();
    let rule = Protection {
        checks: Some(RequiredChecks { is_strict: true, contexts: vec!["ci".to_owned()] }),
        binds_admins: true,
        ..Protection::default()
    };
    scene.hub.act("ada", |ctx| op::repo::protect(ctx, "acme/app", "main", rule));
    // Only an admin may read a protection in full.
    scene.hub.expect("GET", "/branches/main/protection", 403);
    let rules = there(scene.client.branch_rules(&app(), "main"));
    assert!(rules.is_protected && rules.required_checks.contains("ci") && !rules.has_merge_queue);
    let pull = opened(&scene, "goal-1");
    scene.hub.expect("PUT", "/merge", 405);
    let blocked = scene.client.merge(&app(), pull.number, &pull.head.sha, MergeMethod::Squash).unwrap();
    assert!(matches!(blocked, Merge::Blocked { .. }), "{blocked:?}");
    check(&scene, &pull.head.sha, "ci", Some(Conclusion::Success), "");
    scene.hub.commit("ada", "acme/app", "main", "other.txt", "other");
    assert_eq!(known(&scene, pull.number).mergeable_state, Mergeable::Behind);
    assert_eq!(scene.client.update_branch(&app(), pull.number, &pull.head.sha), Ok(Update::Begun));
    scene.hub.expect("PUT", "/update-branch", 422);
    let again = scene.client.update_branch(&app(), pull.number, &pull.head.sha).unwrap();
    assert!(matches!(again, Update::Refused { .. }), "{again:?}");
    assert_ne!(known(&scene, pull.number).head.sha, pull.head.sha);
}

#[test]
fn a_queue_is_known_from_the_rules() {
    let scene = Scene::new();
    let bare = there(scene.client.branch_rules(&app(), "main"));
    assert!(!bare.is_protected && bare.required_checks.is_empty());
    let checks = RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] };
    scene.hub.act("ada", |ctx| op::repo::add_ruleset(ctx, "acme/app", "main", Some(checks), true));
    scene.hub.expect("GET", "/branches/main/protection", 403);
    let rules = there(scene.client.branch_rules(&app(), "main"));
    assert!(rules.has_merge_queue && rules.is_protected && rules.required_checks.contains("ci"));
    assert_eq!(scene.client.branch_rules(&app(), "no-such-branch"), Lookup::Gone);
}

#[test]
fn checks_and_statuses_are_one_with_the_end_of_a_failed_log() {
    let scene = Scene::new();
    let pull = opened(&scene, "goal-1");
    let sha = &pull.head.sha;
    assert_eq!(there(scene.client.checks(&app(), sha)), []);
    check(&scene, sha, "ci", Some(Conclusion::Failure), "line one\nline two\nassertion failed\n");
    check(&scene, sha, "lint", Some(Conclusion::Success), "");
    check(&scene, sha, "slow", None, "");
    let checks = there(scene.client.checks(&app(), sha));
    let states: Vec<(&str, CheckState)> = checks.iter().map(|one| (one.name.as_str(), one.state)).collect();
    let (failed, passed, pending) = (CheckState::Failed, CheckState::Passed, CheckState::Pending);
    assert_eq!(states, [("ci", failed), ("lint", passed), ("slow", pending)]);
    let tail = scene.client.log_tail(&app(), checks[0].job.unwrap(), 20);
    assert_eq!(tail, Lookup::Present("assertion failed\n".into()));
}

#[test]
fn reviews_and_remarks_have_their_authors() {
    let scene = Scene::new();
    let pull = opened(&scene, "goal-1");
    let note = op::review::Remark {
        path: "work.txt".into(),
        line: 1,
        body: "why?".into(),
        ..op::review::Remark::default()
    };
    scene.hub.act("ada", |ctx| {
        let no = herder_fakehub::state::ReviewState::ChangesRequested;
        op::review::submit(ctx, "acme/app", pull.number.0, no, "not yet", vec![note])
    });
    let reviews = there(scene.client.reviews(&app(), pull.number)).whole().unwrap();
    let review = &reviews[0];
    assert_eq!((review.author.as_deref(), review.state), (Some("ada"), ReviewState::ChangesRequested));
    assert_eq!(review.body, "not yet");
    let remarks = there(scene.client.remarks(&app(), pull.number)).whole().unwrap();
    assert_eq!(
        (remarks[0].path.as_str(), remarks[0].line, remarks[0].body.as_str()),
        ("work.txt", Some(1), "why?")
    );
}
