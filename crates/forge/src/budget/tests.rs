//! The budget as tables and as laws.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn known(share: u8, limit: u64, remaining: u64) -> Budget {
    let mut budget = Budget::new(Share::try_from(share).unwrap());
    budget.seen(Resource::Core, Seen { limit, remaining, reset: at(3600) });
    budget
}

fn asked(budget: &Budget, class: Class, now: Timestamp) -> Admission {
    budget.admit(Resource::Core, 1, Load::Read, class, now)
}

const GO: Admission = Admission::Go;

fn wait(second: i64) -> Admission {
    Admission::Wait { until: at(second) }
}

#[test]
fn what_is_not_known_yet_is_asked() {
    assert_eq!(asked(&Budget::new(Share::default()), Class::CanWait, at(0)), GO);
}

#[test]
fn the_share_is_never_passed_and_a_part_of_it_is_kept_for_what_is_needed_now() {
    // share, limit, left, spent -> needed now, can wait
    let table = [
        (50, 5000, 5000, 0, GO, GO),
        (50, 5000, 3000, 1999, GO, GO),
        (50, 5000, 3000, 2000, GO, wait(3600)),
        (50, 5000, 2501, 2499, GO, wait(3600)),
        (50, 5000, 2500, 2500, wait(3600), wait(3600)),
        // Others have used it up nearly, or wholly.
        (50, 5000, 501, 10, GO, GO),
        (50, 5000, 500, 10, GO, wait(3600)),
        (50, 5000, 0, 10, wait(3600), wait(3600)),
        (100, 60, 60, 48, GO, wait(3600)),
        (100, 60, 60, 60, wait(3600), wait(3600)),
    ];
    for (share, limit, left, spent, now, later) in table {
        let mut budget = known(share, limit, left);
        budget.charge(Resource::Core, spent, at(0));
        assert_eq!(asked(&budget, Class::Now, at(1)), now, "{share} {limit} {left} {spent} now");
        assert_eq!(asked(&budget, Class::CanWait, at(1)), later, "{share} {limit} {left} {spent} can wait");
    }
}

#[test]
fn a_new_hour_begins_at_the_reset_and_allowances_do_not_share() {
    let mut budget = known(50, 5000, 2500);
    budget.charge(Resource::Core, 2500, at(0));
    assert_eq!(asked(&budget, Class::Now, at(3599)), wait(3600));
    assert_eq!(asked(&budget, Class::Now, at(3600)), GO);
    assert_eq!(budget.admit(Resource::Graphql, 1, Load::Read, Class::Now, at(1)), GO);
    assert_eq!(budget.spent(Resource::Core, at(3600)), 0);
}

#[test]
fn an_answer_that_was_overtaken_takes_nothing_back() {
    let mut budget = known(100, 5000, 10);
    let seen = |remaining, reset| Seen { limit: 5000, remaining, reset };
    budget.seen(Resource::Core, seen(0, at(3601)));
    budget.seen(Resource::Core, seen(4, at(3600)));
    assert_eq!(asked(&budget, Class::Now, at(1)), wait(3600));
    // The next window, and then a late answer of the one before.
    budget.seen(Resource::Core, seen(4999, at(7200)));
    budget.seen(Resource::Core, seen(0, at(3600)));
    assert_eq!(asked(&budget, Class::Now, at(3601)), GO);
}

#[test]
fn a_secondary_limit_is_obeyed_and_doubles_when_nothing_is_said() {
    let mut budget = Budget::new(Share::default());
    assert_eq!(budget.complained(Some(Duration::from_secs(7)), at(0)), at(7));
    assert_eq!(asked(&budget, Class::Now, at(6)), wait(7));
    assert_eq!(asked(&budget, Class::Now, at(7)), GO);
    budget.calm(at(8));
    assert_eq!(budget.complained(None, at(10)), at(70));
    assert_eq!(budget.complained(None, at(70)), at(190));
    assert_eq!(budget.complained(None, at(190)), at(430));
    // An answer that was under way when the complaint came does not end the stay away.
    budget.calm(at(200));
    assert_eq!(asked(&budget, Class::Now, at(200)), wait(430));
}

#[test]
fn what_makes_something_is_paced_by_minute_and_hour() {
    let mut budget = Budget::new(Share::default());
    for second in 0..40 {
        let admitted = budget.admit(Resource::Core, 1, Load::Create, Class::Now, at(second));
        assert_eq!(admitted, GO, "{second}");
        budget.sent(Load::Create, at(second));
    }
    assert_eq!(budget.admit(Resource::Core, 1, Load::Create, Class::Now, at(40)), wait(60));
    assert_eq!(budget.admit(Resource::Core, 1, Load::Read, Class::Now, at(40)), GO);
}

#[test]
fn it_is_kept_over_a_restart() {
    let mut budget = known(50, 5000, 2500);
    budget.charge(Resource::Core, 2500, at(0));
    budget.sent(Load::Create, at(0));
    let kept = serde_json::to_string(&budget).unwrap();
    assert_eq!(serde_json::from_str::<Budget>(&kept).unwrap(), budget);
}

proptest! {
    /// Whatever else happens to the account, herder's own requests in one window stay within the share.
    #[test]
    fn own_requests_stay_within_the_share(
        share in 1u8..=100,
        limit in 1u64..300,
        others in proptest::collection::vec(0u64..5, 1..400),
    ) {
        let mut budget = known(share, limit, limit);
        let (mut left, mut ours) = (limit, 0);
        for (second, others) in (0i64..).zip(others) {
            let class = if second % 2 == 0 { Class::Now } else { Class::CanWait };
            if budget.admit(Resource::Core, 1, Load::Read, class, at(second)) == GO {
                prop_assert!(left > 0, "asked although nothing was left");
                (left, ours) = (left - 1, ours + 1);
                budget.sent(Load::Read, at(second));
                budget.charge(Resource::Core, 1, at(second));
            }
            left = left.saturating_sub(others);
            budget.seen(Resource::Core, Seen { limit, remaining: left, reset: at(3600) });
        }
        prop_assert!(ours <= limit * u64::from(share) / 100);
    }

    /// No minute has more creations than the share of what GitHub takes, and none is put off for ever.
    #[test]
    fn creations_are_paced(share in 1u8..=100, steps in proptest::collection::vec(0i64..4, 1..300)) {
        let mut budget = Budget::new(Share::try_from(share).unwrap());
        let (mut now, mut made) = (0, Vec::new());
        for step in steps {
            now += step;
            match budget.admit(Resource::Core, 1, Load::Create, Class::Now, at(now)) {
                Admission::Go => {
                    budget.sent(Load::Create, at(now));
                    made.push(now);
                }
                Admission::Wait { until } => {
                    prop_assert!(until > at(now) && until <= at(now + 3600));
                }
            }
        }
        let most = (80 * usize::from(share) / 100).max(1);
        for first in &made {
            let within = made.iter().filter(|at| (*first..*first + 60).contains(*at)).count();
            prop_assert!(within <= most, "{within} > {most}");
        }
    }
}
