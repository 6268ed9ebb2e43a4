//! Sums of what agents claim to have spent.

use std::time::Duration;

use herder_domain::ledger::{Cost, Spend, TimeSplit, Tokens};

#[test]
fn no_claim_overflows_a_sum() {
    let tokens = Tokens { input: u64::MAX, output: u64::MAX, cache_read: 1, cache_create: u64::MAX };
    let time = TimeSplit { llm: Duration::MAX, tools: Duration::MAX, ..TimeSplit::default() };
    let claim = Spend {
        tokens,
        time,
        cost: Cost::usd(f64::MAX),
        assistant_messages: u64::MAX,
        tool_uses: u64::MAX,
        ..Spend::default()
    };
    let mut sum = claim;
    sum += claim;
    assert_eq!(sum.tokens.total(), u64::MAX);
    assert_eq!(sum.time.working(), Duration::MAX);
    assert_eq!(sum.cost, Cost::UNKNOWN, "more than can be counted is unknown, not infinite");
    assert_eq!((sum.assistant_messages, sum.tool_uses), (u64::MAX, u64::MAX));
}
