//! Goals and stories as issues: labels, edits, comments, links.

use herder_fakehub::op;
use herder_forge::read::history::Happened;
use herder_forge::read::issue::{IssueState, StateReason};
use herder_forge::read::repository::Permission;
use herder_forge::write::issue::{CloseReason, NewIssue};
use herder_forge::write::label::{LABELS, Lack, StateLabel};
use herder_forge::{Lookup, Marker, Undone};

use crate::scene::{Scene, app};

#[track_caller]
fn there<T: std::fmt::Debug>(found: Lookup<T>) -> T {
    match found {
        Lookup::Present(found) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn labels_are_made_once_and_mended() {
    let scene = Scene::new();
    let all: Vec<&str> = LABELS.iter().map(|label| label.name).collect();
    let ensured = || -> Vec<(&str, Lack)> {
        let gaps = scene.client.ensure_labels(&app()).unwrap();
        gaps.iter().map(|gap| (gap.spec.name, gap.lack)).collect()
    };
    assert_eq!(ensured(), all.iter().map(|name| (*name, Lack::Missing)).collect::<Vec<_>>());
    assert_eq!(ensured(), []);
    let other = op::label::LabelEdit {
        name: Some("Goal:Stuck".to_owned()),
        color: Some("ffffff".to_owned()),
        description: None,
    };
    scene.hub.act("ada", |ctx| op::label::edit(ctx, "acme/app", "goal:stuck", other));
    assert_eq!(scene.client.label_gaps(&app()).unwrap().len(), 1);
    assert_eq!(ensured(), [("goal:stuck", Lack::Different)]);
    assert_eq!(ensured(), []);
}

#[test]
fn one_request_leaves_one_label_of_the_state_and_a_second_sends_nothing() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &["goal", "goal:queued", "goal:stuck", "bug"]);
    let done = scene.client.set_state_label(&app(), number, Some(StateLabel::Running)).unwrap();
    assert_eq!((StateLabel::of(&done.labels), done.is_changed), (vec![StateLabel::Running], true));
    assert!(done.labels.iter().any(|name| name == "bug") && done.from <= done.until);
    let writes = || scene.hub.log().iter().filter(|entry| entry.method == "PUT").count();
    assert_eq!(writes(), 1);
    let again = scene.client.set_state_label(&app(), number, Some(StateLabel::Running)).unwrap();
    assert_eq!((writes(), again.is_changed, &again.labels), (1, false, &done.labels));
    // The timeline tells who did it, so that nobody takes it for a person's.
    let history = there(scene.client.history(&app(), number)).whole().unwrap();
    let by_us: Vec<&Happened> = history
        .iter()
        .filter(|one| one.actor.as_deref() == Some("herder"))
        .filter(|one| one.at >= done.from && one.at <= done.until)
        .map(|one| &one.what)
        .collect();
    assert!(by_us.contains(&&Happened::Labeled("goal:running".into())), "{by_us:?}");
    assert!(by_us.contains(&&Happened::Unlabeled("goal:queued".into())), "{by_us:?}");
    assert_eq!(by_us.len(), 3);
}

#[test]
fn what_a_person_did_stands_in_the_history_with_its_actor() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &["goal"]);
    scene.hub.act("ada", |ctx| op::issue::add_labels(ctx, "acme/app", number.0, &["goal:queued".to_owned()]));
    scene.client.rename_issue(&app(), number, "Do it now").unwrap();
    let closed = scene.client.close_issue(&app(), number, CloseReason::NotPlanned).unwrap();
    assert_eq!(scene.client.close_issue(&app(), number, CloseReason::Completed).unwrap(), closed);
    let issue = scene.client.reopen_issue(&app(), number).unwrap();
    assert_eq!((issue.state, issue.state_reason), (IssueState::Open, Some(StateReason::Reopened)));
    let history = there(scene.client.history(&app(), number)).whole().unwrap();
    let told: Vec<(Option<&str>, &Happened)> =
        history.iter().map(|one| (one.actor.as_deref(), &one.what)).collect();
    let (ada, herder) = (Some("ada"), Some("herder"));
    let renamed = Happened::Renamed { from: "Do it".into(), to: "Do it now".into() };
    assert_eq!(
        told,
        [
            (ada, &Happened::Labeled("goal".into())),
            (ada, &Happened::Labeled("goal:queued".into())),
            (herder, &renamed),
            (herder, &Happened::Closed(Some(StateReason::NotPlanned))),
            (herder, &Happened::Reopened),
        ]
    );
}

