//! Rate limits: obeyed, and herder's share of them never passed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use herder_domain::repo::Number;
use herder_fakehub::state::Pool;
use herder_forge::budget::{Budget, Resource, Share};
use herder_forge::{Client, Lookup, Setup, Undone, Why};
use jiff::{SignedDuration, Timestamp};

use crate::scene::{Scene, app, server, setup};

#[test]
fn no_more_than_the_share_is_taken_and_what_can_wait_stops_before() {
    let scene = Scene::new();
    scene.hub.set_limit("herder", Pool::Core, 40);
    let token = scene.hub.token("herder", &["repo"]);
    let budget = Budget::new(Share::try_from(50).unwrap());
    let client = Client::new(Setup { budget, ..setup(&scene.hub.url(), &token) });
    let number = scene.issue("Do it", "", &[]);
    let ask = |client: &Client| match client.rename_issue(&app(), number, "Do it") {
        Ok(_) => true,
        Err(Undone::NotSent(Why::Budget { .. })) => false,
        Err(other) => panic!("{other:?}"),
    };
    let patient = (0..40).filter(|_| ask(&client.patient())).count();
    let urgent = (0..40).filter(|_| ask(&client)).count();
    assert_eq!((patient, urgent), (16, 4));
    assert_eq!(scene.requests().1, 20);
    let Err(Undone::NotSent(why)) = client.rename_issue(&app(), number, "Do it") else { panic!("spent") };
    assert!(why.until().unwrap() > client.server_now());
    // Kept over a restart.
    let again = Client::new(Setup { budget: client.budget(), ..setup(&scene.hub.url(), &token) });
    assert!(!ask(&again));
}

#[test]
fn an_allowance_that_others_used_up_is_unknown_and_not_empty() {
    let scene = Scene::new();
    scene.hub.set_limit("herder", Pool::Core, 0);
    scene.hub.expect("GET", "/issues", 403);
    let Lookup::Unknown(why) = scene.client.issue(&app(), Number(1)) else { panic!("nobody knows") };
    assert!(matches!(why, Why::Limited { resource: Resource::Core, .. }), "{why:?}");
    // The next one is not even sent.
    let (sent, _) = scene.requests();
    assert!(matches!(scene.client.issue(&app(), Number(1)), Lookup::Unknown(Why::Budget { .. })));
    assert_eq!(scene.requests().0, sent);
}

#[test]
fn a_secondary_limit_keeps_everything_away_as_long_as_it_says() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let (_listener, client) = server(move |_, responder| {
        counted.fetch_add(1, Ordering::SeqCst);
        let body = br#"{"message":"You have exceeded a secondary rate limit."}"#;
        let _ = responder.send(403, &[("retry-after", "120")], body);
    });
    let Err(Undone::NotSent(Why::Limited { until, .. })) = client.rename_issue(&app(), Number(1), "x") else {
        panic!("a limit is not a refusal, and nothing was done")
    };
    let away = until.duration_since(client.server_now());
    assert!(away > SignedDuration::from_secs(100) && away <= SignedDuration::from_secs(121), "{away}");
    assert!(matches!(client.issue(&app(), Number(1)), Lookup::Unknown(Why::Budget { .. })));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_403_that_is_no_limit_is_a_refusal() {
    let (_listener, client) = server(|_, responder| {
        let body = br#"{"message":"Resource not accessible by personal access token"}"#;
        let _ = responder.send(403, &[("x-ratelimit-remaining", "4000")], body);
    });
    let Err(Undone::Refused(refusal)) = client.rename_issue(&app(), Number(1), "x") else { panic!("a no") };
    assert_eq!(refusal.status, 403);
    assert!(matches!(client.issue(&app(), Number(1)), Lookup::Unknown(Why::Refused(_))));
}

#[test]
fn times_are_told_by_the_servers_clock() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    scene.hub.move_clock(SignedDuration::from_hours(-5));
    assert!(scene.client.issue(&app(), number).present().is_some());
    let skew = scene.client.server_now().duration_since(Timestamp::now());
    assert!((skew + SignedDuration::from_hours(5)).abs() < SignedDuration::from_mins(5), "{skew}");
}
