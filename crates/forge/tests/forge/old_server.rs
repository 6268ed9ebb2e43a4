//! What a client does at a server that lacks what github.com has: no GraphQL, no ETags, no limits.

use std::collections::BTreeSet;

use herder_domain::finding::Verdict;
use herder_domain::repo::Number;
use herder_fakehub::op;
use herder_fakehub::op::check::CheckEdit;
use herder_fakehub::state::Conclusion;
use herder_fakehub::{Fault, Lack, Rule};
use herder_forge::poll::{BaseBrief, Found, Poller, Rhythm, Rollup};
use herder_forge::read::pull::Mergeable;
use herder_forge::write::automerge::AutoMerge;
use herder_forge::write::merge::MergeMethod;
use herder_forge::write::pull::NewPull;
use herder_forge::{Asking, Lookup, Why};

use crate::scene::{Scene, app};

fn poller(scene: &Scene) -> Poller {
    let mut poller = Poller::new("goal", Rhythm::default(), scene.client.server_now());
    poller.watch(&app(), "main", scene.client.server_now());
    poller
}

/// One round, whatever it takes.
fn round(scene: &Scene, poller: &mut Poller) -> Vec<Found> {
    let now = poller.next().unwrap().max(scene.client.server_now());
    let mut found = Vec::new();
    while let Some(ask) = poller.due(now) {
        let answers = scene.client.poll(&ask).unwrap().answers;
        found.extend(poller.answered(ask, answers));
    }
    found
}

fn changed(found: &[Found]) -> BTreeSet<u64> {
    let number = |found: &Found| match found {
        Found::Issue { issue, .. } => Some(issue.number.0),
        Found::Pull { .. } | Found::Base { .. } | Found::All { .. } | Found::Unreadable { .. } => None,
    };
    found.iter().filter_map(number).collect()
}

fn open_pull(scene: &Scene) -> herder_forge::read::pull::Pull {
    scene.hub.commit("herder", "acme/app", "goal-1", "work.txt", "work");
    let [head, base] = ["goal-1", "main"].map(str::to_owned);
    let new = NewPull { head, base, title: "One".into(), body: String::new() };
    scene.client.open_pull(&app(), &new).unwrap()
}

fn asked(scene: &Scene, path: &str) -> usize {
    scene.hub.log().iter().filter(|entry| entry.path == path).count()
}

#[test]
fn a_round_by_rest_sees_what_a_query_would() {
    let scene = Scene::new();
    scene.hub.lack(Lack::ALL);
    let (one, two) = (scene.issue("One", "", &["goal"]), scene.issue("Two", "", &["goal"]));
    let mut poller = poller(&scene);
    let found = round(&scene, &mut poller);
    let all = found.iter().find_map(|found| match found {
        Found::All { issues, .. } => Some(issues.clone().whole().unwrap()),
        Found::Issue { .. } | Found::Base { .. } | Found::Pull { .. } | Found::Unreadable { .. } => None,
    });
    assert_eq!(all.unwrap().iter().map(|issue| issue.number).collect::<Vec<_>>(), [one, two]);
    let pull = open_pull(&scene);
    poller.follow(&app(), BTreeSet::from([pull.number, Number(4711)]));
    scene.hub.move_clock(jiff::SignedDuration::from_secs(30));
    scene.hub.act("ada", |ctx| op::issue::add_labels(ctx, "acme/app", two.0, &["goal:queued".to_owned()]));
    let tip = scene.hub.commit("ada", "acme/app", "main", "more.txt", "more");
    for (commit, conclusion) in [(&pull.head.sha, Conclusion::Success), (&tip, Conclusion::Failure)] {
        let edit = CheckEdit {
            name: Some("ci".to_owned()),
            head_sha: Some(commit.clone()),
            conclusion: Some(conclusion),
            ..CheckEdit::default()
        };
        scene.hub.act("ada", |ctx| op::check::create(ctx, "acme/app", edit));
    }
    let found = round(&scene, &mut poller);
    assert!(changed(&found).contains(&two.0), "{found:?}");
    let standing = found.iter().find_map(|found| match found {
        Found::Pull { pull, .. } => Some((pull.head_sha.clone(), pull.checks, pull.is_closed)),
        Found::All { .. } | Found::Base { .. } | Found::Issue { .. } | Found::Unreadable { .. } => None,
    });
    assert_eq!(standing, Some((pull.head.sha, Some(Rollup::Success), false)));
    let base = BaseBrief { sha: tip, checks: Some(Rollup::Failure) };
    assert!(found.contains(&Found::Base { repo: app(), base: Some(base) }), "{found:?}");
    assert_eq!((asked(&scene, "/graphql"), scene.client.asking()), (1, Asking::Rest), "it is asked once");
}

