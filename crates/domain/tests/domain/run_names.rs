//! The names of runs are safe directory names and never meet.

use std::collections::BTreeSet;

use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::RunId;
use proptest::prelude::*;

fn repos() -> impl Strategy<Value = RepoId> {
    let part = "[A-Za-z0-9._:~+-]{1,100}".prop_filter("a path", |part| part != "." && part != "..");
    (part.clone(), part.clone(), part)
        .prop_map(|(host, owner, name)| RepoId::new(&host, &owner, &name).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_is_a_safe_directory_name_that_is_read_back(repo in repos(), number in 1u64.., attempt in 1u32..) {
        let run = RunId::of(&GoalRef::new(repo, number), attempt);
        prop_assert_eq!(&RunId::try_from(run.to_string()), &Ok(run.clone()));
        prop_assert!(run.as_str().len() <= 120);
        prop_assert!(run.as_str().starts_with(|c: char| c.is_ascii_alphanumeric()));
        prop_assert!(run.as_str().chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let json = serde_json::to_string(&run).unwrap();
        prop_assert_eq!(serde_json::from_str::<RunId>(&json).unwrap(), run);
    }
}

#[test]
fn no_two_attempts_share_a_name() {
    let repos = ["acme/app", "acme/app-4", "acme/app-4-2", "other/app", "example.org/acme/app", "acme/_app"];
    let mut names = BTreeSet::new();
    for repo in repos {
        for number in 1..60 {
            for attempt in 1..15 {
                let run = RunId::of(&GoalRef::new(repo.parse().unwrap(), number), attempt);
                assert!(names.insert(run.clone()), "{run}");
            }
        }
    }
}

#[test]
fn a_name_stays_the_same_for_ever() {
    let run = RunId::of(&GoalRef::new("github.com/acme/app".parse().unwrap(), 42), 1);
    assert_eq!(run.as_str(), "app-42-1-3f0a60");
    let at = "2026-11-01T22:00:00Z".parse().unwrap();
    assert_eq!(RunId::standalone(at, 77).as_str(), "standalone-20261101T220000-77");
}

#[test]
fn what_could_leave_the_directory_is_no_name() {
    for bad in ["", ".", "..", "../x", "a/b", "-x", "_x", ".x", "a b", "a\n", "a\0", "ä", &"a".repeat(121)] {
        assert!(RunId::try_from(bad.to_owned()).is_err(), "{bad:?}");
    }
}
