//! What only GraphQL has, against the double of GitHub: a poll sees what people do, automerge merges when it is green.

use std::collections::BTreeSet;

use herder_fakehub::op;
use herder_fakehub::op::check::CheckEdit;
use herder_fakehub::state::{Conclusion, Protection, RequiredChecks};
use herder_forge::Lookup;
use herder_forge::poll::{BaseBrief, Found, Poller, Rhythm, Rollup};
use herder_forge::write::automerge::AutoMerge;
use herder_forge::write::merge::MergeMethod;
use herder_forge::write::pull::NewPull;

use crate::scene::{Scene, app};

/// One round, at the time that the poller names.
fn round(scene: &Scene, poller: &mut Poller) -> Vec<Found> {
    let ask = poller.due(poller.next().unwrap()).unwrap();
    let answers = scene.client.poll(&ask).unwrap().answers;
    poller.answered(ask, answers)
}

fn changed(found: &[Found]) -> Vec<u64> {
    let number = |found: &Found| match found {
        Found::Issue { issue, .. } => Some(issue.number.0),
        Found::Pull { .. } | Found::Base { .. } | Found::All { .. } | Found::Unreadable { .. } => None,
    };
    found.iter().filter_map(number).collect()
}

#[test]
fn a_round_sees_what_people_did_and_how_a_pull_request_stands() {
    let scene = Scene::new();
    let (one, two) = (scene.issue("One", "", &["goal"]), scene.issue("Two", "", &["goal"]));
    let mut poller = Poller::new("goal", Rhythm::default(), scene.client.server_now());
    poller.watch(&app(), "main", scene.client.server_now());
    let found = round(&scene, &mut poller);
    let all = found.iter().find_map(|found| match found {
        Found::All { issues, .. } => Some(issues.clone().whole().unwrap()),
        Found::Issue { .. } | Found::Base { .. } | Found::Pull { .. } | Found::Unreadable { .. } => None,
    });
    assert_eq!(all.unwrap().iter().map(|issue| issue.number).collect::<Vec<_>>(), [one, two]);
    scene.hub.commit("herder", "acme/app", "goal-1", "work.txt", "work");
    let [head, base] = ["goal-1", "main"].map(str::to_owned);
    let new = NewPull { head, base, title: "One".into(), body: String::new() };
    let pull = scene.client.open_pull(&app(), &new).unwrap();
    poller.follow(&app(), BTreeSet::from([pull.number]));
    scene.hub.move_clock(jiff::SignedDuration::from_secs(30));
    scene.hub.act("ada", |ctx| op::issue::add_labels(ctx, "acme/app", two.0, &["goal:queued".to_owned()]));
    let red = CheckEdit {
        name: Some("ci".to_owned()),
        head_sha: Some(pull.head.sha.clone()),
        conclusion: Some(Conclusion::Failure),
        ..CheckEdit::default()
    };
    scene.hub.act("ada", |ctx| op::check::create(ctx, "acme/app", red.clone()));
    let tip = scene.hub.commit("ada", "acme/app", "main", "more.txt", "more");
    let red_base = CheckEdit { head_sha: Some(tip.clone()), ..red };
    scene.hub.act("ada", |ctx| op::check::create(ctx, "acme/app", red_base));
    let found = round(&scene, &mut poller);
    assert!(changed(&found).contains(&two.0), "{found:?}");
    let standing = found.iter().find_map(|found| match found {
        Found::Pull { pull, .. } => Some((pull.head_sha.clone(), pull.checks)),
        Found::All { .. } | Found::Base { .. } | Found::Issue { .. } | Found::Unreadable { .. } => None,
    });
    assert_eq!(standing, Some((pull.head.sha, Some(Rollup::Failure))));
    let base = BaseBrief { sha: tip, checks: Some(Rollup::Failure) };
    assert!(found.contains(&Found::Base { repo: app(), base: Some(base) }), "{found:?}");
}

#[test]
fn automerge_is_enabled_where_there_is_something_to_wait_for() {
    let scene = Scene::new();
    scene.hub.commit("herder", "acme/app", "goal-1", "work.txt", "work");
    let [head, base] = ["goal-1", "main"].map(str::to_owned);
    let new = NewPull { head, base, title: "One".into(), body: String::new() };
    let pull = scene.client.open_pull(&app(), &new).unwrap();
    let enable = |pull| scene.client.enable_automerge(pull, MergeMethod::Squash).unwrap();
    assert_eq!(enable(&pull), AutoMerge::NoRules);
    let checks = RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] };
    let rule = Protection { checks: Some(checks), ..Protection::default() };
    scene.hub.act("ada", |ctx| op::repo::protect(ctx, "acme/app", "main", rule));
    assert_eq!(enable(&pull), AutoMerge::Enabled);
    assert_eq!(enable(&pull), AutoMerge::Enabled, "a second time is the same");
    let Lookup::Present(waiting) = scene.client.pull(&app(), pull.number) else { panic!("it is there") };
    assert!(waiting.has_auto_merge);
    scene.client.disable_automerge(&waiting).unwrap();
    let Lookup::Present(waiting) = scene.client.pull(&app(), pull.number) else { panic!("it is there") };
    assert!(!waiting.has_auto_merge);
}

#[test]
fn an_edit_of_the_body_is_known_with_its_author() {
    let scene = Scene::new();
    let number = scene.issue("One", "Old", &["goal"]);
    let before = scene.client.body_edits(&app(), number);
    let Lookup::Present(before) = before else { panic!("{before:?}") };
    assert_eq!((before.body.as_str(), before.last), ("Old", None));
    scene.client.replace_body(&app(), number, "Old", "New").unwrap();
    let Lookup::Present(after) = scene.client.body_edits(&app(), number) else { panic!("edits") };
    assert_eq!(after.body, "New");
    assert_eq!(after.last.unwrap().by.as_deref(), Some("herder"));
}
