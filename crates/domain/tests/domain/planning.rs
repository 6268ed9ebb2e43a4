//! The planner over random nights and over a few that are told.

use proptest::prelude::*;

use crate::sim::{Ending, Op, Sim};

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..70)
}

fn op() -> impl Strategy<Value = Op> {
    let place = any::<u8>();
    prop_oneof![
        8 => write(),
        1 => Just(Op::WriteStory),
        10 => place.prop_map(Op::Queue),
        2 => place.prop_map(Op::Cancel),
        1 => place.prop_map(Op::Resolve),
        2 => place.prop_map(Op::Retry),
        4 => place.prop_map(Op::Approve),
        2 => place.prop_map(Op::Reject),
        1 => place.prop_map(Op::Quarantine),
        16 => (place, ending()).prop_map(|(effect, ending)| Op::Finish { effect, ending }),
        20 => Just(Op::FinishAll),
        14 => (place, any::<u8>(), -20i64..300)
            .prop_map(|(run, outcome, minutes)| Op::End { run, outcome, minutes }),
        5 => prop_oneof![1u32..90, 1u32..20_000].prop_map(|seconds| Op::Advance { seconds }),
        1 => (0usize..5).prop_map(|max| Op::Resize { max }),
        2 => prop::bool::weighted(0.4).prop_map(Op::Drain),
        1 => Just(Op::FreeAccounts),
        2 => Just(Op::Crash),
        3 => (place, any::<u8>(), any::<u8>()).prop_map(|(goal, what, run)| Op::Stray { goal, what, run }),
    ]
}

fn write() -> impl Strategy<Value = Op> {
    let depends = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(any::<u8>(), 1..3)];
    let priority = prop_oneof![3 => Just(None), 1 => (-1i32..3).prop_map(Some)];
    (depends, priority, prop::option::of(any::<u8>()), prop::bool::weighted(0.2), prop::bool::weighted(0.3))
        .prop_map(|(depends, priority, story, spot_check, other_agent)| Op::Write {
            depends,
            priority,
            story,
            spot_check,
            other_agent,
        })
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        4 => Just(Ending::Well),
        2 => Just(Ending::Badly),
        2 => Just(Ending::Oddly),
        1 => Just(Ending::Worse),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_planner_keeps_its_promises(max in 1usize..4, ops in ops()) {
        let mut sim = Sim::new(max);
        for op in &ops {
            sim.take(op);
        }
        sim.crash();
        let planned = sim.work_off();
        sim.check_end(&planned);
        sim.crash();
    }

    #[test]
    fn a_backlog_without_trouble_lands_whole(max in 1usize..5, chain in prop::collection::vec(any::<bool>(), 1..11)) {
        let mut sim = Sim::new(max);
        for follows in chain.iter().take(7) {
            let last = u8::try_from(sim.numbers).unwrap();
            let depends = if *follows && last > 0 { vec![last - 1] } else { Vec::new() };
            sim.write(&depends, |_| {});
        }
        (0..8).for_each(|goal| sim.take(&Op::Queue(goal)));
        let planned = sim.work_off();
        sim.check_end(&planned);
        prop_assert!(sim.is_all_settled());
    }
}