#[test]
fn an_issue_is_written_once_and_a_persons_edit_is_not_overwritten() {
    let scene = Scene::new();
    let since = scene.client.server_now();
    let new = NewIssue {
        title: "Follow up".into(),
        body: "## Objective\nMore.".into(),
        labels: vec!["goal".into(), "goal:draft".into()],
        marker: Marker::new("follow-up", "r-1/0"),
    };
    let made = scene.client.create_issue(&app(), &new, since).unwrap();
    let again = scene.client.create_issue(&app(), &new, since).unwrap();
    assert_eq!((made.number, &made.body), (again.number, &again.body));
    let newer = format!("{}\nAnd more.", made.body);
    let edited = scene.client.replace_body(&app(), made.number, &made.body, &newer).unwrap();
    assert_eq!(scene.client.replace_body(&app(), made.number, &made.body, &newer).unwrap(), edited);
    let Err(Undone::Refused(refusal)) = scene.client.replace_body(&app(), made.number, &made.body, "Mine")
    else {
        panic!("it was edited meanwhile")
    };
    assert_eq!(refusal.status, 409);
}

#[test]
fn a_comment_is_written_once_and_edited_after_that() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &["goal"]);
    let marker = Marker::new("status", "acme/app#1");
    // Somebody copies the marker before.
    let copied = marker.put_into("Not ours.");
    scene.hub.act("ada", |ctx| op::comment::create(ctx, "acme/app", number.0, &copied));
    let put = |text: &str| scene.client.put_comment(&app(), number, "herder", &marker, text).unwrap();
    let first = put("Running.");
    assert_eq!(put("Running."), first);
    let second = put("Landed.");
    assert_eq!(second.id, first.id);
    let other = Marker::new("post-mortem", "acme/app#1");
    assert_ne!(
        scene.client.put_comment(&app(), number, "herder", &other, "It failed.").unwrap().id,
        first.id
    );
    let comments = there(scene.client.comments(&app(), number)).whole().unwrap();
    let texts: Vec<&str> = comments.iter().filter_map(|one| one.body.lines().next()).collect();
    assert_eq!(texts, ["Not ours.", "Landed.", "It failed."]);
}

#[test]
fn parts_and_dependencies_are_linked_once_across_repositories_too() {
    let scene = Scene::new();
    scene
        .hub
        .repo("acme/lib")
        .grant("herder", herder_fakehub::Permission::Write)
        .grant("ada", herder_fakehub::Permission::Admin)
        .create();
    let [story, one, two] = ["Story", "One", "Two"].map(|title| scene.issue(title, "", &[]));
    let id = |number| there(scene.client.issue(&app(), number)).id;
    for _ in 0..2 {
        scene.client.add_sub_issue(&app(), story, id(one)).unwrap();
        scene.client.add_sub_issue(&app(), story, id(two)).unwrap();
        scene.client.add_blocked_by(&app(), two, id(one)).unwrap();
    }
    let parent = there(scene.client.parent(&app(), one));
    assert_eq!((parent.repo, parent.number), (app(), story));
    let numbers = |links: Vec<herder_forge::read::link::Linked>| -> Vec<_> {
        links.into_iter().map(|link| (link.repo, link.number, link.state)).collect()
    };
    let open = IssueState::Open;
    let parts = there(scene.client.sub_issues(&app(), story)).whole().unwrap();
    assert_eq!(numbers(parts), [(app(), one, open), (app(), two, open)]);
    let waits = there(scene.client.blocked_by(&app(), two)).whole().unwrap();
    assert_eq!(numbers(waits), [(app(), one, open)]);
    for _ in 0..2 {
        scene.client.remove_blocked_by(&app(), two, id(one)).unwrap();
    }
    assert_eq!(there(scene.client.blocked_by(&app(), two)).whole().unwrap().len(), 0);
    assert_eq!(scene.client.parent(&app(), story), Lookup::Gone);
}

#[test]
fn who_may_write_is_known_by_name() {
    let scene = Scene::new();
    let may = |login: &str| there(scene.client.permission(&app(), login));
    assert_eq!(may("ada"), Permission::Admin);
    assert_eq!(may("herder"), Permission::Write);
    assert!(may("eve") <= Permission::Read);
    assert_eq!(may("nobody-of-this-name"), Permission::None);
    assert_eq!(scene.client.login(), Lookup::Present("herder".into()));
}
