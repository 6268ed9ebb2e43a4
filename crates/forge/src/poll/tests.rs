//! The poller as a table of what is asked when.

use super::*;
use crate::read::issue::IssueState;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn repo(name: &str) -> RepoId {
    RepoId::new("github.com", "acme", name).unwrap()
}

fn issue(number: u64, second: i64) -> IssueBrief {
    let node_id = format!("I_{number}");
    IssueBrief { number: Number(number), node_id, updated_at: at(second), state: IssueState::Open }
}

fn page(issues: Vec<IssueBrief>, next: Option<&str>) -> PartAnswer {
    PartAnswer::Page { issues, next: next.map(str::to_owned), pulls: Vec::new(), base: None }
}

/// A poller that watches these and has read them once, at 0.
fn settled(names: &[&str]) -> Poller {
    let mut poller = Poller::new("goal", Rhythm::default(), at(0));
    for name in names {
        poller.watch(&repo(name), "main", at(0));
    }
    let ask = poller.due(at(0)).unwrap();
    assert_eq!(ask.parts.len(), names.len() * 2);
    let nothing = ask.parts.iter().map(|_| page(Vec::new(), None)).collect();
    // All goals of each, and its base branch.
    assert_eq!(poller.answered(ask, nothing).len(), names.len() * 2);
    poller
}

fn numbers(found: &[Found]) -> Vec<u64> {
    let number = |found: &Found| match found {
        Found::Issue { issue, .. } => Some(issue.number.0),
        Found::Pull { .. } | Found::Base { .. } | Found::All { .. } | Found::Unreadable { .. } => None,
    };
    found.iter().filter_map(number).collect()
}

/// Asks at the time that the poller names, and answers its one part with this.
fn round(poller: &mut Poller, answer: PartAnswer) -> (Timestamp, Vec<Found>) {
    let now = poller.next().unwrap();
    let ask = poller.due(now).unwrap();
    assert_eq!(ask.parts.len(), 1);
    (now, poller.answered(ask, vec![answer]))
}

#[test]
fn rounds_get_slower_while_nothing_moves_and_fast_again_when_something_does() {
    let mut poller = settled(&["app"]);
    let mut times = Vec::new();
    for _ in 0..7 {
        times.push(round(&mut poller, page(Vec::new(), None)).0);
    }
    let seconds: Vec<i64> = times.iter().map(|time| time.as_second() - at(0).as_second()).collect();
    let gaps: Vec<i64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.is_sorted() && gaps[0] >= 10 && gaps.last() == Some(&60), "{gaps:?}");
    let last = *times.last().unwrap();
    poller.moving(true, last);
    assert_eq!(poller.next(), Some(last + Duration::from_secs(10)));
    poller.moving(false, last);
    let changed = last.as_second() - at(0).as_second() + 5;
    let (now, found) = round(&mut poller, page(vec![issue(7, changed)], None));
    assert_eq!(numbers(&found), [7]);
    assert_eq!(poller.next(), Some(now + Duration::from_secs(10)));
}

#[test]
fn a_change_is_told_once_however_often_it_is_in_the_overlap() {
    let mut poller = settled(&["app"]);
    let seen = || page(vec![issue(8, 6), issue(7, 5)], None);
    assert_eq!(numbers(&round(&mut poller, seen()).1), [8, 7]);
    assert_eq!(numbers(&round(&mut poller, seen()).1), [0; 0]);
    // A replica that lags shows an older state: that is no change.
    assert_eq!(numbers(&round(&mut poller, page(vec![issue(7, 2)], None)).1), [0; 0]);
    assert_eq!(numbers(&round(&mut poller, seen()).1), [0; 0]);
    assert_eq!(numbers(&round(&mut poller, page(vec![issue(7, 9)], None)).1), [7]);
}

#[test]
fn a_second_change_within_the_second_of_the_first_is_not_missed() {
    let mut poller = settled(&["app"]);
    let asked = poller.next().unwrap().as_second() - at(0).as_second();
    assert_eq!(numbers(&round(&mut poller, page(vec![issue(7, asked)], None)).1), [7]);
    assert_eq!(numbers(&round(&mut poller, page(vec![issue(7, asked)], None)).1), [7], "looked at once more");
    assert_eq!(numbers(&round(&mut poller, page(vec![issue(7, asked)], None)).1), [0; 0]);
}

