//! Where an agent's time went, by the order of its events.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_domain::ledger::TimeSplit;

use crate::session::Activity;

/// The most tool calls that are followed at once; a stream with more is not a coding agent's.
const MAX_TOOLS: usize = 1_024;

/// Books the time between two events under what was going on between them. A tool that runs beside
/// another is not counted twice.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    now: Duration,
    phase: Phase,
    tools: BTreeMap<String, Duration>,
    waiting_until: Option<Duration>,
    split: TimeSplit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Starting,
    Working,
    Idle,
}

impl Stopwatch {
    /// Books the time until `at`. A clock that goes back books nothing.
    pub(crate) fn advance(&mut self, at: Duration) {
        self.split = self.split_at(at);
        self.now = self.now.max(at);
        self.waiting_until = self.waiting_until.filter(|until| *until > self.now);
    }

    /// The split as it would be at a time.
    pub(crate) fn split_at(&self, at: Duration) -> TimeSplit {
        let mut split = self.split;
        let span = at.saturating_sub(self.now);
        let announced = self.waiting_until.map_or(Duration::ZERO, |until| until.saturating_sub(self.now));
        let waited = span.min(announced);
        split.waiting += waited;
        let worked = span - waited;
        match (self.phase, self.tools.is_empty()) {
            (Phase::Starting | Phase::Idle, _) => split.other += worked,
            (Phase::Working, true) => split.llm += worked,
            (Phase::Working, false) => split.tools += worked,
        }
        split
    }

    /// The model is at work.
    pub(crate) fn working(&mut self) {
        self.phase = Phase::Working;
    }

    /// The turn is over, and with it whatever tools it left open.
    pub(crate) fn idle(&mut self) {
        self.phase = Phase::Idle;
        self.tools.clear();
        self.waiting_until = None;
    }

    /// The agent waits from now on.
    pub(crate) fn waits(&mut self, wait: Duration) {
        self.waiting_until = self.now.checked_add(wait);
    }

    /// Something else than a wait was reported, so the wait is over.
    pub(crate) fn waits_no_more(&mut self) {
        self.waiting_until = None;
    }

    pub(crate) fn tool_started(&mut self, id: &str) {
        if self.tools.len() < MAX_TOOLS {
            self.tools.entry(id.to_owned()).or_insert(self.now);
        }
    }

    /// The call is over, or it turned out to be another model at work.
    pub(crate) fn tool_ended(&mut self, id: &str) {
        self.tools.remove(id);
    }

    /// All calls are over.
    pub(crate) fn tools_ended(&mut self) {
        self.tools.clear();
    }

    /// Time that was played, not passed.
    pub(crate) fn add(&mut self, played: TimeSplit) {
        self.split += played;
    }

    pub(crate) fn activity(&self) -> Activity {
        if let Some(until) = self.waiting_until {
            return Activity::Waiting { until };
        }
        match (self.phase, self.tools.values().min()) {
            (Phase::Starting, _) => Activity::Starting,
            (Phase::Idle, _) => Activity::Idle,
            (Phase::Working, None) => Activity::Thinking,
            (Phase::Working, Some(since)) => Activity::UsingTools { since: *since },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn overlapping_tools_are_counted_once() {
        let mut watch = Stopwatch::default();
        watch.advance(s(2));
        watch.working();
        watch.advance(s(5));
        watch.tool_started("a");
        watch.advance(s(6));
        watch.tool_started("b");
        watch.advance(s(10));
        watch.tool_ended("a");
        assert_eq!(watch.activity(), Activity::UsingTools { since: s(6) });
        watch.advance(s(12));
        watch.tool_ended("b");
        watch.advance(s(13));
        watch.idle();
        let split = watch.split_at(s(20));
        assert_eq!((split.other, split.llm, split.tools, split.waiting), (s(9), s(4), s(7), s(0)));
    }

    #[test]
    fn an_announced_wait_ends_with_the_next_news_or_its_time() {
        let mut watch = Stopwatch::default();
        watch.working();
        watch.waits(s(10));
        assert_eq!(watch.activity(), Activity::Waiting { until: s(10) });
        watch.advance(s(4));
        watch.waits_no_more();
        watch.advance(s(5));
        watch.waits(s(3));
        watch.advance(s(20));
        let split = watch.split_at(s(20));
        assert_eq!((split.waiting, split.llm), (s(7), s(13)));
        assert_eq!(watch.activity(), Activity::Thinking);
    }

    #[test]
    fn a_clock_that_goes_back_books_nothing() {
        let mut watch = Stopwatch::default();
        watch.advance(s(5));
        watch.advance(s(3));
        watch.advance(s(6));
        assert_eq!(watch.split_at(s(1)).other, s(6));
    }
}