#[test]
fn with_etags_a_quiet_round_by_rest_costs_nothing_and_more_than_a_page_is_read_to_its_end() {
    let scene = Scene::new();
    scene.hub.lack([Lack::Graphql]);
    let mut poller = poller(&scene);
    round(&scene, &mut poller);
    let numbers: BTreeSet<u64> = (0..130).map(|n| scene.issue(&format!("Issue {n}"), "", &[]).0).collect();
    scene.hub.move_clock(jiff::SignedDuration::from_secs(30));
    assert_eq!(changed(&round(&scene, &mut poller)), numbers);
    round(&scene, &mut poller);
    let before = scene.requests();
    assert_eq!(changed(&round(&scene, &mut poller)), BTreeSet::new());
    let after = scene.requests();
    assert!(after.0 > before.0 && after.1 == before.1, "{before:?} {after:?}");
}

#[test]
fn a_repository_in_trouble_stops_no_other_and_a_server_in_trouble_stops_the_round() {
    let scene = Scene::new();
    scene.hub.lack([Lack::Graphql]);
    let lib: herder_domain::repo::RepoId = "github.com/acme/lib".parse().unwrap();
    let mut poller = poller(&scene);
    poller.watch(&lib, "main", scene.client.server_now());
    let found = round(&scene, &mut poller);
    let hidden = |found: &Found| matches!(found, Found::Unreadable { repo, why: Why::Unproven { .. } } if *repo == lib);
    assert!(found.iter().any(hidden), "{found:?}");
    assert!(found.iter().any(|found| matches!(found, Found::Base { repo, .. } if *repo == app())));
    scene.hub.fault(Rule::new(Fault::Status(502)));
    let ask = poller.due(poller.next().unwrap()).unwrap();
    assert_eq!(scene.client.poll(&ask), Err(Why::Server { status: 502 }));
}

#[test]
fn what_needs_graphql_says_so_and_is_asked_no_more() {
    let scene = Scene::new();
    scene.hub.lack(Lack::ALL);
    let pull = open_pull(&scene);
    let asked_for = scene.client.enable_automerge(&pull, MergeMethod::Squash).unwrap();
    assert_eq!(asked_for, AutoMerge::NoGraphql);
    let number = scene.issue("One", "", &["goal"]);
    assert_eq!(scene.client.body_edits(&app(), number), Lookup::Gone);
    assert_eq!(scene.client.blocked_by(&app(), number), Lookup::Gone);
    assert_eq!(asked(&scene, "/graphql"), 1);
    drop(scene.client.pull(&app(), pull.number));
    let Lookup::Present(pull) = scene.client.pull(&app(), pull.number) else { panic!("it is there") };
    assert_eq!(pull.mergeable_state, Mergeable::Clean);
}

#[test]
fn doctor_names_what_the_server_lacks() {
    let scene = Scene::new();
    scene.hub.lack(Lack::ALL);
    let found = scene.client.check();
    let verdicts: Vec<Verdict> = found.iter().map(|finding| finding.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Ok, Verdict::Warning], "{found:?}");
    assert_eq!(found[1].detail, "the server has no rate limits");
    assert!(found[2].detail.contains("there is no GraphQL at http://127.0.0.1"), "{found:?}");
    assert!(found[2].detail.contains("herder merges by itself when green"), "{found:?}");
    let landing = scene.client.check_repo(&app(), "main").pop().unwrap();
    assert!(landing.detail.contains("herder merges by itself when green"), "{landing:?}");
}