#[test]
fn the_next_question_begins_behind_what_was_seen_to_the_last_page() {
    let mut poller = settled(&["app"]);
    let since = |poller: &mut Poller| {
        let ask = poller.due(poller.next().unwrap()).unwrap();
        let Scope::Changed { since, after, .. } = ask.parts[0].scope.clone() else { panic!("changes") };
        (ask, since, after)
    };
    let (ask, first, _) = since(&mut poller);
    assert_eq!(numbers(&poller.answered(ask, vec![page(vec![issue(9, 6)], Some("c1"))])), [9]);
    // The page behind it, at once; it cannot be read, so the next round begins where this one did.
    let (ask, again, after) = since(&mut poller);
    assert_eq!((again, after.as_deref()), (first, Some("c1")));
    let found = poller.answered(ask, vec![PartAnswer::Unreadable(Why::TimedOut)]);
    assert!(matches!(found[0], Found::Unreadable { .. }));
    let (ask, again, after) = since(&mut poller);
    assert_eq!((again, after), (first, None));
    let found = poller.answered(ask, vec![page(vec![issue(9, 6), issue(8, 5)], None)]);
    assert_eq!(numbers(&found), [8]);
    let (_, later, _) = since(&mut poller);
    assert_eq!(later, at(6) - Duration::from_secs(60));
}

#[test]
fn all_goals_are_looked_at_every_ten_minutes_and_only_a_whole_list_is_one() {
    let mut poller = settled(&["app"]);
    let (now, ask) = loop {
        let now = poller.next().unwrap();
        let ask = poller.due(now).unwrap();
        if ask.parts.len() == 2 {
            break (now, ask);
        }
        poller.answered(ask, vec![page(Vec::new(), None)]);
    };
    assert!(now >= at(600) && now < at(661), "{now}");
    // Issue 1 also changed; it is in both.
    let found = poller.answered(ask, vec![page(vec![issue(1, 1)], Some("c")), page(vec![issue(1, 1)], None)]);
    assert!(!found.iter().any(|found| matches!(found, Found::All { .. })), "one page is not all");
    let (_, found) = round(&mut poller, page(vec![issue(2, 2)], None));
    let Found::All { issues, .. } = &found[0] else { panic!("{found:?}") };
    assert!(issues.is_complete());
    assert_eq!(issues.seen(), [issue(1, 1), issue(2, 2)]);
}

#[test]
fn a_page_of_all_goals_that_fails_leaves_no_list() {
    let mut poller = Poller::new("goal", Rhythm::default(), at(0));
    poller.watch(&repo("app"), "main", at(0));
    let ask = poller.due(at(0)).unwrap();
    poller.answered(ask, vec![page(vec![issue(1, 1)], Some("c")), page(Vec::new(), None)]);
    let ask = poller.due(at(0)).unwrap();
    let found = poller.answered(ask, vec![PartAnswer::Unreadable(Why::Server { status: 502 })]);
    assert!(matches!(found[..], [Found::Unreadable { .. }]), "{found:?}");
    let again = poller.due(poller.next().unwrap()).unwrap();
    assert!(matches!(&again.parts[0].scope, Scope::All { after: None, .. }), "from its first page");
}

#[test]
fn a_query_that_comes_to_nothing_is_asked_again_later_and_smaller() {
    let names: Vec<String> = (0..50).map(|number| format!("r{number}")).collect();
    let mut poller = settled(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let ask = poller.due(at(10)).unwrap();
    assert_eq!(ask.parts.len(), 50);
    poller.failed(ask.clone(), &Why::Server { status: 502 }, at(12));
    assert_eq!(poller.next(), Some(at(22)));
    let again = poller.due(at(22)).unwrap();
    assert_eq!(again.parts, ask.parts);
    poller.failed(again, &Why::TimedOut, at(30));
    assert_eq!(poller.next(), Some(at(50)));
    let smaller = poller.due(at(50)).unwrap();
    assert_eq!(smaller.parts, ask.parts[..35]);
    // A limit says itself when to come back.
    let until = Why::Limited { resource: crate::budget::Resource::Graphql, until: at(900) };
    poller.failed(smaller, &until, at(51));
    assert_eq!(poller.next(), Some(at(900)));
}

#[test]
fn a_broken_repository_does_not_stop_the_others() {
    let mut poller = settled(&["app", "lib"]);
    let ask = poller.due(at(10)).unwrap();
    let hidden = PartAnswer::Unreadable(Why::Unproven { repo: "acme/app".into() });
    let found = poller.answered(ask, vec![hidden, page(vec![issue(3, 4)], None)]);
    assert!(matches!(&found[0], Found::Unreadable { repo: broken, .. } if *broken == repo("app")));
    assert_eq!(numbers(&found), [3]);
}

#[test]
fn a_webhook_brings_its_repository_forward_and_a_burst_is_one_query() {
    let mut poller = settled(&["app", "lib"]);
    for _ in 0..50 {
        poller.wake(&repo("lib"));
    }
    poller.wake(&repo("unheard-of"));
    assert_eq!(poller.next(), Some(at(2)));
    assert_eq!(poller.due(at(1)), None);
    let ask = poller.due(at(2)).unwrap();
    assert_eq!(ask.parts.iter().map(|part| part.repo.name()).collect::<Vec<_>>(), ["lib"]);
    poller.answered(ask, vec![page(Vec::new(), None)]);
    assert_eq!(poller.next(), Some(at(10)), "the round of all is not put off");
}

#[test]
fn nothing_is_asked_while_a_query_is_under_way_or_nobody_is_watched() {
    let mut poller = settled(&["app"]);
    let ask = poller.due(at(10)).unwrap();
    assert_eq!((poller.next(), poller.due(at(1000))), (None, None));
    poller.forget(&repo("app"));
    assert_eq!(poller.answered(ask, vec![page(vec![issue(1, 1)], None)]), []);
    assert_eq!(poller.next(), None);
}

#[test]
fn the_query_asks_for_what_costs_nothing_and_quotes_what_it_was_told() {
    let mut poller = settled(&["app"]);
    poller.follow(&repo("app"), BTreeSet::from([Number(12), Number(13)]));
    let text = poller.due(at(10)).unwrap().text();
    let expected = "query{r0:repository(owner:\"acme\",name:\"app\"){issues(first:20,orderBy:{field:UPDATED_AT,\
        direction:DESC},filterBy:{since:\"2027-01-15T07:58:00Z\"}){...I} p12:pullRequest(number:12){...P} \
        p13:pullRequest(number:13){...P} base:ref(qualifiedName:\"refs/heads/main\"){target{...B}}} rateLimit{cost limit remaining resetAt}}";
    assert!(text.starts_with(expected), "{text}");
    let part = Part {
        repo: repo("app"),
        scope: Scope::All { label: "a\"]){evil}#".into(), after: Some("c\"u\\r".into()) },
    };
    let text = Ask { at: at(0), parts: vec![part] }.text();
    assert!(text.contains(r#"labels:["a\"]){evil}#"],after:"c\"u\\r")"#), "{text}");
}

#[test]
fn what_was_not_answered_is_asked_again_at_once_and_before_all_else() {
    let mut poller = settled(&["app", "lib", "web"]);
    let now = poller.next().unwrap();
    let ask = poller.due(now).unwrap();
    let parts = ask.parts.clone();
    assert_eq!(numbers(&poller.answered(ask, vec![page(vec![issue(7, 1)], None)])), [7]);
    assert!(poller.next().unwrap() <= now);
    let rest = poller.due(now).unwrap();
    assert_eq!(rest.parts, parts[1..]);
    poller.answered(rest, vec![page(Vec::new(), None), page(Vec::new(), None)]);
    assert_eq!(poller.next(), Some(now + Duration::from_secs(10)));
}

#[test]
fn rounds_that_count_follow_each_other_as_slowly_as_they_are_dear() {
    let mut poller = settled(&["app"]);
    let mut gap_after = |requests: u64| {
        let now = poller.next().unwrap();
        poller.moving(true, now);
        let ask = poller.due(now).unwrap();
        poller.spent(requests, 2400);
        let nothing = ask.parts.iter().map(|_| page(Vec::new(), None)).collect();
        poller.answered(ask, nothing);
        // That something moves makes them no cheaper.
        poller.moving(true, now);
        poller.next().unwrap().duration_since(now).as_secs()
    };
    // 600 in an hour are for polls: one is worth six seconds.
    assert_eq!([0, 4, 0, 0].map(&mut gap_after), [10; 4], "a change now and then is nothing");
    let dear: Vec<i64> = (0..20).map(|_| gap_after(8)).collect();
    assert!(dear.is_sorted() && (46..=48).contains(&dear[19]), "{dear:?}");
    let cheap: Vec<i64> = (0..20).map(|_| gap_after(0)).collect();
    assert!(cheap.is_sorted_by(|a, b| a >= b) && cheap[19] == 10, "{cheap:?}");
    assert!(gap_after(1_000_000) <= 3600, "a round an hour there is always");
}
